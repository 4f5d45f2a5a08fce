internal import ArgumentParser
internal import Foundation
internal import Rehearsal
internal import Session

/// What corrections are worth, measured.
struct StudyVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Measure what a person's frames are worth, by how they are spent.",
    discussion: HelpText.page(
      """
      First, whether the person brings episodes to their goal that a policy has failed: below 95 % the study ends there.
      Then, from the same few demonstrations, equal person-frames (and equal take-overs) go into more demonstrations, noisy
      ones, corrections by a watching person or under a gate, and labels everywhere; beside it copying by the number of
      demonstrations, and what policies err by how long they have been off the expert's states. Each arm, budget and seed
      is a cell and a file in --dir: an interrupted study goes on where it was. Ends with tables and pictures.

      The whole study (an hour on two cores), the tables of what there is so far, a small one (minutes), and the whole one
      with its tables put into a file:

        understudy-twin study --dir .study
        understudy-twin study --dir .study --report
        understudy-twin study --quick --dir .quick
        understudy-twin study --dir .study --publish README.md --pictures .
      """))

  @Option(name: .customLong("dir"), help: "The folder for cells, tables and pictures.") var folder = ".study"
  @Flag(help: "Fewer seeds, starts and arms, `insert` alone.") var quick = false
  @Option(help: "Also put the tables into this file, between its lines <!-- study --> and <!-- /study -->.")
  var publish: String?
  @Option(help: "With --publish: where its pictures go.") var pictures = "."
  @Option(help: "Cores to use.") var cores = 2
  @Flag(help: "Run nothing: the tables of the cells there are.") var report = false
  @Flag(help: "JSON instead of tables.") var json = false

  func validate() throws {
    guard (1...64).contains(cores) else { throw ValidationError("--cores takes 1 to 64.") }
    // Before an hour is spent.
    if let publish { _ = try page(publish) }
  }

  func run() async throws {
    let place = URL(filePath: folder, directoryHint: .isDirectory)
    let began = Date()
    let tables: StudyReport
    do {
      let study = try Study(quick ? .quick : .full, folder: place)
      tables = report ? study.report : try await study.run(cores: cores) { StandardStream.error.say("\($0)\n") }
    } catch {
      throw Ending.failure(error)
    }
    for picture in tables.tasks.flatMap(tables.pictures) {
      try Data(picture.svg.utf8).write(to: place.appending(path: "\(picture.name).svg"), options: .atomic)
    }
    try Data(tables.description.utf8).write(to: place.appending(path: "tables.md"), options: .atomic)
    if let publish { try put(tables, into: publish) }
    let data = try Output.json(tables, onManyLines: true)
    try data.write(to: place.appending(path: "report.json"), options: .atomic)
    if json {
      print(String(decoding: data, as: UTF8.self))
    } else {
      print(tables)
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
    var text = "\n"
    for task in report.tasks {
      text += report.text(task: task)
      for picture in report.pictures(task: task) {
        let file = URL(filePath: pictures).appending(path: "\(picture.name).svg")
        try Data(picture.svg.utf8).write(to: file, options: .atomic)
        text += "![\(picture.title)](\(file.relativePath))\n\n"
      }
    }
    try (before + text + after).write(toFile: file, atomically: true, encoding: .utf8)
  }
}
