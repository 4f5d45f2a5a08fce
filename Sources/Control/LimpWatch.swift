// A servo that has let go and does not say so.
//
//     command, position, velocity, load of each joint ─▶ off its command, no nearer, and no effort? ─▶ count ─▶ `torque-lost`
//
// An alarm may come and go between two replies, and `torque_enable` goes on reading 1. What still tells is Present_Load: it is
// the motor's duty, and a servo that holds gives at least its `min_startup_force` (1.6 %) as soon as its joint is out of its
// dead zone (one tick, 0.0015 rad). Units: radians, ticks of the loop. Torque is untouched here.

public import Arm
public import Episodes

/// Counts, for each joint, the readings in which it lay off its command without effort.
///
/// A reading that bears anything ends the count: the servo works, as that of a gripper on its object does. One that shows nothing
/// either way (too old, near the command, on the way to it) leaves it, so that a limp joint is found too while the command
/// swings past it.
public struct LimpWatch: BitwiseCopyable, Sendable {
  private var counts = SIMD8<Int32>(repeating: 0)
  /// How far off its command a joint has to lie, radians.
  private let slack: Float
  /// How many such readings are needed.
  private let patience: Int32
  /// By how fast it comes nearer it will be there in time, radians a second.
  private let approach: Float

  /// A watch for joints more than `slack` radians off, in so many readings, one each `period_s`.
  public init(slack: Float, patience: Int32, period_s: Float) {
    self.slack = slack
    self.patience = patience
    approach = slack / (Float(patience) * period_s)
  }

  /// Torque is off or in doubt: begin anew.
  @_noAllocation @_noLocks
  public mutating func forget() { counts = SIMD8(repeating: 0) }

  /// One tick on; `age` counts the ticks since each joint's reading came.
  @_noAllocation @_noLocks
  public mutating func note(command: JointVector, reading: ArmReading, age: SIMD8<Int32>) {
    let behind = command - reading.position
    let isOff = (behind .> slack) .| (behind .< -slack)
    let comes =
      ((behind .> 0) .& (reading.velocity .> approach)) .| ((behind .< 0) .& (reading.velocity .< -approach))
    let isFresh = age .== 0
    let isIdle = reading.load .== 0
    let isLimp = isOff .& .!comes .& isIdle
    counts.replace(with: counts &+ 1, where: isFresh .& isLimp .& (counts .< patience))
    counts.replace(with: 0, where: isFresh .& .!isIdle)
  }

  /// The joints whose servos have let go, a bit each; `lags` where the arm is too far behind to wait for long.
  @_noAllocation @_noLocks
  public func joints(lags: Bool) -> UInt8 {
    let enough = lags ? patience / 3 : patience
    var bits: UInt8 = 0
    for joint in 0..<8 where counts[joint] > 0 && counts[joint] >= enough { bits |= 1 << UInt8(joint) }
    return bits
  }
}
