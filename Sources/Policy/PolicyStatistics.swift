/// What training saw of each feature and of each value of an action (chunk × joints).
///
/// The networks of a standardised policy see (feature − mean) / std and give (action − mean) / std. A column that hardly
/// varied is only centred: divided by next to nothing, its noise would become the loudest input of all.
public struct PolicyStatistics: Codable, Equatable, Sendable {
  /// A feature whose standard deviation is below this (a milliradian, a millimetre) counts as constant.
  public static let constantFeatureStd: Float = 1e-3
  /// An action whose standard deviation is below this counts as constant.
  public static let constantActionStd: Float = 1e-4

  /// One column of the training data.
  public struct Column: Codable, Equatable, Sendable {
    /// The mean.
    public var mean: Float
    /// The standard deviation.
    public var std: Float
    /// Least value seen.
    public var min: Float
    /// Greatest value seen.
    public var max: Float

    /// A column.
    public init(mean: Float, std: Float, min: Float, max: Float) {
      self.mean = mean
      self.std = std
      self.min = min
      self.max = max
    }
  }

  /// How a column enters or leaves the networks: inside it is (x − offset) / scale.
  public struct Normalisation: Equatable, Sendable {
    /// Subtracted first.
    public var offset: Float
    /// Divides then.
    public var scale: Float
  }

  /// In the order of `PolicyInterface.features`.
  public var features: [Column]
  /// [chunk][joint], in the order of `PolicyInterface.actions`.
  public var actions: [Column]

  /// Statistics.
  public init(features: [Column], actions: [Column]) {
    self.features = features
    self.actions = actions
  }

  /// How the features enter networks of this kind. Training and inference both ask here.
  public func featureNormalisation(standardised: Bool) -> [Normalisation] {
    features.map { normalisation($0, Self.constantFeatureStd, standardised) }
  }

  /// How the actions leave networks of this kind.
  public func actionNormalisation(standardised: Bool) -> [Normalisation] {
    actions.map { normalisation($0, Self.constantActionStd, standardised) }
  }

  private func normalisation(_ column: Column, _ constant: Float, _ standardised: Bool) -> Normalisation {
    standardised
      ? Normalisation(offset: column.mean, scale: column.std < constant ? 1 : column.std)
      : Normalisation(offset: 0, scale: 1)
  }
}
