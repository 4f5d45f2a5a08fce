/// What a layer normalisation multiplies and adds, a number a unit.
public struct NormParameters: Equatable, Sendable {
  /// Multiplied with the normalised units (PyTorch's `weight`).
  public var gain: [Float]
  /// Added then (PyTorch's `bias`).
  public var shift: [Float]

  /// A normalisation.
  public init(gain: [Float], shift: [Float]) {
    self.gain = gain
    self.shift = shift
  }
}

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
  /// The normalisation of y, where the network normalises its layers.
  public var norm: NormParameters?

  /// A layer; the arrays' lengths must fit.
  public init(inputs: Int, outputs: Int, weights: [Float], bias: [Float], norm: NormParameters? = nil) {
    precondition(weights.count == inputs * outputs && bias.count == outputs)
    precondition(norm.map { $0.gain.count == outputs && $0.shift.count == outputs } ?? true)
    self.norm = norm
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
/// more than one network, as a `torch.nn.ModuleList` called `members` would have it. Where layers are normalised, a
/// `torch.nn.LayerNorm` stands in the Sequential behind each hidden layer, and the numbers count it.
public struct PolicyParameters: Equatable, Sendable {
  /// Each member's layers, input side first.
  public var members: [[DenseParameters]]

  /// Weights.
  public init(members: [[DenseParameters]]) { self.members = members }

  /// The place of a layer in its `torch.nn.Sequential`.
  static func place(layer: Int, normalised: Bool) -> Int { layer * (normalised ? 3 : 2) }

  /// The name of a layer's tensors, without `.weight` or `.bias`; `behind` counts modules behind the dense one.
  static func name(member: Int, of count: Int, layer: Int, normalised: Bool, behind: Int = 0) -> String {
    (count == 1 ? "" : "members.\(member).") + "net.\(place(layer: layer, normalised: normalised) + behind)"
  }

  /// As tensors.
  func tensors() -> [String: SafeTensors.Tensor] {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for (member, layers) in members.enumerated() {
      let normalised = layers.contains { $0.norm != nil }
      for (index, layer) in layers.enumerated() {
        func name(behind: Int) -> String {
          Self.name(member: member, of: members.count, layer: index, normalised: normalised, behind: behind)
        }
        tensors[name(behind: 0) + ".weight"] = .init(shape: [layer.outputs, layer.inputs], values: layer.weights)
        tensors[name(behind: 0) + ".bias"] = .init(shape: [layer.outputs], values: layer.bias)
        guard let norm = layer.norm else { continue }
        tensors[name(behind: 1) + ".weight"] = .init(shape: [layer.outputs], values: norm.gain)
        tensors[name(behind: 1) + ".bias"] = .init(shape: [layer.outputs], values: norm.shift)
      }
    }
    return tensors
  }

  /// From tensors: exactly those that `description` speaks of, with its shapes, and no others.
  init(_ tensors: [String: SafeTensors.Tensor], for description: PolicyDescription) throws(PolicyError) {
    let widths = description.widths
    let count = description.network.ensemble
    let normalised = description.network.layerNorm
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
        let name = Self.name(member: member, of: count, layer: index, normalised: normalised)
        var layer = DenseParameters(
          inputs: inputs, outputs: outputs, weights: try take(name + ".weight", [outputs, inputs]),
          bias: try take(name + ".bias", [outputs]))
        if normalised, index < widths.count - 2 {
          let name = Self.name(member: member, of: count, layer: index, normalised: true, behind: 1)
          layer.norm = NormParameters(
            gain: try take(name + ".weight", [outputs]), shift: try take(name + ".bias", [outputs]))
        }
        layers.append(layer)
      }
      members.append(layers)
    }
    if let name = unused.min() { throw .tensorUnknown(name: name) }
  }

  /// Refuses weights that do not fit the description or are not finite.
  func validate(against description: PolicyDescription) throws(PolicyError) {
    let widths = description.widths
    let normalised = description.network.layerNorm
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
        guard (layer.norm != nil) == (normalised && index + 1 < layers.count) else {
          throw .value(
            key: "network.layerNorm", found: "\(normalised)",
            expected: "\(!normalised), as layer \(index) of the weights has it")
        }
        let name = Self.name(member: member, of: members.count, layer: index, normalised: normalised)
        let numbers = [("weight", layer.weights), ("bias", layer.bias)]
        for (kind, values) in numbers where !values.allSatisfy(\.isFinite) {
          throw .tensorNotFinite(name: "\(name).\(kind)")
        }
        if let norm = layer.norm, !(norm.gain + norm.shift).allSatisfy(\.isFinite) {
          throw .tensorNotFinite(name: "the normalisation behind \(name)")
        }
      }
    }
  }
}
