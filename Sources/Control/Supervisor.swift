internal import Arm
internal import Episodes

/// Who owns the arm and why: the state, the latched fault, and what the sources need to remember. Part of the tick.
struct Supervisor: BitwiseCopyable {
  /// What the arm is doing.
  private(set) var state = State.idle
  /// The fault that stopped it, until acknowledged.
  private(set) var fault: Fault?
  /// The episode that records belong to.
  private(set) var episode: UInt32 = 0
  /// The slow move under way, if one is.
  private(set) var approach: Approach?
  /// The leader-follower offset while a person commands.
  var clutch = Clutch()
  /// True while the offset closes by itself (teleoperation's beginning), false where only the person's motion closes it.
  private(set) var closesByItself = false
  /// The follower-leader offset while the leader mirrors.
  var mirror = Clutch()
  /// Feels a hand on the mirroring leader.
  var grab = GrabDetector()
  /// Ticks for which the leader stays limp after it gave way.
  var limpTicks: Int32 = 0
  /// Requests that were refused, and the last of them.
  private(set) var refusals: UInt32 = 0
  private(set) var refused = Request.Action.none

  /// Who owns the arm in this tick.
  var source: Source {
    switch state {
    case .idle, .off: .none
    case .ready, .holding, .protectiveStop: .hold
    case .teleoperating, .correcting: .person
    case .handingOver: .blend
    case .autonomous: approach == nil ? .policy : .playback
    case .parking: .parking
    }
  }

  /// True while the leader should follow the follower.
  var mirrors: Bool { (state == .autonomous || state == .holding) && limpTicks == 0 }

  /// True while a teleoperated follower is still on its way to the leader.
  var isClosingIn: Bool { state == .teleoperating && !clutch.isClosed }

  /// A controlled stop, latched. The first fault is kept: what follows from it must not hide it.
  mutating func stop(for fault: Fault) {
    guard state.isPowered, state != .protectiveStop else { return }
    self.fault = fault
    state = .protectiveStop
    approach = nil
  }

  /// A slow move has come to its pose: the arm holds there.
  mutating func arrived() {
    approach = nil
    state = .holding
  }

  /// From the tick between policy and person to the person.
  mutating func begin(correctingFrom command: JointVector, leader: JointVector) {
    state = .correcting
    closesByItself = false
    clutch.engage(command: command, leader: leader)
  }

  /// Torque off at the rest pose.
  mutating func parked() {
    approach = nil
    state = .idle
  }

  /// Applies a request; a refused one changes nothing and is counted. True when the state allowed it.
  mutating func apply(
    _ request: Request, command: JointVector, leader: JointVector, settings: ControlSettings
  ) -> Bool {
    guard let next = state.after(request.action) else {
      refusals &+= 1
      refused = request.action
      return false
    }
    switch request.action {
    case .episode: episode = request.episode
    case .teleoperate where state != next:
      approach = nil
      closesByItself = true
      clutch.engage(command: command, leader: leader)
    case .playback: approach = Approach(to: request.pose, step: settings.slowStep, stepChange: settings.slowStepChange)
    case .park:
      approach = settings.rest.map { Approach(to: $0, step: settings.slowStep, stepChange: settings.slowStepChange) }
    case .acknowledge: fault = nil
    case .none, .loadPolicy: break
    default: approach = nil
    }
    state = next
    return true
  }
}
