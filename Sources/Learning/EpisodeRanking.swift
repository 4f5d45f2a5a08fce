internal import Policy
public import RealTime

/// Which demonstrations disagree with the others: those that a policy learned from all the others predicts worst.
///
/// Cross-validation by episodes: the episodes are dealt into folds, a single network learns from all folds but one, and
/// its error is counted on the episodes of that one. A demonstration far above the median is worth a look: a slip, another
/// way to do the task, or a start that nobody else showed.
public struct EpisodeRanking: Sendable, Equatable {
  /// One episode.
  public struct Entry: Sendable, Equatable {
    /// Its number in the table.
    public var episode: Int
    /// Its frames.
    public var frames: Int
    /// Root mean square error over its frames and joints, as a share of each joint's standard deviation.
    public var error: Double
    /// Whether it is held out anyway.
    public var isHeldOut: Bool
  }

  /// The worst first.
  public let entries: [Entry]

  /// The error of the episode in the middle.
  public var median: Double { entries.isEmpty ? .nan : entries[entries.count / 2].error }

  /// Those whose error is more than three times the median.
  public var suspects: [Entry] { entries.filter { $0.error > 3 * median } }

  /// Trains `folds` single networks by `configuration` and ranks every episode that counts.
  public init(
    _ frames: Frames, _ configuration: BehaviorCloning.Configuration, folds: Int = 5, seed: UInt64,
    clock: TickClock = .monotonic, progress: (Double) -> Bool = { _ in true }
  ) throws(LearningError) {
    let rows = Dictionary(grouping: (0..<frames.count).filter { frames.weights[$0] > 0 }) { frames.episodes[$0] }
    let episodes = rows.keys.sorted()
    let folds = min(folds, episodes.count)
    guard folds > 1 else {
      throw .configuration(key: "episodes", found: "\(episodes.count)", expected: "two or more, to compare them")
    }
    var recipe = configuration
    recipe.ensemble = 1
    recipe.quantizationAware = 0
    var entries: [Entry] = []
    for fold in 0..<folds {
      var table = frames
      // Dealt in turn, so that a fold holds early and late episodes alike.
      table.heldOut = Set(episodes.enumerated().filter { $0.offset % folds == fold }.map(\.element))
      var stopped = false
      let trained = try BehaviorCloning.train(table, recipe, seed: seed, clock: clock) { point in
        stopped = !progress((Double(fold) + Double(point.step) / Double(point.steps)) / Double(folds))
        return !stopped
      }
      if stopped { break }
      for episode in table.heldOut.sorted() {
        let own = rows[episode] ?? []
        let error: Double
        do throws(PolicyError) {
          error = Self.share(try trained.error(on: frames, rows: own), trained.statistics.actions)
        } catch {
          throw .policy(error)
        }
        entries.append(
          Entry(
            episode: episode, frames: own.count, error: error, isHeldOut: frames.heldOut.contains(episode)))
      }
    }
    self.entries = entries.sorted { ($0.error, $1.episode) > ($1.error, $0.episode) }
  }

  /// Root mean square over the columns, each in its own deviations; constant ones say nothing.
  private static func share(_ errors: [Float], _ columns: [PolicyStatistics.Column]) -> Double {
    let shares = zip(errors, columns).compactMap { error, column -> Double? in
      guard error.isFinite, column.std >= PolicyStatistics.constantActionStd else { return nil }
      return Double(error / column.std)
    }
    return (shares.reduce(0) { $0 + $1 * $1 } / Double(max(1, shares.count))).squareRoot()
  }
}
