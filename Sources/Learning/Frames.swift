public import Episodes
internal import RealTime

/// What a policy learns from: a table, a row a decision.
///
///     var frames = Frames(features: rig.features, actions: ["shoulder_pan", …])
///     frames.append(features: [0.1, …], actions: [0.02, …], episode: 3)
///     frames.holdOut(share: 0.1)
///
/// A pure table: it knows no dataset and no arm. Rows of one episode must share its number, because episodes, not rows,
/// are held out: neighbouring rows are nearly equal and would make every policy look good.
public struct Frames: Sendable, Equatable {
  /// Names of the columns of `features`.
  public let featureNames: [String]
  /// Names of the joints of an action.
  public let actionNames: [String]
  /// Decisions that one row's actions reach ahead.
  public let chunk: Int
  /// Decisions that one row's features reach back, the present one included.
  public let history: Int

  /// [row][decision][feature], the present decision first.
  public private(set) var features: [Float] = []
  /// [row][chunk × joint]
  public private(set) var actions: [Float] = []
  /// How much each row counts; 0 leaves it out.
  public var weights: [Float] = []
  /// The episode of each row.
  public private(set) var episodes: [Int] = []
  /// Who commanded each row.
  public private(set) var sources: [Source] = []
  /// How many of a row's `chunk` decisions are real; what stands behind them is ignored. (To repeat the last action
  /// there would teach the policy to stop.)
  public private(set) var validSteps: [Int] = []
  /// Episodes that are never learned from, only measured on.
  public var heldOut: Set<Int> = []

  /// An empty table.
  public init(features: [String], actions: [String], chunk: Int = 1, history: Int = 1) {
    featureNames = features
    actionNames = actions
    self.chunk = chunk
    self.history = history
  }

  /// The number of rows.
  public var count: Int { episodes.count }
  /// The columns of `features`: history × features.
  public var featureWidth: Int { history * featureNames.count }
  /// The columns of `actions`: chunk × joints.
  public var actionWidth: Int { chunk * actionNames.count }

  /// Makes room for so many rows at once, so that a large table is not copied while it grows.
  public mutating func reserve(_ rows: Int) {
    features.reserveCapacity(rows * featureWidth)
    actions.reserveCapacity(rows * actionWidth)
    weights.reserveCapacity(rows)
    episodes.reserveCapacity(rows)
    sources.reserveCapacity(rows)
    validSteps.reserveCapacity(rows)
  }

  /// Adds a row. `features` and `actions` have a value for each decision and name.
  public mutating func append(
    features: some Collection<Float>, actions: some Collection<Float>, episode: Int, source: Source = .person,
    weight: Float = 1, validSteps: Int? = nil
  ) {
    precondition(features.count == featureWidth, "a row has one value for each decision and feature")
    precondition(actions.count == actionWidth, "a row has one value for each decision and joint")
    self.features.append(contentsOf: features)
    self.actions.append(contentsOf: actions)
    weights.append(weight)
    episodes.append(episode)
    sources.append(source)
    self.validSteps.append(min(validSteps ?? chunk, chunk))
  }

  /// Adds all rows of another table with the same columns.
  public mutating func append(_ other: Frames) {
    precondition(
      other.featureNames == featureNames && other.actionNames == actionNames && other.chunk == chunk
        && other.history == history,
      "tables with other columns cannot be joined")
    features += other.features
    actions += other.actions
    weights += other.weights
    episodes += other.episodes
    sources += other.sources
    validSteps += other.validSteps
    heldOut.formUnion(other.heldOut)
  }

  /// Holds out about `share` of the episodes, chosen by a hash of their numbers: the same ones for ever, whatever else
  /// is in the table. A single episode is not held out, nor are all.
  public mutating func holdOut(share: Double) {
    let all = Set(episodes)
    heldOut = all.filter { episode in
      var hash = SplitMix64(seed: UInt64(bitPattern: Int64(episode)))
      return hash.uniform() < share
    }
    if heldOut == all { heldOut = [] }
  }

  /// The rows of held-out episodes that count.
  public var heldOutRows: [Int] { (0..<count).filter { weights[$0] > 0 && heldOut.contains(episodes[$0]) } }

  /// The features of a row.
  public func features(of row: Int) -> ArraySlice<Float> {
    features[(row * featureWidth)..<((row + 1) * featureWidth)]
  }

  /// The actions of a row.
  public func actions(of row: Int) -> ArraySlice<Float> {
    actions[(row * actionWidth)..<((row + 1) * actionWidth)]
  }
}

extension Frames {
  /// Refuses what would poison a policy, by name and row.
  func validate() throws(LearningError) {
    guard count > 0 else { throw .empty }
    let sizes = [featureNames.count, actionNames.count]
    guard sizes.allSatisfy({ (1...64).contains($0) }), (1...256).contains(chunk), (1...64).contains(history)
    else {
      throw .configuration(
        key: "columns",
        found: "\(sizes[0]) features, \(sizes[1]) joints, a chunk of \(chunk), a history of \(history)",
        expected: "1 to 64 features, 1 to 64 joints, a chunk of 1 to 256 and a history of 1 to 64 decisions")
    }
    if let place = features.firstIndex(where: { !$0.isFinite }) {
      let (row, column) = place.quotientAndRemainder(dividingBy: featureWidth)
      throw .notFinite(
        kind: "feature", name: featureNames[column % featureNames.count], value: features[place], row: row,
        episode: episodes[row])
    }
    for row in 0..<count {
      let real = validSteps[row] * actionNames.count
      guard let place = actions(of: row).prefix(real).firstIndex(where: { !$0.isFinite }) else { continue }
      let name = actionNames[(place - row * actionWidth) % actionNames.count]
      throw .notFinite(kind: "action", name: name, value: actions[place], row: row, episode: episodes[row])
    }
    if let row = weights.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
      throw .weight(value: weights[row], row: row, episode: episodes[row])
    }
  }
}
