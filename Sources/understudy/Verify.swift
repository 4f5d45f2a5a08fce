internal import ArgumentParser
internal import Foundation
internal import Session

/// Makes a log's commands again.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the commands of a log again from its inputs, and compare every bit.",
    discussion: Help.page(
      """
      At two levels: Constrain (each command from the logged wish, by the envelope that the log carries) and Decide (each wish
      from readings, environment and leader, the policy's by asking it again). The first difference is told with its tick
      and its reason, and ends with code 65. Nothing but the log and its policy is read: rig, arms and calibrations are
      in the log. UNDERSTUDY_KERNELS=scalar asks for other kernels: the bits must not care.

        understudy verify corrections
        understudy verify corrections/2026-07-31T101530Z-3fa2-e0004.mcap \\
                          --policy policies/round-1
      """))

  @Argument(help: "A dataset's folder, or the log of one episode (.mcap).") var path: String
  @Option(help: "The policy that drove, where it is no longer where the log says.") var policy: String?
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let verification = try Verification(URL(filePath: path), policy: policy.map { URL(filePath: $0) })
      Output.show(verification, json: json)
      if !verification.isIdentical { throw ExitCode(ExitStatus.data.rawValue) }
    }
  }
}
