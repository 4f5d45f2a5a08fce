public import Arm
internal import Control
internal import Episodes
public import Foundation
public import Learning
internal import Policy
public import RealTime

/// Training from datasets to a policy folder: what the verb `train` does, in a child process or in place.
public struct PolicyTraining: Sendable {
  /// The rig whose features and joints the policy has.
  public var rig: Rig
  /// Decisions that one inference reaches ahead.
  public var chunk = 1
  /// How to train.
  public var recipe = BehaviorCloning.Configuration.standard
  /// int8 where it was found ready, else f32 with the reason; false: f32.
  public var wantsInt8 = true
  /// Datasets with fewer successful episodes than this are learned from whole: nothing is held out.
  public var leastToHoldOut = 20

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
  }

  /// Trains on all of `datasets`; `progress` gets the share done and may stop with false. Throws where there is nothing
  /// to learn from or the output exists; then nothing was written.
  public func run(
    _ datasets: [URL], output: URL, seed: UInt64, replacing: Bool = false, clock: TickClock = .monotonic,
    progress: (TrainingProgress) -> Bool
  ) throws -> Result {
    if !replacing, FileManager.default.fileExists(atPath: output.path) { throw PolicyError.exists(path: output.path) }
    var demonstrations = Demonstrations(try Demonstrations.Columns(rig: rig, chunk: chunk))
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
    var recipe = recipe
    if recipe == .standard { recipe.length = .steps(Self.steps(frames: demonstrations.frames.count)) }
    let trained = try BehaviorCloning.train(
      demonstrations.frames, recipe, seed: seed, clock: clock, progress: progress)
    var description = trained.description(
      arm: rig.pairs[0].follower.arm.name, representation: .relativeToCommand, decision_Hz: Double(rig.decision_Hz))
    let precision = try choosePrecision(of: trained, demonstrations.frames, &description)
    description.lineage.dataset = opened.map(\.digest).joined(separator: "+")
    try trained.save(to: output, description: description, replacing: replacing)
    return Result(
      folder: output, frames: demonstrations.frames.count, episodes: demonstrations.episodes, report: trained.report,
      precision: precision, problems: problems.map(\.description))
  }

  /// How long to train on a small set: with 460 frames, 4000 steps succeed in .60 of starts, 1500 in .79, 700 in .83, 400
  /// in .82, 200 in .84 (4 runs each); with thousands of frames 1500 do no harm.
  static func steps(frames: Int) -> Int { min(1500, max(400, frames)) }

  /// int8, if its decisions hardly differ from f32's: measured on held-out frames, or on all where none are held out.
  private func choosePrecision(
    of trained: TrainedPolicy, _ frames: Frames, _ description: inout PolicyDescription
  ) throws -> String {
    guard wantsInt8, description.network.activation == .relu else { return "f32" }
    let heldOut = frames.heldOutRows
    let rows = (heldOut.isEmpty ? Array(0..<frames.count) : heldOut).flatMap { frames.features(of: $0) }
    let check = try QuantizationCheck.compare(description, trained.parameters, rows: rows)
    let objections = check.objections(error: heldOut.isEmpty ? nil : trained.report.heldOutError)
    if let first = objections.first { return "f32, because int8 is not ready: \(first)" }
    description.network.precision = .int8
    let worst = check.columns.map(\.rms).max() ?? 0
    description.lineage.metrics?["int8 deviation, share of std"] = Double(worst)
    return "int8, whose decisions differ from f32's by \((worst * 1000).rounded() / 10) % of a standard deviation (RMS)"
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
  public func begin(datasets: [URL], output: URL, seed: UInt64) {
    do {
      _ = try training.run(datasets, output: output, seed: seed, clock: clock) { _ in true }
      state = .finished
    } catch {
      state = .failed("\(error)")
    }
  }
}
