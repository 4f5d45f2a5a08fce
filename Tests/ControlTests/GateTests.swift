import Testing

@testable import Control

/// When a gate asks, decision by decision.
@Suite struct GateTests {
  private func asks(_ gate: inout some Gate, _ doubts: [Float], safety: Float = .nan) -> [Int] {
    doubts.indices.filter { gate.strays(GateInput(doubt: doubts[$0], safety: safety)) }
  }

  @Test func `one odd decision asks nobody, three in a row ask once`() {
    var gate = DoubtGate(threshold: 1)
    let asked1 = asks(&gate, [0, 2, 0, 2, 2, 0])
    #expect(asked1 == [])
    let asked2 = asks(&gate, [2, 2, 2, 2, 2, 2])
    #expect(asked2 == [2])
  }

  @Test func `a doubt that hovers about the threshold asks once, and again only after it was well below`() {
    var gate = DoubtGate(threshold: 1)
    let asked3 = asks(&gate, [2, 2, 2])
    #expect(asked3 == [2])
    // 0.9 is below the threshold and not well below.
    let asked4 = asks(&gate, [0.9, 0.9, 0.9, 0.9, 0.9, 2, 2, 2])
    #expect(asked4 == [])
    let asked5 = asks(&gate, [0.5, 0.5, 0.5, 0.5, 0.5, 2, 2, 2])
    #expect(asked5 == [7])
  }

  @Test func `a new stretch of driving begins with a fresh gate`() {
    var gate = DoubtGate(threshold: 1)
    let asked6 = asks(&gate, [2, 2])
    #expect(asked6 == [])
    gate.begin()
    let asked7 = asks(&gate, [2, 2, 2])
    #expect(asked7 == [2])
    gate.begin()
    let asked8 = asks(&gate, [2, 2, 2])
    #expect(asked8 == [2])
  }

  @Test func `a policy that cannot doubt never makes a gate ask, and neither does an unknown threshold`() {
    var gate = DoubtGate(threshold: 1)
    let asked9 = asks(&gate, Array(repeating: .nan, count: 50))
    #expect(asked9 == [])
    var unknown = DoubtGate()
    let asked10 = asks(&unknown, Array(repeating: 1e30, count: 50))
    #expect(asked10 == [])
  }

  @Test func `thrifty asks for novelty and for risk alike`() {
    var gate = ThriftyGate(threshold: 1, leastSafety: -2)
    let asked11 = asks(&gate, [0, 0, 0], safety: 0)
    #expect(asked11 == [])
    let asked12 = asks(&gate, [2, 2, 2], safety: 0)
    #expect(asked12 == [1])
    gate.begin()
    let asked13 = asks(&gate, [0, 0, 0], safety: -3)
    #expect(asked13 == [1])
    gate.begin()
    let asked14 = asks(&gate, [0, 0, 0], safety: .nan)
    #expect(asked14 == [], "without a critic only novelty counts")
  }

  @Test func `a coin asks as often as its chance says, and once in a stretch`() {
    var asked = 0
    var decisions = 0
    for seed in 0..<400 as Range<UInt64> {
      var gate = RandomGate(chance: 0.05, seed: seed)
      for _ in 0..<1000 {
        decisions += 1
        if gate.strays(GateInput(doubt: 0)) {
          asked += 1
          break
        }
      }
      let again = gate.strays(GateInput(doubt: 0))
      #expect(!again)
    }
    // 400 geometric waits of mean 20: 95 % of such sums lie within ±10 %.
    #expect(abs(Double(decisions) / Double(asked) - 20) < 3)
  }

  @Test func `thresholds are replaced between episodes and show`() {
    var choice = GateChoice.thrifty(ThriftyGate())
    let early = (0..<5).map { _ in choice.strays(GateInput(doubt: 5)) }
    #expect(early == Array(repeating: false, count: 5))
    choice.set(doubt: 1, safety: -1)
    #expect(choice.threshold == 1)
    let late = (0..<3).map { _ in choice.strays(GateInput(doubt: 5, safety: 0)) }
    #expect(late == [false, true, false])
    var none = GateChoice.none
    none.set(doubt: 0, safety: 0)
    let asked = none.strays(GateInput(doubt: 9))
    #expect(!asked && none.threshold.isNaN)
  }
}
