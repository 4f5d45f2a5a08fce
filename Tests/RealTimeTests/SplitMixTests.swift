import RealTime
import Testing

@Suite struct SplitMixTests {
  @Test func `the stream is the published one`() {
    // The reference values of the algorithm's authors for seed 1234567.
    var random = SplitMix64(seed: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
    #expect(random.next() == 9_817_491_932_198_370_423)
  }

  @Test func `normal numbers have mean 0, deviation 1 and a normal's tails`() {
    var random = SplitMix64(seed: 3)
    let draws = (0..<100_000).map { _ in random.normal() }
    let mean = draws.reduce(0, +) / 100_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
    let beyondTwo = draws.count { abs($0) > 2 }
    #expect(abs(mean) < 0.01 && abs(variance - 1) < 0.015)
    #expect((4350...4750).contains(beyondTwo), "4.55 % of a normal lies beyond two deviations")
  }

  @Test func `uniform numbers fill their range and keep inside it`() {
    var random = SplitMix64(seed: 4)
    let draws = (0..<10_000).map { _ in random.uniform(-2...3) }
    #expect(draws.allSatisfy { (-2...3).contains($0) })
    #expect((draws.min() ?? 0) < -1.99 && (draws.max() ?? 0) > 2.99)
  }

  @Test func `a fork goes its own way`() {
    var random = SplitMix64(seed: 5)
    var fork = random.fork()
    let first = fork.next()
    #expect(first != random.next())
    var again = SplitMix64(seed: 5)
    var forkAgain = again.fork()
    #expect(forkAgain.next() == first)
  }
}
