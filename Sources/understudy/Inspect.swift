internal import ArgumentParser
internal import Foundation
internal import Session

/// Tells what a dataset or a log holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a dataset or one episode holds.",
    discussion: Help.page(
      """
      Episodes and labels, the rate that the clock saw (not the one asked for), gaps, the share commanded by hand, each
      joint's travel and how well it followed, and how late ticks (periods of the loop) began. Every finished log carries
      its figures, so a large dataset takes no longer than a small one.

        understudy inspect demonstrations
        understudy inspect demonstrations/2026-07-31T101530Z-3fa2-e0001.mcap
        understudy inspect demonstrations --json | jq .joints
        understudy inspect demonstrations --html demonstrations.html
      """))

  @Argument(help: "A dataset's folder, or the log of one episode (.mcap).") var path: String
  @Option(help: "Write one self-contained page with plots to this new file.") var html: String?
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      if let html {
        try InspectionPage(of: URL(filePath: path)).write(to: html)
        return
      }
      let inspection = try Inspection(of: URL(filePath: path))
      Output.show(inspection, json: json)
      if !inspection.problems.isEmpty {
        Ending.next(["recover", path], json: json)
      } else if inspection.canTeach {
        Ending.next(["train", path, "--rig", "RIG", "--output", "policies/NAME"], json: json)
      }
    }
  }
}
