internal import ArgumentParser
internal import Foundation
internal import Session

/// Mends logs whose process was killed.
struct Recover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Mend logs that were cut off, and list those that a dataset has lost sight of.",
    discussion: """
      Keeps every whole tick, says what was lost, and keeps the original beside the mended log (….mcap.torn). In a
      dataset, mended and forgotten logs are added to its list; whole ones are not touched.

        understudy recover demonstrations
        understudy recover demonstrations/2026-07-31T101530Z-3fa2-e0004.mcap
      """)

  @Argument(help: "A dataset's folder, or one log (.mcap).") var path: String
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let mending = try Mending(URL(filePath: path))
      Ending.show(mending, json: json)
      if !mending.problems.isEmpty { throw ExitCode(ExitStatus.data.rawValue) }
    }
  }
}
