internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Glibc
internal import Session

/// Tells what keeps this machine from controlling an arm well.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check this machine, its ports and (with a rig) its arms.",
    discussion: Help.page(
      """
      One screen, each line ok, warn or fail with the mend below it. Nothing needs root and nothing moves; with --rig
      every servo is checked as before a session. Ends with 0 where all is well, 1 with a warning, 69 with a failure.

        understudy doctor
        understudy doctor --rig so101 --dataset demonstrations
        understudy doctor --json | jq '.findings[] | select(.status != "ok")'
      """))

  @Option(help: "Also check the arms of this rig: a name in hardware/rigs or a path.") var rig: String?
  @Option(help: "Where episodes will be written.") var dataset = "."
  @Option(help: "How long a loop is timed, in seconds; 0 for not at all.") var seconds = 5.0
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func validate() throws {
    guard seconds.isFinite, (0...600).contains(seconds) else {
      throw ValidationError("--seconds takes 0 to 600, not \(seconds).")
    }
  }

  func run() throws {
    try Ending.catching {
      var options = Examination.Options()
      options.rig = try rig.map { try Rig.load($0) }
      options.folder = URL(filePath: dataset)
      options.wakeSeconds = seconds
      let line = ProgressLine()
      let examination = Examination(options) { if !json { line.show($0) } }
      if !json { line.clear() }
      Output.show(examination, json: json)
      if examination.worst != .fail { Ending.next(rig.map { ["teleoperate", "--rig", $0] } ?? ["ports"], json: json) }
      if examination.exitCode != 0 { throw ExitCode(examination.exitCode) }
    }
  }
}
