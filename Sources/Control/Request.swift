public import Arm

/// What a person or the session asks of the tick. Keyboard, pedal, page and session all reach the arm through these few.
public struct Request: BitwiseCopyable, Sendable {
  /// The kinds of request.
  public enum Action: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// Nothing.
    case none = 0
    /// Torque on, at the present position.
    case enable = 1
    /// Follow the leader.
    case teleoperate = 2
    /// Let the policy drive.
    case policy = 3
    /// Move slowly to `pose`.
    case playback = 4
    /// The person takes the arm.
    case takeOver = 5
    /// The person gives it back to the policy.
    case release = 6
    /// Stop and hold.
    case hold = 7
    /// The cause of a protective stop is gone.
    case acknowledge = 8
    /// Move slowly to the rest pose, then torque off.
    case park = 9
    /// Torque off now: the arm falls.
    case relax = 10
    /// From this tick on, records belong to `episode` (0: to none).
    case episode = 11
    /// From this tick on, `policy` decides.
    case loadPolicy = 12
    /// Follow the trajectory in `trajectory`, from its first pose.
    case replay = 13
    /// New thresholds of the gate: doubt and safety, in `pose[0]` and `pose[1]`.
    case gate = 14
    /// From this tick on, an arm uses the bus in `exchange`.
    case exchangeBus = 15
    /// The person likes what the arm just did: it stands in the log, and whoever learns from it finds it there.
    case reward = 16
    /// The person does not.
    case scold = 17

    /// Its name in sentences for people and in the table of states.
    public var name: String {
      switch self {
      case .takeOver: "take-over"
      case .loadPolicy: "load-policy"
      case .exchangeBus: "exchange-bus"
      default: "\(self)"
      }
    }
  }

  /// What is asked.
  public var action: Action
  /// The episode to begin; 0 ends one.
  public var episode: UInt32
  /// Where to, in radians.
  public var pose: JointVector
  /// An unretained `Policy`, which the sender keeps alive until a snapshot shows a later generation.
  public var policy: UInt
  /// An unretained `Trajectory`, which the sender keeps alive until the loop has ended.
  public var trajectory: UInt = 0
  /// The policy's generation.
  public var generation: UInt32

  /// An unretained `BusExchange`, which the sender keeps alive until it is done.
  public var exchange: UInt

  /// A request without payload.
  public init(_ action: Action) {
    self.action = action
    episode = 0
    pose = .zero
    policy = 0
    generation = 0
    exchange = 0
  }

  /// Move slowly to a pose.
  public static func playback(to pose: JointVector) -> Request {
    var request = Request(.playback)
    request.pose = pose
    return request
  }

  /// Follow a trajectory, which the sender keeps alive until the loop has ended.
  public static func replay(_ trajectory: Trajectory) -> Request {
    var request = Request(.replay)
    request.trajectory = UInt(bitPattern: Unmanaged.passUnretained(trajectory).toOpaque())
    return request
  }

  /// Let `loaded` decide; the sender keeps it alive until a snapshot shows a later generation.
  public static func load(_ loaded: PolicySource.Loaded) -> Request {
    var request = Request(.loadPolicy)
    request.policy = UInt(bitPattern: Unmanaged.passUnretained(loaded).toOpaque())
    request.generation = loaded.generation
    return request
  }

  /// New thresholds of the gate.
  public static func gate(doubt: Float, safety: Float) -> Request {
    var request = Request(.gate)
    request.pose[0] = doubt
    request.pose[1] = safety
    return request
  }

  /// Begin an episode; 0 ends it.
  public static func episode(_ number: UInt32) -> Request {
    var request = Request(.episode)
    request.episode = number
    return request
  }
}
