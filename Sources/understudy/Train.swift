public import ArgumentParser
internal import Arm
internal import Foundation
internal import Glibc
public import Learning
internal import Policy
internal import RealTime
internal import Session

/// Behaviour cloning from datasets to a policy folder.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a policy from datasets.",
    discussion: Help.page(
      """
      Learns from every decision of a person (a frame) in an episode labelled success: demonstrations and corrections
      alike. The same datasets and seed give the same policy, bit for bit. Logs that were cut off or are not listed are
      named. Ctrl-C ends early, keeps the best weights so far, and ends the program with 130.

        understudy train demonstrations corrections --rig so101 \\
                         --output policies/second
        understudy train demonstrations --rig so101 \\
                         --output policies/chapter --recipe chapter
        understudy train demonstrations corrections --rig so101 \\
                         --output policies/third --weights sirius
        understudy train demonstrations --rig so101 \\
                         --output policies/chunked --chunk 8 --execute 4
        understudy train demonstrations --rig so101 \\
                         --output policies/long --steps 200000 \\
                         --checkpoint long.training

      With --checkpoint the same command goes on after Ctrl-C, to the same policy as without the pause. The loss curve is
      in the policy's folder, as loss.svg.
      """))

  /// The recipes there are.
  enum Recipe: String, ExpressibleByArgument, CaseIterable {
    case standard, chapter

    var configuration: BehaviorCloning.Configuration {
      switch self {
      case .standard: .standard
      case .chapter: .chapter
      }
    }
  }

  @Argument(help: "Datasets to learn from.") var datasets: [String]
  @Option(help: "The rig whose features and joints the policy has.") var rig: String
  @Option(help: "The policy's folder; must not exist yet.") var output: String
  @Option(help: "The seed of weights and batches.") var seed: UInt64 = 1
  @Option(help: "standard (ensemble of 5), or chapter (the textbook's).") var recipe = Recipe.standard
  @Option(help: "Decisions that one inference reaches ahead.") var chunk = 1
  @Option(help: "Decisions of a chunk to carry out before the next inference; without it, half of them.")
  var execute: Int?
  @Option(help: "Infer at every decision and average all plans for it, the i-th oldest by exp(-K i); ACT's K is 0.01.")
  var ensembling: Double?
  @Option(help: "Decisions to look back on, the present one included.") var history = 1
  @Option(help: "relative-to-command, relative-to-present or absolute.")
  var representation = ActionRepresentation.relativeToCommand
  @OptionGroup var changes: RecipeOptions
  @Option(help: "Keep the state of an unfinished training here, and go on from it.") var checkpoint: String?
  @Flag(help: "Rank the episodes by how badly a policy learned from the others predicts them.") var rank = false
  @Flag(help: "Stay in f32 even where int8 would do.") var f32 = false
  @Option(help: "How rows count: aggregate (a person's alone), iwr, or sirius (the policy's own too).")
  var weights = Weighting.aggregate
  @Option(help: "The policy before, to be compared with on held-out corrections.") var parent: String?
  @Flag(help: "Train a critic of risk beside the policy, for correct --gate thrifty.") var critic = false
  @Flag(help: "Only use time that nobody else wants.") var idle = false
  @Flag(help: "JSON lines on standard output, for machines.") var json = false

  func validate() throws {
    guard (1...256).contains(chunk) else { throw ValidationError("--chunk takes 1 to 256 decisions, not \(chunk).") }
    guard (1...64).contains(history) else {
      throw ValidationError("--history takes 1 to 64 decisions, not \(history).")
    }
    guard execute == nil || ensembling == nil else { throw ValidationError("Say --execute or --ensembling, not both.") }
    if let execute, !(1...chunk).contains(execute) {
      throw ValidationError("--execute takes 1 to the chunk's \(chunk) decisions, not \(execute).")
    }
    if let ensembling, !(0...10).contains(ensembling) {
      throw ValidationError("--ensembling takes 0 to 10, not \(ensembling).")
    }
  }

  func run() throws {
    try Ending.catching {
      MatrixLibrary.restartWithBestCore()
      if idle { Grant.yieldToEveryone() }
      let session = getppid()
      let signals = EndSignals()
      var training = PolicyTraining(rig: try Rig.load(rig))
      training.chunk = chunk
      if let execute { training.execution = .horizon(execute) }
      if let ensembling { training.execution = .ensembling(decay: ensembling) }
      training.history = history
      training.representation = representation
      training.recipe = try changes.applied(to: recipe.configuration)
      training.checkpoint = checkpoint.map { URL(filePath: $0) }
      training.ranks = rank
      training.wantsInt8 = !f32
      training.weighting = weights
      training.parent = parent.map { URL(filePath: $0) }
      training.trainsCritic = critic
      let result = try training.run(datasets.map { URL(filePath: $0) }, output: URL(filePath: output), seed: seed) {
        show($0)
        // A session that was killed waits for no policy, and goes on with a training of its own.
        if idle, getppid() != session { Glibc.exit(ExitStatus.temporary.rawValue) }
        return signals.count == 0
      }
      report(result)
      if let signal = signals.first { throw ExitCode(ExitStatus.interrupted(by: signal)) }
      Ending.next(["run", "--rig", rig, "--policy", output], json: json)
    }
  }

  private func show(_ progress: TrainingProgress) {
    let share = Double(progress.step) / Double(max(1, progress.steps))
    if json {
      let line = ProgressReport(
        progress: share, step: progress.step, epoch: progress.epoch, loss: progress.trainingLoss,
        heldOutLoss: progress.heldOutLoss, samplesPerSecond: progress.samplesPerSecond,
        secondsLeft: progress.secondsLeft)
      emit(line)
    } else {
      let held = progress.heldOutLoss.map { ", held out \(Self.short($0))" } ?? ""
      let words =
        "epoch \(Self.short(progress.epoch)), step \(progress.step) of \(progress.steps), "
        + "loss \(Self.short(progress.trainingLoss))\(held), \(Int(progress.samplesPerSecond / 1000)) k samples/s, "
        + "\(Self.short(progress.secondsLeft)) s left"
      ProgressLine().show(words)
    }
  }

  private func report(_ result: PolicyTraining.Result) {
    let outcome = Outcome(
      policy: result.folder.path, frames: result.frames, episodes: result.episodes, precision: result.precision,
      seconds: result.report.seconds, samplesPerSecond: result.report.samplesPerSecond,
      stoppedEarly: result.stoppedEarly, notes: result.report.notes, problems: result.problems,
      ranking: result.ranking)
    if !json { ProgressLine().clear() }
    Output.show(outcome, json: json)
    if !json { print("  took \(Self.short(result.report.seconds)) s") }
  }

  /// The last line of `--json`, or what a person reads.
  private struct Outcome: Encodable, CustomStringConvertible {
    var progress = 1
    var policy: String
    var frames, episodes: Int
    var precision: String
    var seconds, samplesPerSecond: Double
    var stoppedEarly: Bool
    var notes, problems: [String]
    var ranking: [PolicyTraining.RankedEpisode]

    var description: String {
      let from = "\(frames) frame\(frames == 1 ? "" : "s") of \(episodes) episode\(episodes == 1 ? "" : "s")"
      var lines = ["\(policy): learned from \(from)", "  runs in \(precision)"] + notes.map { "  \($0)" }
      lines += problems.map { "  not all was learned from: \($0)." }
      guard !ranking.isEmpty else { return lines.joined(separator: "\n") }
      lines.append("  What a policy learned from the others gets wrong in each episode, in standard deviations:")
      lines += ranking.map { episode in
        let words = episode.isSuspect ? "  look at it: more than three times the median" : ""
        return "    \(Train.short(episode.error))  \(episode.id), \(episode.frames) frames\(words)"
      }
      return lines.joined(separator: "\n")
    }
  }

  /// One line of `--json`, while training.
  private struct ProgressReport: Encodable {
    var progress: Double
    var step: Int
    var epoch: Double
    var loss: Double
    var heldOutLoss: Double?
    var samplesPerSecond: Double
    var secondsLeft: Double
  }

  private func emit(_ line: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(line) else { return }
    StandardStream.output.say(String(decoding: data, as: UTF8.self) + "\n")
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }
}

extension Weighting: ExpressibleByArgument {}
