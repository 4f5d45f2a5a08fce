// A limp leader that nobody holds falls. Seen as such, the follower goes back to where it was let go, and holds.
//
//     height of the leader's tool ─▶ the last 60 ms ─▶ goes down, ever faster, as only a falling arm does? ─▶ stop
//
// Units: metres, metres a second, seconds.

public import Arm

/// Tells a falling leader from one that a hand leads down.
///
/// Two speeds over 30 ms each: a fall is fast in the second and gained that speed since the first. A hand that is as fast
/// has usually been on its way for longer, and slows down before it arrives.
public struct FallDetector: BitwiseCopyable, Sendable {
  /// How fast the tool must go down, and how much faster it must have become.
  public struct Settings: BitwiseCopyable, Sendable {
    /// Downward speed that may be a fall, metres a second.
    public var speed_m_s: Float = 0.2
    /// Downward acceleration that may be a fall: arms without torque fall more slowly than stones, gears brake them.
    public var acceleration_m_s2: Float = 3

    /// The defaults.
    public init() {}
  }

  private let settings: Settings
  /// Ticks between two looks, some 10 ms apart, and how long that is.
  private let stride: Int32
  private let interval_s: Float
  /// The last seven heights, the newest last, and the commands of those ticks.
  private var heights = SIMD8<Float>(repeating: 0)
  private var commands = [7 of JointVector](repeating: .zero)
  private var looks: Int32 = 0
  private var ticks: Int32 = 0

  /// A detector for a loop of this period.
  public init(period_s: Float, settings: Settings = Settings()) {
    self.settings = settings
    let ticks = (0.01 / period_s).rounded()
    stride = ticks > 1 ? Int32(ticks) : 1
    interval_s = Float(stride) * period_s
  }

  /// Nothing seen: somebody else drives, or a reading is missing.
  @_noAllocation @_noLocks
  public mutating func forget() {
    looks = 0
    ticks = 0
  }

  /// True in the tick in which a fall is certain. `command` is the follower's newest.
  @_noAllocation @_noLocks
  public mutating func sees(height_m: Float, command: JointVector) -> Bool {
    ticks += 1
    guard looks == 0 || ticks >= stride else { return false }
    ticks = 0
    for place in 0..<6 {
      heights[place] = heights[place + 1]
      commands[place] = commands[place + 1]
    }
    heights[6] = height_m
    commands[6] = command
    if looks < 7 { looks += 1 }
    guard looks == 7 else { return false }
    let time = 3 * interval_s
    let before = (heights[0] - heights[3]) / time
    let now = (heights[3] - heights[6]) / time
    return now > settings.speed_m_s && now - before > settings.acceleration_m_s2 * time
  }

  /// The follower's command from before the fall.
  public var onset: JointVector { commands[0] }
}
