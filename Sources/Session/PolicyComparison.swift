internal import Foundation

/// Two policies beside each other: on identical starts of the twin in pairs, on an arm interleaved and unpaired.
public struct PolicyComparison: Sendable, Codable, CustomStringConvertible {
  /// The policies' folders.
  public var names: [String]
  /// How each did.
  public var rates: [SuccessRate]
  /// Difference of their shares, first minus second.
  public var difference: Double
  /// Its 95 % interval for unpaired shares (Newcombe 1998, method 10); nil where starts were paired.
  public var low: Double?
  /// Its upper end.
  public var high: Double?
  /// Starts where only the first succeeded, and only the second; nil where starts were not paired.
  public var onlyFirst: Int?
  /// Starts where only the second succeeded.
  public var onlySecond: Int?
  /// Exact McNemar test, two-sided, at the number of starts that was fixed before; nil where starts were not paired.
  public var p: Double?

  /// The same starts for both.
  public init(paired names: [String], _ first: [Bool], _ second: [Bool]) {
    self.names = names
    let pairs = Array(zip(first, second))
    rates = [
      SuccessRate(successes: pairs.count { $0.0 }, trials: pairs.count),
      SuccessRate(successes: pairs.count { $0.1 }, trials: pairs.count),
    ]
    difference = rates[0].share - rates[1].share
    let b = pairs.count { $0.0 && !$0.1 }, c = pairs.count { $0.1 && !$0.0 }
    onlyFirst = b
    onlySecond = c
    p = Self.mcNemar(b, c)
  }

  /// Starts of their own for each.
  public init(unpaired names: [String], _ first: SuccessRate, _ second: SuccessRate) {
    self.names = names
    rates = [first, second]
    guard first.trials > 0, second.trials > 0 else {
      difference = .nan
      return
    }
    difference = first.share - second.share
    let a = first.interval, b = second.interval
    let below = (first.share - a.lowerBound, b.upperBound - second.share)
    let above = (a.upperBound - first.share, second.share - b.lowerBound)
    low = difference - (below.0 * below.0 + below.1 * below.1).squareRoot()
    high = difference + (above.0 * above.0 + above.1 * above.1).squareRoot()
  }

  /// The chance that discordant pairs split as unevenly as `b` to `c`, or more, if both policies were alike: twice the tail
  /// of a fair coin (McNemar 1947, exact form).
  static func mcNemar(_ b: Int, _ c: Int) -> Double {
    let n = b + c
    guard n > 0 else { return 1 }
    // Binomial coefficients by their ratios, in logarithms: n may be in the thousands.
    var logarithm = -Double(n) * log(2.0)
    var tail = exp(logarithm)
    for i in 0..<min(b, c) {
      logarithm += log(Double(n - i) / Double(i + 1))
      tail += exp(logarithm)
    }
    return min(1, 2 * tail)
  }

  /// For people.
  public var description: String {
    var lines = zip(names, rates).map { "  \($0): \($1.successes) of \($1.trials), \($1.text)" }
    let signed = difference.isNaN ? "–" : String(format: "%+.2f", difference)
    if let p, let onlyFirst, let onlySecond {
      lines.append(
        "  difference \(signed) on the same starts; only the first succeeded in \(onlyFirst), only the second in "
          + "\(onlySecond): p = \(String(format: "%.2g", p)) (exact McNemar)")
    } else if let low, let high {
      lines.append(
        "  difference \(signed) (\(String(format: "%+.2f", low)) to \(String(format: "%+.2f", high))), starts interleaved"
      )
    }
    return lines.joined(separator: "\n")
  }
}

extension SessionReport {
  /// Two of the policies that drove, by their folders; nil where one of them did not drive alone.
  public func comparison(_ first: String, _ second: String) -> PolicyComparison? {
    let rows = [first, second].compactMap { path in
      byPolicy.first { $0.policy == URL(filePath: path).lastPathComponent }
    }
    guard rows.count == 2 else { return nil }
    let rates = rows.map { SuccessRate(successes: $0.successes, trials: $0.alone) }
    return PolicyComparison(unpaired: rows.map(\.policy), rates[0], rates[1])
  }
}
