// Learning: demonstrations and corrections in, a policy out.
//
//     Frames ─▶ check ─▶ standardise ─▶ ┌ member 1: batch ─▶ forward ─▶ loss ─▶ backward ─▶ Adam ┐
//      (features, actions,              │ member 2                                               │─▶ TrainedPolicy
//       weights, episodes)              └ member K                                               ┘
//                                            └─ held-out episodes are only looked at
//
// Units: features and actions as in `Frames`; losses count in training variances of the actions (1 is what always
// answering the mean would get), because both sides are standardised.
// Torque: nothing here moves an arm. Training belongs into a process of its own: it takes a whole core.
//
// Matrix products go through OpenBLAS, everything else through fused passes (CKernelsTraining.h).
public import Policy
public import RealTime

/// Behavior cloning: supervised learning of what a person did, from what the person saw.
///
///     let trained = try BehaviorCloning.train(frames, .standard, seed: 7) { progress in
///       print(progress.step, progress.trainingLoss)
///       return true                                      // false stops, and keeps what is best so far
///     }
///     try trained.save(to: folder, description: trained.description(arm: "so101", …))
///
/// Every net starts from scratch. The same frames, configuration and seed give the same weights, bit for bit, with the
/// same OpenBLAS core and one thread (both stand in the lineage).
public enum BehaviorCloning {
  /// Trains on the frames whose episodes are not held out.
  ///
  /// `progress` is called about twenty times a run, and at each end of an epoch where the length counts epochs.
  public static func train(
    _ frames: Frames, _ configuration: Configuration = .standard, seed: UInt64, clock: TickClock = .monotonic,
    progress: (TrainingProgress) -> Bool = { _ in true }
  ) throws(LearningError) -> TrainedPolicy {
    try configuration.validate()
    try frames.validate()
    let data = try TrainingData<Float>(frames, configuration)
    var random = SplitMix64(seed: seed)
    let members = (0..<configuration.ensemble).map { _ in
      MemberTraining(data, configuration, random: random.fork())
    }
    let run = try TrainingRun(members, data, configuration, clock).finish(progress)
    var trained = TrainedPolicy(frames, data, configuration, seed: seed, members: members, run: run)
    if data.heldOut.count > 0 {
      do {
        trained.report.heldOutError = try trained.error(on: frames, rows: frames.heldOutRows)
      } catch {
        throw .policy(error)
      }
    }
    return trained
  }
}

extension BehaviorCloning {
  /// How to train: a recipe's numbers.
  public struct Configuration: Sendable, Equatable {
    /// What one difference between a wished and a predicted action costs.
    public enum Loss: Sendable, Equatable {
      /// d².
      case meanSquare
      /// |d|.
      case absolute
      /// d²/2 up to `knee`, then a line. In standard deviations of the action.
      case huber(knee: Double)
    }

    /// How gradients become steps.
    public enum Optimizer: Sendable, Equatable {
      /// Adam; weight decay joins the gradient.
      case adam
      /// Adam with decoupled weight decay.
      case adamW
    }

    /// How long to train.
    public enum Length: Sendable, Equatable {
      /// So many batches.
      case steps(Int)
      /// So many times over the data.
      case epochs(Int)
    }

    /// What each member of an ensemble sees.
    public enum Bootstrap: Sendable, Equatable {
      /// All frames; members differ by their initial weights and their order of frames.
      case none
      /// As many frames, drawn with replacement.
      case frames
      /// As many episodes, drawn with replacement.
      case episodes
    }

    /// The recipe's name, for the lineage.
    public var name: String
    /// Widths of the hidden layers.
    public var hidden = [128, 128]
    /// The nonlinearity behind each hidden layer.
    public var activation = NetworkShape.Activation.relu
    /// How many networks.
    public var ensemble = 5
    /// What a difference costs.
    public var loss = Loss.meanSquare
    /// How gradients become steps.
    public var optimizer = Optimizer.adam
    /// The step size at the beginning.
    public var learningRate = 1e-3
    /// Whether all joints are measured by the largest deviation among them instead of each by its own.
    public var sharesActionScale = true
    /// Whether the step size falls to zero along half a cosine; else it stays.
    public var cosine = true
    /// Pull of the weights towards zero.
    public var weightDecay = 0.0
    /// The longest gradient that is let through unshortened.
    public var gradientLimit: Double?
    /// Frames a step.
    public var batch = 128
    /// How long to train.
    public var length = Length.steps(1500)
    /// Whether an epoch's last batch may be short (as in PyTorch's DataLoader); else the next epoch fills it up.
    public var keepsPartialBatches = false
    /// What each member sees.
    public var bootstrap = Bootstrap.none
    /// Whether features and actions are standardised; else they go in and come out as they are.
    public var standardises = true
    /// Stops once the held-out loss has not improved for so many looks (there are about twenty a run).
    public var patience: Int?

    /// A recipe of this name, otherwise as `standard`.
    public init(name: String) { self.name = name }

    /// The default: an ensemble of five, standardised, cosine, 1500 steps.
    public static let standard = Configuration(name: "standard")

    /// The textbook's recipe: one network, raw numbers, batches of 32, 100 epochs at a fixed rate.
    public static let chapter: Configuration = {
      var chapter = Configuration(name: "chapter")
      chapter.ensemble = 1
      chapter.cosine = false
      chapter.batch = 32
      chapter.length = .epochs(100)
      chapter.keepsPartialBatches = true
      chapter.standardises = false
      return chapter
    }()
  }
}

extension BehaviorCloning.Configuration {
  func validate() throws(LearningError) {
    func check(_ holds: Bool, _ key: String, _ found: Any, _ expected: String) throws(LearningError) {
      if !holds { throw .configuration(key: key, found: "\(found)", expected: expected) }
    }
    func positive(_ value: Double, _ key: String) throws(LearningError) {
      try check(value.isFinite && value > 0, key, value, "a number above 0")
    }
    try check((1...64).contains(ensemble), "ensemble", ensemble, "1 to 64 networks")
    try check(hidden.count <= 16 && hidden.allSatisfy { (1...8192).contains($0) }, "hidden", hidden, "widths to 8192")
    try check((1...65536).contains(batch), "batch", batch, "1 to 65536 frames")
    try check(weightDecay.isFinite && weightDecay >= 0, "weightDecay", weightDecay, "0 or more")
    try positive(learningRate, "learningRate")
    if let gradientLimit { try positive(gradientLimit, "gradientLimit") }
    if case .huber(let knee) = loss { try positive(knee, "loss.huber.knee") }
    if let patience { try check(patience > 0, "patience", patience, "1 or more looks") }
    switch length {
    case .steps(let count): try check(count > 0, "length", "\(count) steps", "1 or more")
    case .epochs(let count): try check(count > 0, "length", "\(count) epochs", "1 or more")
    }
  }
}
