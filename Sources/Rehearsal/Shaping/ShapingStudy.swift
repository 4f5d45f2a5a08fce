// What a feedback channel is worth: a policy, a person with a preference, and the same fresh starts before and after.
//
//     demonstrations ─▶ policy ─▶ starts ─▶ what the person sees ─▶ their standard
//                          │                                          │
//                          └────▶ shaped, episode by episode ◀────────┘
//                                    └─▶ the same starts ─▶ preference, success, ranking

internal import Arm
internal import Control
internal import Episodes
public import Foundation
internal import Learning
internal import RealTime
internal import Session
internal import Twin

/// The comparison for one preference; a seed is a file, so that an interrupted one goes on.
public struct ShapingStudy: Sendable {
  /// The rig and the task; its seed is not used.
  public var rehearsal: Rehearsal
  /// What the person wants.
  public var preference: ScriptedTrainer.Preference
  /// Where everything goes.
  public var folder: URL
  /// Seeds of demonstrations, training, person and scenes.
  public var seeds: [UInt64] = [1, 2, 3, 4, 5]
  /// Demonstrations that each policy is trained from.
  public var demonstrations = 20
  /// Episodes in which the person gives feedback.
  public var episodes = 80
  /// Starts before and after.
  public var starts = 20

  /// The first scene of shaping sessions: none is ever seen in another activity.
  static let firstShaping = 30_001

  /// A study of a preference.
  public init(_ rehearsal: Rehearsal, preference: ScriptedTrainer.Preference, folder: URL) {
    self.rehearsal = rehearsal
    self.preference = preference
    self.folder = folder
  }

  /// What one seed came to.
  public struct Cell: Codable, Sendable {
    /// The seed.
    public var seed: UInt64
    /// From where on this person likes it.
    public var standard: Double
    /// How often they rewarded and scolded.
    public var rewards: Int
    /// How often they scolded.
    public var scoldings: Int
    /// What they see in the starts before, a mean for each.
    public var before: [Double]
    /// The same after.
    public var after: [Double]
    /// Success of each start before.
    public var succeededBefore: [Bool]
    /// Success of each start after.
    public var succeededAfter: [Bool]
    /// How often the learned model ranks a moment that they would like before one that they would not, in these starts, which
    /// nothing was learned from; nil where all are alike.
    public var ranking: Double?
  }

  /// What cells of one folder have in common.
  private struct Plan: Codable, Equatable {
    var task, rig: String
    var demonstrations, episodes, starts: Int
  }

  /// Runs the seeds that are missing; nil where `progress` stopped it.
  public func run(progress: (String) -> Bool) throws -> ShapingReport? {
    let kept = try StudyFolder(
      folder,
      plan: Plan(
        task: rehearsal.task, rig: rehearsal.rig.name, demonstrations: demonstrations, episodes: episodes,
        starts: starts))
    var cells: [Cell] = []
    for seed in seeds {
      guard progress("seed \(seed)") else { return nil }
      let name = "\(preference.rawValue)-\(seed)"
      if let known: Cell = kept.cell(name) {
        cells.append(known)
        continue
      }
      let cell = try cell(seed)
      try kept.keep(cell, as: name)
      cells.append(cell)
    }
    return ShapingReport(task: rehearsal.task, preference: preference, episodes: episodes, cells: cells)
  }

  /// One seed, from demonstrations to the starts after.
  public func cell(_ seed: UInt64) throws -> Cell {
    var rehearsal = rehearsal
    rehearsal.seed = seed
    let place = folder.appending(path: "work-\(preference.rawValue)-\(seed)")
    try? FileManager.default.removeItem(at: place)
    let demonstrated = place.appending(path: "demonstrations"), policy = place.appending(path: "policy")
    try rehearsal.demonstrate(into: demonstrated, episodes: demonstrations)
    try rehearsal.train([demonstrated], output: policy)
    return try cell(rehearsal, policy, place)
  }

  /// One seed with a policy that is there.
  func cell(_ rehearsal: Rehearsal, _ policy: URL, _ place: URL) throws -> Cell {
    var eye = ScriptedTrainer(preference, rig: rehearsal.rig, seed: rehearsal.seed)
    let before = try measure(rehearsal, policy, eye)
    // A person wants what they have seen it do now and then: the best third of it.
    let all = before.moments.map(\.seen).sorted()
    guard all.count >= 20 else { throw RehearsalError.refused("The policy hardly moves: there is nothing to judge.") }
    eye.standard = all[Int(Double(all.count) * (preference.sign > 0 ? 0.67 : 0.33))]
    let shaped = place.appending(path: "shaped")
    let learner = try shape(rehearsal, policy, into: shaped, logs: place.appending(path: "shaping"), by: eye)
    let after = try measure(rehearsal, shaped, eye)
    let reward = learner.shaping.reward
    var scores: (good: [Double], bad: [Double]) = ([], [])
    for moment in before.moments + after.moments {
      let difference = moment.seen - eye.standard
      guard abs(difference) > eye.indifference * eye.standard else { continue }
      let score = reward.predicted(of: moment.terms)
      if difference * preference.sign > 0 { scores.good.append(score) } else { scores.bad.append(score) }
    }
    return Cell(
      seed: rehearsal.seed, standard: eye.standard, rewards: reward.rewards, scoldings: reward.scoldings,
      before: before.means, after: after.means, succeededBefore: before.succeeded, succeededAfter: after.succeeded,
      ranking: HumanReward.ranking(good: scores.good, bad: scores.bad))
  }

  // MARK: Sessions

  /// Lets the person shape a policy; the folder then holds it.
  @discardableResult
  func shape(
    _ rehearsal: Rehearsal, _ policy: URL, into folder: URL, logs: URL, by person: ScriptedTrainer
  ) throws -> ShapingLearner {
    let learner = ShapingLearner(
      try Shaping.open(folder, parent: policy, window: .short), rig: rehearsal.rig)
    let (session, plan) = try rehearsal.virtualSession(.shape, learner: learner)
    try session.host.load(policy: folder)
    var description = SessionDescription(activity: .shape)
    description.task = rehearsal.task
    description.seed = rehearsal.seed
    description.policyDigest = session.host.policyDigest
    try session.record(
      into: try Dataset.openOrCreate(logs.path, durable: false), description, firstEpisode: Self.firstShaping)
    var person = person
    session.afterTick = { [unowned session] snapshot in
      for signal in person.watch(snapshot, at: session.time.now) { session.conductor?.hear(signal) }
    }
    var shaping = plan
    shaping.firstEpisode = Self.firstShaping
    shaping.episodes = episodes
    shaping.labelsByTruth = true
    session.begin(shaping)
    try session.run(limit: .seconds(3600))
    try learner.keep(in: folder)
    return learner
  }

  /// One moment at which the policy decided, as a person sees it and as the model does.
  struct Moment {
    var seen: Double
    var terms: [Double]
  }

  /// A policy from the frozen starts: what a person sees of it, and whether it succeeds.
  func measure(
    _ rehearsal: Rehearsal, _ policy: URL, _ person: ScriptedTrainer
  ) throws -> (moments: [Moment], means: [Double], succeeded: [Bool]) {
    let (session, plan) = try rehearsal.virtualSession(.evaluate)
    try session.host.load(policy: policy)
    let aspects = ActionAspects(rehearsal.rig)
    let ticks = session.host.settings.decisionTicks
    var eye = person
    var moments: [[Moment]] = []
    var episode: UInt32 = 0
    session.afterTick = { [unowned session] snapshot in
      let record = snapshot.record
      guard record.episode != 0, record.source == .policy else { return }
      if record.episode != episode {
        episode = record.episode
        eye.blink()
        moments.append([])
      }
      eye.look(record.command, at: session.time.now)
      guard let terms = ShapingLearner.decision(record, aspects, ticks: ticks),
        let seen = eye.sight(record.environment.values)
      else { return }
      moments[moments.count - 1].append(Moment(seen: seen, terms: terms))
    }
    var evaluation = plan
    evaluation.firstEpisode = Rehearsal.firstEvaluation
    evaluation.episodes = starts
    evaluation.labelsByTruth = true
    session.begin(evaluation)
    try session.run(limit: .seconds(3600))
    let means = moments.map { episode in
      episode.isEmpty ? Double.nan : episode.reduce(0) { $0 + $1.seen } / Double(episode.count)
    }
    return (moments.flatMap(\.self), means, session.conductor?.outcomes.map { $0.label == .success } ?? [])
  }
}

extension Rehearsal {
  /// A session on virtual time and a plan for it, before its policy is loaded.
  func virtualSession(_ activity: Activity, learner: ShapingLearner? = nil) throws -> (VirtualSession, SessionPlan) {
    var options = TwinOptions()
    (options.task, options.variant, options.seed) = (task, variant, seed)
    (options.disturbance, options.dynamics, options.person) = (disturbance, dynamics, person)
    let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: false)
    session.host.learner = learner
    return (session, SessionPlan(activity: activity, rig: rig, settings: session.host.settings, seed: seed))
  }
}
