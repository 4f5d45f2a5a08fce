import Foundation
import Testing

@testable import Session

/// Two policies beside each other.
@Suite struct ComparisonTests {
  /// Values of R's `binom.test(b, b + c)$p.value`, which the exact McNemar test is.
  @Test(arguments: [(0, 0, 1), (5, 0, 0.0625), (1, 9, 0.021484375), (8, 2, 0.109375), (10, 10, 1), (3, 17, 0.00257683)])
  func `the exact McNemar test gives the binomial's two tails`(_ b: Int, _ c: Int, _ p: Double) {
    #expect(abs(PolicyComparison.mcNemar(b, c) - p) < 1e-7)
    #expect(abs(PolicyComparison.mcNemar(c, b) - p) < 1e-7)
  }

  @Test func `many pairs neither overflow nor vanish`() {
    #expect(PolicyComparison.mcNemar(5000, 5000) == 1)
    #expect((1e-4...1e-2).contains(PolicyComparison.mcNemar(4850, 5150)))
  }

  @Test func `pairs are counted by who alone succeeded`() {
    let comparison = PolicyComparison(
      paired: ["a", "b"], [true, true, true, false, false], [true, false, false, true, false])
    #expect(comparison.onlyFirst == 2 && comparison.onlySecond == 1 && comparison.p == 1)
    #expect(abs(comparison.difference - 0.2) < 1e-12)
  }

  /// Newcombe 1998, table II: 56/70 against 48/80 gives .0524 to .3339 by method 10.
  @Test func `unpaired shares get Newcombe's interval`() throws {
    let comparison = PolicyComparison(
      unpaired: ["a", "b"], SuccessRate(successes: 56, trials: 70), SuccessRate(successes: 48, trials: 80))
    #expect(abs(try #require(comparison.low) - 0.0524) < 5e-5)
    #expect(abs(try #require(comparison.high) - 0.3339) < 5e-5)
  }
}
