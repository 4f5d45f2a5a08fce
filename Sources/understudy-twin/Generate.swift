internal import ArgumentParser
internal import Arm
internal import Foundation
internal import RealTime
internal import Rehearsal
internal import Session
internal import Twin

/// Logs of a family of tasks.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Make demonstrations of many tasks of a family, on virtual time: what `understudy adapt train` learns from.",
    discussion: HelpText.page(
      """
      The scripted person shows each task a few times; the log's `task` says which one it is, and nothing that a policy
      sees does. `reach`: the tool comes to rest at a place beside a mark; the place belongs to the task, where the mark
      lies to the episode. An interrupted run goes on where it was.

        understudy-twin generate --task reach --tasks 200 --dataset families
        understudy-twin generate --task reach --tasks 1 --first 5001 \\
          --demonstrations 1 --dataset shown
      """))

  @Option(help: "The family: \(TwinWorld.families.joined(separator: ", ")).") var task = "reach"
  @Option(help: "The rig, by name or path (default: the family's).") var rig: String?
  @Option(help: "How many tasks.") var tasks = 100
  @Option(help: "The number of the first.") var first = 1
  @Option(help: "Demonstrations of each task.") var demonstrations = 4
  @Option(help: "The dataset; made if need be.") var dataset: String
  @Option(help: "The seed of tasks, scenes and the person.") var seed: UInt64 = 7
  @Flag(help: "JSON instead of a sentence.") var json = false

  func validate() throws {
    guard TwinWorld.families.contains(task) else {
      throw ValidationError("--task takes \(TwinWorld.families.joined(separator: ", ")), not \(task).")
    }
    guard (1...100_000).contains(tasks), (1...100).contains(demonstrations), (0...1_000_000).contains(first) else {
      throw ValidationError("--tasks takes 1 to 100000, --demonstrations 1 to 100, --first 0 to 1000000.")
    }
  }

  func run() throws {
    do {
      let signals = EndSignals()
      let began = Date()
      let line = ProgressLine()
      var generation = FamilyGeneration(
        Rehearsal(rig: try Rig.load(rig ?? FamilyGeneration.rig(of: task)), task: task, seed: seed), tasks: tasks,
        demonstrations: demonstrations)
      generation.firstTask = first
      let report = try generation.run(into: URL(filePath: dataset)) { done, all in
        line.show("task \(done) of \(all)")
        return signals.count == 0
      }
      line.clear()
      Output.show(report, json: json)
      if !json { print("  took \(Int(Date().timeIntervalSince(began))) s") }
      if let signal = signals.first { throw ExitCode(ExitStatus.interrupted(by: signal)) }
    } catch {
      throw Ending.failure(error)
    }
  }
}
