public import Policy

extension BehaviorCloning {
  /// How to train: a recipe's numbers.
  public struct Configuration: Sendable, Equatable {
    /// What one difference between a wished and a predicted action costs.
    public enum Loss: Sendable, Equatable, Codable {
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

    /// What the networks give.
    public enum Head: Sendable, Equatable {
      /// The action.
      case mean
      /// Logits for the named joints, each of which chooses among so many values cut from its range; trained by
      /// cross-entropy. The other joints as in `mean`.
      case categorical([String: Int])
      /// A mixture of so many Gaussians over the whole action; trained by its likelihood.
      case mixture(Int)
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
    /// Whether each hidden layer is normalised over its units.
    public var layerNorm = false
    /// Whether hidden layers of one width add to the one before.
    public var residual = false
    /// What the networks give.
    public var head = Head.mean
    /// The share of hidden units that is left out at random in each step.
    public var dropout = 0.0
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
    /// Keeps an exponential average of the weights, which is what the policy gets: the share that the old average keeps
    /// at each step (0.999, say).
    public var averaging: Double?
    /// The last share of the steps in which the networks see their layers as int8 would (quantization-aware
    /// fine-tuning); 0 for none.
    public var quantizationAware = 0.0
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
    /// How many threads share the members; the weights do not depend on it.
    public var threads = 1
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
    try check((0..<1).contains(dropout), "dropout", dropout, "0 to below 1")
    try check((0...1).contains(quantizationAware), "quantizationAware", quantizationAware, "a share of 0 to 1")
    try check((1...64).contains(threads), "threads", threads, "1 to 64")
    if let averaging { try check((0..<1).contains(averaging), "averaging", averaging, "0 to below 1") }
    switch head {
    case .mean: break
    case .mixture(let count): try check((2...32).contains(count), "head.mixture", count, "2 to 32 components")
    case .categorical(let counts):
      try check(!counts.isEmpty, "head.categorical", "no joint", "one or more")
      for (joint, count) in counts {
        try check((2...256).contains(count), "head.categorical.\(joint)", count, "2 to 256 values")
      }
    }
    let plain = activation == .relu && !layerNorm && !residual && head == .mean
    try check(
      plain || quantizationAware == 0, "quantizationAware", quantizationAware,
      "0, because only plain ReLU networks run in int8")
    if let patience { try check(patience > 0, "patience", patience, "1 or more looks") }
    switch length {
    case .steps(let count): try check(count > 0, "length", "\(count) steps", "1 or more")
    case .epochs(let count): try check(count > 0, "length", "\(count) epochs", "1 or more")
    }
  }
}
