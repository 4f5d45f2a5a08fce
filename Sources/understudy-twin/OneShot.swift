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
  @Option(help: "How many steps MAML adapts by.") var innerSteps = MetaPolicy.Configuration().meta.innerSteps
  @Option(help: "The size of such a step, or what it begins from.")
  var innerRate = MetaPolicy.Configuration().meta.innerRate
  @Flag(inversion: .prefixedNo, help: "Learn each weight's step at each of these steps too (Meta-SGD).")
  var learnRates = MetaPolicy.Configuration().meta.learnsRates
  @Option(help: "Widths of MAML's hidden layers, as in 64,64.") var hidden = "100,100"
  @Option(help: "The folder for demonstrations, cells and the report.") var dir = ".one-shot"
  @Option(help: "The seed of tasks, scenes, person and training.") var seed: UInt64 = 7
  @Flag(help: "JSON instead of a table.") var json = false

  private var widths: [Int] {
    hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
  }

  func validate() throws {
    guard TwinWorld.families.contains(task) else {
      throw ValidationError("--task takes \(TwinWorld.families.joined(separator: ", ")), not \(task).")
    }
    guard [tasks, demonstrations, testTasks, starts, iterations].allSatisfy({ $0 > 0 }), demonstrations < 100,
      starts <= 400, tasks <= 10_000, testTasks <= 10_000
    else { throw ValidationError("Numbers of tasks, demonstrations and starts are 1 or more, and not huge.") }
    guard tasks >= 10, demonstrations >= 2 else {
      throw ValidationError(
        "--tasks takes 10 or more and --demonstrations 2 or more: some are held out, others learned from.")
    }
    guard (1...20).contains(innerSteps), innerRate > 0, innerRate <= 10, (1...4).contains(widths.count),
      widths.allSatisfy({ (1...512).contains($0) })
    else {
      throw ValidationError(
        "--inner-steps takes 1 to 20, --inner-rate above 0 and at most 10, --hidden one to four widths of 1 to 512.")
    }
  }

  func run() throws {
    MatrixLibrary.restartWithBestCore()
    let folder = URL(filePath: dir)
    try Ending.study(in: folder, json: json) { progress in
      var study = OneShotStudy(
        Rehearsal(rig: try Rig.load(rig ?? FamilyGeneration.rig(of: task)), task: task, seed: seed),
        folder: folder)
      study.tasks = tasks
      study.demonstrations = demonstrations
      study.testTasks = testTasks
      study.starts = starts
      study.training.iterations = iterations
      (study.training.meta.innerSteps, study.training.meta.innerRate) = (innerSteps, innerRate)
      (study.training.meta.learnsRates, study.training.meta.hidden) = (learnRates, widths)
      return try study.run(progress: progress)
    }
  }
}
