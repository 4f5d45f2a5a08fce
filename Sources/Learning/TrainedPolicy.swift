public import Foundation
public import Policy

/// What training gave: weights, statistics, and how it went.
public struct TrainedPolicy: Sendable {
  /// How a training went.
  public struct Report: Sendable, Equatable {
    /// The losses over the steps.
    public var curve: [LossPoint]
    /// Frames learned from (weight above 0, not held out).
    public var frames: Int
    /// Frames held out.
    public var heldOutFrames: Int
    /// Features that did not vary, so that nothing could be learned from them.
    public var constantFeatures: [String]
    /// Joints whose action did not vary: the policy gives the constant.
    public var constantActions: [String]
    /// True where training ended before its length; the best weights were kept.
    public var stoppedEarly: Bool
    /// Root mean square error on held-out frames for each action column, in the action's unit; empty without any.
    public var heldOutError: [Float]
    /// How long it took. 0 on virtual time.
    public var seconds: Double
    /// Rows learned from in each second, all members counted.
    public var samplesPerSecond: Double
    /// What a person should know, a sentence each.
    public var notes: [String]
  }

  /// The weights.
  public let parameters: PolicyParameters
  /// Normalisation and training ranges.
  public let statistics: PolicyStatistics
  /// The shape of the networks.
  public let network: NetworkShape
  /// Seed, recipe, counts and figures; the caller adds dataset and parent.
  public let lineage: Lineage
  /// How training went.
  public internal(set) var report: Report
  private let features: [String]
  private let actions: [String]
  private let chunk: Int
  private let history: Int

  /// The policy's description; its lineage can be added to before it is saved.
  public func description(
    arm: String, representation: ActionRepresentation, decision_Hz: Double,
    precision: NetworkShape.Precision = .float32, execution: ChunkExecution? = nil
  ) -> PolicyDescription {
    var network = network
    network.precision = precision
    return PolicyDescription(
      interface: PolicyInterface(
        arm: arm, features: features, actions: actions, representation: representation, decision_Hz: decision_Hz,
        chunk: chunk, execution: execution, history: history),
      network: network, statistics: statistics, lineage: lineage)
  }

  /// The policy, ready to run, without a detour over files.
  public func policy(_ description: PolicyDescription, kernels: Kernels? = nil) throws(PolicyError) -> Policy {
    let kernels = if let kernels { kernels } else { try Kernels.chosen() }
    return try Policy(description, parameters, kernels: kernels)
  }

  /// Writes the policy's folder, all or nothing; an existing one is replaced only where `replacing` is set.
  public func save(
    to directory: URL, description: PolicyDescription, replacing: Bool = false, attachments: [String: Data] = [:]
  ) throws(PolicyError) {
    try Policy.save(description, parameters, to: directory, replacing: replacing, attachments: attachments)
  }

  init(
    _ frames: Frames, _ data: TrainingData<Float>, _ configuration: BehaviorCloning.Configuration, seed: UInt64,
    members: [MemberTraining<Float>], run: TrainingRun
  ) {
    parameters = PolicyParameters(members: members.map { $0.layers(best: run.stoppedEarly) })
    statistics = data.statistics
    network = NetworkShape(
      hidden: configuration.hidden, activation: configuration.activation, layerNorm: configuration.layerNorm,
      residual: configuration.residual, head: data.head, ensemble: configuration.ensemble,
      standardised: configuration.standardises)
    features = frames.featureNames
    actions = frames.actionNames
    chunk = frames.chunk
    history = frames.history
    report = Report(data, run)
    var lineage = Lineage()
    lineage.recipe = configuration.name
    lineage.seed = seed
    lineage.frames = data.training.count
    lineage.episodes = Set(data.training.episodes).count
    lineage.heldOutEpisodes = Set(data.heldOut.episodes).count
    lineage.blas = MatrixLibrary.description
    if let last = run.curve.last {
      lineage.metrics = ["steps": Double(last.step), "training loss": last.training]
      lineage.metrics?["held-out loss"] = last.heldOut
    }
    self.lineage = lineage
  }
}

extension TrainedPolicy.Report {
  init(_ data: TrainingData<Float>, _ run: TrainingRun) {
    curve = run.curve
    frames = data.training.count
    heldOutFrames = data.heldOut.count
    constantFeatures = data.constantFeatures
    constantActions = data.constantActions
    stoppedEarly = run.stoppedEarly
    heldOutError = []
    seconds = run.seconds
    samplesPerSecond = run.samplesPerSecond
    notes = []
    if data.heldOut.count == 0 {
      let episodes = Set(data.training.episodes).count
      notes.append(
        (episodes == 1 ? "There is one episode only, so nothing was held out" : "No episode was held out")
          + ": nothing says how well the policy does on what it has not seen.")
    }
    for name in constantFeatures {
      notes.append("The feature \(name) did not vary: the policy knows nothing of its influence.")
    }
    for name in constantActions {
      notes.append("The joint \(name) was never moved: the policy does not move it.")
    }
    if stoppedEarly { notes.append("Training ended early; the best weights so far were kept.") }
  }
}
