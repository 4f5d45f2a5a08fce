public import Arm
internal import CKernels
internal import RealTime

/// Plans commands by a reward: model predictive path integral control (Williams and others, 2017) over rollouts.
///
///     var planner = TrajectoryPlanner(provider, weights: weights, demonstrations: pieces, joints: 5, bounds: bounds, seed: 1)
///     let commands = try planner.plan(from: scene, command: command)       // of which the first few are executed
///
/// Candidates are the rest of the plan before, what was demonstrated from the most similar states (as changes of the
/// command), and smooth changes of the best so far, drawn with the covariance of demonstrated motion. Each is rolled out
/// and counts by exp(reward / temperature); their mean is rolled out too, and the best of all wins. Bounded: a plan takes
/// `rounds` batches of rollouts. The same calls and seed give the same plans.
public struct TrajectoryPlanner<Provider: TracedRollouts> {
  /// How to plan.
  public struct Configuration: Sendable, Equatable, Codable {
    /// Commands a plan reaches ahead.
    public var horizon = 16
    /// Candidates a round.
    public var samples = 24
    /// Rounds of drawing around the best so far.
    public var rounds = 2
    /// Commands that are executed before the next plan.
    public var stride = 4
    /// Demonstrated pieces among the candidates.
    public var recalled = 6
    /// The temperature, as a share of the spread of the candidates' rewards.
    public var temperature = 0.1

    /// The defaults.
    public init() {}
  }

  /// What a command may be.
  public struct Bounds: Sendable {
    /// Lowest and highest angles, in rad.
    public var lower: JointVector
    /// Highest angles.
    public var upper: JointVector
    /// The largest change from one command to the next, in rad.
    public var step_rad: JointVector
    /// How far a command may be from its joint before the host stops the arm, in rad.
    public var lag_rad: JointVector

    /// Bounds.
    public init(
      lower: JointVector, upper: JointVector, step_rad: JointVector,
      lag_rad: JointVector = JointVector(repeating: .infinity)
    ) {
      self.lower = lower
      self.upper = upper
      self.step_rad = step_rad
      self.lag_rad = lag_rad
    }
  }

  private let provider: Provider
  private let weights: [Double]
  private let recalls: [Recall]
  private let factor: [[Double]]
  private let joints: Int
  private let bounds: Bounds
  private let configuration: Configuration
  private var random: SplitMix64
  /// Changes of the command that the plan before still holds.
  private var rest: [JointVector] = []

  /// Knots of a drawn change are so many commands apart.
  private static var knots: Int { 5 }
  /// What a radian of a joint is worth in m when states are compared.
  private static var radian_m: Double { 0.15 }

  /// What was done from a state.
  private struct Recall {
    let position: JointVector
    let environment: [Double]
    let changes: [JointVector]
  }

  /// A planner; `weights` are of the provider's features, a unit each. Without `demonstrations` the draws are wide and
  /// know nothing.
  public init(
    _ provider: Provider, weights: [Double], demonstrations: [DemonstratedTrajectory], joints: Int, bounds: Bounds,
    _ configuration: Configuration = Configuration(), seed: UInt64
  ) {
    self.provider = provider
    self.weights = weights
    self.joints = joints
    self.bounds = bounds
    self.configuration = configuration
    random = SplitMix64(seed: seed)
    var recalls: [Recall] = []
    for demonstration in demonstrations {
      guard let shown = demonstration.shown, let start = demonstration.scene.position else { continue }
      let changes = demonstration.path.indices.map { at in
        at == 0 ? JointVector.zero : demonstration.path[at] - demonstration.path[at - 1]
      }
      for at in changes.indices {
        var piece = Array(changes[at..<min(at + configuration.horizon, changes.count)])
        piece += Array(repeating: .zero, count: configuration.horizon - piece.count)
        recalls.append(
          Recall(
            position: at == 0 ? start : shown.positions[at - 1],
            environment: at == 0 ? demonstration.scene.environment : shown.environments[at - 1], changes: piece))
      }
    }
    self.recalls = recalls
    factor = Self.spread(recalls.map { $0.changes[0] }, joints: joints)
  }

  /// The Cholesky factor of the second moments of demonstrated changes: which joints move together, and how far.
  private static func spread(_ changes: [JointVector], joints: Int) -> [[Double]] {
    let moving = changes.filter { any($0 .!= .zero) }
    var moments = [[Double]](repeating: [Double](repeating: 0, count: joints), count: joints)
    for i in 0..<joints {
      for j in 0...i {
        for change in moving { moments[i][j] += Double(change[i]) * Double(change[j]) / Double(moving.count) }
      }
      moments[i][i] += moving.isEmpty ? 1e-4 : 1e-8
    }
    return Cholesky(moments)?.factor ?? moments
  }

  /// The best commands found from a state in which `command` was the last.
  public mutating func plan(from scene: RolloutScene, command: JointVector) throws(RewardError) -> [JointVector] {
    let length = configuration.horizon
    var first = rest.isEmpty ? [] : [Array((rest + Array(repeating: .zero, count: length)).prefix(length))]
    first.append(Array(repeating: .zero, count: length))
    first += nearest(scene)
    var best: (changes: [JointVector], path: [JointVector], reward: Double)?
    for round in 0..<configuration.rounds {
      var candidates = round == 0 ? first : [best?.changes ?? first[0]]
      let seeds = candidates
      while candidates.count < max(configuration.samples, seeds.count + 4) {
        candidates.append(drawn(around: seeds[candidates.count % seeds.count]))
      }
      let evaluated = try evaluate(candidates, scene, command)
      let mean = Self.mean(candidates, evaluated.map(\.reward), configuration.temperature)
      let averaged = try evaluate([mean], scene, command)
      for (changes, found) in zip(candidates + [mean], evaluated + averaged) where found.reward.isFinite {
        if let known = best, known.reward >= found.reward { continue }
        best = (changes, found.path, found.reward)
      }
    }
    guard let best else {
      throw .malformed(key: "rollouts", problem: "no candidate's reward is a number: a simulation may have run away")
    }
    rest = Array(best.changes.dropFirst(configuration.stride))
    return best.path
  }

  private func evaluate(
    _ candidates: [[JointVector]], _ scene: RolloutScene, _ command: JointVector
  ) throws(RewardError) -> [(path: [JointVector], reward: Double)] {
    let paths = candidates.map { bounded($0, from: command) }
    return try provider.traces(of: paths, in: scene).map { trace in
      let counts = provider.meter.counts(trace, period_s: scene.period_s)
      let reward = zip(weights, counts).reduce(0) { $0 + $1.0 * $1.1 }
      // Where the host would stop the arm nothing is worth anything; the later, the less bad.
      let stop = trace.commands.indices.first { at in
        let lag = trace.commands[at] - trace.positions[at]
        return any(lag .> bounds.lag_rad) || any(-lag .> bounds.lag_rad)
      }
      return (trace.commands, reward - (stop.map { 1e6 * Double(trace.commands.count - $0) } ?? 0))
    }
  }

  private func bounded(_ changes: [JointVector], from command: JointVector) -> [JointVector] {
    var last = command
    return changes.map { change in
      let step = change.clamped(lowerBound: -bounds.step_rad, upperBound: bounds.step_rad)
      last = (last + step).clamped(lowerBound: bounds.lower, upperBound: bounds.upper)
      return last
    }
  }

  /// What was done in the states that are the most like this one.
  private func nearest(_ scene: RolloutScene) -> [[JointVector]] {
    guard let position = scene.position else { return [] }
    let distances = recalls.map { recall in
      let joint = (0..<joints).reduce(0.0) {
        let d = Self.radian_m * Double(recall.position[$1] - position[$1])
        return $0 + d * d
      }
      return zip(recall.environment, scene.environment).reduce(joint) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let order = recalls.indices.filter { distances[$0].isFinite }.sorted {
      (distances[$0], $0) < (distances[$1], $1)
    }
    return order.prefix(configuration.recalled).map { recalls[$0].changes }
  }

  /// A smooth change: normal at knots, straight between them, of one of three sizes.
  private mutating func drawn(around changes: [JointVector]) -> [JointVector] {
    let size = [1.0, 0.5, 0.2][min(2, Int(random.uniform() * 3))]
    let count = changes.count / Self.knots + 2
    let knots = (0..<count).map { _ in
      let z = (0..<joints).map { _ in random.normal() }
      var knot = JointVector.zero
      for row in 0..<joints { knot[row] = Float(size * (0...row).reduce(0.0) { $0 + factor[row][$1] * z[$1] }) }
      return knot
    }
    return changes.indices.map { at in
      let part = Float(at % Self.knots) / Float(Self.knots)
      return changes[at] + knots[at / Self.knots] * (1 - part) + knots[at / Self.knots + 1] * part
    }
  }

  private static func mean(_ candidates: [[JointVector]], _ rewards: [Double], _ temperature: Double) -> [JointVector] {
    let finite = rewards.filter(\.isFinite).sorted()
    guard let top = finite.last else { return candidates[0] }
    let spread = max(1e-12, (top - finite[finite.count / 2]) * temperature)
    let chances = rewards.map { $0.isFinite ? us_fixed_exp(($0 - top) / spread) : 0 }
    let sum = chances.reduce(0, +)
    return candidates[0].indices.map { at in
      zip(candidates, chances).reduce(JointVector.zero) { $0 + $1.0[at] * Float($1.1 / sum) }
    }
  }
}
