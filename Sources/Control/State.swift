// The supervisor's states and every way from one to another.
//
// | state           | entered by                         | left by                      | the follower may            |
// |-----------------|------------------------------------|------------------------------|-----------------------------|
// | idle            | start; parked                      | enable                       | hang limp                   |
// | ready           | enable                             | any source; park             | hold where it is            |
// | teleoperating   | teleoperate                        | hold, park                   | follow the leader           |
// | autonomous      | policy, playback                   | take-over, hold, park        | follow policy or trajectory |
// | handing-over    | take-over, a grabbed leader        | by itself, one tick later    | hold (one tick)             |
// | correcting      | handing-over                       | release, hold, park          | follow the leader, clutched |
// | holding         | hold; acknowledge                  | any source; park             | hold the last command       |
// | protective-stop | any fault                          | acknowledge                  | brake, then hold            |
// | parking         | park                               | by itself, at the rest pose  | move slowly to rest         |
// | off             | relax                              | enable                       | hang limp                   |

/// What the arm is doing, and what its hardware may do.
public enum State: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// Torque is off and nobody asked for anything yet.
  case idle = 0
  /// Torque is on; the arm holds where it was when it was enabled.
  case ready = 1
  /// The follower follows the leader.
  case teleoperating = 2
  /// The policy or a trajectory drives.
  case autonomous = 3
  /// The one tick between the policy and the person.
  case handingOver = 4
  /// A person drives through the leader, from where the policy was.
  case correcting = 5
  /// The last command is kept.
  case holding = 6
  /// A fault stopped the arm; it holds until a person acknowledges.
  case protectiveStop = 7
  /// On the slow way to the rest pose, where torque goes off.
  case parking = 8
  /// Torque is off by explicit command.
  case off = 9

  /// The name in announcements, logs and on the page.
  public var name: String {
    switch self {
    case .idle: "idle"
    case .ready: "ready"
    case .teleoperating: "teleoperating"
    case .autonomous: "autonomous"
    case .handingOver: "handing-over"
    case .correcting: "correcting"
    case .holding: "holding"
    case .protectiveStop: "protective-stop"
    case .parking: "parking"
    case .off: "off"
    }
  }

  /// Whether the follower's torque is on in this state.
  public var isPowered: Bool { self != .idle && self != .off }

  /// The state after `action`, or nil where it is refused; `refusal` says why.
  @_noAllocation @_noLocks
  public func after(_ action: Request.Action) -> State? {
    switch (self, action) {
    case (.idle, .enable), (.off, .enable): .ready
    case (.ready, .teleoperate), (.holding, .teleoperate), (.autonomous, .teleoperate): .teleoperating
    case (.ready, .policy), (.holding, .policy), (.autonomous, .policy), (.teleoperating, .policy): .autonomous
    case (.ready, .replay), (.holding, .replay), (.autonomous, .replay): .autonomous
    case (.ready, .playback), (.holding, .playback), (.autonomous, .playback), (.handingOver, .playback),
      (.correcting, .playback), (.teleoperating, .playback):
      .autonomous
    case (.autonomous, .takeOver), (.holding, .takeOver): .handingOver
    case (.correcting, .release), (.handingOver, .release): .autonomous
    case (.ready, .hold), (.teleoperating, .hold), (.autonomous, .hold), (.handingOver, .hold), (.correcting, .hold),
      (.holding, .hold), (.parking, .hold):
      .holding
    case (.protectiveStop, .acknowledge): .holding
    case (.ready, .park), (.teleoperating, .park), (.autonomous, .park), (.handingOver, .park), (.correcting, .park),
      (.holding, .park):
      .parking
    case (_, .relax): .off
    // What does not concern the arm leaves the state alone.
    case (_, .episode), (_, .loadPolicy), (_, .gate), (_, .exchangeBus), (_, .reward),
      (_, .scold), (_, .none):
      self
    default: nil
    }
  }

  /// Why `action` is refused here, for a person.
  public func refusal(of action: Request.Action) -> String {
    switch self {
    case .idle, .off: "The arm is \(name): enable it first."
    case .protectiveStop: "The arm is in a protective stop: mend the cause and acknowledge it first."
    case .parking: "The arm is parking: wait, or hold it first."
    default: "\(action) is not possible while the arm is \(name)."
    }
  }
}
