import Testing

@testable import Learning

@Suite struct ObservedDemonstrationTests {
  private let frame = GoalFrame(point: "tool", reference: "mark", axes: ["x", "y", "z"])

  /// A hand that comes to rest at (0.25, 0.02, 0.08), a mark at (0.2, 0, 0).
  private func table(_ change: (Int, String) -> String = { $1 }) -> String {
    var lines = ["t,hand.x,hand.y,hand.z,mark.x,mark.y,mark.z"]
    for moment in 0..<30 {
      let away = moment < 20 ? 0.01 * Double(20 - moment) : 0
      lines.append("\(Double(moment) * 0.04),\(0.25 - away),0.02,0.08,0.2,0,0")
    }
    return lines.enumerated().map { change($0.offset + 1, $0.element) }.joined(separator: "\n") + "\n"
  }

  @Test func `a hand's rest, seen from the mark, is the goal`() throws {
    let goal = try ObservedDemonstration(table(), path: "hand.csv").goal(frame)
    for (read, wanted) in zip(goal, [0.05, 0.02, 0.08]) { #expect(abs(read - wanted) < 1e-12) }
  }

  @Test func `datagrams of the environment say the same`() throws {
    let lines = (0..<30).map { moment in
      let away = moment < 20 ? 0.01 * Double(20 - moment) : 0
      return "{\"t\": \(moment * 40_000_000), \"features\": {\"hand.x\": \(0.25 - away), \"hand.y\": 0.02, "
        + "\"hand.z\": 0.08, \"mark.x\": 0.2, \"mark.y\": 0, \"mark.z\": 0, \"task.success\": 0}}"
    }
    let goal = try ObservedDemonstration(lines.joined(separator: "\n"), path: "hand.jsonl").goal(frame)
    for (read, wanted) in zip(goal, [0.05, 0.02, 0.08]) { #expect(abs(read - wanted) < 1e-12) }
    let broken = lines[..<12].joined(separator: "\n") + "\n{\"t\": 5}\n"
    expect(broken, path: "hand.jsonl", line: 13, column: 1, saying: "no datagram")
    let early = lines[..<12].joined(separator: "\n") + "\n" + lines[3]
    expect(early, path: "hand.jsonl", line: 13, column: 1, saying: "not later")
  }

  @Test func `a moment at which something was not seen is left out, an end that was not seen is refused`() throws {
    let gaps = table { line, text in line == 28 ? "1.04,,,,0.2,0,0" : text }
    let goal = try ObservedDemonstration(gaps, path: "hand.csv").goal(frame)
    #expect(abs(goal[0] - 0.05) < 1e-12)
    let blind = table { line, text in
      line < 20 ? text : text.split(separator: ",").prefix(1).joined() + ",,,,0.2,0,0"
    }
    let observed = try ObservedDemonstration(blind, path: "hand.csv")
    let error = #expect(throws: AdaptError.self) { try observed.goal(frame) }
    #expect(error?.description.contains("hand.x was not seen in the last 0.2 s") == true)
  }

  @Test func `what is wrong is named with line and column`() {
    expect(table { $0 == 1 ? "time,hand.x" : $1 }, line: 1, column: 1, saying: "must be t")
    expect(table { $0 == 1 ? "t,hand.x,speed" : $1 }, line: 1, column: 10, saying: "no place")
    expect(table { $0 == 1 ? "t,hand.x,hand.x" : $1 }, line: 1, column: 10, saying: "twice")
    expect(table { $0 == 7 ? "0.2,0.1,abc,0,0,0,0" : $1 }, line: 7, column: 9, saying: "\"abc\" is no number (hand.y)")
    expect(table { $0 == 7 ? "0.2,0.1,inf,0,0,0,0" : $1 }, line: 7, column: 9, saying: "no number")
    expect(table { $0 == 7 ? "0.2,0.1" : $1 }, line: 7, column: 8, saying: "2 cells, and the header has 7")
    expect(table { $0 == 7 ? "0.1,0.1,0,0,0,0,0" : $1 }, line: 7, column: 1, saying: "not later")
    expect(table { $0 == 7 ? "0.2,251,20,80,200,0,0" : $1 }, line: 7, column: 5, saying: "metres")
    expect("t,hand.x\n0,0.1\n0.1,0.1\n", line: 4, column: 1, saying: "0.4 s or longer")
    expect("", line: 1, column: 1, saying: "must be t")
  }

  private func expect(
    _ text: String, path: String = "hand.csv", line: Int, column: Int, saying words: String,
    at place: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: AdaptError.self, sourceLocation: place) { try ObservedDemonstration(text, path: path) }
    let sentence = error?.description ?? ""
    #expect(
      sentence.hasPrefix("\(path):\(line):\(column): ") && sentence.contains(words), "\(sentence)",
      sourceLocation: place)
  }

  @Test func `a hand that still moves shows no goal, and a point that is missing is named with those there are`() throws
  {
    let hasty = table { line, text in line > 22 ? "" : text }
    let error = #expect(throws: AdaptError.self) {
      try ObservedDemonstration(hasty, path: "hand.csv").goal(frame)
    }
    if case .restless = error {} else { Issue.record("\(String(describing: error))") }
    let other = GoalFrame(point: "puck", reference: nil, axes: ["x"])
    let missing = #expect(throws: AdaptError.self) { try ObservedDemonstration(table(), path: "hand.csv").goal(other) }
    #expect(missing?.description.contains("no puck.x") == true && missing?.description.contains("mark.y") == true)
  }
}
