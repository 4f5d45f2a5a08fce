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
      """)

  @Option(name: .customLong("dir"), help: "The folder for cells, tables and pictures.") var folder = ".study"
  @Flag(help: "Fewer seeds, starts and arms, `insert` alone.") var quick = false
  @Option(help: "Cores to use.") var cores = 2
  @Flag(help: "JSON instead of tables.") var json = false

  func validate() throws {
    guard (1...64).contains(cores) else { throw ValidationError("--cores takes 1 to 64.") }
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
      let line = "\(cell.task), \(cell.arm.name), seed \(cell.seed): \(Self.text(cell)) (of \(count) cells)\n"
      FileHandle.standardError.write(Data(line.utf8))
    }
    for task in Set(report.rows.map(\.task)) {
      try Data(report.svg(task: task).utf8).write(to: place.appending(path: "\(task).svg"), options: .atomic)
    }
    try Data(report.description.utf8).write(to: place.appending(path: "tables.md"), options: .atomic)
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

  private static func text(_ cell: StudyCell) -> String {
    cell.successes.keys.sorted().map { condition in
      let all = (cell.successes[condition] ?? []).flatMap(\.self)
      return "\(condition) \(all.count { $0 }) of \(all.count)"
    }.joined(separator: ", ")
  }
}
