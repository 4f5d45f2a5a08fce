/// Whether what is seen when an episode begins tells where it will end: least squares from first sights to ends; where
/// episodes are too few for that, whether they end at an object that is seen, or always as far from it.
struct FirstSight {
  /// The share of the ends' variance that first sights explain, adjusted for the number of features.
  let share: Double
  /// The feature that tells the most.
  let telling: String

  private init(share: Double, telling: String) {
    self.share = share
    self.telling = telling
  }

  init?(_ shown: TaskDemonstrations, _ frame: GoalFrame) {
    let names = Array(shown.frames.featureNames.prefix(shown.policyFeatures))
    let episodes = shown.episodes
    guard episodes.count > 3 * names.count else {
      self.init(ofObjects: shown, frame)
      return
    }
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
    self.init(
      share: 1 - (1 - raw) * (count - 1) / max(1, count - Double(parts.count) - 1), telling: strongest.name)
  }

  /// Without anything to fit: how much less ends vary as seen from where an object lay at first.
  private init?(ofObjects shown: TaskDemonstrations, _ frame: GoalFrame) {
    let names = shown.frames.featureNames.prefix(shown.policyFeatures)
    let ends = shown.episodes.map { frame.end(of: $0, in: shown) }
    func variance(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / Double(values.count)
      return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    }
    var shares: [Double] = []
    var strongest = (name: "", share: 0.0)
    for (place, axis) in frame.axes.enumerated() {
      let all = variance(ends.map { $0[place] })
      guard all > 1e-8 else { continue }
      var best = 0.0
      for point in shown.points.dropFirst() {
        guard let column = shown.column("\(point).\(axis)"),
          let seen = names.first(where: { Self.speaks($0, point, axis) })
        else { continue }
        let rest = zip(shown.episodes, ends).map { $1[place] - shown.value($0.rows.lowerBound, column) }
        let share = 1 - variance(rest) / all
        best = max(best, share)
        if share > strongest.share { strongest = (seen, share) }
      }
      shares.append(best)
    }
    guard !shares.isEmpty else { return nil }
    self.init(share: shares.reduce(0, +) / Double(shares.count), telling: strongest.name)
  }

  /// Whether a feature speaks of an object's place along an axis: `mark.x`, `mark-tool.x`, `tanh(goal-mark.x/0.010)`.
  private static func speaks(_ feature: String, _ point: String, _ axis: String) -> Bool {
    let words = feature.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    return words.contains { $0 == point } && words.contains { $0 == axis }
  }
}
