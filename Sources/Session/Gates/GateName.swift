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

  /// Whether the person must act while the policy drives. None of these does; one that did would be refused while the
  /// leader mirrors.
  public var needsPersonAction: Bool { false }

  /// Whether it needs a policy of several networks.
  public var needsEnsemble: Bool { self == .ensemble || self == .thrifty }

  /// The gate as the tick runs it.
  public func choice(budget: Double, seed: UInt64) -> GateChoice {
    switch self {
    case .none: .none
    case .ensemble: .doubt(DoubtGate())
    case .thrifty: .thrifty(ThriftyGate())
    case .random: .random(RandomGate(chance: Float(budget), seed: seed))
    }
  }
}
