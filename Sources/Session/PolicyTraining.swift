public import Arm
internal import Control
internal import Episodes
public import Foundation
public import Learning
public import Policy
public import RealTime

/// Training from datasets to a policy folder: what the verb `train` does, in a child process or in place.
public struct PolicyTraining: Sendable {
  /// The rig whose features and joints the policy has.
  public var rig: Rig
  /// Decisions that one inference reaches ahead.
  public var chunk = 1
  /// How a chunk is carried out; nil for half of it, then a new one.
  public var execution: ChunkExecution?
  /// Decisions that one inference looks back on, the present one included.
  public var history = 1
  /// What the numbers of an action mean.
  public var representation = ActionRepresentation.relativeToCommand
  /// How to train.
  public var recipe = BehaviorCloning.Configuration.standard
  /// int8 where it was found ready, else f32 with the reason; false: f32.
  public var wantsInt8 = true
  /// How rows of demonstrations and corrections count.
  public var weighting = Weighting.aggregate
  /// Whether a critic of the actions' risk is trained beside the policy (ThriftyDAgger).
  public var trainsCritic = false
  /// The policy that collected the corrections, to be compared with.
  public var parent: URL?
  /// Datasets with fewer successful episodes than this are learned from whole: nothing is held out.
  public var leastToHoldOut = 20
  /// Where the state of an unfinished training is kept, and gone on from.
  public var checkpoint: URL?
  /// Whether to rank the episodes by how well the others predict them.
  public var ranks = false

  /// Training for a rig.
  public init(rig: Rig) { self.rig = rig }

  /// What came out.
  public struct Result: Sendable {
    /// The policy's folder.
    public var folder: URL
    /// Rows learned from.
    public var frames: Int
    /// Episodes learned from.
    public var episodes: Int
    /// What training itself reports.
    public var report: TrainedPolicy.Report
    /// The precision that the policy runs in, and why, for a person.
    public var precision: String
    /// Logs that were read in part or not at all, a sentence each.
    public var problems: [String]
    /// Whether it was ended before its time.
    public var stoppedEarly: Bool { report.stoppedEarly }
    /// The episodes, the one that disagrees most with the others first; empty unless asked for.
    public var ranking: [RankedEpisode]
  }

  /// One episode among the others.
  public struct RankedEpisode: Sendable, Encodable {
    /// Its id.
    public var id: String
    /// Its frames.
    public var frames: Int
    /// What a policy learned from the other episodes gets wrong in it, as a share of a standard deviation.
    public var error: Double
    /// Whether that is more than three times the median.
    public var isSuspect: Bool
  }

  /// Trains on all of `datasets`; `progress` gets the share done and may stop with false. Throws where there is nothing
  /// to learn from or the output exists; then nothing was written.
  public func run(
    _ datasets: [URL], output: URL, seed: UInt64, replacing: Bool = false, clock: TickClock = .monotonic,
    progress: (TrainingProgress) -> Bool
  ) throws -> Result {
    if !replacing, FileManager.default.fileExists(atPath: output.path) { throw PolicyError.exists(path: output.path) }
    let columns = try Demonstrations.Columns(
      rig: rig, chunk: chunk, history: history, representation: representation)
    var demonstrations = Demonstrations(columns, includesPolicy: weighting.usesPolicyRows)
    let opened = try datasets.map { try Dataset.open($0.relativePath) }
    let problems = try opened.flatMap { try $0.problems() }
    // A log that is gone cannot be left out silently: the digest of what was learned from would name it.
    if let gone = problems.first(where: { if case .missing = $0 { true } else { false } }) {
      throw HostError.refused("\(gone), or give another dataset")
    }
    let successes = opened.reduce(0) { $0 + $1.episodes.count { $0.label == .success } }
    for dataset in opened { try demonstrations.add(dataset, holdsOut: successes >= leastToHoldOut) }
    guard demonstrations.frames.count > 0 else {
      throw HostError.refused(
        "There is nothing to learn from in \(datasets.map(\.path).joined(separator: ", ")): no episode with a person's "
          + "frames is labelled success. Record demonstrations with `understudy record`, or relabel those there are."
          + (problems.isEmpty ? "" : " Some logs wait to be mended: \(problems[0])."))
    }
    var frames = demonstrations.frames
    frames.weights = weighting.weights(demonstrations.classes)
    var recipe = recipe
    let standard = BehaviorCloning.Configuration.standard
    if recipe.name == standard.name, recipe.length == standard.length {
      recipe.length = .steps(Self.steps(frames: frames.count))
    }
    let trained = try BehaviorCloning.train(
      frames, recipe, seed: seed, clock: clock, checkpoint: checkpoint, progress: progress)
    var ready = try prepare(trained, frames)
    if ready.wantsFineTuning, !trained.report.stoppedEarly {
      // Once more, the last quarter of the steps with int8 in sight; kept only where that makes it ready.
      recipe.quantizationAware = 0.25
      let tuned = try prepare(
        try BehaviorCloning.train(frames, recipe, seed: seed, clock: clock, progress: progress), frames)
      if tuned.description.network.precision == .int8 {
        ready = tuned
        ready.words += ", after fine-tuning with int8 in sight"
      }
    }
    ready.description.lineage.dataset = opened.map(\.digest).joined(separator: "+")
    ready.description.lineage.parent = parent?.lastPathComponent
    try addFigures(to: &ready.description, ready.trained, frames, demonstrations.classes)
    let title = "\(output.lastPathComponent): \(recipe.name), \(ready.trained.report.frames) frames"
    let chart = LossChart(title: title, curve: ready.trained.report.curve).svg
    try ready.trained.save(
      to: output, description: ready.description, replacing: replacing, attachments: ["loss.svg": Data(chart.utf8)])
    if trainsCritic {
      try RiskCritic.train(
        Transitions(opened, columns), policy: ready.trained.policy(ready.description), description: ready.description,
        seed: seed
      ).save(to: Self.criticFolder(in: output), replacing: replacing)
    }
    return Result(
      folder: output, frames: frames.count, episodes: demonstrations.episodes, report: ready.trained.report,
      precision: ready.words, problems: problems.map(\.description),
      ranking: try rank(demonstrations, recipe, seed: seed, clock: clock))
  }

  private func rank(
    _ demonstrations: Demonstrations, _ recipe: BehaviorCloning.Configuration, seed: UInt64, clock: TickClock
  ) throws -> [RankedEpisode] {
    guard ranks else { return [] }
    let ranking = try EpisodeRanking(demonstrations.frames, recipe, seed: seed, clock: clock)
    return ranking.entries.map { entry in
      RankedEpisode(
        id: demonstrations.episodeIDs[entry.episode], frames: entry.frames, error: entry.error,
        isSuspect: entry.error > 3 * ranking.median)
    }
  }

  /// Trains on rows from wherever they come; for studies. Nothing is compared, and no critic is trained.
  public func run(_ frames: Frames, output: URL, seed: UInt64) throws {
    var recipe = recipe
    if recipe == .standard { recipe.length = .steps(Self.steps(frames: frames.count)) }
    let ready = try prepare(try BehaviorCloning.train(frames, recipe, seed: seed), frames)
    try ready.trained.save(to: output, description: ready.description)
  }

  /// How long to train on a small set: with 460 frames, 4000 steps succeed in .60 of starts, 1500 in .79, 700 in .83, 400
  /// in .82, 200 in .84 (4 runs each); with thousands of frames 1500 do no harm.
  static func steps(frames: Int) -> Int { min(1500, max(400, frames)) }

  /// A policy with the precision that it will run in.
  private struct Prepared {
    var trained: TrainedPolicy
    var description: PolicyDescription
    /// The precision and why, for a person.
    var words: String
    /// Whether int8 could run it but is not near enough.
    var wantsFineTuning = false
  }

  /// int8, if its decisions hardly differ from f32's: measured on held-out frames, or on all where none are held out.
  private func prepare(_ trained: TrainedPolicy, _ frames: Frames) throws -> Prepared {
    var description = trained.description(
      arm: rig.pairs[0].follower.arm.name, representation: representation, decision_Hz: Double(rig.decision_Hz),
      execution: execution)
    guard wantsInt8 else { return Prepared(trained: trained, description: description, words: "f32, as asked for") }
    guard description.network.allowsInt8 else {
      let words = "f32, because int8 takes plain ReLU networks only"
      return Prepared(trained: trained, description: description, words: words)
    }
    let heldOut = frames.heldOutRows
    let rows = (heldOut.isEmpty ? Array(0..<frames.count) : heldOut).flatMap { frames.features(of: $0) }
    let check = try QuantizationCheck.compare(description, trained.parameters, rows: rows)
    // Errors come in radians, deviations as shares of a standard deviation.
    let shares = zip(trained.report.heldOutError, description.statistics.actions).map { error, column in
      error / max(column.std, PolicyStatistics.constantActionStd)
    }
    let objections = check.objections(error: heldOut.isEmpty ? nil : shares)
    if let first = objections.first {
      return Prepared(
        trained: trained, description: description, words: "f32, because int8 is not ready: \(first)",
        wantsFineTuning: true)
    }
    description.network.precision = .int8
    let worst = check.columns.map(\.rms).max() ?? 0
    description.lineage.metrics?["int8 deviation, share of std"] = Double(worst)
    let share = (worst * 1000).rounded() / 10
    return Prepared(
      trained: trained, description: description,
      words: "int8, whose decisions differ from f32's by \(share) % of a standard deviation (RMS)")
  }
}

/// Training in place, for virtual time: the session stands still meanwhile.
public final class InlineTrainer: Trainer {
  private let training: PolicyTraining
  private let clock: TickClock
  /// How far it is.
  public private(set) var state = TrainingState.none

  /// A trainer that runs `training` when asked.
  public init(_ training: PolicyTraining, clock: TickClock) {
    self.training = training
    self.clock = clock
  }

  /// Trains, and returns when it is done.
  public func begin(datasets: [URL], output: URL, parent: URL?, seed: UInt64) {
    do {
      var training = training
      training.parent = parent
      _ = try training.run(datasets, output: output, seed: seed, clock: clock) { _ in true }
      state = .finished
    } catch {
      state = .failed("\(error)")
    }
  }
}
