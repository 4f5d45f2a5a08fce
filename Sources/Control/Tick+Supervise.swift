// The part of Decide that chooses who owns the arm, and each owner's wish.

internal import Arm
internal import Episodes
internal import RealTime

extension Tick {
  /// Requests first, then faults (a request must not slip past one), then hands.
  func supervise() {
    record.request = 0
    if record.missed >= 2 { previous.step = .zero }
    if supervisor.state == .handingOver {
      supervisor.begin(correctingFrom: previous.goal, leader: guiding)
    }
    for _ in 0..<8 {
      guard let request = requests.pop() else { break }
      record.request = request.action.rawValue
      take(request)
    }
    if let fault = detected() { supervisor.stop(for: fault) }
    if supervisor.state == .autonomous, feelsHand() {
      _ = supervisor.apply(
        Request(.takeOver), command: previous.goal, leader: guiding, settings: settings)
    }
    record.decides = policy.decides
  }

  private func take(_ request: Request) {
    if request.action == .acknowledge, supervisor.fault != nil, supervisor.fault == detected() { return }
    if request.action == .takeOver || request.action == .teleoperate, !leaderIsFresh { return }
    let before = supervisor.state
    guard
      supervisor.apply(request, command: previous.goal, leader: guiding, settings: settings)
    else { return }
    if request.action == .loadPolicy, let loaded = UnsafeRawPointer(bitPattern: request.policy) {
      policy.load(Unmanaged.fromOpaque(loaded))
    }
    // A policy never goes on with what it meant before somebody else commanded, nor across episodes.
    if supervisor.state != before || request.action == .episode || request.action == .policy { policy.forget() }
  }

  /// The fault that this tick's inputs show, if any; the envelope finds the ones that concern wish and measurement.
  private func detected() -> Fault? {
    guard supervisor.state.isPowered else { return nil }
    if follower.isLost { return .followerLost }
    if !all(follower.age .<= envelope.staleTicks) { return .followerStale }
    if follower.status & settings.alarmBits != 0 { return .servo }
    if Int64(record.missed) * settings.period.count >= 100_000_000 { return .gap }
    switch supervisor.source {
    case .person:
      if leader?.isLost ?? true { return .leaderLost }
      if !leaderIsFresh { return .leaderStale }
    case .policy:
      if !policy.isLoaded { return .noPolicy }
      if settings.needsEnvironment, record.began - record.environment.time > settings.environmentStale {
        return .environmentStale
      }
    default: break
    }
    return nil
  }

  private var leaderIsFresh: Bool {
    guard let age = leader?.age else { return false }
    return all(age .<= envelope.staleTicks)
  }

  /// What the owner of the arm wishes for.
  func wish() -> JointVector {
    let command = previous.goal
    record.policyWish = JointVector(repeating: .nan)
    record.personWish = JointVector(repeating: .nan)
    record.verdict.limits = []
    switch supervisor.source {
    case .none: return record.follower.position
    case .hold, .blend: return command
    case .person:
      let person = supervisor.clutch.target(
        leader: guiding, rate: settings.clutchStep,
        share: supervisor.closesByItself ? nil : settings.clutchShare)
      record.personWish = person
      // The policy goes on wishing beside the person: gates and logs compare the two.
      if policy.isLoaded, supervisor.state == .correcting { record.policyWish = askPolicy(command) }
      return person
    case .policy:
      let wish = askPolicy(command)
      record.policyWish = wish
      return wish
    case .playback, .parking:
      return approachWish(command)
    }
  }

  private func askPolicy(_ command: JointVector) -> JointVector {
    let wish = policy.wish(position: record.follower.position, environment: record.environment, command: command)
    record.gateScore = policy.doubt
    return wish
  }

  private func approachWish(_ command: JointVector) -> JointVector {
    guard let approach = supervisor.approach else {
      // Parking without a rest pose holds: torque goes off only where the arm rests.
      if all(previous.step .== 0) { supervisor.arrived() }
      return command
    }
    if approach.hasArrived(command), all(previous.step .== 0) {
      if supervisor.state == .parking { supervisor.parked() } else { supervisor.arrived() }
      return command
    }
    return approach.wish(from: command)
  }

  // MARK: The leader while somebody else drives

  /// A hand on the mirroring leader, felt as deviation from where its servos should be.
  private func feelsHand() -> Bool {
    guard settings.mirrors, leader?.isFullyPowered(rampTicks: settings.mirror.rampTicks) == true,
      supervisor.mirror.isClosed, supervisor.source == .policy
    else {
      supervisor.grab.begin(at: guiding)
      return false
    }
    return supervisor.grab.feel(guiding, commanded: previous.goal, settings: settings.mirror)
  }

  /// Drives the leader after the follower under low torque, or leaves it limp.
  func mirror() {
    record.leaderCommand = JointVector(repeating: .nan)
    guard settings.mirrors, leader != nil else { return }
    if supervisor.limpTicks > 0 { supervisor.limpTicks -= 1 }
    let wanted = supervisor.mirrors && leader?.isKnown == true
    if leader?.torque != .on { supervisor.mirror.engage(command: guiding, leader: previous.goal) }
    let goal = supervisor.mirror.target(leader: previous.goal, rate: settings.mirror.closingStep, share: nil)
    if wanted, leader?.torque == .on {
      record.leaderCommand = goal
      // Somebody holds it while it should come along: give way, try again later.
      let apart = goal - guiding
      if any(apart .> settings.mirror.yieldAt) || any(apart .< -settings.mirror.yieldAt) {
        supervisor.limpTicks = settings.mirror.yieldTicks
      }
    }
    leader?.act(
      goal: map.leader(goal), powered: wanted && supervisor.limpTicks == 0, share: settings.mirror.torqueShare,
      rampTicks: settings.mirror.rampTicks)
  }

  /// What anybody may see of this tick.
  func publish() {
    wakeLatency.add(record.began - record.scheduled)
    busTime.add(Nanoseconds(Int64(record.phases.sense)))
    computeTime.add(
      Nanoseconds(Int64(record.phases.decide) + Int64(record.phases.constrain) + Int64(record.phases.act)))
    snapshot.record = record
    snapshot.state = supervisor.state
    snapshot.fault = supervisor.fault
    snapshot.isMoving = supervisor.approach != nil || supervisor.isClosingIn
    snapshot.refusals = supervisor.refusals
    snapshot.refused = supervisor.refused
    snapshot.leaderHeld = leader?.torque == .on
    snapshot.busErrors = follower.errors + (leader?.errors ?? 0)
    snapshot.missed += UInt64(record.missed)
    if record.missed > 0 { snapshot.overruns += 1 }
    count()
    snapshots.store(snapshot)
  }

  /// How the present episode went so far.
  private func count() {
    if supervisor.episode != snapshot.episode.number { snapshot.episode = EpisodeCount(number: supervisor.episode) }
    guard supervisor.episode != 0 else { return }
    switch supervisor.source {
    case .person: snapshot.episode.person += 1
    case .policy: snapshot.episode.policy += 1
    case .blend: snapshot.episode.takeOvers += 1
    case .none, .playback, .parking, .hold: break
    }
  }
}
