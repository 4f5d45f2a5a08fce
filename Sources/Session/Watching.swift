// What a session shows to onlookers, made from its parts.

internal import Arm
internal import Control
internal import Episodes

extension PersonSignal {
  /// What an onlooker said; none of it drives, and `run` lets a policy go on that a person has started.
  init(_ word: Lookout.Word) {
    switch word {
    case .hold: self = .hold
    case .success: self = .success
    case .failure: self = .failure
    case .discard: self = .discard
    case .acknowledge: self = .acknowledge
    case .run: self = .run
    }
  }
}

extension SessionFacts {
  /// The facts of a rig.
  init(rig: Rig, activity: Activity) {
    let arm = rig.pairs[0].follower.arm
    let joints = arm.jointNames
    self.init(
      rig: rig.name, activity: activity.rawValue, joints: joints, lower: joints.indices.map { arm.lower[$0] },
      upper: joints.indices.map { arm.upper[$0] }, loop_Hz: rig.loop_Hz, decision_Hz: rig.decision_Hz,
      staleTicks: rig.envelope.stale_ticks, holdToRun_ms: rig.holdToRun_ms)
  }
}

extension SessionView {
  /// The session's part of the picture.
  init(plan: SessionPlan, conductor: Conductor, host: ArmHost, news: [String]) {
    self.init()
    phase = conductor.shownPhase.rawValue
    episode = conductor.episode
    attempt = conductor.attempt
    policy = host.policyName
    if plan.activity == .correct {
      round = min(plan.rounds, conductor.round + 1)
      rounds = plan.rounds
      frames = conductor.framesThisRound
      framesPerRound = plan.framesPerRound
      if case .running(let share) = host.training { training = share }
      effort = Self.effort(conductor)
    }
    policies = PolicyRow.rows(of: conductor.outcomes)
    self.news = news
  }
}

extension SessionView {
  /// Minutes, take-overs, and what became of a gate's asking.
  static func effort(_ conductor: Conductor) -> String {
    let outcomes = conductor.outcomes
    var parts = [
      "\(Figures.fixed(conductor.presence.seconds / 60, 1)) min of the person's time, resets with it",
      Figures.count(outcomes.reduce(0) { $0 + $1.takeOvers }, "take-over"),
    ]
    let asked = outcomes.reduce(0) { $0 + $1.asked }, answered = outcomes.reduce(0) { $0 + $1.answered }
    if asked > 0 {
      parts.append("the gate asked \(Figures.count(asked, "time")), somebody took over in \(answered)")
      let waited = outcomes.reduce(0) { $0 + $1.waitedSeconds }
      if answered > 0 { parts.append("after \(Figures.fixed(waited / Double(answered), 1)) s") }
    }
    let labels = outcomes.reduce(0) { $0 + $1.labels }
    if labels > 0 { parts.append("\(Figures.count(labels, "frame")) labelled") }
    return parts.joined(separator: ", ")
  }
}

extension PolicyRow {
  /// How each policy did, in the order in which they drove.
  static func rows(of outcomes: [EpisodeSummary]) -> [PolicyRow] {
    var names: [String] = []
    for episode in outcomes where !episode.policy.isEmpty && !names.contains(episode.policy) {
      names.append(episode.policy)
    }
    return names.map { name in row(name, outcomes.filter { $0.policy == name }) }
  }

  private static func row(_ policy: String, _ episodes: [EpisodeSummary]) -> PolicyRow {
    var rate = SuccessRate()
    for episode in episodes where episode.takeOvers == 0 && episode.label != .unlabelled {
      rate.add(episode.label == .success)
    }
    let person = episodes.reduce(0) { $0 + $1.personSeconds }
    let watched = episodes.reduce(person) { $0 + $1.policySeconds }
    return PolicyRow(
      policy: policy, alone: rate.trials, successes: rate.successes, low: rate.interval.lowerBound,
      high: rate.interval.upperBound, assisted: episodes.count { $0.takeOvers > 0 },
      takeOvers: episodes.reduce(0) { $0 + $1.takeOvers }, personShare: watched > 0 ? person / watched : 0,
      watched_s: watched)
  }
}
