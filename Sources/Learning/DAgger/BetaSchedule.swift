internal import Foundation

/// How often the expert's own action is carried out while states are collected: β of classic DAgger (Ross, Gordon and Bagnell,
/// AISTATS 2011, section 3.1). In each decision a coin falls for the expert with chance β.
///
/// β must go to zero on average as iterations go on. The first iteration is the expert's demonstrations: β = 1 in each.
public enum BetaSchedule: Sendable, Hashable, Codable {
  /// The expert in the first iteration only: what the paper finds to work best without tuning.
  case indicator
  /// Down to zero in equal parts over so many iterations.
  case linear(iterations: Int)
  /// p to the power of the iterations before.
  case exponential(Double)

  /// What `init` reads.
  public static let form = "indicator (never), linear (less from round to round) or exponential (half as often each)"

  /// `indicator`, `linear` (to zero after so many rounds of corrections) or `exponential` (p = ½); nil for anything else.
  public init?(_ name: String, rounds: Int) {
    switch name {
    case "indicator": self = .indicator
    case "linear": self = .linear(iterations: rounds + 1)
    case "exponential": self = .exponential(0.5)
    default: return nil
    }
  }

  /// The chance of the expert's action in an iteration, counted from 1.
  public func beta(iteration: Int) -> Double {
    let before = max(0, iteration - 1)
    switch self {
    case .indicator: return before == 0 ? 1 : 0
    case .linear(let iterations): return max(0, 1 - Double(before) / Double(max(1, iterations)))
    case .exponential(let share): return pow(share, Double(before))
    }
  }
}
