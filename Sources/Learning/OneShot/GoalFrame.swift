/// What a goal is: where `point` is at the end, as seen from `reference`.
public struct GoalFrame: Codable, Equatable, Sendable, CustomStringConvertible {
  /// `tool`, or an object of the environment.
  public let point: String
  /// The object from which it is seen; nil for the arm's base.
  public let reference: String?
  /// x, y and, where both have it, z.
  public let axes: [String]

  /// A goal of this kind.
  public init(point: String, reference: String?, axes: [String]) {
    self.point = point
    self.reference = reference
    self.axes = axes
  }

  /// In words.
  public var description: String {
    "where \(point == "tool" ? "the tool" : "\(point)") comes to rest"
      + (reference.map { ", seen from \($0)" } ?? ", seen from the arm's base")
  }

  /// The features whose places it takes.
  var carriers: [String] { axes.flatMap { axis in ([point] + (reference.map { [$0] } ?? [])).map { "\($0).\(axis)" } } }

  /// How well the ends of a task's demonstrations agree in a frame, beside how far those of different tasks lie apart.
  public struct Agreement: Codable, Equatable, Sendable {
    /// Standard deviation of ends around their task's mean, per axis, in m.
    public let within_m: Double
    /// Standard deviation of the tasks' means.
    public let between_m: Double
    /// How many times farther apart tasks are than demonstrations of one.
    public var ratio: Double { between_m / max(within_m, 0.0005) }
  }

  /// Tasks must lie so many times farther apart than a task's own demonstrations.
  static let leastRatio = 2.0
  /// And by so much.
  static let leastBetween_m = 0.003

  /// The frame in which the ends of a task's demonstrations agree best; nil where they agree in none.
  static func find(in shown: TaskDemonstrations) -> (frame: GoalFrame, agreement: Agreement)? {
    var best: (frame: GoalFrame, agreement: Agreement)?
    for point in shown.points {
      // The base first: another frame has to do clearly better.
      for reference in [nil] + shown.points.dropFirst().map(Optional.some) where reference != point {
        let axes = ["x", "y", "z"].filter { axis in
          ([point] + (reference.map { [$0] } ?? [])).allSatisfy { shown.column("\($0).\(axis)") != nil }
        }
        let frame = GoalFrame(point: point, reference: reference, axes: axes)
        let agreement = frame.agreement(in: shown)
        guard agreement.ratio >= leastRatio, agreement.between_m >= leastBetween_m else { continue }
        if agreement.ratio > 1.2 * (best?.agreement.ratio ?? 0) { best = (frame, agreement) }
      }
    }
    return best
  }

  /// Tool and objects as seen from the base, those that do not stay where they are.
  static func movingPoints(in shown: TaskDemonstrations) -> [GoalFrame] {
    shown.points.compactMap { point in
      let axes = ["x", "y", "z"].filter { shown.column("\(point).\($0)") != nil }
      let frame = GoalFrame(point: point, reference: nil, axes: axes)
      let ways = shown.episodes.map { episode in
        zip(frame.end(of: episode, in: shown), frame.value(of: episode.rows.lowerBound, in: shown))
          .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      }
      return ways.reduce(0, +) > 0.02 * Double(ways.count) ? frame : nil
    }
  }

  private func agreement(in shown: TaskDemonstrations) -> Agreement {
    var within = 0.0, between = 0.0
    let families = shown.families()
    for axis in axes.indices {
      var means: [Double] = []
      var squares = 0.0, count = 0
      for family in families {
        let ends = family.episodes.map { end(of: $0, in: shown)[axis] }
        let mean = ends.reduce(0, +) / Double(ends.count)
        means.append(mean)
        squares += ends.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        count += ends.count - 1
      }
      let middle = means.reduce(0, +) / Double(max(1, means.count))
      within += squares / Double(max(1, count))
      between += means.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(max(1, means.count - 1))
    }
    let share = 1 / Double(max(1, axes.count))
    return Agreement(within_m: (within * share).squareRoot(), between_m: (between * share).squareRoot())
  }

  /// The point as seen from the reference, in a row.
  func value(of row: Int, in shown: TaskDemonstrations) -> [Double] {
    axes.map { axis in
      let point = shown.column("\(point).\(axis)").map { shown.value(row, $0) } ?? .nan
      let origin = reference.flatMap { shown.column("\($0).\(axis)") }.map { shown.value(row, $0) } ?? 0
      return point - origin
    }
  }

  /// The goal of an episode: where it ended.
  func end(of episode: TaskDemonstrations.Episode, in shown: TaskDemonstrations) -> [Double] {
    let rows = Array(episode.rows.suffix(TaskDemonstrations.endRows))
    let values = rows.map { value(of: $0, in: shown) }
    return axes.indices.map { axis in values.reduce(0) { $0 + $1[axis] } / Double(rows.count) }
  }

  /// How far the point moved in an episode's end, in m.
  func motionAtEnd(of episode: TaskDemonstrations.Episode, in shown: TaskDemonstrations) -> Double {
    let rows = Array(episode.rows.suffix(TaskDemonstrations.endRows))
    guard let first = rows.first, let last = rows.last else { return 0 }
    return zip(value(of: first, in: shown), value(of: last, in: shown))
      .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  /// Names of the features that lead to a goal.
  var featureNames: [String] { axes.map { "goal-\(point).\($0)" } }
}
