// What stands between every wish and the servos.
//
//     wish ──▶ finite? ──▶ readings fresh, lag and load small? ──▶ step limits ──▶ tool limits ──▶ command + verdict
//                 │                  │
//                 └───── fault ◀─────┘        (a fault never becomes a projected command: the arm brakes and holds)
//
// Units: radians and radians per tick; limits use the nominal period. A pure value: the same inputs give the same bits
// on every CPU. Torque is untouched here.

public import Arm
internal import CRealtime
public import Episodes

/// What was commanded last: where, and by how much it moved in that tick.
public struct Motion: BitwiseCopyable, Sendable, Equatable {
  /// The last command in radians.
  public var goal: JointVector
  /// The last command's change, radians in one tick; zero after a gap in time.
  public var step: JointVector

  /// At rest at `goal`.
  @_noAllocation @_noLocks
  public init(at goal: JointVector) {
    self.goal = goal
    self.step = .zero
  }

  /// In motion.
  @_noAllocation @_noLocks
  public init(goal: JointVector, step: JointVector) {
    self.goal = goal
    self.step = step
  }
}

/// The limits of one arm and the projection onto them.
///
/// Velocity, acceleration and braking distance are kept strictly (in reals, before rounding to servo ticks): a command
/// never changes by more than `step`, its change never by more than `stepChange`, and from every command the arm can
/// still stop short of its joint limits; the tool's whole path to that stop lies within floor and box. Where it starts
/// outside them, it only ever moves inward. Lag, sustained load, stale readings and NaN are never projected: they are
/// faults.
public struct Envelope: BitwiseCopyable, Sendable {
  /// Joint limits in radians.
  public let lower: JointVector
  /// Joint limits in radians.
  public let upper: JointVector
  /// The largest change of command in one nominal period (velocity × period).
  public let step: JointVector
  /// The largest change of that change (acceleration × period²).
  public let stepChange: JointVector
  /// The largest distance between command and measurement, radians.
  public let lag: JointVector
  /// How many periods old a reading may be.
  public let staleTicks: Int32
  /// The load (share of full duty) that a joint may bear for `loadTicks`; infinite for a gripper: grasping is sustained
  /// load, and its torque is limited in the servo instead.
  public let load: JointVector
  /// For how many ticks.
  public let loadTicks: Int32
  /// Floor, box and the way to the tool; nil without any.
  public let tool: ToolLimits?

  /// Limits from SI units.
  ///
  /// - `velocity` in rad/s, `acceleration` in rad/s², `period` in seconds, all positive.
  public init(
    lower: JointVector, upper: JointVector, velocity: JointVector, acceleration: JointVector, lag: JointVector,
    staleTicks: Int32, period: Float, load: JointVector = JointVector(repeating: .infinity), loadTicks: Int32 = .max,
    tool: ToolLimits? = nil
  ) {
    self.lower = lower
    self.upper = upper
    self.step = velocity * period
    self.stepChange = acceleration * (period * period)
    self.lag = lag
    self.staleTicks = staleTicks
    self.load = load
    self.loadTicks = loadTicks
    self.tool = tool
  }

  /// The admissible command nearest to `wish`, measured from the previous *command*: tracking lag must not feed back.
  ///
  /// `age` counts, per joint, the periods since its newest reading, `pressing` the ticks of too much load; `pace` (0…1]
  /// scales the velocity limit, and the tool moves by no more than `toolStep_m`.
  @_noAllocation @_noLocks
  public func constrain(
    _ wish: JointVector, from previous: Motion, measured: JointVector, age: SIMD8<Int32>,
    pressing: SIMD8<Int32> = SIMD8(repeating: 0), pace: Float, toolStep_m: Float = .infinity
  ) throws(Fault) -> (motion: Motion, limits: Limits) {
    // Clamping would turn NaN into a joint limit, so finiteness comes first.
    guard all((wish - wish) .== 0) else { throw .wishNotFinite }
    guard all(age .<= staleTicks) else { throw .followerStale }
    guard all((measured - measured) .== 0) else { throw .followerStale }
    guard !lags(previous.goal, measured) else { throw .lag }
    guard !overloads(pressing) else { throw .load }
    let (wanted, limits) = project(wish, from: previous, pace: pace)
    return guarding(wanted, limits, from: previous, pace: pace, most_m: toolStep_m)
  }

  /// How long each joint has borne too much, one tick on. A load that is not known counts as none: its reading is stale.
  @_noAllocation @_noLocks
  public func pressing(_ load: JointVector, for ticks: SIMD8<Int32>) -> SIMD8<Int32> {
    let bears = (load .> self.load) .| (load .< -self.load)
    return (ticks &+ 1).replacing(with: SIMD8(repeating: 0), where: .!bears)
  }

  /// Whether some joint has borne too much for too long.
  @_noAllocation @_noLocks
  func overloads(_ pressing: SIMD8<Int32>) -> Bool { !all(pressing .<= loadTicks) }

  /// Whether command and measurement lie too far apart.
  @_noAllocation @_noLocks
  func lags(_ command: JointVector, _ measured: JointVector) -> Bool {
    let behind = command - measured
    return !(all(behind .<= lag) && all(behind .>= -lag))
  }

  /// A pose, brought within the joint limits; nil where it is not finite.
  @_noAllocation @_noLocks
  public func reachable(_ pose: JointVector) -> JointVector? {
    guard all((pose - pose) .== 0) else { return nil }
    return pose.clamped(lowerBound: lower, upperBound: upper)
  }

  /// The command on the way to rest: what a stop does, whatever failed. It needs no reading and refuses nothing.
  ///
  /// Rest is where the command is, or at `pose` where the stop should give way to there.
  @_noAllocation @_noLocks
  public func brake(from previous: Motion, to pose: JointVector? = nil) -> (motion: Motion, limits: Limits) {
    guard let pose else { return project(previous.goal, from: previous, pace: 1) }
    let (wanted, limits) = project(pose, from: previous, pace: 1)
    return guarding(wanted, limits, from: previous, pace: 1, most_m: .infinity)
  }

  /// The projection alone. `wish` must be finite.
  @_noAllocation @_noLocks
  func project(_ wish: JointVector, from previous: Motion, pace: Float) -> (motion: Motion, limits: Limits) {
    var goal = previous.goal
    var moved = JointVector.zero
    var limits: UInt16 = 0
    for joint in 0..<8 {
      let wanted = wish[joint] - previous.goal[joint]
      let fastest = step[joint] * pace
      let change = stepChange[joint]
      let last = previous.step[joint]
      // Where the arm may still stop in time; the braking may never be asked to be harder than `change`.
      let up = brakingStep(within: upper[joint] - previous.goal[joint], change: change)
      let down = brakingStep(within: previous.goal[joint] - lower[joint], change: change)

      var allowed = wanted
      if allowed > fastest {
        allowed = fastest
        limits |= Limits.velocity.rawValue
      }
      if allowed < -fastest {
        allowed = -fastest
        limits |= Limits.velocity.rawValue
      }
      if allowed > up {
        allowed = up
        limits |= Limits.position.rawValue
      }
      if allowed < -down {
        allowed = -down
        limits |= Limits.position.rawValue
      }
      if allowed > last + change {
        allowed = last + change
        limits |= Limits.acceleration.rawValue
      }
      if allowed < last - change {
        allowed = last - change
        limits |= Limits.acceleration.rawValue
      }
      moved[joint] = allowed
      goal[joint] = previous.goal[joint] + allowed
    }
    return (Motion(goal: goal, step: moved), Limits(rawValue: limits))
  }
}

/// The longest step s from which a joint can still stop within `distance`, when each following step may be shorter by
/// `change`: s + (s − c) + (s − 2c) + … ≤ distance. Zero where there is no distance left.
///
/// With n = ⌊(√(1 + 8d/c) − 1)/2⌋ whole steps after the first, s = (d + c·n(n+1)/2)/(n+1).
@_noAllocation @_noLocks
func brakingStep(within distance: Float, change: Float) -> Float {
  guard distance > 0 else { return 0 }
  // Half a thousandth of braking is kept back for rounding, so that `last − change` always suffices.
  let c = change * 0.9995
  let n = us_floorf((us_sqrtf(1 + 8 * distance / c) - 1) * 0.5)
  return (distance + c * n * (n + 1) * 0.5) / (n + 1)
}
