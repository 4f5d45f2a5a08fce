internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Glibc
internal import Session

/// Lets go of an arm that holds.
struct Relax: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let go: torque off on every servo of a rig. The arm falls.",
    discussion: Help.page(
      """
      After a fault or a second Ctrl-C the arm holds where it is, with torque on, until this is said. Support it first:
      it has no brakes. Needs no calibration, and does what it can where a servo does not answer. Ends with 0 when every
      servo says that it is limp, 75 when the question is not answered with yes, 64 when nobody can be asked and --yes is
      missing, 69 when a servo did not say so.

        understudy relax --rig so101
      """))

  @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
  @Flag(help: "Do not ask.") var yes = false
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let rig = try Rig.load(rig)
      if !yes { try confirm() }
      let relaxation = Relaxation(rig)
      Output.show(relaxation, json: json)
      if !relaxation.isComplete { throw ExitCode(ExitStatus.unavailable.rawValue) }
      Ending.next(["teleoperate", "--rig", self.rig], json: json)
    }
  }

  /// A script that goes on after 0 must be able to rely on limp arms, so no is not 0.
  private func confirm() throws {
    guard isatty(STDIN_FILENO) == 1 else {
      Ending.complain("The arm falls when its torque goes off; say --yes where nobody can be asked.")
      throw ExitCode(ExitStatus.usage.rawValue)
    }
    StandardStream.error.say("The arm falls from where it is. Support it, then type yes: ")
    guard readLine()?.trimmingCharacters(in: .whitespaces).lowercased() == "yes" else {
      Ending.complain("Nothing was done; the torque is as it was. Run this again and type yes to let go.")
      throw ExitCode(ExitStatus.temporary.rawValue)
    }
  }
}
