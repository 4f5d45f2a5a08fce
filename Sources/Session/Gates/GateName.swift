public import Control
internal import RealTime

/// The gates that a person can choose, by the names of `correct --gate`.
public enum GateName: String, Sendable, CaseIterable, Codable {
  /// Nobody asks: the person watches and decides (HG-DAgger).
  case none
  /// The ensemble's doubt (EnsembleDAgger's doubt arm).
  case ensemble
  /// Novelty and learned risk within an intervention budget (ThriftyDAgger).
  case thrifty
  /// A coin, as often as the budget says: the floor.
  case random
  /// Classic DAgger (Ross, Gordon and Bagnell, AISTATS 2011) by a person: label mode. The policy drives to the end of each
  /// episode, and the person moves the limp leader all the while as they would move the arm; that is recorded as the
  /// action of every frame, and never sent.
  case dagger

  /// Whether the person must act while the policy drives. The leader cannot mirror the arm then, and a hand on it cannot be
  /// felt: key or pedal take over.
  public var needsPersonAction: Bool { self == .dagger }

  /// Whether it needs a policy of several networks.
  public var needsEnsemble: Bool { self == .ensemble || self == .thrifty }

  /// The gate as the tick runs it.
  public func choice(budget: Double, seed: UInt64) -> GateChoice {
    switch self {
    case .none, .dagger: .none
    case .ensemble: .doubt(DoubtGate())
    case .thrifty: .thrifty(ThriftyGate())
    case .random: .random(RandomGate(chance: Float(budget), seed: seed))
    }
  }
}
