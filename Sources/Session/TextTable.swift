/// Rows of text under each other, each column as wide as its widest cell: what verbs print for people.
public struct TextTable: Sendable, CustomStringConvertible {
  /// How a column's cells stand in it.
  public enum Alignment: Sendable {
    /// Words.
    case left
    /// Numbers.
    case right
  }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// A table with a line of column names; `numbers` tells which columns stand right.
  public init(_ head: [String], numbers: Set<Int> = []) {
    alignments = head.indices.map { numbers.contains($0) ? .right : .left }
    if head.contains(where: { !$0.isEmpty }) { rows.append(head) }
  }

  /// Adds a row; cells beyond the columns are left out.
  public mutating func add(_ cells: String...) { rows.append(Array(cells.prefix(alignments.count))) }

  /// The table, a line a row, without a line break at the end.
  public var description: String {
    var widths = alignments.map { _ in 0 }
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return alignments[column] == .left ? cell + padding : padding + cell
      }
      let line = cells.joined(separator: "  ")
      return "  " + (line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? "")
    }.joined(separator: "\n")
  }
}

/// Numbers as people read them.
enum Figures {
  /// Three significant digits, without an exponent between a thousandth and a million.
  static func short(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    let size = value.magnitude
    let digits = size == 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
    return fixed(value, digits)
  }

  /// So many digits behind the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = Int64((value.magnitude * scale).rounded())
    let sign = value < 0 && whole != 0 ? "−" : ""
    guard digits > 0 else { return sign + "\(whole)" }
    let fraction = "\(whole % Int64(scale))"
    return sign + "\(whole / Int64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// A number with its noun: 1 episode, 2 episodes.
  static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  /// A share as a percentage.
  static func percent(_ share: Double) -> String { "\(short(share * 100)) %" }

  /// Minutes and seconds.
  static func time(_ seconds: Double) -> String {
    seconds < 120 ? "\(fixed(seconds, 1)) s" : "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }
}
