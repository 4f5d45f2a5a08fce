internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Glibc
internal import Learning
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
  @Flag(help: "Only use time that nobody else wants.") var idle = false
  @Flag(help: "JSON lines on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      if idle { Grant.yieldToEveryone() }
      let signals = EndSignals()
      var training = PolicyTraining(rig: try Rig.load(rig))
      training.chunk = chunk
      training.recipe = recipe.configuration
      let result = try training.run(datasets.map { URL(filePath: $0) }, output: URL(filePath: output), seed: seed) {
        show($0)
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
      let line = "{\"progress\": \(share), \"step\": \(progress.step), \"loss\": \(progress.trainingLoss)}\n"
      FileHandle.standardOutput.write(Data(line.utf8))
    } else if isatty(STDERR_FILENO) == 1 {
      let held = progress.heldOutLoss.map { ", held out \(Self.short($0))" } ?? ""
      FileHandle.standardError.write(
        Data(
          "\r\u{1B}[Kstep \(progress.step) of \(progress.steps), loss \(Self.short(progress.trainingLoss))\(held), \(Int(progress.samplesPerSecond / 1000)) k samples/s"
            .utf8))
    }
  }

  private func report(_ result: PolicyTraining.Result) {
    let outcome = Outcome(
      progress: 1, policy: result.folder.path, frames: result.frames, episodes: result.episodes,
      precision: result.precision, notes: result.report.notes, problems: result.problems)
    if !json, isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    Ending.show(outcome, json: json)
    if !json { print("  took \(Self.short(result.report.seconds)) s") }
  }

  /// The last line of `--json`, or what a person reads.
  private struct Outcome: Encodable, CustomStringConvertible {
    let progress: Int
    let policy: String
    let frames, episodes: Int
    let precision: String
    let notes, problems: [String]

    var description: String {
      let from = "\(frames) frame\(frames == 1 ? "" : "s") of \(episodes) episode\(episodes == 1 ? "" : "s")"
      let lines = ["\(policy): learned from \(from)", "  runs in \(precision)"] + notes.map { "  \($0)" }
      return (lines + problems.map { "  not all was learned from: \($0)." }).joined(separator: "\n")
    }
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }
}
