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

/// Whether what is seen when an episode begins tells where it will end: least squares from first sights to ends.
struct FirstSight {
  /// The share of the ends' variance that first sights explain, adjusted for the number of features.
  let share: Double
  /// The feature that tells the most.
  let telling: String

  init?(_ shown: TaskDemonstrations, _ frame: GoalFrame) {
    let names = Array(shown.frames.featureNames.prefix(shown.policyFeatures))
    let episodes = shown.episodes
    guard episodes.count > 3 * names.count else { return nil }
    let count = Double(episodes.count)
    func standard(_ values: [Double]) -> [Double]? {
      let mean = values.reduce(0, +) / count
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
      return deviation > 1e-4 ? values.map { ($0 - mean) / deviation } : nil
    }
    var columns: [(name: String, values: [Double])] = []
    for (index, name) in names.enumerated() {
      if let values = standard(episodes.map { shown.value($0.rows.lowerBound, index) }) {
        columns.append((name, values))
      }
    }
    let ends = episodes.map { frame.end(of: $0, in: shown) }
    let targets = frame.axes.indices.compactMap { axis in standard(ends.map { $0[axis] }) }
    guard !columns.isEmpty, !targets.isEmpty else { return nil }
    // Normal equations with a whiff of ridge, through the eigenvectors: tool and joints say the same thing twice.
    let gram = columns.map { a in columns.map { b in zip(a.values, b.values).reduce(0) { $0 + $1.0 * $1.1 } / count } }
    let parts = SymmetricMatrix.eigen(gram).filter { $0.value > 1e-6 }
    var explained = 0.0
    var strongest = (name: columns[0].name, share: -1.0)
    for target in targets {
      let slopes = columns.map { column in zip(column.values, target).reduce(0) { $0 + $1.0 * $1.1 } / count }
      for part in parts {
        let along = zip(part.vector, slopes).reduce(0) { $0 + $1.0 * $1.1 }
        explained += along * along / part.value
      }
      for (column, slope) in zip(columns, slopes) where slope * slope > strongest.share {
        strongest = (column.name, slope * slope)
      }
    }
    let raw = explained / Double(targets.count)
    share = 1 - (1 - raw) * (count - 1) / max(1, count - Double(parts.count) - 1)
    telling = strongest.name
  }
}
