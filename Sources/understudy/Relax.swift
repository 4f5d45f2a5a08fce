internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Glibc
internal import Session

/// Lets go of an arm that holds.
struct Relax: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let go: torque off on every servo of a rig. The arm falls.",
    discussion: """
      After a fault or a second Ctrl-C the arm holds where it is, with torque on, until this is said. Support it first:
      it has no brakes. Needs no calibration, and does what it can where a servo does not answer.

        understudy relax --rig so101
      """)

  @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
  @Flag(help: "Do not ask.") var yes = false
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let rig = try Rig.load(rig)
      guard yes || confirmed() else { throw ExitCode(ExitStatus.usage.rawValue) }
      let relaxation = Relaxation(rig)
      Ending.show(relaxation, json: json)
      if !relaxation.isComplete { throw ExitCode(ExitStatus.unavailable.rawValue) }
    }
  }

  private func confirmed() -> Bool {
    guard isatty(STDIN_FILENO) == 1 else {
      Ending.complain("The arm falls when its torque goes off; say --yes where nobody can be asked.")
      return false
    }
    FileHandle.standardError.write(Data("The arm falls from where it is. Support it, then type yes: ".utf8))
    guard readLine()?.trimmingCharacters(in: .whitespaces).lowercased() == "yes" else {
      Ending.complain("Nothing was done; the torque is as it was.")
      return false
    }
    return true
  }
}
