// A limp leader that nobody holds falls. Seen as such, the follower goes back to where it was let go, and holds.
//
//     height of the leader's tool ─▶ the last 60 ms ─▶ down, ever faster, as a falling arm goes? ─┐
//     joints that gravity cannot turn ────────────────▶ as still as no hand keeps them? ──────────┴─▶ stop
//
// Units: metres, radians, seconds.

public import Arm
public import RealTime

/// Tells a falling leader from one that a hand leads down.
///
/// Two speeds over 30 ms each: a fall is fast in the second and gained that speed since the first. A hand that reaches 15 cm
/// down in half a second does the same (a minimum-jerk reach peaks at 5.8 d/T², Flash and Hogan 1985: 3.5 m/s²); but no hand
/// goes straight down without turning the wrist and the base a little, and nothing else turns them: gravity has no lever
/// there, and gears hold them. On the twin they stand still to the encoder's tick in every fall.
public struct FallDetector: BitwiseCopyable, Sendable {
  /// How fast the tool must go down, how much faster it must have become, and how still the rest must be.
  public struct Settings: BitwiseCopyable, Sendable {
    /// Downward speed that may be a fall, metres a second.
    public var speed_m_s: Float = 0.2
    /// Downward acceleration that may be a fall: arms without torque fall more slowly than stones, gears brake them.
    public var acceleration_m_s2: Float = 3
    /// By how much a joint that gravity cannot turn may turn in a fall: three ticks of a 12-bit encoder.
    public var still_rad: Float = 0.005

    /// The defaults.
    public init() {}
  }

  private let settings: Settings
  /// From one look to the next at least: some 10 ms, and never two in a tick.
  private let stride: Nanoseconds
  /// By how much each joint may turn in a fall; infinite for those that carry the arm's weight.
  private let still: JointVector
  /// The last seven heights, the newest last, when they were (in seconds, the newest at 0), where the leader and the
  /// follower's command were.
  private var heights = SIMD8<Float>(repeating: 0)
  private var moments = SIMD8<Float>(repeating: 0)
  private var leaders = [7 of JointVector](repeating: .zero)
  private var commands = [7 of JointVector](repeating: .zero)
  private var looks: Int32 = 0
  private var last = Nanoseconds.zero

  /// A detector for a loop of this period and an arm of this shape.
  public init(period: Nanoseconds, kinematics: Kinematics, settings: Settings = Settings()) {
    self.settings = settings
    stride = Nanoseconds(max(period.count / 2, 10_000_000 - period.count / 2))
    // How far each joint raises the tool for 1 rad, at most, over postures of any kind.
    var random = SplitMix64(seed: 1)
    var lever = JointVector(repeating: .infinity)
    for joint in 0..<kinematics.count { lever[joint] = 0 }
    for _ in 0..<64 {
      var posture = JointVector.zero
      for joint in 0..<kinematics.count { posture[joint] = Float(random.uniform(-1.5...1.5)) }
      let state = kinematics.state(posture)
      for joint in 0..<kinematics.count { lever[joint] = max(lever[joint], abs(state.linear[joint].z)) }
    }
    still = JointVector(repeating: .infinity).replacing(with: settings.still_rad, where: lever .< 0.02)
  }

  /// Nothing seen: somebody else drives.
  @_noAllocation @_noLocks
  public mutating func forget() { looks = 0 }

  /// True in the tick in which a fall is certain: at `time` the tool was `height_m` up and the leader at `leader`; `command`
  /// is the follower's newest. A tick without a whole reading is left out; what is left out for 60 ms begins anew.
  @_noAllocation @_noLocks
  public mutating func sees(
    height_m: Float, leader: JointVector, at time: Nanoseconds, command: JointVector
  ) -> Bool {
    if looks > 0, time - last > .milliseconds(60) { forget() }
    if looks > 0, time - last < stride { return false }
    let passed_s = looks > 0 ? Float((time - last).count) * 1e-9 : 0
    last = time
    for place in 0..<6 {
      heights[place] = heights[place + 1]
      moments[place] = moments[place + 1] - passed_s
      leaders[place] = leaders[place + 1]
      commands[place] = commands[place + 1]
    }
    heights[6] = height_m
    moments[6] = 0
    leaders[6] = leader
    commands[6] = command
    if looks < 7 { looks += 1 }
    guard looks == 7 else { return false }
    let before = (heights[0] - heights[3]) / (moments[3] - moments[0])
    let now = (heights[3] - heights[6]) / (moments[6] - moments[3])
    let between = (moments[6] - moments[0]) * 0.5
    guard now > settings.speed_m_s, now - before > settings.acceleration_m_s2 * between else { return false }
    for place in 1..<7 {
      let turned = leaders[place] - leaders[0]
      if any(turned .> still) || any(turned .< -still) { return false }
    }
    return true
  }

  /// The follower's command from before the fall.
  public var onset: JointVector { commands[0] }
}
