internal import Foundation
internal import Learning
internal import Policy

/// Figures that a policy's folder carries for those who decide about it later: gates and the check of a candidate.
extension PolicyTraining {
  /// The 99 % quantile of the ensemble's doubt on what it was trained on.
  static let doubtMetric = "doubt on training data, 99 %"
  /// The 1 % quantile of the critic's logit on what the policy met.
  static let safetyMetric = "safety on training data, 1 %"
  /// The share of training rows in which some action lies at the edge of what was seen.
  static let atLimitsMetric = "actions at their limits, share"
  /// Held-out episodes with corrections.
  static let heldOutCorrectionsMetric = "held-out correction episodes"
  /// Error on their rows, in standard deviations of the actions.
  static let heldOutErrorMetric = "error on held-out corrections"
  /// The same of the policy before.
  static let parentErrorMetric = "error of the policy before on held-out corrections"

  /// Where a policy's folder keeps its critic.
  static func criticFolder(in policy: URL) -> URL { policy.appending(path: "critic") }

  func addFigures(
    to description: inout PolicyDescription, _ trained: TrainedPolicy, _ frames: Frames, _ classes: [RowClass]
  ) throws {
    var metrics = description.lineage.metrics ?? [:]
    let policy = try trained.policy(description)
    let person = (0..<frames.count).filter { classes[$0] == .demonstration || classes[$0] == .intervention }
    let answers = Answers(policy, frames, rows: person)
    if description.network.ensemble > 1 { metrics[Self.doubtMetric] = answers.doubtQuantile(0.99) }
    metrics[Self.atLimitsMetric] = answers.shareAtLimits
    let heldOut = frames.heldOutRows.filter { classes[$0] == .intervention }
    let episodes = Set(heldOut.map { frames.episodes[$0] }).count
    metrics[Self.heldOutCorrectionsMetric] = Double(episodes)
    if episodes > 0 {
      metrics[Self.heldOutErrorMetric] = Answers(policy, frames, rows: heldOut).error
      if let parent {
        // A parent with other features or chunks cannot be compared: then there is no figure, and the check says so.
        let before = try Policy.load(parent)
        if before.featureCount == policy.featureCount, before.actionCount == policy.actionCount {
          metrics[Self.parentErrorMetric] = Answers(before, frames, rows: heldOut).error
        }
      }
    }
    description.lineage.metrics = metrics
  }
}

/// What a policy answers to some rows.
private struct Answers {
  private var doubts: [Float] = []
  private(set) var shareAtLimits = 0.0
  /// Root mean square error in standard deviations of the actions.
  private(set) var error = 0.0

  init(_ policy: Policy, _ frames: Frames, rows: [Int]) {
    let columns = policy.description.statistics.actions
    var given = [Float](repeating: 0, count: policy.actionCount)
    var squares = 0.0, counted = 0, atLimits = 0
    for row in rows {
      let doubt = frames.features(of: row).withUnsafeBufferPointer { features in
        given.withUnsafeMutableBufferPointer { policy.infer(features, mean: $0) }
      }
      if doubt.isFinite { doubts.append(doubt) }
      let real = frames.validSteps[row] * frames.actionNames.count
      var isAtLimit = false
      for (index, wanted) in frames.actions(of: row).prefix(real).enumerated() {
        let column = columns[index]
        guard column.std >= PolicyStatistics.constantActionStd else { continue }
        let difference = Double((given[index] - wanted) / column.std)
        squares += difference * difference
        counted += 1
        if given[index] <= column.min || given[index] >= column.max { isAtLimit = true }
      }
      if isAtLimit { atLimits += 1 }
    }
    shareAtLimits = rows.isEmpty ? 0 : Double(atLimits) / Double(rows.count)
    error = counted > 0 ? (squares / Double(counted)).squareRoot() : 0
  }

  func doubtQuantile(_ share: Double) -> Double? {
    doubts.isEmpty ? nil : Double(GateBudget.quantile(doubts, share))
  }
}
