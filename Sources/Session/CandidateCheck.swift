internal import Foundation
internal import Policy

/// What a newly trained policy has to show before it may drive.
///
/// That its weights are finite and that int8 decides as f32 does was checked on loading and in training. Here: that it
/// answers the data it learned from without running into its limits, and that on held-out episodes of corrections it is not
/// worse than its parent by more than a tenth. All figures come from the training child (`PolicyTraining`), so this is a
/// pure function of `policy.json`.
struct CandidateCheck {
  /// The loss on held-out rows may be so many times the parent's.
  static let worst = 1.1
  /// Held-out episodes with corrections that make that comparison mean something.
  static let leastHeldOut = 3
  /// The share of training rows whose action may lie at the edge of what was seen.
  static let mostAtLimits = 0.2

  enum Verdict: Equatable {
    /// It may drive; the sentence says what was or could not be compared.
    case promoted(String)
    /// The policy before goes on.
    case refused(String)
  }

  static func judge(_ description: PolicyDescription) -> Verdict {
    let metrics = description.lineage.metrics ?? [:]
    if let odd = metrics.first(where: { !$0.value.isFinite }) {
      return .refused("its figure \"\(odd.key)\" is \(odd.value)")
    }
    if let share = metrics[PolicyTraining.atLimitsMetric], share > mostAtLimits {
      return .refused(
        "\(percent(share)) of its actions on its own training data lie at the edge of what was seen, more than the "
          + "\(percent(mostAtLimits)) allowed")
    }
    let episodes = metrics[PolicyTraining.heldOutCorrectionsMetric] ?? 0
    guard Int(episodes) >= leastHeldOut, let own = metrics[PolicyTraining.heldOutErrorMetric],
      let before = metrics[PolicyTraining.parentErrorMetric], before > 0
    else {
      return .promoted(
        "\(Int(episodes)) held-out correction episodes are too few to compare it with the policy before: watch it, and "
          + "press b to go back")
    }
    guard own <= worst * before else {
      return .refused(
        "on \(Int(episodes)) held-out correction episodes its error is \(short(own / before)) times that of the policy "
          + "before, more than \(worst)")
    }
    return .promoted(
      "on \(Int(episodes)) held-out correction episodes its error is \(short(own / before)) times that of the policy before"
    )
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
  private static func short(_ ratio: Double) -> String { String(format: "%.2f", ratio) }
}
