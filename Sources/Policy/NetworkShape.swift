/// The shape of the networks.
///
///     h₀ = x      hₗ₊₁ = activation(norm(Wₗ hₗ + bₗ)) [+ hₗ]      y = W_L h_L + b_L
///
/// `norm` and the residual `+ hₗ` only where they are asked for; the residual only between hidden layers of one width.
public struct NetworkShape: Codable, Equatable, Sendable {
  /// The nonlinearity behind each hidden layer.
  public enum Activation: String, Codable, Sendable, CaseIterable {
    /// max(0, x).
    case relu
    /// Hyperbolic tangent, in a fixed order of operations.
    case tanh
    /// x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))): the tanh form of GELU (Hendrycks and Gimpel 2016), which PyTorch
    /// calls `GELU(approximate="tanh")`.
    case gelu = "gelu-tanh"
  }

  /// How the layers are computed. The file always holds f32 weights; int8 is made of them at load.
  public enum Precision: String, Codable, Sendable, CaseIterable {
    /// 32-bit floats.
    case float32
    /// First layer f32; the others with 8-bit weights and activations and exact integer sums. Plain ReLU networks only.
    case int8
  }

  /// Widths of the hidden layers.
  public var hidden: [Int]
  /// The nonlinearity behind each hidden layer.
  public var activation: Activation
  /// Whether each hidden layer is normalised over its units before its activation (layer normalisation, Ba et al. 2016).
  public var layerNorm: Bool
  /// Whether a hidden layer adds to the one before it, where both have one width.
  public var residual: Bool
  /// What the last layer's numbers mean.
  public var head: ActionHead
  /// How many networks vote.
  public var ensemble: Int
  /// Whether the networks see and give standardised numbers (see `PolicyStatistics`), or the features and actions as
  /// they are.
  public var standardised: Bool
  /// How the layers are computed.
  public var precision: Precision

  /// A shape.
  public init(
    hidden: [Int], activation: Activation = .relu, layerNorm: Bool = false, residual: Bool = false,
    head: ActionHead = .mean, ensemble: Int = 1, standardised: Bool = true, precision: Precision = .float32
  ) {
    self.hidden = hidden
    self.activation = activation
    self.layerNorm = layerNorm
    self.residual = residual
    self.head = head
    self.ensemble = ensemble
    self.standardised = standardised
    self.precision = precision
  }

  /// Whether int8 can compute it: a plain ReLU network that gives its actions themselves.
  public var allowsInt8: Bool { activation == .relu && !layerNorm && !residual && head == .mean }

  /// Whether the layer behind hidden layer `index` adds to it.
  func adds(behind index: Int) -> Bool {
    residual && index + 1 < hidden.count && hidden[index] == hidden[index + 1]
  }
}

extension NetworkShape {
  /// Reads a shape; files from before there were `layerNorm`, `residual` and `head` mean a plain network.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    hidden = try container.decode([Int].self, forKey: .hidden)
    activation = try container.decode(Activation.self, forKey: .activation)
    layerNorm = try container.decodeIfPresent(Bool.self, forKey: .layerNorm) ?? false
    residual = try container.decodeIfPresent(Bool.self, forKey: .residual) ?? false
    head = try container.decodeIfPresent(ActionHead.self, forKey: .head) ?? .mean
    ensemble = try container.decode(Int.self, forKey: .ensemble)
    standardised = try container.decode(Bool.self, forKey: .standardised)
    precision = try container.decode(Precision.self, forKey: .precision)
  }
}
