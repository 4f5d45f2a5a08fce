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
  /// Columns of an action: chunk × joints.
  let actionCount: Int
  let chunk: Int
  let joints: [String]
  /// What the networks' last layer means.
  let head: ActionHead

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
    featureCount = frames.featureWidth
    actionCount = frames.actionWidth
    chunk = frames.chunk
    joints = frames.actionNames
    head = try configuration.head.actionHead(frames, rows)
    let standardised = configuration.standardises
    training = Table(frames, rows, statistics, head, standardised: standardised, weight)
    let others = used.filter { frames.heldOut.contains(frames.episodes[$0]) }
    heldOut = Table(frames, others, statistics, head, standardised: standardised, weight)
  }
}

extension TrainingData.Table {
  init(
    _ frames: Frames, _ rows: [Int], _ statistics: PolicyStatistics, _ head: ActionHead, standardised: Bool,
    _ meanWeight: Double
  ) {
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
    let input = statistics.featureNormalisation(standardised: standardised)
    features = normalised((0..<frames.history).flatMap { _ in input }, frames.features(of:))
    actions = normalised(statistics.actionNormalisation(standardised: standardised), frames.actions(of:))
    weights = Buffer(rows.map { Scalar(Double(frames.weights[$0]) / meanWeight) })
    valid = Buffer(rows.map { Int32(frames.validSteps[$0] * frames.actionNames.count) })
    episodes = rows.map { frames.episodes[$0] }
    for column in 0..<frames.actionWidth {
      guard let levels = head.levels(of: frames.actionNames[column % frames.actionNames.count]) else { continue }
      for (index, row) in rows.enumerated() {
        let value = frames.actions[row * frames.actionWidth + column]
        actions.pointer[index * frames.actionWidth + column] = Scalar(Self.nearest(value, in: levels))
      }
    }
  }

  /// The place of the level that is nearest to a value.
  private static func nearest(_ value: Float, in levels: [Float]) -> Int {
    levels.indices.min { abs(levels[$0] - value) < abs(levels[$1] - value) } ?? 0
  }
}

extension BehaviorCloning.Configuration.Head {
  /// The head of the policy that is learned from `rows`: levels are cut from what the joints did there.
  func actionHead(_ frames: Frames, _ rows: [Int]) throws(LearningError) -> ActionHead {
    switch self {
    case .mean: return .mean
    case .mixture(let components): return .mixture(components: components)
    case .categorical(let counts):
      var levels: [String: [Float]] = [:]
      for (joint, count) in counts.sorted(by: { $0.key < $1.key }) {
        guard let place = frames.actionNames.firstIndex(of: joint) else {
          throw .configuration(
            key: "head.categorical", found: joint, expected: "one of \(frames.actionNames.joined(separator: ", "))")
        }
        levels[joint] = Self.levels(frames.values(of: place, rows), count)
        if levels[joint]?.count ?? 0 < 2 { throw .oneLevel(joint: joint) }
      }
      return .categorical(levels: levels)
    }
  }

  /// The range in `count` equal parts; the mean of what lies in each that is not empty.
  static func levels(_ values: [Float], _ count: Int) -> [Float] {
    guard let least = values.min(), let greatest = values.max(), least < greatest else {
      return values.min().map { [$0] } ?? []
    }
    var sums = [Double](repeating: 0, count: count)
    var members = [Int](repeating: 0, count: count)
    for value in values {
      let part = min(count - 1, Int(Float(count) * (value - least) / (greatest - least)))
      sums[part] += Double(value)
      members[part] += 1
    }
    return zip(sums, members).compactMap { $1 > 0 ? Float($0 / Double($1)) : nil }
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
  /// The columns of the present decision's features over `rows`; those before it are normalised alike.
  func featureColumns(_ rows: [Int]) -> [PolicyStatistics.Column] {
    featureNames.indices.map { index in .init(of: rows.map { features[$0 * featureWidth + index] }) }
  }

  /// All real actions of a joint over `rows`.
  func values(of joint: Int, _ rows: [Int]) -> [Float] {
    rows.flatMap { row in
      (0..<validSteps[row]).map { actions[row * actionWidth + $0 * actionNames.count + joint] }
    }
  }

  /// The columns of the actions over those of `rows` in which they are real.
  func actionColumns(_ rows: [Int]) -> [PolicyStatistics.Column] {
    (0..<actionWidth).map { index in
      let real = rows.filter { index < validSteps[$0] * actionNames.count }
      return .init(of: real.map { actions[$0 * actionWidth + index] })
    }
  }
}
