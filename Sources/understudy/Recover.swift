internal import ArgumentParser
internal import Foundation
internal import Session

/// Mends logs whose process was killed.
struct Recover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Mend logs that were cut off, and list those that a dataset has lost sight of.",
    discussion: Help.page(
      """
      Keeps every whole tick, says what was lost, and keeps the original beside the mended log (….mcap.torn). In a
      dataset, mended and forgotten logs are listed as they are now; an episode that lost ticks loses the label that it had
      as a whole. Whole logs are not touched, nor those in which nothing can be saved: these are named, and the program
      ends with 65.

        understudy recover demonstrations
        understudy recover demonstrations/2026-07-31T101530Z-3fa2-e0004.mcap
      """))

  @Argument(help: "A dataset's folder, or one log (.mcap).") var path: String
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let mending = try Mending(URL(filePath: path))
      Output.show(mending, json: json)
      if !mending.problems.isEmpty { throw ExitCode(ExitStatus.data.rawValue) }
      if !mending.logs.isEmpty { Ending.next(["inspect", path], json: json) }
    }
  }
}
