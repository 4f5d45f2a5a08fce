internal import Foundation
internal import Session

/// The folder of a study: the plan it belongs to and a file for each cell, so that an interrupted study goes on.
///
/// `plan.json` is written by the first run; a run by another plan is refused, for its numbers would be mixed with these.
struct StudyFolder: Sendable {
  /// Where it is.
  let url: URL

  /// Makes the folder, or takes up one of the same plan; throws `RehearsalError.otherPlan`, and what the disk refuses.
  init<Plan: Codable & Equatable>(_ url: URL, plan: Plan) throws {
    self.url = url
    try FileManager.default.createDirectory(at: url.appending(path: "cells"), withIntermediateDirectories: true)
    let file = url.appending(path: "plan.json")
    if FileManager.default.fileExists(atPath: file.path) {
      let earlier = try? Output.read(Plan.self, from: Data(contentsOf: file))
      guard earlier == plan else { throw RehearsalError.otherPlan(folder: url.relativePath) }
    } else {
      try Output.json(plan, onManyLines: true).write(to: file, options: .atomic)
    }
  }

  /// A cell that was kept; nil where there is none, or none that can be read: it is run again then.
  func cell<Cell: Decodable>(_ name: String) -> Cell? {
    (try? Data(contentsOf: file(name))).flatMap { try? Output.read(from: $0) }
  }

  /// Keeps a cell, whole or not at all.
  func keep(_ cell: some Encodable, as name: String) throws {
    try Output.json(cell).write(to: file(name), options: .atomic)
  }

  private func file(_ name: String) -> URL { url.appending(path: "cells/\(name).json") }
}
