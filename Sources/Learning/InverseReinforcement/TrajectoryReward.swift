public import Arm
internal import CKernels
internal import RealTime

/// A demonstrated trajectory: what the person commanded, from one decision to the next, and what stood around.
public struct DemonstratedTrajectory: Sendable {
  /// The episode's id.
  public let id: String
  /// Commands, one a period.
  public let path: [JointVector]
  /// What stood around when it began.
  public let scene: RolloutScene
  /// The most that a value of the environment changed meanwhile: rollouts in which objects stand still say little then.
  public let objectsMoved: Double
  /// What was recorded of it, from its first command on; nil where that is not known.
  public let shown: RolloutTrace?

  /// A trajectory; shorter than 8 commands it shows nothing.
  public init(
    id: String, path: [JointVector], scene: RolloutScene, objectsMoved: Double = 0, shown: RolloutTrace? = nil
  ) {
    self.id = id
    self.path = path
    self.scene = scene
    self.objectsMoved = objectsMoved
    self.shown = shown
  }

  /// Pieces of `length` commands, beginning every `stride`: a simulation that is given a whole episode's commands strays
  /// from it where contact is unstable, and over a piece it does not. Empty where nothing was recorded.
  public func pieces(length: Int, stride step: Int) -> [DemonstratedTrajectory] {
    guard let shown, shown.positions.count == path.count, length <= path.count else { return [] }
    return stride(from: 0, through: path.count - length, by: step).map { first in
      let part = first..<(first + length)
      var scene = scene
      if first > 0 {
        scene.position = shown.positions[first - 1]
        scene.environment = shown.environments[first - 1]
        let before = first > 1 ? shown.positions[first - 2] : (self.scene.position ?? shown.positions[0])
        scene.velocity = (shown.positions[first - 1] - before) / Float(scene.period_s)
      }
      return DemonstratedTrajectory(
        id: id, path: Array(path[part]), scene: scene, objectsMoved: objectsMoved,
        shown: RolloutTrace(
          commands: Array(path[part]), positions: Array(shown.positions[part]),
          environments: Array(shown.environments[part])))
    }
  }
}

/// Maximum-entropy inverse reinforcement learning for an arm: which weights of named features make demonstrations likelier
/// than other trajectories near them (Kalakrishnan and others, 2013, with the importance weights that it left out).
///
///     let provider = KinematicRollouts(features: features, arm: arm, tool_m: rig.tool_m)
///     let reward = try TrajectoryReward.fit(demonstrations, provider, joints: 5, seed: 1)
///     for weight in reward.weights { print(weight.name, weight.value, weight.interval) }
///
/// Trajectories are drawn around each demonstration, from where the likelihood was the round before too, and each counts by
/// exp(reward) over the density it was drawn with. A feature's weight says what one unit of it is worth in nats; only
/// differences that the demonstrations show can be found, and what they do not show is told (`Recovered.unknown`).
public enum TrajectoryReward {
  /// How to fit.
  public struct Configuration: Sendable, Equatable, Codable {
    /// Widest change of a joint that is drawn, in rad.
    public var spread_rad = 0.2
    /// Widest change of the pace that is drawn, as a share of the demonstrated way; nil: the pace stays.
    public var pace: Double?
    /// Samples drawn at each of four widths, and again in each round.
    public var samples = 120
    /// Rounds of fitting and drawing anew where the likelihood is.
    public var rounds = 3
    /// Pull of the standardised weights towards zero.
    public var weightDecay = 1e-3
    /// Draws of episodes with replacement, for intervals.
    public var bootstrap = 60

    /// The defaults.
    public init() {}

    /// For whole episodes by kinematics, of which many can be drawn.
    public static let whole: Configuration = {
      var configuration = Configuration()
      configuration.samples = 300
      configuration.rounds = 10
      return configuration
    }()

    /// For pieces of episodes over rollouts in which objects move: near the demonstrated motion, but slower and faster.
    public static let pieces: Configuration = {
      var configuration = Configuration()
      configuration.spread_rad = 0.06
      configuration.pace = 0.5
      configuration.samples = 60
      configuration.weightDecay = 0.05
      return configuration
    }()

    func validate() throws(RewardError) {
      func check(_ holds: Bool, _ name: String, _ found: Any, _ expected: String) throws(RewardError) {
        if !holds { throw .setting(name: name, found: "\(found)", expected: expected) }
      }
      try check((1e-4...1).contains(spread_rad), "spread", spread_rad, "0.0001 to 1 rad")
      try check(pace.map { (1e-3...1).contains($0) } ?? true, "pace", pace ?? 0, "0.001 to 1")
      try check((20...10_000).contains(samples), "samples", samples, "20 to 10000")
      try check((0...20).contains(rounds), "rounds", rounds, "0 to 20")
      try check((0...10_000).contains(bootstrap), "bootstrap", bootstrap, "0 to 10000")
    }
  }

  /// A feature's weight.
  public struct Weight: Sendable, Equatable, Codable {
    /// The feature.
    public let name: String
    /// Its unit.
    public let unit: String
    /// Nats a unit; below 0: the person avoids it.
    public let value: Double
    /// Where 90 % of fits to other draws of the episodes lie.
    public let interval: [Double]
    /// The feature's deviation among sampled trajectories: value · deviation is its importance.
    public let deviation: Double
    /// Mean of the demonstrations, and what the reward expects.
    public let demonstrated: Double
    /// Mean under the reward.
    public let expected: Double
  }

  /// Something that the demonstrations cannot tell.
  public struct Unknown: Sendable, Equatable, Codable {
    /// Shares of standardised features, the largest first: along this combination the weights could be others.
    public let direction: [String: Double]
    /// How far the weights along it are uncertain, relative to all weights' length.
    public let uncertainty: Double
  }

  /// What was recovered.
  public struct Recovered: Sendable, Codable {
    /// A weight for each feature.
    public let weights: [Weight]
    /// What the demonstrations cannot tell apart.
    public let unknown: [Unknown]
    /// The least and the mean effective sample size over episodes.
    public let effectiveSamples: [Double]
    /// Samples of each episode.
    public let samples: Int
    /// Demonstrations fitted to.
    public let episodes: Int
  }

  /// A demonstration's place in a ranking.
  public struct Score: Sendable, Equatable, Codable {
    /// The episode.
    public let id: String
    /// ln P of the demonstration relative to the mean density of trajectories near it: higher is better.
    public let logLikelihood: Double
    /// The feature that speaks the most against it, relative to what the reward expects, and how many nats it costs.
    public let worst: String
    /// In nats.
    public let cost: Double
  }

  /// Fits weights to demonstrations, of which three at least are needed. The same input and seed give the same weights.
  /// `progress` gets the share that is done, and stops with false.
  public static func fit(
    _ demonstrations: [DemonstratedTrajectory], _ provider: some Rollouts, joints: Int,
    _ configuration: Configuration = Configuration(), seed: UInt64 = 1,
    progress: (Double) -> Bool = { _ in true }
  ) throws(RewardError) -> Recovered {
    try check(demonstrations, configuration)
    for (index, feature) in provider.features.enumerated()
    where provider.features[..<index].contains(where: { $0.name == feature.name }) {
      throw .setting(name: "features", found: "\(feature.name) twice", expected: "each once")
    }
    var random = SplitMix64(seed: seed)
    let steps = Double(demonstrations.count * (configuration.rounds + 1) + 1)
    var drawn: [Drawn] = []
    for demonstration in demonstrations {
      guard progress(Double(drawn.count) / steps) else { throw .stopped }
      drawn.append(try Drawn(demonstration, provider, joints: joints, configuration, &random))
    }
    var weights = [Double](repeating: 0, count: provider.features.count)
    var scale: [Double]?
    var likelihood = SampledLikelihood(drawn.map(\.sample), weightDecay: configuration.weightDecay)
    for round in 0...configuration.rounds {
      // One scale for all rounds, or weights could not be handed on.
      scale = scale ?? likelihood.scale
      likelihood = SampledLikelihood(drawn.map(\.sample), weightDecay: configuration.weightDecay, scale: scale)
      weights = try likelihood.maximise(from: weights)
      guard round < configuration.rounds else { break }
      for episode in drawn.indices {
        guard progress(Double((round + 1) * drawn.count + episode) / steps) else { throw .stopped }
        try drawn[episode].refine(
          likelihood.shares(weights, episode: episode).shares, provider, configuration.samples, &random)
      }
    }
    guard progress((steps - 1) / steps) else { throw .stopped }
    guard likelihood.scale.contains(where: { $0 > 0 }) else {
      throw .malformed(
        key: "features", problem: "every one of \(provider.features.map(\.name)) is the same whatever the arm does")
    }
    let draws = try bootstrap(
      likelihood, demonstrations.map(\.id), from: weights, configuration.bootstrap, &random)
    return recovered(provider.features, likelihood, weights, draws)
  }

  private static func check(
    _ demonstrations: [DemonstratedTrajectory], _ configuration: Configuration
  ) throws(RewardError) {
    let episodes = Set(demonstrations.map(\.id)).count
    guard episodes >= 3 else {
      throw .malformed(
        key: "demonstrations",
        problem:
          "there are \(episodes) trajectories of a person in successful episodes, and 3 are the least")
    }
    for (index, demonstration) in demonstrations.enumerated() {
      guard demonstration.path.count >= 8 else {
        throw .demonstration(index: index, problem: "\(demonstration.id) has \(demonstration.path.count) commands of 8")
      }
      let isFinite = demonstration.path.allSatisfy { all($0 .== $0) }
      guard isFinite, demonstration.scene.environment.allSatisfy(\.isFinite) else {
        throw .demonstration(index: index, problem: "\(demonstration.id) has a number that is NaN")
      }
    }
    try configuration.validate()
  }

  private static func bootstrap(
    _ likelihood: SampledLikelihood, _ ids: [String], from weights: [Double], _ draws: Int,
    _ random: inout SplitMix64
  ) throws(RewardError) -> [[Double]] {
    var fits: [[Double]] = []
    // Pieces of an episode are drawn together: they are no independent evidence.
    var places: [String: Int] = [:]
    let episode = ids.map { id in
      let place = places[id] ?? places.count
      places[id] = place
      return place
    }
    for _ in 0..<draws {
      var drawn = [Double](repeating: 0, count: places.count)
      for _ in drawn.indices { drawn[min(drawn.count - 1, Int(random.uniform() * Double(drawn.count)))] += 1 }
      let multiplicity = episode.map { drawn[$0] }
      fits.append(try likelihood.maximise(from: weights, multiplicity: multiplicity))
    }
    return fits
  }

  private static func recovered(
    _ features: [RewardFeature], _ likelihood: SampledLikelihood, _ weights: [Double], _ draws: [[Double]]
  ) -> Recovered {
    let episodes = 0..<likelihood.episodes
    let effective = episodes.map { likelihood.effectiveSamples(weights, episode: $0) }
    func mean(_ value: (Int) -> Double) -> Double { episodes.reduce(0) { $0 + value($1) } / Double(episodes.count) }
    func quantile(_ values: [Double], _ share: Double) -> Double {
      values.sorted()[min(values.count - 1, Int(share * Double(values.count)))]
    }
    let table = features.enumerated().map { index, feature in
      let scale = likelihood.scale[index]
      let perUnit = scale > 0 ? 1 / scale : 0
      let values = draws.map { $0[index] * perUnit }
      return Weight(
        name: feature.name, unit: feature.unit, value: weights[index] * perUnit,
        interval: values.isEmpty ? [] : [quantile(values, 0.05), quantile(values, 0.95)], deviation: scale,
        demonstrated: mean { likelihood.demonstrated(episode: $0)[index] } * scale,
        expected: mean { likelihood.means(weights, episode: $0)[index] } * scale)
    }
    return Recovered(
      weights: table, unknown: unknown(features, likelihood, weights, draws),
      effectiveSamples: [effective.min() ?? 0, mean { effective[$0] }], samples: likelihood.samples,
      episodes: likelihood.episodes)
  }

  /// Directions of the weights of which not even the sign is known: flat ones, along which samples do not differ; those in
  /// which fits to other draws of the episodes lie on both sides of nothing, by a tenth of all weights'
  /// length or more; and features that never vary.
  private static func unknown(
    _ features: [RewardFeature], _ likelihood: SampledLikelihood, _ weights: [Double], _ draws: [[Double]]
  ) -> [Unknown] {
    let length = max(1e-12, weights.reduce(0) { $0 + $1 * $1 }.squareRoot())
    var found: [Unknown] = []
    for (index, feature) in features.enumerated() where likelihood.scale[index] == 0 {
      found.append(Unknown(direction: [feature.name: 1], uncertainty: .greatestFiniteMagnitude))
    }
    guard draws.count >= 10 else { return found }
    for (information, vector) in SymmetricMatrix.eigen(likelihood.curvature(weights)).sorted(by: { $0.value < $1.value }
    ) {
      guard vector.indices.allSatisfy({ likelihood.scale[$0] > 0 || abs(vector[$0]) < 0.5 }) else { continue }
      let values = draws.map { draw in zip(draw, vector).reduce(0) { $0 + $1.0 * $1.1 } }.sorted()
      let (low, high) = (values[Int(0.05 * Double(values.count))], values[Int(0.95 * Double(values.count))])
      let half = (high - low) / 2
      let isFlat = information - likelihood.weightDecay < 1e-6
      guard isFlat || (low < 0 && high > 0 && half >= 0.1 * length) else { continue }
      var direction: [String: Double] = [:]
      for (feature, share) in zip(features, vector) where abs(share) >= 0.3 { direction[feature.name] = share }
      found.append(Unknown(direction: direction, uncertainty: isFlat ? .greatestFiniteMagnitude : half / length))
    }
    return found
  }
}
