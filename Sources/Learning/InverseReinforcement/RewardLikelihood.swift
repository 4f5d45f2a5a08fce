internal import Policy
internal import RealTime

/// How unlikely the expert is under a reward, as a function of the reward's parameters, with its slope.
final class RewardLikelihood {
  let model: RewardModel
  private let process: MarkovDecisionProcess
  private let expert: Visits
  private let configuration: InverseReinforcement.Configuration
  private let planner: SoftPlanner
  private(set) var plans = 0
  /// Of the newest evaluation.
  private(set) var gap = Double.infinity
  private var slopeLength = Double.infinity

  init(
    _ process: MarkovDecisionProcess, _ expert: Visits, _ configuration: InverseReinforcement.Configuration,
    _ planner: SoftPlanner
  ) {
    self.process = process
    self.expert = expert
    self.configuration = configuration
    self.planner = planner
    model = RewardModel(process, hidden: configuration.hidden)
  }

  /// V₀ − Σ visits · r, the decay added, and its slope; nil after the most plans.
  func evaluate(_ parameters: [Double]) throws(RewardError) -> (Double, [Double])? {
    guard plans < configuration.mostPlans else { return nil }
    plans += 1
    let reward = model.rewards(parameters)
    guard reward.allSatisfy(\.isFinite) else { throw .diverged(step: plans) }
    try planner.plan(reward)
    try planner.visit()
    let learner = planner.visits
    gap = zip(learner.all, expert.all).reduce(0) { max($0, abs($1.0 - $1.1)) }
    var value = 0.0
    for state in 0..<process.states {
      value += process.initial[state] * planner.values.pointer[state] - expert.acting[state] * reward[state]
    }
    var slope = model.slope(zip(learner.acting, expert.acting).map { $0 - $1 })
    for index in parameters.indices {
      value += configuration.weightDecay / 2 * parameters[index] * parameters[index]
      slope[index] += configuration.weightDecay * parameters[index]
    }
    slopeLength = slope.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return (value, slope)
  }

  /// Whether the newest evaluation is good enough.
  var ending: InverseReinforcement.Ending? {
    if gap <= configuration.visitTolerance { return .visits }
    guard slopeLength <= configuration.slopeTolerance else { return nil }
    return configuration.hidden.isEmpty ? .featureCounts : .stuck
  }

  func result(
    _ parameters: [Double], _ ending: InverseReinforcement.Ending, seconds: Double
  ) throws(RewardError) -> InverseReinforcement.Result {
    let reward = model.rewards(parameters)
    try planner.plan(reward)
    try planner.visit()
    let visits = planner.visits
    return InverseReinforcement.Result(
      reward: reward, weights: configuration.hidden.isEmpty ? parameters : nil, visits: visits,
      visitGap: zip(visits.all, expert.all).reduce(0) { max($0, abs($1.0 - $1.1)) },
      featureCounts: (process.featureCounts(expert.acting), process.featureCounts(visits.acting)),
      parameterNorm: parameters.reduce(0) { $0 + $1 * $1 }.squareRoot(), plans: plans, ending: ending,
      seconds: seconds)
  }
}

/// The reward as a function of a state's features.
final class RewardModel {
  private let network: TrainingNetwork<Double>
  private let states: Int
  /// Parameters that are learned: of a linear reward all but the bias, which changes nothing.
  private let count: Int

  init(_ process: MarkovDecisionProcess, hidden: [Int]) {
    states = process.states
    let width = process.features[0].count
    network = TrainingNetwork(widths: [width] + hidden + [1], activation: .relu, rows: process.states)
    count = hidden.isEmpty ? width : network.parameters.count
    for (index, value) in process.features.joined().enumerated() { network.input.pointer[index] = value }
  }

  /// A linear reward has one optimum and may as well begin at nothing; a network begins as PyTorch's do.
  func start(seed: UInt64) -> [Double] {
    guard count == network.parameters.count else { return [Double](repeating: 0, count: count) }
    var random = SplitMix64(seed: seed)
    network.initialise(&random)
    return network.parameters.values
  }

  /// [state]
  func rewards(_ parameters: [Double]) -> [Double] {
    for index in 0..<count { network.parameters.pointer[index] = parameters[index] }
    network.forward(rows: states)
    return network.output.values
  }

  /// The slope by the parameters of the newest `rewards`, given that by the rewards.
  func slope(_ byReward: [Double]) -> [Double] {
    for state in 0..<states { network.outputSlope.pointer[state] = byReward[state] }
    network.backward(rows: states)
    return (0..<count).map { network.gradient.pointer[$0] }
  }
}
