// Gates: what asks for a person while the policy drives.
//
//     policy ─ doubt, safety ─▶ Gate.strays ─ true ─▶ hold, ask ─▶ a person takes over, or says "go on"
//
// A gate never hands over. When it fires the arm holds where it is and the session asks; who answers is a person. Each
// gate is a page with its paper; all of them look at one decision at a time and run inside the tick.
// Units: doubt as `Policy.infer` gives it (training variances); safety is the logit of the critic's chance of success.

/// What a gate sees of one decision of the policy.
public struct GateInput: BitwiseCopyable, Sendable {
  /// The ensemble's disagreement; NaN from a single network.
  public var doubt: Float
  /// The critic's logit of the chance that this action leads to success; NaN without a critic.
  public var safety: Float

  /// A decision.
  public init(doubt: Float, safety: Float = .nan) {
    self.doubt = doubt
    self.safety = safety
  }
}

/// Something that watches the policy's decisions and says when to ask a person.
public protocol Gate: BitwiseCopyable, Sendable {
  /// Looks at one decision; true in the one in which a person should be asked. Once fired it stays quiet until the
  /// policy is well again, so that nobody is asked twice for the same thing.
  mutating func strays(_ input: GateInput) -> Bool
  /// The policy begins anew: an episode, or after a person has driven.
  mutating func begin()
  /// The number that `doubt` is compared with, for whoever watches; NaN where there is none.
  var threshold: Float { get }
}

/// The gate in use: one of the four, without an existential in the tick.
public enum GateChoice: BitwiseCopyable, Sendable {
  /// Nobody asks; a person decides alone (HG-DAgger).
  case none
  /// The ensemble's doubt.
  case doubt(DoubtGate)
  /// Novelty and learned risk.
  case thrifty(ThriftyGate)
  /// A size-matched coin.
  case random(RandomGate)

  /// Looks at one decision; see `Gate.strays`.
  public mutating func strays(_ input: GateInput) -> Bool {
    switch self {
    case .none: return false
    case .doubt(var gate):
      defer { self = .doubt(gate) }
      return gate.strays(input)
    case .thrifty(var gate):
      defer { self = .thrifty(gate) }
      return gate.strays(input)
    case .random(var gate):
      defer { self = .random(gate) }
      return gate.strays(input)
    }
  }

  /// The policy begins anew.
  public mutating func begin() {
    switch self {
    case .none: break
    case .doubt(var gate):
      gate.begin()
      self = .doubt(gate)
    case .thrifty(var gate):
      gate.begin()
      self = .thrifty(gate)
    case .random(var gate):
      gate.begin()
      self = .random(gate)
    }
  }

  /// What doubt is compared with, for whoever watches.
  public var threshold: Float {
    switch self {
    case .none: .nan
    case .doubt(let gate): gate.threshold
    case .thrifty(let gate): gate.threshold
    case .random(let gate): gate.threshold
    }
  }

  /// New thresholds, between episodes: for doubt, and (of the gate that has one) for safety.
  public mutating func set(doubt: Float, safety: Float) {
    switch self {
    case .none, .random: break
    case .doubt(var gate):
      gate.threshold = doubt
      self = .doubt(gate)
    case .thrifty(var gate):
      gate.threshold = doubt
      gate.leastSafety = safety
      self = .thrifty(gate)
    }
  }
}

/// Fires after `dwell` decisions in a row, and again only after as many good ones: one odd decision asks nobody, and an
/// edge crossed to and fro asks once.
struct Hysteresis: BitwiseCopyable, Sendable {
  private var bad: Int32 = 0
  private var good: Int32 = 0
  private(set) var isFired = false

  init() {}

  /// `isBad` decides firing, `isGood` (stricter than its opposite) rearming.
  mutating func fires(isBad: Bool, isGood: Bool, dwell: Int32, rearm: Int32) -> Bool {
    bad = isBad ? bad + 1 : 0
    good = isGood ? good + 1 : 0
    if isFired {
      if good >= rearm { isFired = false }
      return false
    }
    guard bad >= dwell else { return false }
    isFired = true
    return true
  }
}
