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
  @Option(help: "Seeds, as in 1,2,3.") var seeds = "1,2,3,4,5"
  @Option(help: "Demonstrations that each policy is trained from.") var demonstrations = 20
  @Option(help: "Episodes with feedback.") var episodes = 80
  @Option(help: "Starts before and after.") var starts = 20
  @Option(help: "The folder for everything.") var dir = ".shaping"
  @Flag(help: "JSON instead of a table.") var json = false

  func validate() throws {
    let numbers = seeds.split(separator: ",", omittingEmptySubsequences: false).map { UInt64($0) }
    guard numbers.allSatisfy({ $0 != nil }), Set(numbers).count == numbers.count else {
      throw ValidationError("--seeds takes different numbers between commas, not \(seeds).")
    }
    guard [demonstrations, episodes, starts].allSatisfy({ (1...10_000).contains($0) }) else {
      throw ValidationError("--demonstrations, --episodes and --starts take 1 to 10000.")
    }
  }

  func run() throws {
    do {
      MatrixLibrary.restartWithBestCore()
      let signals = EndSignals()
      var study = ShapingStudy(
        Rehearsal(rig: try Rig.load(rig ?? "twin-\(task)"), task: task, seed: 1), preference: prefer,
        folder: URL(filePath: dir))
      study.seeds = seeds.split(separator: ",").compactMap { UInt64($0) }
      (study.demonstrations, study.episodes, study.starts) = (demonstrations, episodes, starts)
      let showsProgress = isatty(STDERR_FILENO) == 1
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
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(json ? String(decoding: try encoder.encode(report), as: UTF8.self) : "\(report)")
    } catch let error as any EndingError {
      throw Serve.failure("\(error)", code: error.exitCode)
    }
  }
}

extension ScriptedTrainer.Preference: ExpressibleByArgument {}
