internal import Control
internal import Episodes

/// Finds the thresholds that ask a person in a given share of the policy's decisions (ThriftyDAgger, section 4.3): after
/// every episode, once more than 25 decisions of the present policy were seen, the upper quantile of their doubt and the
/// lower quantile of their safety.
///
/// Decisions count where the policy drove; states in which a person drove say nothing about what the policy gets into.
struct GateBudget {
  /// Decisions before the first refit, as in the paper's code.
  static let least = 26

  private let rate: Double
  private var doubts: [Float] = []
  private var safeties: [Float] = []

  /// A budget of `rate` (0…1) of all decisions.
  init(rate: Double) { self.rate = rate }

  /// Looks at a tick.
  mutating func watch(_ snapshot: Snapshot) {
    let record = snapshot.record
    guard record.decides, record.gateScore.isFinite, snapshot.state == .autonomous || snapshot.asks,
      record.policyWish[0].isFinite
    else { return }
    doubts.append(record.gateScore)
    if snapshot.safety.isFinite { safeties.append(snapshot.safety) }
  }

  /// The thresholds for what was seen so far; nil while that is too little.
  func refit() -> (doubt: Float, safety: Float)? {
    guard doubts.count >= Self.least else { return nil }
    return (
      Self.quantile(doubts, 1 - rate), safeties.count >= Self.least ? Self.quantile(safeties, rate) : -.infinity
    )
  }

  /// The least of the values that `share` of all do not exceed (the inverse of the empirical distribution).
  static func quantile(_ values: [Float], _ share: Double) -> Float {
    let sorted = values.sorted()
    let index = Int((share * Double(sorted.count)).rounded(.up)) - 1
    return sorted[min(max(0, index), sorted.count - 1)]
  }
}
