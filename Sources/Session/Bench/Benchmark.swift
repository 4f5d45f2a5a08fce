/// What `understudy bench` measured: a row a figure, each with its peer measured in the same run.
public struct Benchmark: Sendable, Encodable {
  /// Which one: `loop`, `policy`, `bus`.
  public var bench: String
  /// The figures.
  public var rows: [Row] = []
  /// What to know about the figures: sentences, for people.
  public var notes: [String] = []

  /// One figure. What is not known is nil, and `null` in JSON.
  public struct Row: Sendable {
    /// What was measured.
    public var name: String
    /// Its unit.
    public var unit: String
    /// Our figure.
    public var ours: Double
    /// Who else was measured in this run; nil for nobody.
    public var peer: String?
    /// The peer's figure.
    public var theirs: Double?
    /// The 95 % interval of the ratio, where it was estimated.
    public var interval: ClosedRange<Double>?
    /// What is wanted; nil where the figure is only reported.
    public var goal: Goal?

    /// Ours by theirs.
    public var ratio: Double? { theirs.flatMap { $0 > 0 ? ours / $0 : nil } }
    /// Whether the goal is reached; nil without one, or where the peer is missing.
    public var met: Bool? {
      switch goal {
      case .atMost(let limit): ours <= limit
      case .atLeast(let limit): ours >= limit
      case .ratioAtMost(let limit): ratio.map { $0 <= limit }
      case .ratioAtLeast(let limit): ratio.map { $0 >= limit }
      case nil: nil
      }
    }

    init(_ name: String, _ unit: String, _ ours: Double, goal: Goal? = nil) {
      self.name = name
      self.unit = unit
      self.ours = ours
      self.goal = goal
    }

    init(_ name: String, _ unit: String, _ ours: Double, beside peer: String, _ theirs: Double?, goal: Goal? = nil) {
      self.init(name, unit, ours, goal: goal)
      self.peer = theirs == nil ? nil : peer
      self.theirs = theirs
    }
  }

  /// What is wanted of a figure.
  public enum Goal: Sendable {
    /// Our figure, in the row's unit.
    case atMost(Double)
    /// Our figure, in the row's unit.
    case atLeast(Double)
    /// Ours by theirs.
    case ratioAtMost(Double)
    /// Ours by theirs, where more is better.
    case ratioAtLeast(Double)
  }

  init(_ bench: String) {
    self.bench = bench
    #if DEBUG
      notes.append("This is a debug build: its figures say little. `make bench` measures a release build.")
    #endif
  }
}

extension Benchmark.Goal: CustomStringConvertible {
  /// As it stands in tables and JSON.
  public var description: String {
    switch self {
    case .atMost(let limit): "≤ \(Figures.short(limit))"
    case .atLeast(let limit): "≥ \(Figures.short(limit))"
    case .ratioAtMost(let limit): "ratio ≤ \(Figures.short(limit))"
    case .ratioAtLeast(let limit): "ratio ≥ \(Figures.short(limit))"
    }
  }
}

extension Benchmark.Row: Encodable {
  private enum Key: CodingKey { case name, unit, ours, peer, theirs, ratio, interval, goal, met }

  /// Every key stands there, `null` where nothing is known; `interval` only where it was estimated.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(unit, forKey: .unit)
    try container.encode(ours, forKey: .ours)
    try container.encode(peer, forKey: .peer)
    try container.encode(theirs, forKey: .theirs)
    try container.encode(ratio, forKey: .ratio)
    try container.encode(goal?.description, forKey: .goal)
    try container.encode(met, forKey: .met)
    if let interval { try container.encode([interval.lowerBound, interval.upperBound], forKey: .interval) }
  }
}

extension Benchmark: CustomStringConvertible {
  /// For people.
  public var description: String {
    var table = TextTable([bench, "unit", "ours", "peer", "theirs", "ratio", "goal", ""], numbers: [2, 4, 5])
    for row in rows {
      let interval = row.interval.map { " (\(Figures.short($0.lowerBound))–\(Figures.short($0.upperBound)))" } ?? ""
      table.add(
        row.name, row.unit, Figures.short(row.ours), row.peer ?? "–", Figures.short(row.theirs),
        row.ratio.map { Figures.short($0) + interval } ?? "–", row.goal?.description ?? "–",
        row.met.map { $0 ? "met" : "not met" } ?? "")
    }
    return (["\(table)"] + notes.map { "  \($0)" }).joined(separator: "\n")
  }
}
