/// One dense layer, y = W x + b, in PyTorch's layout: `weights` is [outputs][inputs].
public struct DenseParameters: Equatable, Sendable {
  /// Length of x.
  public let inputs: Int
  /// Length of y.
  public let outputs: Int
  /// [outputs][inputs]
  public var weights: [Float]
  /// [outputs]
  public var bias: [Float]

  /// A layer; the arrays' lengths must fit.
  public init(inputs: Int, outputs: Int, weights: [Float], bias: [Float]) {
    precondition(weights.count == inputs * outputs && bias.count == outputs)
    self.inputs = inputs
    self.outputs = outputs
    self.weights = weights
    self.bias = bias
  }
}

/// The weights of an ensemble.
///
/// As tensors they bear the names that the textbook's `BCNetwork` gives them (`net.0.weight`, `net.0.bias`,
/// `net.2.weight`, …: a `torch.nn.Sequential` of linear layers and activations), behind `members.K.` where there is
/// more than one network, as a `torch.nn.ModuleList` called `members` would have it.
public struct PolicyParameters: Equatable, Sendable {
  /// Each member's layers, input side first.
  public var members: [[DenseParameters]]

  /// Weights.
  public init(members: [[DenseParameters]]) { self.members = members }

  /// The name of a layer's tensors, without `.weight` or `.bias`.
  static func name(member: Int, of count: Int, layer: Int) -> String {
    (count == 1 ? "" : "members.\(member).") + "net.\(2 * layer)"
  }

  /// As tensors.
  func tensors() -> [String: SafeTensors.Tensor] {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for (member, layers) in members.enumerated() {
      for (index, layer) in layers.enumerated() {
        let name = Self.name(member: member, of: members.count, layer: index)
        tensors[name + ".weight"] = .init(shape: [layer.outputs, layer.inputs], values: layer.weights)
        tensors[name + ".bias"] = .init(shape: [layer.outputs], values: layer.bias)
      }
    }
    return tensors
  }

  /// From tensors: exactly those that `description` speaks of, with its shapes, and no others.
  init(_ tensors: [String: SafeTensors.Tensor], for description: PolicyDescription) throws(PolicyError) {
    let widths = description.widths
    let count = description.network.ensemble
    var unused = Set(tensors.keys)
    func take(_ name: String, _ shape: [Int]) throws(PolicyError) -> [Float] {
      guard let tensor = tensors[name] else { throw .tensorMissing(name: name) }
      guard tensor.shape == shape else { throw .tensorShape(name: name, found: tensor.shape, expected: shape) }
      unused.remove(name)
      return tensor.values
    }
    members = []
    for member in 0..<count {
      var layers: [DenseParameters] = []
      for index in 0..<(widths.count - 1) {
        let (inputs, outputs) = (widths[index], widths[index + 1])
        let name = Self.name(member: member, of: count, layer: index)
        layers.append(
          DenseParameters(
            inputs: inputs, outputs: outputs, weights: try take(name + ".weight", [outputs, inputs]),
            bias: try take(name + ".bias", [outputs])))
      }
      members.append(layers)
    }
    if let name = unused.min() { throw .tensorUnknown(name: name) }
  }

  /// Refuses weights that do not fit the description or are not finite.
  func validate(against description: PolicyDescription) throws(PolicyError) {
    let widths = description.widths
    guard members.count == description.network.ensemble else {
      throw .value(
        key: "network.ensemble", found: "weights of \(members.count) networks",
        expected: "\(description.network.ensemble)")
    }
    for (member, layers) in members.enumerated() {
      let found = [layers.first?.inputs ?? 0] + layers.map(\.outputs)
      guard found == widths, zip(layers.dropFirst(), layers).allSatisfy({ $0.inputs == $1.outputs }) else {
        throw .value(key: "network.hidden", found: "weights of widths \(found)", expected: "\(widths)")
      }
      for (index, layer) in layers.enumerated() {
        let name = Self.name(member: member, of: members.count, layer: index)
        if !layer.weights.allSatisfy(\.isFinite) { throw .tensorNotFinite(name: name + ".weight") }
        if !layer.bias.allSatisfy(\.isFinite) { throw .tensorNotFinite(name: name + ".bias") }
      }
    }
  }
}
