internal import ArgumentParser
internal import Foundation
internal import Rehearsal

/// What corrections are worth, measured.
struct StudyVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Measure what a person's frames are worth, by how they are spent.",
    discussion: """
      From the same few demonstrations, equal person-frames go into more demonstrations, noisy ones, corrections by a
      watching person or under a gate, and labels everywhere. Each arm and seed is a cell and a file in --dir: an
      interrupted study goes on where it was. Ends with tables and an SVG a task.

        understudy-twin study --dir .study            # the whole study: about an hour on two cores
        understudy-twin study --quick --dir .quick    # a small one: minutes
        understudy-twin study --dir .study --publish README.md --pictures Sources/understudy/Documentation.docc
      """)

  @Option(name: .customLong("dir"), help: "The folder for cells, tables and pictures.") var folder = ".study"
  @Flag(help: "Fewer seeds, starts and arms, `insert` alone.") var quick = false
  @Option(help: "Also put the tables into this file, between its lines <!-- study --> and <!-- /study -->.")
  var publish: String?
  @Option(help: "With --publish: where its pictures go.") var pictures = "."
  @Option(help: "Cores to use.") var cores = 2
  @Flag(help: "JSON instead of tables.") var json = false

  func validate() throws {
    guard (1...64).contains(cores) else { throw ValidationError("--cores takes 1 to 64.") }
    // Before an hour is spent.
    if let publish { _ = try page(publish) }
  }

  func run() async throws {
    let place = URL(filePath: folder, directoryHint: .isDirectory)
    let began = Date()
    let study: Study
    do {
      study = try Study(quick ? .quick : .full, folder: place)
    } catch let error as RehearsalError {
      FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
      throw ExitCode(73)
    }
    let report = try await study.run(cores: cores) { cell, count in
      let line =
        "\(cell.task), \(cell.arm.name), seed \(cell.seed): \(Self.text(cell)), \(Int(cell.took_s.rounded())) s "
        + "(of \(count) cells)\n"
      FileHandle.standardError.write(Data(line.utf8))
    }
    for task in Set(report.rows.map(\.task)) {
      try Data(report.svg(task: task).utf8).write(to: place.appending(path: "\(task).svg"), options: .atomic)
    }
    try Data(report.description.utf8).write(to: place.appending(path: "tables.md"), options: .atomic)
    if let publish { try put(report, into: publish) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let data = try encoder.encode(report)
    try data.write(to: place.appending(path: "report.json"), options: .atomic)
    if json {
      print(String(decoding: data, as: UTF8.self))
    } else {
      print(report)
      print("took \(Int(Date().timeIntervalSince(began))) s; tables and pictures are in \(folder)")
    }
  }

  /// What stands before, and from the end of, the place for the tables.
  private func page(_ file: String) throws -> (before: Substring, after: Substring) {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    guard let begin = text.range(of: "<!-- study -->\n"), let end = text.range(of: "<!-- /study -->"),
      begin.upperBound <= end.lowerBound
    else { throw ValidationError("\(file) has no lines <!-- study --> and <!-- /study -->, between which tables go.") }
    return (text[..<begin.upperBound], text[end.lowerBound...])
  }

  private func put(_ report: StudyReport, into file: String) throws {
    let (before, after) = try page(file)
    var text = "\n\(report)"
    for task in Set(report.rows.map(\.task)).sorted() {
      let picture = URL(filePath: pictures).appending(path: "study-\(task).svg")
      try Data(report.svg(task: task).utf8).write(to: picture, options: .atomic)
      text += "![\(task): success by arm](\(picture.relativePath))\n\n"
    }
    try (before + text + after).write(toFile: file, atomically: true, encoding: .utf8)
  }

  private static func text(_ cell: StudyCell) -> String {
    cell.successes.keys.sorted().map { condition in
      let all = (cell.successes[condition] ?? []).flatMap(\.self)
      return "\(condition) \(all.count { $0 }) of \(all.count)"
    }.joined(separator: ", ")
  }
}
