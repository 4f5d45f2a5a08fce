internal import Arm
internal import Control
internal import Episodes
internal import RealTime

/// What happens in each phase of an episode, and what follows it.
extension Conductor {
  func begin(_ snapshot: Snapshot) {
    resetBegan = .never
    guard isAnswered else { return }
    if wantsRollBack { rollBack() }
    switch snapshot.state {
    case .idle: ask(Request(.enable))
    case .off: ending = true  // somebody let the arm go: that is not undone by itself
    // What is played again needs nobody, so nobody may be there to acknowledge: it ends, and the arm holds.
    case .protectiveStop where plan.activity == .replay: ending = true
    case .protectiveStop: break  // until a person acknowledges
    case .ready, .holding, .teleoperating, .autonomous, .correcting, .handingOver, .parking:
      if blocked >= Self.waysBack {
        askForHand(snapshot)
      } else if plan.activity.startsAtPose {
        retreat(then: .reset, snapshot)
      } else {
        ask(Request(.teleoperate))
        phase = .reset(started: false, moving: true)
      }
    }
  }

  func reset(started: Bool, moving: Bool, _ snapshot: Snapshot) {
    guard isAnswered else { return }
    guard snapshot.state == (plan.activity.startsAtPose && !snapshot.isMoving ? .holding : moves) else {
      // A fault, or the arm was asked in vain: from the beginning.
      if moving, plan.activity.startsAtPose { noteObstacle(snapshot) }
      phase = .begin
      return
    }
    phase = .reset(started: started, moving: snapshot.isMoving)
    if !snapshot.isMoving, resetBegan == .never {
      resetBegan = now
      (blocked, stuckAt) = (0, nil)
    }
    // A replay needs nobody's hands: it goes on from the slow approach by itself.
    let started = started || plan.activity == .replay || resetRemaining.map { $0 <= .zero } == true
    guard started, !snapshot.isMoving else { return }
    // Hold-to-run: the episode begins with the pedal.
    guard snapshot.isHeldToRun || !plan.activity.usesPolicy else { return }
    resetBegan = .never
    host.beginEpisode(episode, attempt: attempt)
    ask(.episode(UInt32(clamping: episode)))
    if plan.activity.usesPolicy { ask(Request(plan.isPersonsTurn(episode, round: round) ? .takeOver : .policy)) }
    if let trajectory = plan.trajectory { ask(.replay(trajectory)) }
    phase = .running
  }

  /// The state in which the arm comes to an episode's start.
  var moves: State { plan.activity.startsAtPose ? .autonomous : .teleoperating }

  func running(_ snapshot: Snapshot) {
    if snapshot.isStopped {
      finish(snapshot.verdict, snapshot)
      return
    }
    guard snapshot.episode.number == UInt32(clamping: episode) else { return }
    if plan.activity == .replay, snapshot.state == .holding, isAnswered {
      finish(.success, snapshot)
    } else if let limit = plan.limit, plan.activity.usesPolicy,
      plan.seconds(ticks: snapshot.episode.policy) >= limit.seconds, snapshot.state == .autonomous
    {
      finish(.failure, snapshot)
    } else if hasLost(snapshot) {
      finish(.failure, snapshot)
    } else if let limit = plan.recordingLimit, plan.seconds(ticks: snapshot.episode.person) >= limit.seconds {
      finish(.unlabelled, snapshot)
    } else if plan.labelsByTruth, let truth = host.truth {
      finish(truth ? .success : .failure, snapshot)
    }
  }

  /// Whether a person has been correcting for so long that they get nowhere.
  private func hasLost(_ snapshot: Snapshot) -> Bool {
    guard let limit = plan.correctionLimit, snapshot.state == .correcting else { return false }
    return plan.seconds(ticks: snapshot.episode.person) >= limit.seconds
  }

  func parking(_ snapshot: Snapshot) {
    if snapshot.state == .parking { parkingBegan = true }
    guard isAnswered else { return }
    switch snapshot.state {
    case .parking: break
    case .idle, .off: isDone = !snapshot.followerHeld && !snapshot.leaderHeld
    // A stop has to come to its end before the loop may.
    case .protectiveStop: isDone = snapshot.isAtRest
    // There is no rest pose, the arm did not come there, or somebody stopped the move: it stays where it is.
    case .holding where parkingBegan: isDone = snapshot.isAtRest
    case .ready, .holding, .teleoperating, .autonomous, .handingOver, .correcting: ask(Request(.park))
    }
  }

  func training() {
    switch host.training {
    case .none, .running: break
    case .failed(let why):
      trouble = why
      ending = true
    case .killed(let why):
      // Once may be bad luck: after as many corrections more it is tried again, with all that there is by then.
      killedTrainings += 1
      roundFrames = 0
      phase = .begin
      guard killedTrainings > 1 else { return host.tell(why) }
      trouble = why
      ending = true
    case .finished:
      round += 1
      roundFrames = 0
      failures = 0
      killedTrainings = 0
      host.keep(SessionProgress(round: round, frames: 0, nextEpisode: episode, policy: host.policyName))
      budget = GateBudget(rate: plan.budget)
      streak = 0
      if round >= plan.rounds { end(by: .rounds) } else { phase = .begin }
    }
  }

  func finish(_ label: EpisodeLabel, _ snapshot: Snapshot) {
    if snapshot.state != .protectiveStop { ask(Request(.hold)) }
    ask(.episode(0))
    host.finishEpisode(episode, label)
    // Over before its first tick was seen: then the counts are still another episode's.
    let number = UInt32(clamping: episode)
    let count = snapshot.episode.number == number ? snapshot.episode : EpisodeCount(number: number)
    let summary = EpisodeSummary(
      episode, label, count, plan: plan, round: round, policy: host.policyName, fault: snapshot.fault)
    outcomes.append(summary)
    // From here on no word is about this episode, nor about one that never began.
    phase = .begin
    if plan.gate != .none, let refitted = budget.refit() {
      ask(.gate(doubt: refitted.doubt, safety: refitted.safety))
    }
    episode += 1
    attempt = 1
    if label == .success { roundFrames += summary.frames }
    // What the person would have done counts wherever the policy got to.
    roundFrames += summary.labels
    takeOvers += summary.takeOvers
    countFailures(label)
    countSuccesses(summary)
    host.keep(SessionProgress(round: round, frames: roundFrames, nextEpisode: episode, policy: host.policyName))
    if plan.activity == .correct, let enough = plan.goodEnough, streak >= enough {
      end(by: .goodEnough)
    } else if plan.activity == .correct, isRoundFull {
      host.beginTraining(round: round + 1)
      phase = .training
    } else if plan.isComplete(episodes: countedEpisodes, frames: roundFrames) {
      end(by: .episodes)
    }
  }

  /// Whether the round under way has all that it is to be trained on.
  private var isRoundFull: Bool {
    guard let all = plan.takeOvers else { return roundFrames >= plan.framesPerRound }
    return takeOvers * plan.rounds >= all * (round + 1)
  }

  /// Episodes that count towards those asked for. A demonstration that a fault cut short without a verdict is kept, and
  /// another is recorded for it; one that was thrown out is in no outcome.
  var countedEpisodes: Int {
    guard plan.activity == .record else { return outcomes.count }
    return outcomes.count { $0.label != .unlabelled || $0.fault == nil }
  }

  /// A policy that fails again and again is worse than the one before, whatever its losses say.
  func countFailures(_ label: EpisodeLabel) {
    failures = label == .failure ? failures + 1 : 0
    if plan.activity == .correct, round > 0, failures >= plan.failuresToRollBack { wantsRollBack = true }
  }

  /// An episode that nobody judged, or that a fault of wire or machine ended, says nothing.
  func countSuccesses(_ episode: EpisodeSummary) {
    guard episode.label != .unlabelled else { return }
    streak = episode.label == .success && episode.takeOvers == 0 ? streak + 1 : 0
  }

  func end(by end: SessionEnd) {
    ended = end
    ending = true
  }

  /// Between episodes only: nobody's policy changes under their hands.
  func rollBack() {
    wantsRollBack = false
    failures = 0
    streak = 0
    budget = GateBudget(rate: plan.budget)
    guard let name = host.rollBack() else { return }
    host.keep(SessionProgress(round: round, frames: roundFrames, nextEpisode: episode, policy: name))
  }

  /// Whether the session is on its way to its end: the arm parks, or a stop comes to rest.
  public var isEnding: Bool { phase == .parking || phase == .retreating(then: .park) }

  func beginEnding(_ snapshot: Snapshot) {
    if phase == .running {
      ask(.episode(0))
      host.finishEpisode(episode, .unlabelled)
    }
    if snapshot.state.isPowered, snapshot.state != .protectiveStop {
      retreat(then: .park, snapshot)
    } else {
      phase = .parking
    }
  }
}
