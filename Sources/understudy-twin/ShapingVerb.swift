public import ArgumentParser
internal import Arm
internal import Foundation
internal import Learning
internal import RealTime
public import Rehearsal
internal import Session

/// What a person's praise and blame are worth, measured.
struct ShapingVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shaping",
    abstract: "Measure what rewarding and scolding a policy is worth (TAMER).",
    discussion: HelpText.page(
      """
      For each seed: demonstrations, a policy, fresh starts; then a scripted person with a preference shapes it with two
      keys, as `understudy shape` lets one do, and the same starts again. The person's delays are log-normal, the learner
      assumes uniform ones. A seed is a file in --dir: an interrupted study goes on where it was.

        understudy-twin shaping --prefer slower --dir .shaping
      """))

  @Option(help: "The task.") var task = "insert"
  @Option(help: "The rig, by name or path (default: the task's).") var rig: String?
  @Option(help: "What the person wants: slower, gentler or higher.")
  var prefer = ScriptedTrainer.Preference.slower
  @Option(help: "Seeds: different numbers, as in 1,2,3.") var seeds = Seeds([1, 2, 3, 4, 5])
  @Option(help: "Demonstrations that each policy is trained from.") var demonstrations = 20
  @Option(help: "Episodes with feedback.") var episodes = 80
  @Option(help: "Starts before and after.") var starts = 20
  @Option(help: "The folder for everything.") var dir = ".shaping"
  @Flag(help: "JSON instead of a table.") var json = false

  func validate() throws {
    guard [demonstrations, episodes, starts].allSatisfy({ (1...10_000).contains($0) }) else {
      throw ValidationError("--demonstrations, --episodes and --starts take 1 to 10000.")
    }
  }

  func run() throws {
    MatrixLibrary.restartWithBestCore()
    let folder = URL(filePath: dir)
    try Ending.study(in: folder, json: json) { progress in
      var study = ShapingStudy(
        Rehearsal(rig: try Rig.load(rig ?? "twin-\(task)"), task: task, seed: 1), preference: prefer,
        folder: folder)
      study.seeds = seeds.numbers
      (study.demonstrations, study.episodes, study.starts) = (demonstrations, episodes, starts)
      return try study.run(progress: progress)
    }
  }
}

extension ScriptedTrainer.Preference: ExpressibleByArgument {}
