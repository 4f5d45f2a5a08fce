// Inverse reinforcement learning, tabular: why the demonstrations were good, where every state can be listed.
//
//     demonstrations ─▶ visits of the expert ──┐
//                                              ├─▶ difference = slope of the likelihood ─▶ L-BFGS ─┐
//     reward ─▶ soft value iteration ─▶ plan ─▶ visits of the learner                              │
//        ▲                                                                                         │
//        └─────────────────────────────────────────────────────────────────────────────────────────┘
//
// Units: rewards are in nats: a reward higher by ln 2 makes a choice twice as likely. Visits are counts.

/// A finite Markov decision process with known dynamics: what tabular planning and reward learning work on.
///
///     let process = try MarkovDecisionProcess(
///       transition: [[[0.9, 0.1], [0, 1]], [[1, 0], [0, 1]]],      // [state][action][next state]
///       initial: [1, 0], horizon: 20)
///     let plan = try process.plan(reward: [0, 1])
///     let visits = try process.visits(of: plan)
///
/// With a `horizon`, so many actions are taken and the plan depends on the time; without one the discount must be below
/// 1 and the plan is stationary. Not for anything continuous: an arm's states cannot be listed.
public struct MarkovDecisionProcess: Sendable, Equatable {
  /// How many states there are.
  public let states: Int
  /// How many actions there are, the same in each state.
  public let actions: Int
  /// How many actions are taken; nil: endlessly many.
  public let horizon: Int?
  /// What a reward one step later counts; also the weight of later visits.
  public let discount: Double
  /// [state]: where it begins.
  public let initial: [Double]
  /// [state][feature]: what rewards are functions of; where none are given, each state is its own feature.
  public let features: [[Double]]
  let transitions: TransitionTable

  /// Checks everything that could make a plan wrong: shapes, probabilities, horizon and discount.
  public init(
    transition: [[[Double]]], initial: [Double], horizon: Int?, discount: Double = 1, features: [[Double]]? = nil
  ) throws(RewardError) {
    let states = transition.count
    let actions = transition.first?.count ?? 0
    func check(_ holds: Bool, _ key: String, _ problem: @autoclosure () -> String) throws(RewardError) {
      if !holds { throw .malformed(key: key, problem: problem()) }
    }
    try check(states > 0 && actions > 0, "transition", "it has no states or no actions")
    for (state, rows) in transition.enumerated() {
      try check(rows.count == actions, "transition", "state \(state) has \(rows.count) actions, state 0 has \(actions)")
      for (action, row) in rows.enumerated() {
        let place = "state \(state), action \(action)"
        try check(row.count == states, "transition", "\(place) has \(row.count) next states of \(states)")
        try check(Self.isDistribution(row), "transition", "\(place) is no distribution: it sums to \(row.reduce(0, +))")
      }
    }
    try check(initial.count == states, "initial_distribution", "it has \(initial.count) states of \(states)")
    let sum = initial.reduce(0, +)
    try check(Self.isDistribution(initial), "initial_distribution", "it is no distribution: it sums to \(sum)")
    if let horizon {
      try check((1...1_000_000).contains(horizon), "horizon", "it is \(horizon); expected 1 to 1000000")
      try check((0...1).contains(discount), "discount", "it is \(discount); expected 0 to 1")
    } else {
      try check(discount >= 0 && discount < 1, "discount", "without a horizon it must be below 1, but is \(discount)")
    }
    let features = features ?? (0..<states).map { state in (0..<states).map { $0 == state ? 1 : 0 } }
    let width = features.first?.count ?? 0
    try check(features.count == states && width > 0, "observation", "it has \(features.count) states of \(states)")
    for (state, row) in features.enumerated() {
      let isWhole = row.count == width && row.allSatisfy(\.isFinite)
      try check(isWhole, "observation", "state \(state) has no \(width) finite numbers")
    }
    self.states = states
    self.actions = actions
    self.horizon = horizon
    self.discount = discount
    self.initial = initial
    self.features = features
    transitions = TransitionTable(transition)
  }

  private static func isDistribution(_ values: [Double]) -> Bool {
    values.allSatisfy { $0 >= 0 && $0.isFinite } && abs(values.reduce(0, +) - 1) <= 1e-6
  }

  /// What all visits sum to: with a horizon the state after the last action counts too.
  public var totalVisits: Double {
    guard let horizon else { return 1 / (1 - discount) }
    var sum = 0.0, weight = 1.0
    for _ in 0...horizon {
      sum += weight
      weight *= discount
    }
    return sum
  }
}

/// Transition probabilities: as a matrix for OpenBLAS, or where most are zero as lists of what is not.
struct TransitionTable: Sendable, Equatable {
  /// [state · actions + action][next state]; empty where `starts` is used.
  let dense: [Double]
  /// Where each row's entries begin, and one more; empty where `dense` is used.
  let starts: [Int32]
  let targets: [Int32]
  let probabilities: [Double]

  /// Lists below this share of non-zeros: with 50 states and 4 actions both take equally long at about .2.
  static let densest = 0.2

  init(_ transition: [[[Double]]], densest: Double = Self.densest) {
    let rows = transition.joined()
    let entries = rows.reduce(0) { $0 + $1.count { $0 != 0 } }
    let cells = rows.reduce(0) { $0 + $1.count }
    guard Double(entries) < densest * Double(cells) else {
      dense = rows.flatMap(\.self)
      (starts, targets, probabilities) = ([], [], [])
      return
    }
    var starts: [Int32] = [0], targets: [Int32] = [], probabilities: [Double] = []
    for row in rows {
      for (target, probability) in row.enumerated() where probability != 0 {
        targets.append(Int32(target))
        probabilities.append(probability)
      }
      starts.append(Int32(targets.count))
    }
    dense = []
    (self.starts, self.targets, self.probabilities) = (starts, targets, probabilities)
  }
}
