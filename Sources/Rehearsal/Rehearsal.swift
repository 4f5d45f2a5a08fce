public import Arm
internal import Control
internal import Episodes
public import Foundation
public import Learning
internal import RealTime
public import Session
public import Twin

/// Sessions on virtual time: the same verbs as on an arm, at many times its pace.
///
///     let rehearsal = Rehearsal(rig: rig, task: "insert", seed: 7)
///     try rehearsal.demonstrate(into: demonstrations, episodes: 6)
///     try rehearsal.train([demonstrations], output: policy)
///     let rate = try rehearsal.evaluate(policy, episodes: 50).unassisted
public struct Rehearsal: Sendable {
  /// The rig, as on the arm.
  public var rig: Rig
  /// The twin's task.
  public var task: String
  /// Which of a family's tasks, where the task is a family.
  public var variant: Int?
  /// The seed of everything.
  public var seed: UInt64
  /// What disturbs the twin.
  public var disturbance = Disturbance.none
  /// How arm and table differ from the scene.
  public var dynamics = TwinDynamics()
  /// The scripted person.
  public var person = OperatorOptions()
  /// The recipe of every training.
  public var training: PolicyTraining
  /// In corrections: what asks for the person.
  public var gate = GateName.none
  /// In label mode: how often an episode is the person's own to drive.
  public var beta = BetaSchedule.indicator
  /// In corrections: the share of decisions in which it may ask.
  public var budget = 0.01
  /// In corrections: whether giving the arm back ends the episode.
  public var endsAfterCorrection = false
  /// In corrections: rounds end after equal parts of so many take-overs, instead of by frames.
  public var takeOvers: Int?

  /// Where each activity's scenes begin: no start of one is ever seen in another.
  public static let firstDemonstration = 1
  /// The first scene of correction sessions.
  public static let firstCorrection = 10_001
  /// The first scene in which a policy is left to fail before the person comes.
  public static let firstRecovery = 50_001
  /// The first scene of evaluations: frozen, never trained on.
  public static let firstEvaluation = 100_001

  /// A rehearsal of a rig's task.
  public init(rig: Rig, task: String, seed: UInt64) {
    self.rig = rig
    self.task = task
    self.seed = seed
    training = PolicyTraining(rig: rig)
  }

  /// Demonstrations by the person, until so many episodes or frames are kept.
  @discardableResult
  public func demonstrate(
    into folder: URL, episodes: Int? = nil, frames: Int? = nil, first: Int = firstDemonstration
  ) throws -> SessionReport {
    try session(.record, policy: nil, into: folder, first: first) { plan in
      plan.episodes = episodes
      plan.frames = frames
    }.report
  }

  /// Trains a policy from scratch.
  @discardableResult
  public func train(_ datasets: [URL], output: URL) throws -> PolicyTraining.Result {
    try training.run(datasets, output: output, seed: seed) { _ in true }
  }

  /// A correction session: `rounds` rounds of at least `frames` corrected frames, a new policy after each.
  public func correct(
    _ policy: URL, demonstrations: [URL], into folder: URL, policies: URL, rounds: Int, frames: Int,
    first: Int = firstCorrection, firstRound: Int = 1
  ) throws -> SessionReport {
    let (report, _) = try session(
      .correct, policy: policy, into: folder, first: first, trainOn: demonstrations, policies: policies,
      firstRound: firstRound
    ) { plan in
      plan.rounds = rounds
      plan.framesPerRound = frames
      plan.takeOvers = takeOvers
      plan.gate = gate
      plan.beta = beta
      plan.budget = budget
      plan.endsAfterCorrection = endsAfterCorrection
    }
    return report
  }

  /// A policy alone from frozen starts. Every episode stands for itself, so they may be run in parts.
  public func evaluate(_ policy: URL, episodes: Int, first: Int = firstEvaluation) throws -> SessionReport {
    try session(.evaluate, policy: policy, into: nil, first: first) { plan in
      plan.episodes = episodes
      plan.labelsByTruth = true
    }.report
  }

  /// The same on several cores; the result does not depend on how many.
  public func evaluate(_ policy: URL, episodes: Int, cores: Int) async throws -> SuccessRate {
    let part = 10
    let rates = try await withThrowingTaskGroup(of: SuccessRate.self) { group in
      var rate = SuccessRate()
      var next = 0
      var running = 0
      while next < episodes || running > 0 {
        while next < episodes, running < cores {
          let first = Self.firstEvaluation + next
          let count = min(part, episodes - next)
          group.addTask { try self.rate(policy, episodes: count, first: first) }
          next += count
          running += 1
        }
        if let done = try await group.next() {
          rate.successes += done.successes
          rate.trials += done.trials
          running -= 1
        }
      }
      return rate
    }
    return rates
  }

  // MARK: One session

  /// One session by plan; its report, and what the last tick showed.
  func session(
    _ activity: Activity, policy: URL?, into folder: URL?, first: Int, trainOn demonstrations: [URL] = [],
    policies: URL? = nil, firstRound: Int = 1, limit: Nanoseconds = .seconds(3600),
    watch: (VirtualSession) -> Void = { _ in }, adjust: (inout SessionPlan) -> Void
  ) throws -> (report: SessionReport, session: VirtualSession) {
    var options = TwinOptions()
    options.task = task
    options.variant = variant
    options.seed = seed
    options.disturbance = disturbance
    options.dynamics = dynamics
    options.person = person
    let gate = activity == .correct ? self.gate : .none
    let session = try VirtualSession(
      rig: rig, twin: options, leaderMirrors: activity == .correct && !gate.needsPersonAction,
      gate: gate.choice(budget: budget, seed: seed), labels: gate.needsPersonAction)
    let host = session.host
    var plan = SessionPlan(activity: activity, rig: rig, settings: host.settings, seed: seed)
    plan.firstEpisode = first
    adjust(&plan)
    if let policy { try host.load(policy: policy) }
    if let folder {
      let dataset = try Dataset.openOrCreate(folder.path, durable: false)
      var description = SessionDescription(activity: activity)
      description.task = variant.map { "\(task) \($0)" } ?? task
      description.seed = seed
      description.policyDigest = host.policyDigest
      try session.record(into: dataset, description, firstEpisode: first)
      if let policies {
        host.trainRounds(
          with: InlineTrainer(training, clock: .monotonic), datasets: demonstrations + [folder], policies: policies,
          seed: seed, firstRound: firstRound)
      }
    }
    var made: [String] = []
    host.promoted = { made.append($0.path) }
    session.begin(plan)
    watch(session)
    guard let conductor = session.conductor else { throw RehearsalError.refused("The session has no plan.") }
    try session.run(limit: limit)
    var report = SessionReport(activity: activity, conductor: conductor, host: host)
    report.policies = made
    return (report, session)
  }
}
