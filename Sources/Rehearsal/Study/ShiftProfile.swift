/// Covariate shift, measured: how much a policy errs, and how often it succeeds, by how long it has been off the states that
/// the expert visits. Behaviour cloning promises nothing there, and what it does there leads further off (Ross, Gordon and
/// Bagnell, AISTATS 2011, section 2).
public struct ShiftProfile: Sendable, Codable, Equatable {
  /// Where the classes of time off begin, in s; before the first the policy is among the expert's states.
  public static let edges_s = [0.04, 0.2, 0.5, 1.0]

  /// Decisions and episodes of one class.
  public struct Class: Sendable, Codable, Equatable {
    /// Decisions taken so long after leaving the expert's states.
    public var decisions = 0
    /// Sum over them of the root mean square over the joints of what the policy did − what the expert would do, in rad.
    public var error_rad = 0.0
    /// Episodes whose longest time off is of this class.
    public var episodes = 0
    /// Those of them that succeeded.
    public var successes = 0

    /// Mean error of a decision, in rad; NaN without one.
    public var meanError_rad: Double { error_rad / Double(decisions) }
  }

  /// From "among the expert's states" to "longer than the last edge".
  public var classes = [Class](repeating: Class(), count: edges_s.count + 1)

  /// Nothing measured.
  public init() {}

  /// The class of so much time off.
  static func index(_ time_s: Double) -> Int { edges_s.count { time_s >= $0 - 1e-9 } }

  /// Both together.
  static func + (one: ShiftProfile, other: ShiftProfile) -> ShiftProfile {
    var sum = one
    for (index, more) in other.classes.enumerated() {
      sum.classes[index].decisions += more.decisions
      sum.classes[index].error_rad += more.error_rad
      sum.classes[index].episodes += more.episodes
      sum.classes[index].successes += more.successes
    }
    return sum
  }
}
