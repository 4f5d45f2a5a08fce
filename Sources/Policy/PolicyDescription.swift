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
    [interface.inputCount] + network.hidden
      + [network.head.width(chunk: interface.chunk, joints: interface.actions)]
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
