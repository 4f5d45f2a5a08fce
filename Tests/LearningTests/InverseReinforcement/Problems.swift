import Foundation
import RealTime

@testable import Learning

/// Processes to learn rewards in.
enum Problems {
  /// The MDP that `imitation` tests itself with, and what imitation 1.0.1 computed for it.
  struct Published: Decodable {
    struct Reference: Decodable {
      let V0: [Double]
      let pi0: [[Double]]
      let pi18: [[Double]]
      let D: [Double]
    }

    let horizon: Int
    let initial_distribution: [Double]
    let reward: [Double]
    let transition: [[[Double]]]
    let observation: [[Double]]
    let discounts: [String: Reference]

    func process(discount: Double) throws -> MarkovDecisionProcess {
      try MarkovDecisionProcess(
        transition: transition, initial: initial_distribution, horizon: horizon, discount: discount,
        features: observation)
    }
  }

  static let publishedFile = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Captures/mce-reasonable-pomdp.json")

  static func published() throws -> Published {
    try JSONDecoder().decode(Published.self, from: Data(contentsOf: publishedFile))
  }

  /// A seeded process; each action leads to `branches` states, or anywhere where it is nil.
  static func random(
    seed: UInt64, states: Int = 12, actions: Int = 3, branches: Int? = 3, horizon: Int? = 15, discount: Double = 1,
    features: Int? = 5
  ) throws -> MarkovDecisionProcess {
    var random = SplitMix64(seed: seed)
    func distribution(_ among: Int) -> [Double] {
      var weights = [Double](repeating: 0, count: states)
      for _ in 0..<among { weights[Int(random.uniform() * Double(states))] += random.uniform(0.1...1) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    }
    let transition = (0..<states).map { _ in (0..<actions).map { _ in distribution(branches ?? 4 * states) } }
    let initial = distribution(states)
    let table = features.map { count in (0..<states).map { _ in (0..<count).map { _ in random.normal() } } }
    return try MarkovDecisionProcess(
      transition: transition, initial: initial, horizon: horizon, discount: discount, features: table)
  }
}
