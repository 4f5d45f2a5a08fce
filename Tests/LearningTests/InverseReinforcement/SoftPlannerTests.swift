import Foundation
import RealTime
import Testing

@testable import Learning

@Suite struct SoftPlannerTests {
  @Test func `plans and visits are those that imitation computes, to a millionth`() throws {
    let published = try Problems.published()
    #expect(published.discounts.count == 5)
    for (name, reference) in published.discounts {
      let process = try published.process(discount: try #require(Double(name)))
      let plan = try process.plan(reward: published.reward)
      func near(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 } }
      #expect(near(plan.values[0], reference.V0), "discount \(name)")
      for (time, policy) in [(0, reference.pi0), (18, reference.pi18)] {
        #expect(zip(plan.policy[time], policy).allSatisfy(near), "discount \(name)")
      }
      #expect(near(try process.visits(of: plan).all, reference.D), "discount \(name)")
    }
  }

  @Test func `the published plan has the symmetries of its process`() throws {
    let published = try Problems.published()
    for discount in [1, 0.99, 0.9, 0.5, 0] {
      let process = try published.process(discount: discount)
      let plan = try process.plan(reward: published.reward)
      #expect(plan.policy.joined().allSatisfy { abs($0.reduce(0, +) - 1) < 1e-12 })
      #expect(plan.values.joined().allSatisfy { $0.isFinite })
      let visits = try process.visits(of: plan).all
      #expect(abs(visits.reduce(0, +) - process.totalVisits) < 1e-9)
      guard discount > 0 else { continue }
      for time in 0..<19 {
        // Left and right of state 0 are alike, its middle leads into the pit.
        #expect(abs(plan.policy[time][0][0] - plan.policy[time][0][2]) < 1e-12)
        #expect(plan.policy[time][0][0] > 2 * plan.policy[time][0][1])
        #expect(plan.policy[time][1][2] > plan.policy[time][1][0])
        #expect(plan.policy[time][1][0] > plan.policy[time][1][1])
      }
      for time in 0..<5 {
        for state in 3..<5 { #expect(plan.policy[time][state].allSatisfy { abs($0 - 1.0 / 3) < 1e-12 }) }
      }
    }
    #expect(try published.process(discount: 1).totalVisits == 21)
  }

  @Test func `an endless plan is the limit of long ones`() throws {
    for seed: UInt64 in 1...5 {
      var random = SplitMix64(seed: seed)
      let reward = (0..<12).map { _ in random.normal() }
      let endless = try Problems.random(seed: seed, horizon: nil, discount: 0.8)
      let long = try Problems.random(seed: seed, horizon: 200, discount: 0.8)
      let plans = try (endless.plan(reward: reward), long.plan(reward: reward))
      #expect(zip(plans.0.values[0], plans.1.values[0]).allSatisfy { abs($0 - $1) < 1e-8 })
      let visits = try (endless.visits(of: plans.0).all, long.visits(of: plans.1).all)
      #expect(zip(visits.0, visits.1).allSatisfy { abs($0 - $1) < 1e-8 })
      #expect(abs(visits.0.reduce(0, +) - 5) < 1e-8 && endless.totalVisits == 1 / (1 - 0.8))
    }
  }

  @Test func `lists of transitions and matrices give the same plan`() throws {
    for seed: UInt64 in 1...5 {
      let listed = try Problems.random(seed: seed, states: 40)
      #expect(listed.transitions.dense.isEmpty)
      let rows = (0..<(40 * 3)).map { row in
        let entries = Int(listed.transitions.starts[row])..<Int(listed.transitions.starts[row + 1])
        return entries.reduce(into: [Double](repeating: 0, count: 40)) {
          $0[Int(listed.transitions.targets[$1])] += listed.transitions.probabilities[$1]
        }
      }
      let table = (0..<40).map { state in (0..<3).map { rows[3 * state + $0] } }
      #expect(TransitionTable(table, densest: 0).dense == rows.flatMap(\.self))
      var random = SplitMix64(seed: seed)
      let reward = (0..<40).map { _ in random.normal() }
      let whole = try Problems.random(seed: seed, states: 40, branches: nil)
      #expect(!whole.transitions.dense.isEmpty)
      let plan = try listed.plan(reward: reward)
      let visits = try listed.visits(of: plan).all
      // Checked by hand, with plain loops over the whole table.
      var values = [Double](repeating: 0, count: 40)
      for time in (0..<15).reversed() {
        let last = time == 14
        values = (0..<40).map { s in
          let q = (0..<3).map { a in reward[s] + (last ? 0 : (0..<40).reduce(0) { $0 + table[s][a][$1] * values[$1] }) }
          return log(q.map { exp($0) }.reduce(0, +))
        }
        #expect(zip(values, plan.values[time]).allSatisfy { abs($0 - $1) < 1e-9 })
      }
      #expect(abs(visits.reduce(0, +) - 16) < 1e-9)
    }
  }

  @Test func `without chance both entropies plan alike, with chance the older one hopes`() throws {
    // Two states; a safe action stays, a risky one moves or stays.
    func process(_ chance: Double) throws -> MarkovDecisionProcess {
      try MarkovDecisionProcess(
        transition: [[[1, 0], [1 - chance, chance]], [[0, 1], [0, 1]]], initial: [1, 0], horizon: 6)
    }
    let certain = try process(1)
    let plans = try PlanEntropy.allCases.map { try certain.plan(reward: [0, 1], entropy: $0) }
    #expect(zip(plans[0].values.joined(), plans[1].values.joined()).allSatisfy { abs($0 - $1) < 1e-12 })
    let risky = try process(0.3)
    let sober = try risky.plan(reward: [0, 1], entropy: .causal)
    let hopeful = try risky.plan(reward: [0, 1], entropy: .trajectory)
    #expect(hopeful.policy[0][0][1] > sober.policy[0][0][1] + 0.05)
    #expect(hopeful.values[0][0] > sober.values[0][0])
    // V₀ is the logarithm of the sum over all trajectories of their probability by chance times exp reward.
    var total = 0.0
    for path in 0..<(1 << 12) {
      var state = 0, weight = 1.0
      for time in 0..<6 {
        let (action, lucky) = (path >> (2 * time) & 1, path >> (2 * time + 1) & 1)
        weight *= exp(Double(state))
        // Each act has two outcomes; where chance has no say, one of them has no weight.
        let chance = state == 0 && action == 1 ? 0.3 : 0
        weight *= lucky == 1 ? chance : 1 - chance
        if lucky == 1 { state = 1 }
      }
      total += weight
    }
    #expect(abs(hopeful.values[0][0] - log(total)) < 1e-9)
    #expect(throws: RewardError.self) {
      try Problems.random(seed: 1, horizon: nil, discount: 0.9).plan(
        reward: .init(repeating: 0, count: 12), entropy: .trajectory)
    }
  }

  @Test func `what is no process is refused by name`() throws {
    func refusal(_ body: () throws -> MarkovDecisionProcess) -> String {
      do { return "accepted: \(try body())" } catch { return "\(error)" }
    }
    let good = [[[0.5, 0.5]], [[0, 1]]]
    typealias Process = MarkovDecisionProcess
    let cases: [(String, () throws -> Process)] = [
      ("no states", { try Process(transition: [], initial: [], horizon: 1) }),
      ("sums to 0.9", { try Process(transition: [[[0.5, 0.4]], [[0, 1]]], initial: [1, 0], horizon: 1) }),
      ("state 1, action 0", { try Process(transition: [[[0.5, 0.5]], [[1]]], initial: [1, 0], horizon: 1) }),
      (
        "state 1 has 2 actions",
        { try Process(transition: [[[1, 0]], [[1, 0], [1, 0]]], initial: [1, 0], horizon: 1) }
      ),
      ("initial_distribution", { try Process(transition: good, initial: [1, 1], horizon: 1) }),
      ("initial_distribution", { try Process(transition: good, initial: [.nan, 1], horizon: 1) }),
      ("horizon", { try Process(transition: good, initial: [1, 0], horizon: 0) }),
      ("below 1", { try Process(transition: good, initial: [1, 0], horizon: nil) }),
      ("observation", { try Process(transition: good, initial: [1, 0], horizon: 1, features: [[1], [1, 2]]) }),
    ]
    for (words, body) in cases { #expect(refusal(body).contains(words)) }
    let process = try Process(transition: good, initial: [1, 0], horizon: 2)
    #expect(throws: RewardError.self) { try process.visits(of: [[0, 1]]) }
    #expect(throws: RewardError.self) { try process.visits(of: [[0, 1, 2]]) }
    #expect(try process.visits(of: [[0, 1, 1], [0, 0, 0]]) == Visits(all: [2, 1], acting: [1.5, 0.5]))
    #expect(throws: RewardError.self) { try process.plan(reward: [1]) }
    #expect(throws: RewardError.self) { try process.plan(reward: [1, .infinity]) }
  }
}
