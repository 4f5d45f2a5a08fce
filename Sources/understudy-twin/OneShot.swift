internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Learning
internal import RealTime
internal import Rehearsal
internal import Session
internal import Twin

/// What one demonstration is worth, measured.
struct OneShot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "one-shot",
    abstract: "Measure what one demonstration of an unseen task is worth, by how it is used.",
    discussion: HelpText.page(
      """
      Makes a family's demonstrations, learns from them as `understudy adapt train` does, and then, for tasks that nothing
      was learned from: one demonstration, a policy for each way of using it, the same fresh starts for all. Test tasks are
      cells in --dir: an interrupted study goes on where it was.

        understudy-twin one-shot --task reach --seed 7 --dir .one-shot
      """))

  @Option(help: "The family: \(TwinWorld.families.joined(separator: ", ")).") var task = "reach"
  @Option(help: "The rig, by name or path (default: the family's).") var rig: String?
  @Option(help: "Tasks to learn from.") var tasks = 200
  @Option(help: "Demonstrations of each.") var demonstrations = 4
  @Option(help: "Unseen tasks.") var testTasks = 20
  @Option(help: "Starts of each.") var starts = 5
  @Option(help: "Iterations of MAML, and as many of the network of all tasks.")
  var iterations = MetaPolicy.Configuration().iterations
  @Option(help: "The folder for demonstrations, cells and the report.") var dir = ".one-shot"
  @Option(help: "The seed of tasks, scenes, person and training.") var seed: UInt64 = 7
  @Flag(help: "JSON instead of a table.") var json = false

  func validate() throws {
    guard TwinWorld.families.contains(task) else {
      throw ValidationError("--task takes \(TwinWorld.families.joined(separator: ", ")), not \(task).")
    }
    guard [tasks, demonstrations, testTasks, starts, iterations].allSatisfy({ $0 > 0 }), demonstrations < 100,
      starts <= 400, tasks <= 10_000, testTasks <= 10_000
    else { throw ValidationError("Numbers of tasks, demonstrations and starts are 1 or more, and not huge.") }
  }

  func run() throws {
    do {
      MatrixLibrary.restartWithBestCore()
      let signals = EndSignals()
      let showsProgress = isatty(STDERR_FILENO) == 1
      var study = OneShotStudy(
        Rehearsal(rig: try Rig.load(rig ?? FamilyGeneration.rig(of: task)), task: task, seed: seed),
        folder: URL(filePath: dir))
      study.tasks = tasks
      study.demonstrations = demonstrations
      study.testTasks = testTasks
      study.starts = starts
      study.training.iterations = iterations
      let report = try study.run { words in
        if showsProgress { FileHandle.standardError.write(Data("\r\u{1B}[K\(words)".utf8)) }
        return signals.count == 0
      }
      if showsProgress { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
      guard let report else {
        throw Serve.failure(
          "Stopped; the same command goes on where it was.", code: ExitStatus.interrupted(by: signals.first ?? SIGINT))
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let data = try encoder.encode(report)
      try data.write(to: URL(filePath: dir).appending(path: "report.json"), options: .atomic)
      print(json ? String(decoding: data, as: UTF8.self) : "\(report)")
    } catch let error as any EndingError {
      throw Serve.failure("\(error)", code: error.exitCode)
    }
  }
}
