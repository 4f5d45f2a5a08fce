import Foundation
import RealTime
import Testing

@testable import Learning

@Suite struct HumanRewardTests {
  @Test func `a press is credited to decisions by their share of a uniform window of delays`() {
    let window = HumanReward.Window.short
    // A press at 2 s speaks of 1.2 to 1.8 s.
    #expect(abs(window.credit(from: 1.4, to: 1.7, at: 2) - 0.5) < 1e-12)
    #expect(abs(window.credit(from: 1.7, to: 2.0, at: 2) - 1.0 / 6) < 1e-12)
    #expect(abs(window.credit(from: 1.0, to: 1.35, at: 2) - 0.25) < 1e-12)
    #expect(window.credit(from: 1.85, to: 1.95, at: 2) == 0)
    #expect(window.credit(from: 0.5, to: 1.1, at: 2) == 0)
    // Decisions without a gap have all of it between them.
    var random = SplitMix64(seed: 3)
    for _ in 0..<200 {
      var (time, sum) = (0.0, 0.0)
      while time < 6 {
        let end = time + random.uniform(0.01...0.3)
        sum += HumanReward.Window.long.credit(from: time, to: end, at: 5)
        time = end
      }
      #expect(abs(sum - 1) < 1e-9)
    }
  }

  @Test func `one term's weight is the ridge's least squares, worked out by hand`() {
    var reward = HumanReward(terms: 1, ridge: 0.5)
    #expect(reward.predicted(of: [3]) == 0)
    reward.decided([2], from: 0, to: 0.3)
    reward.decided([1], from: 0.3, to: 0.6)
    // At 0.8 s, 0 to 0.6 s are meant: half of the credit each. Σ c t² = 2 + .5, Σ c t h = −1 − .5.
    let isHeard = reward.felt(-1, at: 0.8)
    #expect(isHeard)
    #expect(abs(reward.weights[0] + 1.5 / 3) < 1e-12)
    #expect((reward.rewards, reward.scoldings) == (0, 1))
    #expect(abs(reward.weight(of: 0) - 2.5) < 1e-12)
  }

  @Test func `a press that nothing can be meant by teaches nothing`() {
    var reward = HumanReward(terms: 1)
    let untouched = reward
    let isHeardFirst = reward.felt(1, at: 1)
    #expect(!isHeardFirst)
    #expect(reward == untouched)
    reward.decided([1], from: 0, to: 0.04)
    // Too early, too late, and of the episode before.
    for moment in [0.1, 0.9] {
      let isHeard = reward.felt(1, at: moment)
      #expect(!isHeard)
    }
    reward.begin()
    let isHeardLast = reward.felt(1, at: 0.5)
    #expect(!isHeardLast)
    #expect(reward.weights == [0] && reward.rewards == 0)
  }

  /// Somebody watches motions with three aspects and likes little of the first, as long as the second is not high.
  private struct Watcher {
    var random: SplitMix64
    var values = [0.0, 0.0, 0.0]

    mutating func move() -> [Double] {
      for index in values.indices { values[index] = 0.9 * values[index] + 0.4 * random.normal() }
      return [1] + values + values.map { $0 * $0 }
    }

    func likes(_ terms: [Double]) -> Bool { terms[1] + 0.5 * terms[2] < 0 }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `late, wrong and rare presses rank held-out motions, whatever their delays really are`(seed: UInt64) throws {
    var watcher = Watcher(random: SplitMix64(seed: seed))
    var press = SplitMix64(seed: seed &+ 100)
    var reward = HumanReward(terms: 7)
    var due: [(at: Double, feedback: Double)] = []
    var judged = 0.0
    for decision in 0..<1500 {
      let now = Double(decision) * 0.04
      for pressed in due where pressed.at <= now { reward.felt(pressed.feedback, at: now) }
      due.removeAll { $0.at <= now }
      let terms = watcher.move()
      reward.decided(terms, from: now, to: now + 0.04)
      guard now >= judged else { continue }
      judged = now + 0.7
      // Log-normal delays, not uniform ones, and one key in ten is the wrong one.
      let isRight = press.uniform() < 0.9
      due.append((now + 0.45 * exp(0.3 * press.normal()), watcher.likes(terms) == isRight ? 1 : -1))
    }
    #expect((80...90).contains(reward.rewards + reward.scoldings))
    var (good, bad): ([Double], [Double]) = ([], [])
    for _ in 0..<2000 {
      let terms = watcher.move()
      let score = reward.predicted(of: terms)
      if watcher.likes(terms) { good.append(score) } else { bad.append(score) }
    }
    let ranking = try #require(HumanReward.ranking(good: good, bad: bad))
    #expect(ranking >= 0.8, "\(ranking)")
  }

  @Test func `a model that was written down goes on to the same bits`() throws {
    var watcher = Watcher(random: SplitMix64(seed: 9))
    var whole = HumanReward(terms: 7, window: .long)
    func learn(_ reward: inout HumanReward, _ range: Range<Int>) {
      reward.begin()
      for decision in range {
        let now = Double(decision) * 0.04
        reward.decided(watcher.move(), from: now, to: now + 0.04)
        if decision % 20 == 19 { reward.felt(decision % 3 == 0 ? 1 : -1, at: now) }
      }
    }
    learn(&whole, 0..<200)
    var again = try JSONDecoder().decode(HumanReward.self, from: JSONEncoder().encode(whole))
    #expect(again.weights == whole.weights && again.rewards == whole.rewards)
    let before = watcher
    learn(&whole, 300..<500)
    watcher = before
    learn(&again, 300..<500)
    #expect(again == whole)
    #expect(whole.weights.contains { $0 != 0 })
  }

  @Test func `a model whose parts do not fit is refused`() throws {
    let text = String(decoding: try JSONEncoder().encode(HumanReward(terms: 2)), as: UTF8.self)
    for (part, wrong) in [
      ("\"moment\":[0,0]", "\"moment\":[0]"), ("\"gram\":[0,0,0,0]", "\"gram\":[0,0]"),
      ("\"to_s\":0.8", "\"to_s\":0.1"),
    ] {
      #expect(text.contains(part))
      let changed = Data(text.replacingOccurrences(of: part, with: wrong).utf8)
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(HumanReward.self, from: changed) }
    }
  }

  @Test func `a ranking counts pairs, ties half`() {
    #expect(HumanReward.ranking(good: [2, 3], bad: [0, 1]) == 1)
    #expect(HumanReward.ranking(good: [0], bad: [1, 2]) == 0)
    #expect(HumanReward.ranking(good: [1, 3], bad: [1, 2]) == 0.625)
    #expect(HumanReward.ranking(good: [1, 1], bad: [1]) == 0.5)
    #expect(HumanReward.ranking(good: [], bad: [1]) == nil)
  }
}
