/// Successes out of trials, with the 95 % Wilson score interval (Wilson 1927): right also near 0 and 1 and for few trials.
public struct SuccessRate: Sendable, Equatable, Codable {
  /// How many succeeded.
  public var successes: Int
  /// Out of how many.
  public var trials: Int

  /// Nothing tried yet.
  public init(successes: Int = 0, trials: Int = 0) {
    self.successes = successes
    self.trials = trials
  }

  /// Counts one more.
  public mutating func add(_ success: Bool) {
    trials += 1
    if success { successes += 1 }
  }

  /// The share, NaN without trials.
  public var share: Double { Double(successes) / Double(trials) }

  /// The interval that holds the true rate in 95 of 100 such experiments; 0…1 without trials.
  public var interval: ClosedRange<Double> {
    guard trials > 0 else { return 0...1 }
    let n = Double(trials)
    let z = 1.959963984540054
    let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    return max(0, centre - half)...min(1, centre + half)
  }

  /// For tables: `.78 (.65–.87)`.
  public var text: String {
    guard trials > 0 else { return "–" }
    return "\(Self.short(share)) (\(Self.short(interval.lowerBound))–\(Self.short(interval.upperBound)))"
  }

  private static func short(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths == 100 ? "1.00" : hundredths < 10 ? ".0\(hundredths)" : ".\(hundredths)"
  }
}
