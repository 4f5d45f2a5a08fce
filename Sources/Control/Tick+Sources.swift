// The part of Decide that asks whoever owns the arm what they wish for.

internal import Arm
internal import Episodes
internal import RealTime

extension Tick {
  /// Writes down what the rest of the tick goes on from, so that it can be made again.
  func remember() {
    record.memory.goal = previous.goal
    record.memory.step = previous.step
    record.memory.source = supervisor.source
    record.memory.age = SIMD8<UInt8>(
      truncatingIfNeeded: follower.age.clamped(lowerBound: .zero, upperBound: .init(repeating: 255)))
    record.memory.anchor =
      switch supervisor.source {
      case .person: supervisor.clutch.offset
      case .playback, .parking: supervisor.approach?.pose ?? JointVector(repeating: .nan)
      case .hold: supervisor.givesWay?.pose ?? JointVector(repeating: .nan)
      case .none, .policy, .blend: JointVector(repeating: .nan)
      }
    if supervisor.closesByItself { record.memory.steps.insert(.closes) }
  }

  /// What the owner of the arm wishes for.
  func wish() -> JointVector {
    let command = previous.goal
    record.policyWish = JointVector(repeating: .nan)
    record.personWish = JointVector(repeating: .nan)
    record.verdict.limits = []
    takeLabel(command)
    switch supervisor.source {
    case .none: return record.follower.position
    case .hold, .blend: return command
    case .person:
      let person = supervisor.clutch.target(
        leader: guiding, rate: settings.clutchStep,
        share: supervisor.closesByItself ? nil : settings.clutchShare)
      record.personWish = person
      // The policy goes on wishing beside the person: gates and logs compare the two.
      if policy.isLoaded, supervisor.state == .correcting { record.policyWish = askPolicy(command).wish }
      return person
    case .policy:
      let (wish, isSlow) = askPolicy(command)
      record.policyWish = wish
      // What was wished for from old readings is not followed any more.
      if isSlow {
        stop(for: .policySlow)
        return command
      }
      if record.decides, supervisor.gate.strays(GateInput(doubt: policy.doubt, safety: policy.safety)) {
        supervisor.ask()
        return command
      }
      return wish
    case .playback where supervisor.replays: return trajectoryWish(command)
    case .playback, .parking: return approachWish(command)
    }
  }

  /// Label mode: what the person would do from here, by the leader's motion since the tick before.
  private func takeLabel(_ command: JointVector) {
    guard settings.labels, supervisor.source == .policy, leaderIsFresh else { return label.forget() }
    guard let motion = label.motion(to: guiding) else { return }
    record.memory.steps.insert(.labelled)
    record.personWish = command + motion
  }

  private func askPolicy(_ command: JointVector) -> (wish: JointVector, isSlow: Bool) {
    record.memory.steps.insert(.asked)
    let began = clock.now
    let wish = policy.wish(
      position: record.follower.position, environment: record.environment, command: command, step: previous.step)
    record.gateScore = policy.doubt
    guard policy.hasInferred else { return (wish, false) }
    record.memory.steps.insert(.inferred)
    clock.passInference()
    return (wish, pace.isTooSlow(clock.now - began, budget: settings.inferenceBudget))
  }

  private func trajectoryWish(_ command: JointVector) -> JointVector {
    record.memory.steps.insert(.trajectory)
    if let wish = playback.next(command: command, measured: record.follower.position) { return wish }
    // Where floor or box push back, the command may never stand quite still.
    if all(previous.step .== 0) || playback.past > settings.restPatience { supervisor.arrived() }
    return command
  }

  private func approachWish(_ command: JointVector) -> JointVector {
    guard let approach = supervisor.approach else {
      // Parking without a rest pose holds: torque goes off only where the arm rests.
      if all(previous.step .== 0) { supervisor.arrived() }
      return command
    }
    guard approach.hasArrived(command), all(previous.step .== 0) else {
      supervisor.note(distance: approach.distance(from: command), isPowered: follower.torque == .on)
      return approach.wish(from: command)
    }
    guard supervisor.state == .parking else {
      supervisor.arrived()
      return command
    }
    // Torque goes off where the arm rests and nowhere else: an arm that did not come along keeps holding.
    supervisor.park(
      isAtRest: isNear(follower.reading.position, approach.pose), isLeaderAtRest: leaderIsAtRest(approach.pose),
      patience: settings.restPatience)
    return command
  }

  /// A leader that nothing holds up has nowhere to fall from.
  private func leaderIsAtRest(_ pose: JointVector) -> Bool {
    guard leader?.torque == .on, leaderIsFresh else { return true }
    return supervisor.mirror.isClosed && isNear(guiding, pose)
  }

  private func isNear(_ position: JointVector, _ pose: JointVector) -> Bool {
    let away = pose - position
    let near = JointVector(repeating: settings.restTolerance)
    return all(away .<= near) && all(away .>= -near)
  }
}
