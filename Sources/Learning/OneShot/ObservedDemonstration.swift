internal import Foundation

/// A demonstration without actions: where a person's hand and the objects were, and when, as a video tracker gives it.
///
/// Two kinds of file, in metres in the arm's base frame and seconds:
///
///     t,hand.x,hand.y,hand.z,mark.x,mark.y,mark.z        .csv: a header, then a row a moment
///     0.00,0.201,0.004,0.057,0.213,-0.031,0.0
///
///     {"t": 12000000, "features": {"hand.x": 0.201, …}}  .jsonl: the environment's datagrams (t in ns), one a line
///
/// `hand` stands for the tool. An empty cell, or a name that a datagram lacks, is a moment at which it was not seen.
public struct ObservedDemonstration: Sendable {
  /// The columns' names, without the time.
  public let names: [String]
  /// When, in s.
  public let times_s: [Double]
  /// [moment][name]; NaN where it was not seen.
  public let values: [[Double]]
  private let path: String

  /// A file is no larger.
  private static let sizeLimit = 64 << 20
  /// How much of the end must have been seen, and how long a demonstration lasts at least.
  static let end_s = 0.2
  static let least_s = 0.4

  /// Whether a path looks like such a file.
  public static func canRead(_ path: String) -> Bool { path.hasSuffix(".csv") || path.hasSuffix(".jsonl") }

  /// Reads a file.
  public init(path: String) throws(AdaptError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path, reason: "there is no such file")
    }
    guard data.count <= Self.sizeLimit, let text = String(data: data, encoding: .utf8) else {
      throw .unreadable(path: path, reason: "it is no text of 64 MB or less")
    }
    try self.init(text, path: path)
  }

  /// Reads a text; the path's ending says of which kind.
  public init(_ text: String, path: String) throws(AdaptError) {
    self.path = path
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if path.hasSuffix(".csv") {
      (names, times_s, values) = try Self.table(lines, path)
    } else {
      (names, times_s, values) = try Self.datagrams(lines, path)
    }
    guard let first = times_s.first, let last = times_s.last, last - first >= Self.least_s else {
      throw .malformed(
        file: path, line: max(1, lines.count), column: 1,
        problem: "a demonstration lasts \(Self.least_s) s or longer, and this has \(times_s.count) moments")
    }
  }

  private static func table(
    _ lines: [Substring], _ path: String
  ) throws(AdaptError) -> ([String], [Double], [[Double]]) {
    let header = (lines.first ?? "").split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard header.first == "t" else {
      throw .malformed(
        file: path, line: 1, column: 1,
        problem: "the first column is \"\(header.first ?? "")\", and must be t, in seconds")
    }
    let names = Array(header.dropFirst())
    var column = 1
    for (index, name) in header.enumerated() {
      let isPlace = index == 0 || [".x", ".y", ".z"].contains { name.hasSuffix($0) && name.count > 2 }
      guard isPlace, header.firstIndex(of: name) == index else {
        throw .malformed(
          file: path, line: 1, column: column,
          problem: isPlace
            ? "\"\(name)\" stands there twice" : "\"\(name)\" is no place: write NAME.x, NAME.y or NAME.z")
      }
      column += name.count + 1
    }
    var times: [Double] = []
    var values: [[Double]] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.allSatisfy(\.isWhitespace) {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == header.count else {
        throw .malformed(
          file: path, line: index + 1, column: line.count + 1,
          problem: "\(cells.count) cells, and the header has \(header.count)")
      }
      var row: [Double] = []
      var column = 1
      for (place, cell) in cells.enumerated() {
        let word = cell.trimmingCharacters(in: .whitespaces)
        let value = word.isEmpty && place > 0 ? Double.nan : Double(word)
        guard let value, value.isFinite || word.isEmpty else {
          throw .malformed(
            file: path, line: index + 1, column: column, problem: "\"\(word)\" is no number (\(header[place]))")
        }
        try check(value, place == 0 ? nil : header[place], path, index + 1, column)
        row.append(value)
        column += cell.count + 1
      }
      if let last = times.last, row[0] <= last {
        throw .malformed(
          file: path, line: index + 1, column: 1,
          problem: "the time \(row[0]) is not later than the one before, \(last)")
      }
      times.append(row[0])
      values.append(Array(row.dropFirst()))
    }
    return (names, times, values)
  }

  /// Metres: nothing that an arm reaches is ten away.
  private static func check(
    _ value: Double, _ name: String?, _ path: String, _ line: Int, _ column: Int
  ) throws(AdaptError) {
    guard let name, abs(value) > 10 else { return }
    throw .malformed(
      file: path, line: line, column: column,
      problem: "\(name) is \(value): places are in metres, in the arm's base frame")
  }

  private struct Datagram: Decodable {
    let t: Int64
    let features: [String: Double]
  }

  private static func datagrams(
    _ lines: [Substring], _ path: String
  ) throws(AdaptError) -> ([String], [Double], [[Double]]) {
    var all: [(t: Double, features: [String: Double])] = []
    for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
      guard let datagram = try? JSONDecoder().decode(Datagram.self, from: Data(line.utf8)) else {
        throw .malformed(
          file: path, line: index + 1, column: 1,
          problem: "this is no datagram of the environment: {\"t\": ns, \"features\": {\"NAME.x\": metres, …}}")
      }
      let t = Double(datagram.t) * 1e-9
      if let last = all.last, t <= last.t {
        throw .malformed(file: path, line: index + 1, column: 1, problem: "its time is not later than the one before")
      }
      for (name, value) in datagram.features where [".x", ".y", ".z"].contains(where: name.hasSuffix) {
        let place = line.range(of: "\"\(name)\"").map { line.distance(from: line.startIndex, to: $0.lowerBound) } ?? 0
        try check(value, name, path, index + 1, place + 1)
      }
      all.append((t, datagram.features))
    }
    let names = Set(all.flatMap(\.features.keys)).sorted()
    return (names, all.map(\.t), all.map { moment in names.map { moment.features[$0] ?? .nan } })
  }

  /// Where the frame's point came to rest.
  public func goal(_ frame: GoalFrame) throws(AdaptError) -> [Double] {
    let end = times_s[times_s.count - 1] - Self.end_s
    var goal: [Double] = []
    var moved = 0.0
    for axis in frame.axes {
      let point = try column(frame.point == "tool" ? ["hand", "tool"] : [frame.point], axis)
      let origin = try frame.reference.map { (reference) throws(AdaptError) in try column([reference], axis) }
      var seen: [Double] = []
      for (index, time) in times_s.enumerated() where time >= end {
        let value = values[index][point] - (origin.map { values[index][$0] } ?? 0)
        if value.isFinite { seen.append(value) }
      }
      guard let least = seen.min(), let greatest = seen.max() else {
        throw .malformed(
          file: path, line: times_s.count + 1, column: 1,
          problem: "\(names[point]) was not seen in the last \(Self.end_s) s, and the goal is read there")
      }
      goal.append(seen.reduce(0, +) / Double(seen.count))
      moved += (greatest - least) * (greatest - least)
    }
    guard moved.squareRoot() <= MetaPolicy.restless_m else {
      throw .restless(
        demonstration: path, moved_mm: moved.squareRoot() * 1e3, allowed_mm: MetaPolicy.restless_m * 1e3)
    }
    return goal
  }

  private func column(_ points: [String], _ axis: String) throws(AdaptError) -> Int {
    for point in points { if let place = names.firstIndex(of: "\(point).\(axis)") { return place } }
    throw .malformed(
      file: path, line: 1, column: 1,
      problem: "there is no \(points[0]).\(axis), which the goal needs; there is \(names.joined(separator: ", "))")
  }
}
