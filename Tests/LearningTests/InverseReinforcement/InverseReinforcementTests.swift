import Foundation
import RealTime
import Testing

@testable import Learning

@Suite struct InverseReinforcementTests {
  typealias Configuration = InverseReinforcement.Configuration

  @Test(arguments: [[Int](), [32, 32]], [1, 0.99, 0])
  func `the published expert's visits are matched to a thousandth`(_ hidden: [Int], _ discount: Double) throws {
    let published = try Problems.published()
    let process = try published.process(discount: discount)
    let expert = try process.visits(of: process.plan(reward: published.reward))
    var configuration = Configuration()
    configuration.hidden = hidden
    let recovered = try InverseReinforcement.learn(process, expert: expert, configuration, seed: 3)
    let plan = try process.plan(reward: recovered.reward)
    let visits = try process.visits(of: plan)
    for (ours, wanted) in zip(visits.all, expert.all) { #expect(abs(ours - wanted) <= 1e-3 + 1e-3 * wanted) }
    #expect(recovered.visitGap <= 1e-3 && recovered.parameterNorm < 1000)
    guard discount > 0 else { return }
    // The true reward that its plan earns: `imitation` asks five sampled episodes for 30.4.
    let earned = zip(visits.all, published.reward).reduce(0) { $0 + $1.0 * $1.1 }
    let best = zip(expert.all, published.reward).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(earned > 30.4 && earned > 0.99 * best)
  }

  @Test func `on 20 random processes the learner visits what the expert visits`() throws {
    var plans: [Int] = []
    for seed: UInt64 in 1...20 {
      let process = try Problems.random(
        seed: seed, states: 5 + Int(seed), actions: 2 + Int(seed % 3), branches: seed % 2 == 0 ? 3 : nil,
        horizon: seed % 4 == 0 ? nil : 10, discount: seed % 4 == 0 ? 0.85 : 1)
      var random = SplitMix64(seed: 100 + seed)
      let weights = (0..<5).map { _ in random.normal() }
      let reward = process.features.map { zip($0, weights).reduce(0) { $0 + $1.0 * $1.1 } }
      let expert = try process.visits(of: process.plan(reward: reward))
      let recovered = try InverseReinforcement.learn(process, expert: expert)
      #expect(recovered.ending == .visits, "seed \(seed)")
      let visits = try process.visits(of: process.plan(reward: recovered.reward))
      #expect(zip(visits.all, expert.all).allSatisfy { abs($0 - $1) <= 1e-3 }, "seed \(seed)")
      plans.append(recovered.plans)
    }
    #expect(plans.allSatisfy { $0 > 3 }, "\(plans): a test that begins at its end shows nothing")
  }

  @Test(arguments: [nil, 8], PlanEntropy.allCases)
  func `what is descended is the likelihood of the expert, and its slope is exact`(
    _ horizon: Int?, _ entropy: PlanEntropy
  ) throws {
    if horizon == nil && entropy == .trajectory { return }
    let discount = entropy == .trajectory ? 1 : 0.7
    let process = try Problems.random(seed: 9, states: 6, horizon: horizon, discount: discount, features: 4)
    var random = SplitMix64(seed: 10)
    let expertPlan = try process.plan(reward: (0..<6).map { _ in random.normal() })
    let expert = try process.visits(of: expertPlan)
    var configuration = Configuration()
    configuration.hidden = [5]
    configuration.weightDecay = 0.1
    configuration.entropy = entropy
    let likelihood = RewardLikelihood(process, expert, configuration, try SoftPlanner(process, entropy))
    let parameters = likelihood.model.start(seed: 1)
    let (_, slope) = try #require(try likelihood.evaluate(parameters))
    for index in parameters.indices {
      let values = try [1e-5, -1e-5].map { step in
        var moved = parameters
        moved[index] += step
        return try #require(try likelihood.evaluate(moved)).0
      }
      // Endless plans are settled to 1e-10 only.
      #expect(abs((values[0] - values[1]) / 2e-5 - slope[index]) < (horizon == nil ? 2e-5 : 1e-6))
    }
    guard horizon == nil else { return }
    // And the value is what it is called: Σ visits · −ln π over the expert's acts.
    configuration.weightDecay = 0
    let plain = RewardLikelihood(process, expert, configuration, try SoftPlanner(process, entropy))
    let value = try #require(try plain.evaluate(parameters)).0
    let plan = try process.plan(reward: plain.model.rewards(parameters))
    var unlikely = 0.0
    for state in 0..<6 {
      for action in 0..<3 {
        let share: Double = expert.all[state] * expertPlan.policy[0][state][action]
        unlikely -= share * log(plan.policy[0][state][action])
      }
    }
    #expect(abs(value - unlikely) < 1e-7)
  }

  @Test func `sampled demonstrations are matched in what features tell, and decay keeps weights finite`() throws {
    let process = try Problems.random(seed: 4, features: 3)
    var random = SplitMix64(seed: 5)
    let plan = try process.plan(reward: process.features.map { 2 * $0[0] - $0[1] })
    func draw(_ weights: [Double]) -> Int {
      var rest = random.uniform()
      for (index, weight) in weights.enumerated() {
        rest -= weight
        if rest < 0 { return index }
      }
      return weights.count - 1
    }
    let paths = (0..<30).map { _ -> [Int] in
      var path = [draw(process.initial)]
      for time in 0..<15 {
        let state = path[time]
        let row = 3 * state + draw(plan.policy[time][state])
        let dense = process.transitions.dense
        path.append(draw(Array(dense[(12 * row)..<(12 * row + 12)])))
      }
      return path
    }
    let expert = try process.visits(of: paths)
    let recovered = try InverseReinforcement.learn(process, expert: expert)
    #expect(recovered.ending == .featureCounts)
    let counts = recovered.featureCounts
    #expect(zip(counts.expert, counts.learner).allSatisfy { abs($0 - $1) < 1e-3 })
    let weights = try #require(recovered.weights)
    #expect(weights[0] > 1 && weights[1] < -0.3, "\(weights)")
    var pulled = Configuration()
    pulled.weightDecay = 10
    let small = try InverseReinforcement.learn(process, expert: expert, pulled)
    #expect(small.parameterNorm < recovered.parameterNorm)
  }

  @Test func `the same seed gives the same reward, and a caller can stop`() throws {
    let published = try Problems.published()
    let process = try published.process(discount: 1)
    let expert = try process.visits(of: process.plan(reward: published.reward))
    var short = Configuration()
    short.hidden = [16, 16]
    short.mostPlans = 6
    let runs = try [1, 1, 2].map { try InverseReinforcement.learn(process, expert: expert, short, seed: $0) }
    #expect(runs[0].reward == runs[1].reward && runs[0].reward != runs[2].reward)
    #expect(runs[0].ending == .plans && runs[0].plans == 6)
    let stopped = try InverseReinforcement.learn(process, expert: expert, short) { plans, _ in plans < 3 }
    #expect(stopped.ending == .stopped && stopped.plans >= 3)
    let ones = Visits(all: [1, 1, 1, 1, 1], acting: [1, 1, 1, 1, 1])
    #expect(throws: RewardError.self) { try InverseReinforcement.learn(process, expert: ones) }
    short.weightDecay = -1
    #expect(throws: RewardError.self) { try InverseReinforcement.learn(process, expert: expert, short) }
  }

  @Test func `a problem's file says what is wrong with it`() throws {
    let text = """
      {"transition": [[[0.9, 0.1], [0, 1]], [[1, 0], [0, 1]]], "initial_distribution": [1, 0], "horizon": 3,
       "demonstrations": [[0, 0, 1, 1], [0, 1, 1, 0]]}
      """
    let problem = try RewardProblem(Data(text.utf8))
    #expect(problem.expert.all == [2, 2] && problem.source == "2 demonstrations")
    func refusal(_ old: String, _ new: String) -> String {
      do {
        _ = try RewardProblem(Data(text.replacing(old, with: new).utf8))
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(refusal("\"transition\"", "\"transitions\"").contains("The transition cannot be used: it is missing"))
    #expect(refusal("[1, 0], \"horizon\"", "[1, \"a\"], \"horizon\"").contains("initial_distribution"))
    #expect(refusal("demonstrations", "demos").contains("neither they nor"))
    #expect(refusal("[0, 1, 1, 0]]", "[0, 1, 1]]").contains("Demonstration 1"))
    #expect(refusal("{", "").contains("no JSON"))
    #expect(refusal("[0, 0, 1, 1], [0, 1, 1, 0]", "").contains("there are none"))
  }
}
