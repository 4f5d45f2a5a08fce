/// The ends that a plan foresees.
public enum SessionEnd: String, Sendable, Codable {
  /// All rounds of correction are done.
  case rounds
  /// The policy succeeded so often in a row without help that there is nothing to correct.
  case goodEnough = "good-enough"
  /// As many episodes, or frames, as were asked for.
  case episodes

  /// In the closing table of a correction session.
  var words: String {
    switch self {
    case .rounds: "all rounds are done"
    case .goodEnough: "the policy is good enough: it succeeded again and again without help"
    case .episodes: "as many episodes as allowed, before all rounds were done: the same command goes on"
    }
  }
}
