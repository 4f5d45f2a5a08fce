/// What stands in `policy.json`: everything about a policy but its weights.
///
/// The file is strict and versioned: an unknown key, a missing one or a value out of its bounds is refused, because a
/// policy that is half understood must not move an arm.
public struct PolicyDescription: Codable, Equatable, Sendable {
  /// The version that this code reads and writes.
  public static let currentVersion = 1

  /// The version of the file's format.
  public var version: Int
  /// What goes in and comes out.
  public var interface: PolicyInterface
  /// The networks' shape.
  public var network: NetworkShape
  /// Normalisation and training ranges.
  public var statistics: PolicyStatistics
  /// Where the policy comes from.
  public var lineage: Lineage
  /// SHA-256 of `model.safetensors`, as `sha256sum` prints it: saving sets it, loading checks it. Absent where another
  /// program wrote the weights and did not say.
  public var weightsSHA256: String?

  /// A description in the current version.
  public init(
    interface: PolicyInterface, network: NetworkShape, statistics: PolicyStatistics, lineage: Lineage = Lineage()
  ) {
    version = Self.currentVersion
    self.interface = interface
    self.network = network
    self.statistics = statistics
    self.lineage = lineage
  }

  /// Inputs, hidden widths and outputs of every member.
  public var widths: [Int] {
    [interface.features.count] + network.hidden + [interface.chunk * interface.actions.count]
  }
}

/// What a policy is for: an arm, the features it looks at and the joints it moves.
public struct PolicyInterface: Codable, Equatable, Sendable {
  /// The arm file's name.
  public var arm: String
  /// Feature names in order (`joint.shoulder_pan`, `cup-tool.x`, …), at most 64.
  public var features: [String]
  /// The joints that are commanded, in order.
  public var actions: [String]
  /// What the numbers of an action mean.
  public var representation: ActionRepresentation
  /// Decisions a second that the policy was trained for.
  public var decision_Hz: Double
  /// How many decisions ahead one inference plans; 1 for a single step.
  public var chunk: Int

  /// An interface.
  public init(
    arm: String, features: [String], actions: [String], representation: ActionRepresentation, decision_Hz: Double,
    chunk: Int = 1
  ) {
    self.arm = arm
    self.features = features
    self.actions = actions
    self.representation = representation
    self.decision_Hz = decision_Hz
    self.chunk = chunk
  }

  /// Refuses another arm, other features or other joints, and names the difference.
  public func check(arm: String, features: [String], actions: [String]) throws(PolicyError) {
    guard arm == self.arm else { throw .otherArm(expected: self.arm, present: arm) }
    guard features == self.features else { throw .otherNames("features", expected: self.features, present: features) }
    guard actions == self.actions else { throw .otherNames("joints", expected: self.actions, present: actions) }
  }
}

/// What the numbers of an action mean; all are radians.
public enum ActionRepresentation: String, Codable, Sendable, CaseIterable {
  /// Joint positions.
  case absolute
  /// Differences from the measured joint positions at the decision.
  case relativeToPresent = "relative-to-present"
  /// Differences from the command that was in force at the decision.
  case relativeToCommand = "relative-to-command"
}

/// The shape of the networks.
public struct NetworkShape: Codable, Equatable, Sendable {
  /// The nonlinearity behind each hidden layer.
  public enum Activation: String, Codable, Sendable, CaseIterable {
    /// max(0, x).
    case relu
    /// Hyperbolic tangent, in a fixed order of operations.
    case tanh
  }

  /// How the layers are computed. The file always holds f32 weights; int8 is made of them at load.
  public enum Precision: String, Codable, Sendable, CaseIterable {
    /// 32-bit floats.
    case float32
    /// First layer f32; the others with 8-bit weights and activations and exact integer sums.
    case int8
  }

  /// Widths of the hidden layers.
  public var hidden: [Int]
  /// The nonlinearity behind each hidden layer.
  public var activation: Activation
  /// How many networks vote.
  public var ensemble: Int
  /// Whether the networks see and give standardised numbers (see `PolicyStatistics`), or the features and actions as
  /// they are.
  public var standardised: Bool
  /// How the layers are computed.
  public var precision: Precision

  /// A shape.
  public init(
    hidden: [Int], activation: Activation = .relu, ensemble: Int = 1, standardised: Bool = true,
    precision: Precision = .float32
  ) {
    self.hidden = hidden
    self.activation = activation
    self.ensemble = ensemble
    self.standardised = standardised
    self.precision = precision
  }
}

/// Where a policy comes from. What is not known is absent.
public struct Lineage: Codable, Equatable, Sendable {
  /// Digest of the dataset.
  public var dataset: String?
  /// The policy that collected the corrections, by its folder's name.
  public var parent: String?
  /// Name of the training recipe.
  public var recipe: String?
  /// Seed of initial weights and of every shuffle.
  public var seed: UInt64?
  /// Frames and episodes that were learned from.
  public var frames: Int?
  /// Episodes that were learned from.
  public var episodes: Int?
  /// Episodes that were held out.
  public var heldOutEpisodes: Int?
  /// The matrix library, its core and its threads: the same of these give the same weights, bit for bit.
  public var blas: String?
  /// Figures of the training, by name.
  public var metrics: [String: Double]?

  /// Nothing known.
  public init() {}
}
