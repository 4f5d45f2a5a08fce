/// Asks when the state is novel or the action risky: ThriftyDAgger (Hoque et al., CoRL 2021, arXiv 2109.08273, eq. 2 and
/// section 4.3).
///
/// Novelty is the ensemble's disagreement; risk is a critic's chance that the action leads to success, low meaning risky.
/// Both thresholds follow from one number that a person understands, the share of decisions in which they are willing to
/// be asked: the session refits them after each episode (`GateBudget`). The paper's code hands over at once and without
/// dwell; here the arm holds and asks, so one odd decision must not be enough.
public struct ThriftyGate: Gate {
  /// Novelty above this is too much: δ_h.
  public var threshold: Float
  /// Safety (a logit) below this is too little: β_h.
  public var leastSafety: Float
  /// Decisions in a row before anybody is asked.
  public var dwell: Int32 = 2
  /// Good decisions in a row before it may ask again.
  public var rearm: Int32 = 5
  private var hysteresis = Hysteresis()

  /// A gate; infinities until thresholds are known.
  public init(threshold: Float = .infinity, leastSafety: Float = -.infinity) {
    self.threshold = threshold
    self.leastSafety = leastSafety
  }

  /// See `Gate.strays`. Without a critic (NaN) only novelty counts.
  public mutating func strays(_ input: GateInput) -> Bool {
    let isBad = input.doubt > threshold || input.safety < leastSafety
    return hysteresis.fires(isBad: isBad, isGood: !isBad, dwell: dwell, rearm: rearm)
  }

  /// The policy begins anew.
  public mutating func begin() { hysteresis = Hysteresis() }
}
