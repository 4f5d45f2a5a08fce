internal import Foundation
public import Learning

/// A reward recovered from a tabular problem, as `understudy reward tabular` shows it.
public struct TabularReward: Sendable, Encodable {
  /// [state]; shifted so that the initial states' mean is 0 (a constant changes nothing).
  public let reward: [Double]
  /// [feature]; nil where the reward is a network.
  public let weights: [Double]?
  /// [state]: visits.
  public let expert: [Double]
  /// [state]: visits.
  public let learner: [Double]
  /// The largest difference of visits.
  public let gap: Double
  /// [feature]: of the expert and of the learner.
  public let featureCounts: [String: [Double]]
  /// Plans made.
  public let plans: Int
  /// Why it ended.
  public let ended: String
  /// How long the learning took.
  public let seconds: Double
  /// Where the expert comes from.
  public let source: String

  /// A file's problem solved. `discount` wins over the file's.
  public init(
    file: String, discount: Double?, _ configuration: InverseReinforcement.Configuration, seed: UInt64,
    progress: (Int, Double) -> Bool
  ) throws {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw RewardError.unreadable(path: file)
    }
    let problem = try RewardProblem(data, discount: discount)
    guard let first = problem.process.features.first, problem.process.features.contains(where: { $0 != first }) else {
      throw RewardError.malformed(
        key: "observation", problem: "every state has the same features, so no reward made of them tells states apart")
    }
    self.init(
      problem,
      try InverseReinforcement.learn(
        problem.process, expert: problem.expert, configuration, seed: seed, progress: progress))
  }

  init(_ problem: RewardProblem, _ result: InverseReinforcement.Result) {
    let base = zip(problem.process.initial, result.reward).reduce(0) { $0 + $1.0 * $1.1 }
    reward = result.reward.map { $0 - base }
    weights = result.weights
    expert = problem.expert.all
    learner = result.visits.all
    gap = result.visitGap
    featureCounts = ["expert": result.featureCounts.expert, "learner": result.featureCounts.learner]
    plans = result.plans
    ended = result.ending.rawValue
    seconds = result.seconds
    source = problem.source
  }

  /// Whether expert and learner agree, in visits or in what features can tell.
  public var agrees: Bool {
    [InverseReinforcement.Ending.visits, .featureCounts].contains { $0.rawValue == ended }
  }
}

extension TabularReward: CustomStringConvertible {
  /// For people: a row a state, of large problems the most visited forty.
  public var description: String {
    var table = TextTable(["state", "reward", "visits, expert", "learner"], numbers: [0, 1, 2, 3])
    let shown = expert.indices.sorted { expert[$0] > expert[$1] }.prefix(40).sorted()
    for state in shown {
      table.add(
        "\(state)", Figures.fixed(reward[state], 3), Figures.fixed(expert[state], 3), Figures.fixed(learner[state], 3))
    }
    var lines = ["\(table)"]
    if shown.count < expert.count { lines.append("  and \(expert.count - shown.count) states less visited") }
    if let weights, weights.count <= 40 {
      lines.append("  weights   " + weights.map { Figures.fixed($0, 3) }.joined(separator: "  "))
    }
    lines.append("  expert: \(source)")
    let counts = zip(featureCounts["expert"] ?? [], featureCounts["learner"] ?? []).map { abs($0 - $1) }.max() ?? 0
    lines.append(
      "  \(plans) plans, \(Figures.short(seconds)) s; ended by \(ended): visits differ by \(Self.scientific(gap)), "
        + "feature counts by \(Self.scientific(counts))")
    lines.append("  Rewards are not unique: compare visits and returns, never the numbers above.")
    return lines.joined(separator: "\n")
  }

  private static func scientific(_ value: Double) -> String { String(format: "%.1e", value) }
}
