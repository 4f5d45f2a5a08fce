import Testing

@testable import Learning

/// How rows count.
@Suite struct WeightingTests {
  private func classes(_ counts: [RowClass: Int]) -> [RowClass] {
    RowClass.allCases.flatMap { Array(repeating: $0, count: counts[$0] ?? 0) }
  }

  /// The part of the whole weight that a class gets.
  private func mass(_ weights: [Float], _ classes: [RowClass], _ wanted: RowClass) -> Float {
    let own = zip(weights, classes).filter { $0.1 == wanted }.reduce(0) { $0 + $1.0 }
    return own / weights.reduce(0, +)
  }

  private func near(_ a: Float, _ b: Float) -> Bool { abs(a - b) < 1e-4 }

  @Test func `aggregate counts a person's rows alike and the policy's not at all`() {
    let rows = classes([.demonstration: 30, .intervention: 10, .preIntervention: 20, .rollout: 40])
    let weights = Weighting.aggregate.weights(rows)
    #expect(near(mass(weights, rows, .demonstration), 0.75) && near(mass(weights, rows, .intervention), 0.25))
    #expect(mass(weights, rows, .preIntervention) == 0 && mass(weights, rows, .rollout) == 0)
    #expect(Weighting.aggregate.weights(classes([.demonstration: 7])) == Array(repeating: 1, count: 7))
  }

  @Test func `in IWR corrections weigh as much as all else together`() {
    let rows = classes([.demonstration: 30, .intervention: 10, .preIntervention: 20, .rollout: 40])
    let weights = Weighting.iwr.weights(rows)
    #expect(near(mass(weights, rows, .intervention), 0.5))
    #expect(near(mass(weights, rows, .demonstration), 0.5 * 30 / 90))
    #expect(near(mass(weights, rows, .rollout), 0.5 * 40 / 90))
  }

  @Test func `sirius gives corrections half and what led to them next to nothing`() {
    let rows = classes([.demonstration: 20, .intervention: 10, .preIntervention: 15, .rollout: 55])
    let weights = Weighting.sirius.weights(rows)
    #expect(near(mass(weights, rows, .intervention), 0.5) && near(mass(weights, rows, .demonstration), 0.2))
    #expect(near(mass(weights, rows, .preIntervention), 0.002) && near(mass(weights, rows, .rollout), 0.298))
  }

  @Test(arguments: Weighting.allCases)
  func `whatever classes there are, weights are finite and their mean is one`(_ weighting: Weighting) {
    for mask in 1..<16 {
      let rows = classes(
        Dictionary(uniqueKeysWithValues: RowClass.allCases.map { ($0, mask >> Int($0.rawValue) & 1 == 1 ? 9 : 0) }))
      let weights = weighting.weights(rows)
      #expect(weights.allSatisfy { $0.isFinite && $0 >= 0 })
      #expect(near(weights.reduce(0, +) / Float(weights.count), 1), "\(weighting), \(mask)")
    }
  }
}
