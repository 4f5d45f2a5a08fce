internal import RealTime

/// Asks by a coin: the floor that every other gate has to beat at equal budgets (the random arm of active learning; cf.
/// Settles, 2009, section 6.1).
///
/// Whatever good a gate seems to do may come from a person's frames as such; a gate that tosses a coin as often gets as
/// many frames from states chosen by nothing.
public struct RandomGate: Gate {
  /// The chance of asking in one decision.
  public var chance: Float
  /// Fired once in this stretch of driving already.
  private var isFired = false
  private var random: SplitMix64

  /// A coin with its own seed.
  public init(chance: Float, seed: UInt64) {
    self.chance = chance
    random = SplitMix64(seed: seed)
  }

  /// A coin is not compared with doubt.
  public var threshold: Float { .nan }

  /// See `Gate.strays`.
  public mutating func strays(_ input: GateInput) -> Bool {
    guard !isFired else { return false }
    isFired = Float(random.uniform()) < chance
    return isFired
  }

  /// The policy begins anew.
  public mutating func begin() { isFired = false }
}
