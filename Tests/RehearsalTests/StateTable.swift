import Control
import Foundation
import Testing

/// The tables at the head of State.swift, read as a reader reads them.
struct StateTable {
  /// From one state to another.
  struct Way: Hashable, CustomStringConvertible {
    var from: State
    var to: State
    var description: String { "\(from.name) → \(to.name)" }
  }

  /// What each request leads to, and from where.
  var asked: [String: (next: State, from: Set<State>)] = [:]
  /// The ways that nobody has to ask for.
  var byItself: Set<Way> = []

  static let written: Result<StateTable, any Error> = Result { try StateTable() }

  private init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let source = try String(contentsOf: root.appending(path: "Sources/Control/State.swift"), encoding: .utf8)
    var isAsked = true
    for line in source.split(separator: "\n").prefix(while: { $0.hasPrefix("//") }) {
      if line.hasPrefix("// By itself") { isAsked = false }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4, cells[2] != "leads to", !cells[2].hasPrefix("-") else { continue }
      let next = try #require(State.allCases.first { $0.name == cells[2] }, "\(line)")
      let from = try Self.states(cells[3])
      if isAsked {
        #expect(asked.updateValue((next, from), forKey: cells[1]) == nil, "\(cells[1]) has two rows")
      } else {
        byItself.formUnion(from.subtracting([next]).map { Way(from: $0, to: next) })
      }
    }
  }

  private static func states(_ cell: String) throws -> Set<State> {
    switch cell {
    case "every state": Set(State.allCases)
    case "every state with torque on": Set(State.allCases.filter(\.isPowered))
    default:
      Set(
        try cell.split(separator: ", ").map { name in
          try #require(State.allCases.first { $0.name == name }, "\(name) is no state")
        })
    }
  }
}
