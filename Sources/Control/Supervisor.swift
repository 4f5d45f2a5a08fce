internal import Arm
internal import Episodes

/// Who owns the arm and why: the state, the latched fault, and what the sources need to remember. Part of the tick.
struct Supervisor: BitwiseCopyable {
  /// What the arm is doing.
  private(set) var state = State.idle
  /// The fault that stopped it, until acknowledged.
  private(set) var fault: Fault?
  /// Back to where the arm stood when a stop found it blocked: holding on to the command would press on, and spring when
  /// the arm comes free.
  private(set) var givesWay: Approach?
  /// For how many ticks it has done so.
  private var gaveWay: Int32 = 0
  /// The episode that records belong to.
  private(set) var episode: UInt32 = 0
  /// The slow move under way, if one is.
  private(set) var approach: Approach?
  /// Whether a trajectory is being followed.
  private(set) var replays = false
  private var waited: Int32 = 0
  private var stood: Int32 = 0
  /// How near the command of a slow move has come to its pose, radians.
  private var nearest = Float.infinity
  /// The leader-follower offset while a person commands.
  var clutch = Clutch()
  /// True while the offset closes by itself (teleoperation's beginning), false where only the person's motion closes it.
  private(set) var closesByItself = false
  /// The follower-leader offset while the leader mirrors.
  var mirror = Clutch()
  /// Where the leader was last sent, in the follower's angles.
  var led = JointVector.zero
  /// Feels a hand on the mirroring leader.
  var grab = GrabDetector()
  /// What asks for a person while the policy drives.
  var gate = GateChoice.none
  /// The gate has stopped the policy and waits for a person: to take over, or to say that all is well.
  private(set) var asks = false
  /// Ticks for which the leader stays limp after it gave way.
  var limpTicks: Int32 = 0
  /// Requests that were refused, and the last of them.
  private(set) var refusals: UInt32 = 0
  private(set) var refused = Request.Action.none
  private(set) var refusal = Refusal.state

  /// Who owns the arm in this tick.
  var source: Source {
    switch state {
    case .idle, .off: .none
    case .ready, .holding, .protectiveStop: .hold
    case .teleoperating, .correcting: .person
    case .handingOver: .blend
    case .autonomous: approach == nil && !replays ? .policy : .playback
    case .parking: .parking
    }
  }

  /// True while the leader should follow the follower; also on the way to rest, so that it is lowered and not dropped.
  var mirrors: Bool { (state == .autonomous || state == .holding || state == .parking) && limpTicks == 0 }

  /// True while a teleoperated follower is still on its way to the leader.
  var isClosingIn: Bool { state == .teleoperating && !clutch.isClosed }

  /// A controlled stop, latched. The first fault is kept: what follows from it must not hide it.
  mutating func stop(for fault: Fault, givingWay: Approach? = nil) {
    guard state.isPowered, state != .protectiveStop else { return }
    self.fault = fault
    switch fault {
    case .lag, .load, .servo, .torqueLost, .leaderFell: givesWay = givingWay
    default: givesWay = nil
    }
    gaveWay = 0
    state = .protectiveStop
    asks = false
    approach = nil
    replays = false
  }

  /// One more tick of giving way, further where the arm `standing` there still presses on. It ends: where floor or box lie
  /// before the pose, the command would else follow every tremor of theirs, and never come to rest.
  mutating func goOnGivingWay(to standing: Approach?, most ticks: Int32) {
    guard state == .protectiveStop, givesWay != nil else { return }
    gaveWay += 1
    if gaveWay > ticks { givesWay = nil } else if let standing { givesWay = standing }
  }

  /// A stop that finds the arm pressing on something, whatever it is for: who lets go of the pedal may do so because of that.
  mutating func giveWay(to standing: Approach?) {
    guard state == .protectiveStop, givesWay == nil, gaveWay == 0 else { return }
    givesWay = standing
  }

  /// It gave way for as long as it may: the command comes no nearer to where the arm is.
  var hasGivenWay: Bool { gaveWay > 0 && givesWay == nil }

  /// The gate fired: hold, and ask.
  mutating func ask() {
    state = .holding
    asks = true
  }

  /// A slow move has come to its pose: the arm holds there.
  mutating func arrived() {
    approach = nil
    replays = false
    state = .holding
  }

  /// From the tick between policy and person to the person.
  mutating func begin(correctingFrom command: JointVector, leader: JointVector) {
    state = .correcting
    closesByItself = false
    clutch.engage(command: command, leader: leader)
  }

  /// Whether a slow move has come no nearer for `patience` ticks, short of its pose.
  func isStuck(patience: Int32) -> Bool { approach != nil && stood > patience }

  /// Counts the ticks for which a slow move comes no nearer to its pose. Where floor or box are in its way, the command
  /// need not stand still: it may tremble, or slide along them.
  mutating func note(distance: Float, isPowered: Bool) {
    let isNearer = distance < nearest - 1e-3
    if isNearer { nearest = distance }
    stood = isNearer || !isPowered ? 0 : stood + 1
  }

  /// The command has come to the rest pose: torque goes off as soon as the arm has too, and with it a leader that is still
  /// held up. A follower that does not come within `patience` ticks is held instead; a leader is let go then: it may be
  /// in a hand, and its torque is too low to hold for long.
  mutating func park(isAtRest: Bool, isLeaderAtRest: Bool, patience: Int32) {
    waited += 1
    let isOver = waited > patience
    if isAtRest, isLeaderAtRest || isOver {
      approach = nil
      state = .idle
    } else if isOver {
      arrived()
    }
  }

  /// Counts a request that is not carried out.
  mutating func refuse(_ action: Request.Action, _ why: Refusal) {
    refusals &+= 1
    refused = action
    refusal = why
  }

  /// Applies a request; a refused one changes nothing and is counted. True when the state allowed it.
  mutating func apply(
    _ request: Request, command: JointVector, leader: JointVector, settings: ControlSettings
  ) -> Bool {
    guard let next = state.after(request.action) else {
      refuse(request.action, .state)
      return false
    }
    switch request.action {
    // What does not concern the arm leaves alone whatever move is under way, and how far it has come.
    case .none, .loadPolicy, .exchangeBus, .reward, .scold: return true
    case .episode:
      episode = request.episode
      return true
    case .gate:
      gate.set(doubt: request.pose[0], safety: request.pose[1])
      return true
    case .teleoperate:
      approach = nil
      closesByItself = true
      clutch.engage(command: command, leader: leader)
    case .playback: approach = Approach(to: request.pose, step: settings.slowStep, stepChange: settings.slowStepChange)
    case .park:
      waited = 0
      approach = settings.rest.map { Approach(to: $0, step: settings.slowStep, stepChange: settings.slowStepChange) }
    case .acknowledge, .enable:
      fault = nil
      givesWay = nil
    case .policy, .takeOver, .release, .hold, .relax, .replay: approach = nil
    }
    replays = request.action == .replay
    stood = 0
    nearest = .infinity
    if next != .holding || request.action == .hold { asks = false }
    state = next
    return true
  }
}
