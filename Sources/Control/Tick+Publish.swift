// What anybody may see of a tick, and how its time is counted.

internal import Episodes
internal import RealTime
internal import ServoBus

extension Tick {
  /// What anybody may see of this tick.
  func publish() {
    let (sense, decide) = (Int64(record.phases.sense), Int64(record.phases.decide))
    let (constrain, act) = (Int64(record.phases.constrain), Int64(record.phases.act))
    instruments.sense.add(Nanoseconds(sense))
    instruments.decide.add(Nanoseconds(decide))
    instruments.constrain.add(Nanoseconds(constrain))
    instruments.act.add(Nanoseconds(act))
    instruments.compute.add(Nanoseconds(decide + constrain + act))
    snapshot.record = record
    snapshot.state = supervisor.state
    snapshot.fault = supervisor.fault
    snapshot.isMoving = supervisor.approach != nil || supervisor.isClosingIn
    snapshot.isAtRest = all(previous.step .== 0)
    snapshot.refusals = supervisor.refusals
    snapshot.refused = supervisor.refused
    snapshot.refusal = supervisor.refusal
    snapshot.isHeldToRun = isHeldToRun
    snapshot.followerHeld = follower.torque != .off
    snapshot.leaderHeld = leader != nil && leader?.torque != .off
    snapshot.replies = follower.replies + (leader?.replies ?? ReplyCount())
    let wasAsking = snapshot.asks
    snapshot.asks = supervisor.asks
    snapshot.isLabelling = settings.labels && supervisor.source == .policy
    snapshot.gateThreshold = supervisor.gate.threshold
    snapshot.safety = policy.safety
    snapshot.follower = ArmSnapshot(
      bus: follower.statistics, health: follower.health, status: follower.raisedStatus, isLost: follower.isLost)
    if leader != nil {
      snapshot.leader = ArmSnapshot(
        bus: leader?.statistics ?? BusStatistics(), health: leader?.health ?? ArmHealth(),
        status: leader?.raisedStatus ?? .zero, isLost: leader?.isLost ?? false)
    }
    snapshot.missed += UInt64(record.missed)
    snapshot.tracking = playback.error
    if record.missed > 0 { snapshot.overruns += 1 }
    count(wasAsking: wasAsking)
    snapshots.store(snapshot)
  }

  /// How the present episode went so far.
  private func count(wasAsking: Bool) {
    if supervisor.episode != snapshot.episode.number { snapshot.episode = EpisodeCount(number: supervisor.episode) }
    guard supervisor.episode != 0 else { return }
    if supervisor.asks {
      if !wasAsking { snapshot.episode.asked += 1 }
      askedTicks += 1
    } else if wasAsking {
      if supervisor.source == .blend {
        snapshot.episode.answered += 1
        snapshot.episode.waited += askedTicks
      }
      askedTicks = 0
    }
    switch supervisor.source {
    case .person: snapshot.episode.person += 1
    case .policy:
      snapshot.episode.policy += 1
      if record.memory.steps.contains(.labelled) { snapshot.episode.labelled += 1 }
    case .blend: snapshot.episode.takeOvers += 1
    case .none, .playback, .parking, .hold: break
    }
  }
}
