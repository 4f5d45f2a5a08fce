// The supervisor's states, and every way from one to another; a test compares these tables with what happens.
//
// Asked for. `State.after` is this table in code; what is not here is refused, with the reason:
//
// | request     | leads to        | from                                                                         |
// |-------------|-----------------|------------------------------------------------------------------------------|
// | enable      | ready           | idle, off                                                                    |
// | teleoperate | teleoperating   | ready, autonomous, holding                                                   |
// | policy      | autonomous      | ready, teleoperating, autonomous, holding                                    |
// | replay      | autonomous      | ready, autonomous, holding                                                   |
// | playback    | autonomous      | ready, teleoperating, autonomous, handing-over, correcting, holding          |
// | take-over   | handing-over    | autonomous, holding                                                          |
// | release     | autonomous      | handing-over, correcting                                                     |
// | hold        | holding         | ready, teleoperating, autonomous, handing-over, correcting, holding, parking |
// | acknowledge | holding         | protective-stop                                                              |
// | park        | parking         | ready, teleoperating, autonomous, handing-over, correcting, holding          |
// | relax       | off             | every state                                                                  |
//
// By itself:
//
// | because                                                     | leads to        | from                            |
// |-------------------------------------------------------------|-----------------|---------------------------------|
// | a fault                                                     | protective-stop | every state with torque on      |
// | a hand on the leader (where it holds: while a gate asks)    | handing-over    | autonomous, holding             |
// | one tick has gone by                                        | correcting      | handing-over                    |
// | a gate asks for a person; a move or a trajectory has ended  | holding         | autonomous                      |
// | the arm does not come to rest there, or has no rest pose    | holding         | parking                         |
// | the arm rests                                               | idle            | parking                         |

/// What the arm is doing, and what its hardware may do.
public enum State: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// The start, and after parking: torque is off, the follower hangs limp.
  case idle = 0
  /// Torque is on; the follower holds where it was when it was enabled.
  case ready = 1
  /// The follower follows the leader.
  case teleoperating = 2
  /// The follower goes where the policy, a slow move or a trajectory leads it.
  case autonomous = 3
  /// The one tick between the policy and the person: the follower holds.
  case handingOver = 4
  /// A person drives: the follower follows the leader, from where the policy was.
  case correcting = 5
  /// The follower keeps the last command.
  case holding = 6
  /// A fault stopped the arm: it brakes, then holds until a person acknowledges.
  case protectiveStop = 7
  /// The follower moves slowly to the rest pose, where torque goes off.
  case parking = 8
  /// Torque is off by explicit command: the follower hangs limp.
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

  /// The state after `action`, or nil where it is refused; `refusal` says why. The table above, row by row.
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
    case _ where action == .acknowledge: "There is nothing to acknowledge: the arm is \(name)."
    case .idle, .off: "The arm is \(name): enable it first."
    case .protectiveStop: "The arm is in a protective stop: mend the cause and acknowledge it first."
    case .parking: "The arm is parking: wait, or hold it first."
    default: "\(action.name) is not possible while the arm is \(name)."
    }
  }
}
