// The part of Decide that says who owns the arm: requests, faults, a hand on the leader.

internal import Arm
internal import Episodes
internal import RealTime

extension Tick {
  /// Requests first, then faults (a request must not slip past one), then hands.
  func supervise() {
    record.request = 0
    record.gateScore = .nan
    let falls = leaderFalls()
    if isAfterGap { previous.step = .zero }
    if ownership.takeRevocation() {
      previous.step = .zero
      stop(for: .stalled)
    }
    if supervisor.state == .handingOver {
      supervisor.begin(correctingFrom: previous.goal, leader: guiding)
      record.memory.steps.insert(.engaged)
    }
    for _ in 0..<8 {
      guard let request = requests.pop() else { break }
      record.request = request.action.rawValue
      take(request)
    }
    if follower.torque != .on, supervisor.source == .person {
      // The clutch takes hold where the arm is when its torque comes: it may have fallen since the person took it.
      supervisor.clutch.engage(command: previous.goal, leader: guiding)
      record.memory.steps.insert(.engaged)
    }
    if let fault = detected() {
      if fault == .torqueLost { snapshot.limpJoints = limpJoints }
      stop(for: fault)
    } else if falls, supervisor.source == .person {
      // Back to where the person let go.
      supervisor.stop(for: .leaderFell, givingWay: (fall?.onset).flatMap { slowMove(to: $0) })
    } else if falls {
      label.fell()
    }
    // Where the arm stood it may press on still (on a table, with its own weight): it gives way until it does not.
    let pressesOn = supervisor.fault == .load && shows(.load)
    if follower.torque == .on, isFresh(follower.age), shows(.lag) || shows(.load) || limpJoints != 0 {
      supervisor.giveWay(to: standing)
    }
    supervisor.goOnGivingWay(to: pressesOn ? standing : nil, most: settings.yieldTicks)
    if supervisor.state == .autonomous || supervisor.asks, feelsHand() { apply(Request(.takeOver)) }
    record.decides = policy.decides
  }

  /// What no state forbids may still be impossible now: without readings, without its cause gone, to nowhere.
  private func take(_ asked: Request) {
    // The state's own reason comes first.
    guard supervisor.state.after(asked.action) != nil else { return supervisor.refuse(asked.action, .state) }
    var request = asked
    switch asked.action {
    case .enable where !isFresh(follower.age): return supervisor.refuse(asked.action, .followerSilent)
    // Nobody hears it: an arm that goes on holding would be called limp.
    case .relax where follower.isLost: return supervisor.refuse(asked.action, .followerSilent)
    case .teleoperate where !leaderIsFresh: return supervisor.refuse(asked.action, .leaderSilent)
    case .policy where shows(.letGo), .release where shows(.letGo): return supervisor.refuse(asked.action, .notHeld)
    case .takeOver where !leaderIsFresh:
      // The person wants the arm and cannot have it; but whoever drives must not go on.
      supervisor.refuse(asked.action, .leaderSilent)
      request = Request(.hold)
    case .acknowledge:
      // At rest, and with its cause gone.
      if follower.torque == .on, any(previous.step .!= 0) { return supervisor.refuse(asked.action, .moving) }
      if let fault = supervisor.fault, isStillThere(fault) {
        return supervisor.refuse(asked.action, .causeRemains)
      }
    case .replay:
      guard asked.trajectory != 0 else { return supervisor.refuse(asked.action, .noPose) }
    case .playback:
      guard let pose = envelope.reachable(asked.pose) else { return supervisor.refuse(asked.action, .noPose) }
      request.pose = pose
    default: break
    }
    apply(request)
  }

  private func apply(_ request: Request) {
    let before = supervisor.state
    guard supervisor.apply(request, command: previous.goal, leader: guiding, settings: settings) else { return }
    if request.action == .teleoperate, before != supervisor.state { record.memory.steps.insert(.engaged) }
    if request.action == .loadPolicy, let loaded = UnsafeRawPointer(bitPattern: request.policy) {
      policy.load(Unmanaged.fromOpaque(loaded))
      pace = PolicyPace()
    }
    if request.action == .replay, let trajectory = UnsafeRawPointer(bitPattern: request.trajectory) {
      playback.begin(Unmanaged.fromOpaque(trajectory))
    }
    if request.action == .exchangeBus, let exchange = UnsafeRawPointer(bitPattern: request.exchange) {
      take(Unmanaged<BusExchange>.fromOpaque(exchange).takeUnretainedValue())
    }
    if request.action == .acknowledge {
      follower.doubt()
      limp.forget()
    }
    // A policy never goes on with what it meant before somebody else commanded, nor across episodes.
    if supervisor.state != before || request.action == .episode || request.action == .policy {
      policy.forget()
      if request.action == .episode || before != .holding { supervisor.gate.begin() }
    }
  }

  private func take(_ exchange: BusExchange) {
    if exchange.isLeader { leader?.take(exchange) } else { follower.take(exchange) }
  }

  /// A controlled stop; where the arm stands now is where it gives way to, should it be blocked.
  func stop(for fault: Fault) { supervisor.stop(for: fault, givingWay: standing) }

  /// A slow move to where the arm stands now; nil where that is not known.
  private var standing: Approach? { slowMove(to: follower.reading.position) }

  private func slowMove(to pose: JointVector) -> Approach? {
    envelope.reachable(pose).map {
      Approach(to: $0, step: settings.yieldStep, stepChange: settings.yieldStepChange)
    }
  }

  /// The next command of a stop.
  func stopping() -> Motion {
    record.memory.steps.insert(.braked)
    return envelope.brake(from: previous, to: supervisor.givesWay?.wish(from: previous.goal)).motion
  }

  /// The fault that this tick's inputs show, if any; the envelope finds the ones that concern wish and measurement.
  private func detected() -> Fault? {
    guard supervisor.state.isPowered else { return nil }
    // First: what is old now may be so because nobody here could read it.
    if shows(.gap) { return .gap }
    if shows(.followerLost) { return .followerLost }
    if shows(.followerStale) { return .followerStale }
    if shows(.servo) { return .servo }
    if shows(.torqueRefused) { return .torqueRefused }
    // Before lag, which the envelope finds: that would be called the driver's own failure.
    if limpJoints != 0 { return .torqueLost }
    switch supervisor.source {
    case .person:
      if shows(.leaderLost) { return .leaderLost }
      if shows(.leaderStale) { return .leaderStale }
    case .policy:
      if shows(.noPolicy) { return .noPolicy }
      if shows(.environmentStale) { return .environmentStale }
      if shows(.letGo) { return .letGo }
    case .playback, .parking: if shows(.unreachable) { return .unreachable }
    case .none, .hold, .blend: break
    }
    return nil
  }

  /// Whether this tick shows the cause of a fault: what stops the arm, and what must be gone before it is acknowledged.
  private func shows(_ fault: Fault) -> Bool {
    switch fault {
    case .followerLost: follower.isLost
    case .followerStale: !isFresh(follower.age)
    case .leaderLost: leader?.isLost ?? true
    case .leaderStale: !leaderIsFresh
    case .environmentStale: !environmentIsFresh
    case .servo: any(follower.status & alarms .!= 0)
    case .lag: envelope.lags(previous.goal, follower.reading.position)
    case .load: envelope.overloads(pressing)
    case .gap: isAfterGap && late >= .milliseconds(100)
    case .recorder: recorderIsFull
    case .noPolicy: !policy.isLoaded
    case .torqueRefused: follower.refusesTorque
    // Only asking the policy again can show it.
    case .wishNotFinite, .policySlow: false
    // A thread that runs has no longer stalled, an arm that stands has no way to go, a leader falls once, and acknowledging
    // brings torque on anew.
    case .stalled, .leaderFell, .torqueLost: false
    case .letGo: !isHeldToRun
    case .unreachable: supervisor.isStuck(patience: settings.restPatience)
    }
  }

  /// Whether the cause of a stop is still there. An alarm that a servo merely keeps is not: torque, brought on anew, ends it.
  private func isStillThere(_ fault: Fault) -> Bool {
    // The pedal need not be held to acknowledge, only to go on.
    if fault == .letGo { return false }
    // Where floor or limits keep the command from going where the arm is, waiting relieves nothing. Acknowledging does: torque
    // is brought on anew, with the goal where the arm is, and a joint that then still bears too much stops the arm again.
    if fault == .load || fault == .lag, supervisor.hasGivenWay { return false }
    guard fault == .servo else { return shows(fault) }
    return any(follower.status & settings.alarmBits & ~settings.latchedBits .!= 0)
  }

  /// The bits that stop the arm now. Until torque has come on anew, an alarm that a servo keeps says nothing of the present.
  private var alarms: SIMD8<UInt8> {
    follower.torque == .on ? settings.alarmBits : settings.alarmBits & ~settings.latchedBits
  }

  /// Whether somebody holds the pedal down, where the rig asks for that; a sign from the future would hold for ever.
  var isHeldToRun: Bool {
    guard let limit = settings.holdToRun else { return true }
    return isWithin(limit, of: channels.hold.newest)
  }

  /// Whether the leader falls while the follower goes where it goes, or while its motion is a label.
  private func leaderFalls() -> Bool {
    let matters = supervisor.source == .person || settings.labels && supervisor.source == .policy
    guard matters, leader?.torque == .off, let age = leader?.age,
      let kinematics = envelope.tool?.kinematics
    else {
      fall?.forget()
      return false
    }
    guard all(age .== 0) else { return false }
    // A starved loop sees hands jump.
    if isAfterGap { fall?.forget() }
    let height_m = kinematics.pose(guiding).position_m.z
    let time = Nanoseconds(record.leader.time[0])
    return fall?.sees(height_m: height_m, leader: guiding, at: time, command: previous.goal) == true
  }

  /// The joints whose servos have let go without a word, a bit each.
  private var limpJoints: UInt8 { limp.joints(lags: shows(.lag)) }

  private func isFresh(_ age: SIMD8<Int32>) -> Bool { all(age .<= envelope.staleTicks) }

  var leaderIsFresh: Bool {
    guard let age = leader?.age, leader?.isLost == false else { return false }
    return isFresh(age)
  }

  /// A time stamp from the future is as wrong as an old one: it would stay fresh for ever.
  private var environmentIsFresh: Bool {
    guard policy.usesEnvironment else { return true }
    return isWithin(settings.environmentStale, of: record.environment.time)
  }

  // MARK: A loop that did not come

  /// How late this tick begins, after the one that was served before.
  var late: Nanoseconds { record.began - record.scheduled + Nanoseconds(Int64(record.missed) * settings.period.count) }

  /// Whether it does so by two periods or more: the arm stands at its last goal by now.
  var isAfterGap: Bool { record.missed >= 2 }

  /// Whether `stamp` lies no more than `limit` before this tick, or after it. In the newest gap it did not age: whoever
  /// reads may have slept too. Only in the newest: a loop that sleeps again and again still finds a sender silent.
  private func isWithin(_ limit: Nanoseconds, of stamp: Nanoseconds) -> Bool {
    let age = record.began - stamp
    let asleep = max(.zero, sleep.to - max(stamp, sleep.from))
    return age - asleep <= limit && .zero - age <= limit
  }
}
