/// Asks when the ensemble disagrees: the doubt arm of EnsembleDAgger (Menda, Driggs-Campbell and Kochenderfer, IROS 2019,
/// arXiv 1807.08364, section III), which needs no expert at every state, unlike its discrepancy arm.
///
/// The threshold is the quantile of doubt that the session finds on the policy's own driving, or on what it was trained
/// on before it has driven. A single network cannot doubt: then this gate never fires, and `correct` refuses it.
public struct DoubtGate: Gate {
  /// Doubt above this is too much.
  public var threshold: Float
  /// Doubt below this share of it is well again.
  public var wellShare: Float = 0.7
  /// Decisions in a row that are too much before anybody is asked: 0.12 s at 25 Hz.
  public var dwell: Int32 = 3
  /// Good decisions in a row before it may ask again.
  public var rearm: Int32 = 5
  private var hysteresis = Hysteresis()

  /// A gate at a threshold; infinity until one is known.
  public init(threshold: Float = .infinity) { self.threshold = threshold }

  /// See `Gate.strays`.
  public mutating func strays(_ input: GateInput) -> Bool {
    hysteresis.fires(
      isBad: input.doubt > threshold, isGood: input.doubt < threshold * wellShare, dwell: dwell, rearm: rearm)
  }

  /// The policy begins anew.
  public mutating func begin() { hysteresis = Hysteresis() }
}
