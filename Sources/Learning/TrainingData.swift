internal import Policy
internal import RealTime

/// A table as the nets see it: normalised, split into what is learned from and what is held out.
final class TrainingData<Scalar: TrainingScalar>: Sendable {
  /// One side of the split.
  struct Table: Sendable {
    let count: Int
    /// [row][feature]
    let features: Buffer<Scalar>
    /// [row][chunk × joint]
    let actions: Buffer<Scalar>
    /// [row]; their mean over the training side is 1
    let weights: Buffer<Scalar>
    /// [row]: how many of the row's action columns are real
    let valid: Buffer<Int32>
    /// [row]
    let episodes: [Int]
  }

  let training: Table
  let heldOut: Table
  let statistics: PolicyStatistics
  /// Names of columns that hardly vary.
  let constantFeatures: [String]
  let constantActions: [String]
  let featureCount: Int
  let actionCount: Int

  init(_ frames: Frames, _ configuration: BehaviorCloning.Configuration) throws(LearningError) {
    let used = (0..<frames.count).filter { frames.weights[$0] > 0 }
    let rows = used.filter { !frames.heldOut.contains(frames.episodes[$0]) }
    guard !rows.isEmpty else {
      throw .nothingToLearnFrom(frames: frames.count, heldOutEpisodes: frames.heldOut.count)
    }
    let features = frames.featureColumns(rows)
    var actions = frames.actionColumns(rows)
    if configuration.sharesActionScale { actions.shareScale() }
    let statistics = PolicyStatistics(features: features, actions: actions)
    constantFeatures = zip(frames.featureNames, features).filter { $0.1.std < PolicyStatistics.constantFeatureStd }
      .map(\.0)
    // Of a chunk, the first decision speaks for the joint.
    constantActions = zip(frames.actionNames, actions).filter { $0.1.std < PolicyStatistics.constantActionStd }.map(\.0)
    let weight = rows.reduce(0.0) { $0 + Double(frames.weights[$1]) } / Double(rows.count)
    self.statistics = statistics
    featureCount = frames.featureNames.count
    actionCount = frames.actionWidth
    let standardised = configuration.standardises
    training = Table(frames, rows, statistics, standardised: standardised, weight)
    let others = used.filter { frames.heldOut.contains(frames.episodes[$0]) }
    heldOut = Table(frames, others, statistics, standardised: standardised, weight)
  }
}

extension TrainingData.Table {
  init(_ frames: Frames, _ rows: [Int], _ statistics: PolicyStatistics, standardised: Bool, _ meanWeight: Double) {
    func normalised(
      _ columns: [PolicyStatistics.Normalisation], _ row: (Int) -> ArraySlice<Float>
    ) -> Buffer<Scalar> {
      let table = Buffer<Float>(rows.count * columns.count)
      for (index, source) in rows.enumerated() {
        row(source).withUnsafeBufferPointer {
          guard let first = $0.baseAddress else { return }
          (table.pointer + index * columns.count).update(from: first, count: columns.count)
        }
      }
      let result = Buffer<Scalar>(table.count)
      Scalar.standardise(
        table.pointer, rows.count, columns.count, columns.map(\.offset), columns.map { 1 / $0.scale },
        into: result.pointer)
      return result
    }
    count = rows.count
    features = normalised(statistics.featureNormalisation(standardised: standardised), frames.features(of:))
    actions = normalised(statistics.actionNormalisation(standardised: standardised), frames.actions(of:))
    weights = Buffer(rows.map { Scalar(Double(frames.weights[$0]) / meanWeight) })
    valid = Buffer(rows.map { Int32(frames.validSteps[$0] * frames.actionNames.count) })
    episodes = rows.map { frames.episodes[$0] }
  }
}

extension [PolicyStatistics.Column] {
  /// One deviation for all joints, the largest: they are of one unit, and the trembling of a joint that hardly moves must
  /// not count as much as the motion of one that works.
  fileprivate mutating func shareScale() {
    let largest = map(\.std).max() ?? 1
    // A joint that never moved stays as it is: it is only centred.
    for index in indices where self[index].std >= PolicyStatistics.constantActionStd { self[index].std = largest }
  }
}

extension PolicyStatistics.Column {
  /// Mean, deviation and range of some values.
  init(of values: [Float]) {
    let count = Double(Swift.max(1, values.count))
    let mean = values.reduce(0.0) { $0 + Double($1) } / count
    let square = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    self.init(
      mean: Float(mean), std: Float(square.squareRoot()), min: values.min() ?? 0, max: values.max() ?? 0)
  }
}

extension Frames {
  /// The columns of the features over `rows`.
  func featureColumns(_ rows: [Int]) -> [PolicyStatistics.Column] {
    let width = featureNames.count
    return (0..<width).map { index in .init(of: rows.map { features[$0 * width + index] }) }
  }

  /// The columns of the actions over those of `rows` in which they are real.
  func actionColumns(_ rows: [Int]) -> [PolicyStatistics.Column] {
    (0..<actionWidth).map { index in
      let real = rows.filter { index < validSteps[$0] * actionNames.count }
      return .init(of: real.map { actions[$0 * actionWidth + index] })
    }
  }
}
