internal import CKernels
public import Foundation
public import Policy
internal import RealTime

/// The chance that an action leads to success, learned from episodes that did and did not: ThriftyDAgger's Q-risk (Hoque et
/// al., CoRL 2021, section 4.2; twin critics and slowly moving targets as in the paper's code).
///
///     Q(s, a) = σ(network)          target  r + γ (1 − end) · min(Q1', Q2')(s', π(s'))          r = 1 at success
///
/// γ is so near to 1 that Q is the discounted chance of success; low means risky. The two networks are kept as a policy
/// folder of one output, a logit, so that the tick runs them with the kernels it has; thresholds compare logits.
public struct RiskCritic: Sendable {
  /// How it is trained; the paper's code where it says a number.
  public struct Configuration: Sendable {
    /// Widths of the hidden layers. (256, 256 in the code; these networks see 20 numbers.)
    public var hidden = [64, 64]
    /// Steps of both networks.
    public var steps = 2500
    /// Rows a step.
    public var batch = 64
    /// Share of a batch that are last steps of successes: without them nothing says what is good.
    public var successShare = 0.1
    /// Adam's step.
    public var learningRate = 1e-3
    /// What a step later counts.
    public var discount = 0.9999
    /// How much of the targets' weights stays, every second step.
    public var polyak = 0.995

    /// The defaults.
    public init() {}
  }

  private let parameters: PolicyParameters
  private let description: PolicyDescription

  /// Trains both networks on transitions; `policy` says what it would do in each next state.
  public static func train(
    _ transitions: Transitions, policy: Policy, description: PolicyDescription,
    _ configuration: Configuration = Configuration(), seed: UInt64
  ) throws(LearningError) -> RiskCritic {
    guard transitions.count > 0 else { throw .empty }
    var random = SplitMix64(seed: seed)
    let data = CriticData(transitions, policy, description)
    var training = CriticTraining(data, configuration, &random)
    for _ in 0..<configuration.steps { training.step(&random) }
    let members = training.networks.map { $0.layers(of: $0.parameters) }
    guard members.allSatisfy({ $0.allSatisfy { $0.weights.allSatisfy(\.isFinite) } }) else {
      throw .diverged(step: configuration.steps, learningRate: configuration.learningRate)
    }
    var lineage = Lineage()
    lineage.recipe = "risk"
    lineage.seed = seed
    lineage.frames = transitions.count
    lineage.metrics = ["safety on training data, 1 %": Double(training.lowQuantile(0.01))]
    let column = PolicyStatistics.Column(mean: 0, std: 1, min: -40, max: 40)
    let shape = NetworkShape(hidden: configuration.hidden, ensemble: 2, standardised: true)
    return RiskCritic(
      parameters: PolicyParameters(members: members),
      description: PolicyDescription(
        interface: PolicyInterface(
          arm: description.interface.arm,
          features: description.interface.features + description.interface.actions.map { "action.\($0)" },
          actions: ["success.logit"], representation: .absolute, decision_Hz: description.interface.decision_Hz),
        network: shape, statistics: PolicyStatistics(features: data.columns, actions: [column]), lineage: lineage))
  }

  /// Writes the critic's folder.
  public func save(to folder: URL, replacing: Bool = false) throws(PolicyError) {
    try Policy.save(description, parameters, to: folder, replacing: replacing)
  }

  /// The critic, ready to run.
  public func policy() throws(PolicyError) -> Policy { try Policy(description, parameters, kernels: .chosen()) }
}

/// Rows ready for the critics: features and action, standardised.
private struct CriticData {
  let width: Int
  /// [row][width]: what was done.
  let now: [Float]
  /// [row][width]: the next state, and what the policy would do there.
  let next: [Float]
  let ends: [Bool]
  let succeeds: [Bool]
  let successes: [Int]
  let columns: [PolicyStatistics.Column]

  init(_ transitions: Transitions, _ policy: Policy, _ description: PolicyDescription) {
    let joints = transitions.actionCount, features = transitions.featureCount
    width = features + joints
    ends = transitions.ends
    succeeds = transitions.succeeds
    successes = succeeds.indices.filter { transitions.succeeds[$0] }
    columns =
      description.statistics.features + Array(description.statistics.actions.prefix(joints))
    let normal = PolicyStatistics(features: columns, actions: []).featureNormalisation(standardised: true)
    func standardised(_ row: [Float]) -> [Float] { zip(row, normal).map { ($0 - $1.offset) / $1.scale } }
    var now: [Float] = [], next: [Float] = []
    var given = [Float](repeating: 0, count: policy.actionCount)
    for row in 0..<transitions.count {
      let seen = transitions.features[(row * features)..<((row + 1) * features)]
      let done = transitions.actions[(row * joints)..<((row + 1) * joints)]
      now += standardised(Array(seen) + Array(done))
      let then = Array(transitions.next[(row * features)..<((row + 1) * features)])
      then.withUnsafeBufferPointer { input in
        given.withUnsafeMutableBufferPointer { _ = policy.infer(input, mean: $0) }
      }
      next += standardised(then + Array(given.prefix(joints)))
    }
    self.now = now
    self.next = next
  }
}

/// Both critics on their way, and the slow copies that they are measured against.
private struct CriticTraining {
  let networks: [TrainingNetwork<Float>]
  private let slow: [TrainingNetwork<Float>]
  private let data: CriticData
  private let configuration: RiskCritic.Configuration
  private let optimizers: [Adam<Float>]
  private let targets: Buffer<Float>
  private let ones: Buffer<Float>
  private let valid: Buffer<Int32>
  private var backup: [Double]
  private var rows: [Int]
  private var steps = 0

  init(_ data: CriticData, _ configuration: RiskCritic.Configuration, _ random: inout SplitMix64) {
    self.data = data
    self.configuration = configuration
    let widths = [data.width] + configuration.hidden + [1]
    let rows = configuration.batch
    networks = (0..<2).map { _ in TrainingNetwork(widths: widths, activation: .relu, rows: rows) }
    slow = (0..<2).map { _ in TrainingNetwork(widths: widths, activation: .relu, rows: rows) }
    for (network, copy) in zip(networks, slow) {
      network.initialise(&random)
      copy.parameters.copy(network.parameters)
    }
    var recipe = BehaviorCloning.Configuration(name: "risk")
    recipe.learningRate = configuration.learningRate
    optimizers = networks.map { Adam($0.parameters.count, recipe) }
    targets = Buffer(rows)
    ones = Buffer(rows)
    valid = Buffer(rows)
    for row in 0..<rows {
      ones.pointer[row] = 1
      valid.pointer[row] = 1
    }
    backup = [Double](repeating: 0, count: rows)
    self.rows = [Int](repeating: 0, count: rows)
  }

  private static func sigmoid(_ x: Float) -> Double { 1 / (1 + us_fixed_exp(-Double(x))) }

  mutating func step(_ random: inout SplitMix64) {
    draw(&random)
    for (index, row) in rows.enumerated() {
      backup[index] = data.succeeds[row] ? 1 : 0
    }
    var least = [Double](repeating: 1, count: rows.count)
    for network in slow {
      fill(network, data.next)
      network.forward(rows: rows.count)
      for index in rows.indices { least[index] = min(least[index], Self.sigmoid(network.output.pointer[index])) }
    }
    for (index, row) in rows.enumerated() where !data.ends[row] {
      backup[index] += configuration.discount * least[index]
    }
    for (network, optimizer) in zip(networks, optimizers) {
      fill(network, data.now)
      network.forward(rows: rows.count)
      // The square of σ(o) − y has the gradient 2 (σ − y) σ (1 − σ): the square of o − t has the same for this t.
      for index in rows.indices {
        let output = network.output.pointer[index]
        let q = Self.sigmoid(output)
        targets.pointer[index] = output - Float((q - backup[index]) * q * (1 - q))
      }
      _ = network.loss(.meanSquare, rows: rows.count, targets: targets, weights: ones, valid: valid)
      network.backward(rows: rows.count)
      optimizer.step(network.parameters, network.gradient, rate: configuration.learningRate)
    }
    steps += 1
    guard steps % 2 == 0 else { return }
    let stays = Float(configuration.polyak)
    for (network, copy) in zip(networks, slow) {
      for index in 0..<network.parameters.count {
        copy.parameters.pointer[index] =
          stays * copy.parameters.pointer[index] + (1 - stays) * network.parameters.pointer[index]
      }
    }
  }

  private mutating func draw(_ random: inout SplitMix64) {
    let wanted = data.successes.isEmpty ? 0 : Int(configuration.successShare * Double(rows.count))
    for index in rows.indices {
      let count = index < wanted ? data.successes.count : data.ends.count
      let place = min(count - 1, Int(random.uniform() * Double(count)))
      rows[index] = index < wanted ? data.successes[place] : place
    }
  }

  private func fill(_ network: TrainingNetwork<Float>, _ table: [Float]) {
    for (index, row) in rows.enumerated() {
      for column in 0..<data.width {
        network.input.pointer[index * data.width + column] = table[row * data.width + column]
      }
    }
  }

  /// The lower quantile of min(Q1, Q2), as a logit, over all rows.
  mutating func lowQuantile(_ share: Double) -> Float {
    var logits: [Float] = []
    for start in stride(from: 0, to: data.ends.count, by: configuration.batch) {
      let end = min(data.ends.count, start + configuration.batch)
      rows = Array(start..<end)
      var least = [Float](repeating: .infinity, count: rows.count)
      for network in networks {
        fill(network, data.now)
        network.forward(rows: rows.count)
        for index in rows.indices { least[index] = min(least[index], network.output.pointer[index]) }
      }
      logits += least
    }
    logits.sort()
    return logits[min(logits.count - 1, Int(share * Double(logits.count)))]
  }
}
