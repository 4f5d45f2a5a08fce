internal import Policy
public import RealTime

/// Maximum-entropy inverse reinforcement learning where every state can be listed: which reward makes what the expert did
/// the likeliest (Ziebart, Bagnell and Dey, 2010).
///
///     let expert = try process.visits(of: demonstrations)
///     let recovered = try InverseReinforcement.learn(process, expert: expert, seed: 1)
///     let plan = try process.plan(reward: recovered.reward)
///
/// The likelihood of an expert is Σ visits · r − V₀(r), and its slope by the reward of a state is visits of the expert
/// minus visits of the learner; for a linear reward it has one optimum.
///
/// A reward is never unique: others explain the same visits (a constant added, a shaping term, states nobody reaches).
/// Compare visits, plans and returns; never rewards.
public enum InverseReinforcement {
  /// How to learn.
  public struct Configuration: Sendable, Equatable {
    /// Widths of the reward network's hidden layers; none: a weight for each feature.
    public var hidden: [Int] = []
    /// Pull of the weights towards zero. Needed where demonstrations are few: what they never do would otherwise
    /// become endlessly bad.
    public var weightDecay = 0.0
    /// Done once no state's visits differ by more than this.
    public var visitTolerance = 1e-3
    /// Ends once the slope is no longer than this. For weights of features it is the gap of the feature counts.
    public var slopeTolerance = 1e-4
    /// Plans after which it ends, done or not.
    public var mostPlans = 5_000
    /// What the plan's entropy is counted over.
    public var entropy = PlanEntropy.causal

    /// The defaults: a weight for each feature.
    public init() {}

    func validate() throws(RewardError) {
      func check(_ holds: Bool, _ name: String, _ found: Any, _ expected: String) throws(RewardError) {
        if !holds { throw .setting(name: name, found: "\(found)", expected: expected) }
      }
      let widths = hidden.count <= 4 && hidden.allSatisfy { (1...1024).contains($0) }
      try check(widths, "hidden", hidden, "at most 4 widths of 1 to 1024")
      try check(weightDecay.isFinite && weightDecay >= 0, "weightDecay", weightDecay, "0 or more")
      try check(visitTolerance > 0, "tolerance", visitTolerance, "a number above 0")
      try check(slopeTolerance >= 0, "slopeTolerance", slopeTolerance, "0 or more")
      try check((1...10_000_000).contains(mostPlans), "mostPlans", mostPlans, "1 to 10000000")
    }
  }

  /// Why learning ended.
  public enum Ending: String, Sendable {
    /// The learner visits states as often as the expert.
    case visits
    /// The feature counts agree, which is all that weights of features can achieve.
    case featureCounts = "feature counts"
    /// Nothing descends any further: a network's optimum that is only local, or rounding.
    case stuck
    /// After the most plans.
    case plans
    /// The caller asked for it.
    case stopped
  }

  /// What was recovered.
  public struct Result: Sendable {
    /// [state]
    public let reward: [Double]
    /// [feature], and nil where the reward is a network.
    public let weights: [Double]?
    /// Visits of the learner under the reward.
    public let visits: Visits
    /// The largest difference of a state's visits.
    public let visitGap: Double
    /// [feature]: of the expert and of the learner, where actions are taken.
    public let featureCounts: (expert: [Double], learner: [Double])
    /// The length of all parameters.
    public let parameterNorm: Double
    /// Plans made.
    public let plans: Int
    /// Why it ended.
    public let ending: Ending
    /// How long it took.
    public let seconds: Double
  }

  /// Learns until visits or feature counts agree. `progress` gets the plans made and the gap after each step, and stops
  /// with false. The same input and seed give the same reward with the same OpenBLAS core.
  public static func learn(
    _ process: MarkovDecisionProcess, expert: Visits, _ configuration: Configuration = Configuration(),
    seed: UInt64 = 1, clock: TickClock = .monotonic, progress: (Int, Double) -> Bool = { _, _ in true }
  ) throws(RewardError) -> Result {
    try configuration.validate()
    let sum = expert.all.reduce(0, +)
    guard expert.all.count == process.states, abs(sum - process.totalVisits) <= 1e-3 * process.totalVisits else {
      throw .malformed(
        key: "demonstrations",
        problem: "their visits sum to \(sum), and this process makes \(process.totalVisits)")
    }
    let began = clock.now
    let problem = RewardLikelihood(process, expert, configuration, try SoftPlanner(process, configuration.entropy))
    var parameters = problem.model.start(seed: seed)
    guard var (value, slope) = try problem.evaluate(parameters) else { throw .diverged(step: 0) }
    var descent = QuasiNewton()
    var ending: Ending?
    while true {
      ending = problem.ending
      if ending != nil { break }
      if !progress(problem.plans, problem.gap) {
        ending = .stopped
        break
      }
      guard
        let next = try descent.step(
          parameters, value: value, slope: slope, evaluate: { (x) throws(RewardError) in try problem.evaluate(x) })
      else { break }
      (parameters, value, slope) = next
    }
    let reason = ending ?? (problem.plans >= configuration.mostPlans ? .plans : .stuck)
    return try problem.result(parameters, reason, seconds: Double((clock.now - began).count) * 1e-9)
  }
}

extension MarkovDecisionProcess {
  /// Σ visits · features: what a linear reward can tell apart.
  public func featureCounts(_ visits: [Double]) -> [Double] {
    features[0].indices.map { feature in
      (0..<states).reduce(0) { $0 + visits[$1] * features[$1][feature] }
    }
  }
}
