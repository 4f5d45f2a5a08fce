/// Weights to and from PyTorch: state dicts of a `torch.nn.Sequential` of linear layers, in safetensors files.
///
///     torch                                                   understudy
///     save_file(net.state_dict(), "bc.safetensors")    ─▶     import --torch bc.safetensors …
///     net.load_state_dict(load_file("p.safetensors"))  ◀─     export … --torch p.safetensors
///
/// What is exported takes features and gives actions in the arm's units: the normalisation is folded into the first and
/// the last layer, and the members of an ensemble stand side by side in one network whose last layer takes their mean.
/// Only the clipping to the range of training stays behind.
public enum TorchExchange {
  /// Why weights cannot be exchanged.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The policy is more than a Sequential can say.
    case notSequential(what: String)
    /// The file holds other tensors than a Sequential of linear layers.
    case tensors(reason: String)
    /// The network takes or gives another number of values than the rig says.
    case width(kind: String, found: Int, expected: String)

    /// What was expected, what came, and what to do.
    public var description: String {
      switch self {
      case .notSequential(let what):
        "The policy has \(what), which torch.nn.Sequential cannot express. Train one without, or load its "
          + "model.safetensors into a module of your own."
      case .tensors(let reason):
        "The file is no state dict of a torch.nn.Sequential of linear layers: \(reason). Save one with "
          + "safetensors.torch.save_file(net.state_dict(), …)."
      case .width(let kind, let found, let expected):
        "The network has \(found) \(kind); expected \(expected). Name the rig that it was trained for."
      }
    }
  }

  /// One module of a Sequential, as PyTorch's constructor writes it.
  public static func modules(_ description: PolicyDescription) -> [String] {
    let (shape, members) = (description.network, description.network.ensemble)
    let inside = shape.hidden.map { $0 * members }
    let widths = [description.widths[0]] + inside + [description.interface.actionCount]
    return (0..<(widths.count - 1)).flatMap { index -> [String] in
      let linear = "torch.nn.Linear(\(widths[index]), \(widths[index + 1]))"
      guard index + 2 < widths.count else { return [linear] }
      return [linear] + (shape.layerNorm ? ["torch.nn.LayerNorm(\(widths[index + 1]))"] : []) + [shape.activation.torch]
    }
  }

  /// A policy as the state dict of one `torch.nn.Sequential`.
  public static func sequential(
    _ description: PolicyDescription, _ parameters: PolicyParameters
  ) throws(Failure) -> SafeTensors {
    let shape = description.network
    if shape.residual { throw .notSequential(what: "residual layers") }
    if shape.head != .mean { throw .notSequential(what: "a head of choices or mixtures") }
    if shape.layerNorm && shape.ensemble > 1 { throw .notSequential(what: "several members with normalised layers") }
    let depth = shape.hidden.count + 1
    var tensors: [String: SafeTensors.Tensor] = [:]
    for index in 0..<depth {
      var joined = Joined(parameters.members.map { $0[index] }, isFirst: index == 0, isLast: index + 1 == depth)
      if index == 0 {
        let input = description.statistics.featureNormalisation(standardised: shape.standardised)
        joined.take((0..<description.interface.history).flatMap { _ in input })
      }
      if index + 1 == depth {
        joined.give(description.statistics.actionNormalisation(standardised: shape.standardised))
      }
      let place = PolicyParameters.place(layer: index, normalised: shape.layerNorm)
      tensors["\(place).weight"] = .init(
        shape: [joined.rows, joined.columns], values: joined.weights.map { Float($0) })
      tensors["\(place).bias"] = .init(shape: [joined.rows], values: joined.bias.map { Float($0) })
      if let norm = parameters.members[0][index].norm {
        tensors["\(place + 1).weight"] = .init(shape: [norm.gain.count], values: norm.gain)
        tensors["\(place + 1).bias"] = .init(shape: [norm.shift.count], values: norm.shift)
      }
    }
    return SafeTensors(tensors: tensors, metadata: ["format": "pt"])
  }

  /// One layer of all members side by side, in double precision.
  private struct Joined {
    var rows: Int
    var columns: Int
    /// [row][column]
    var weights: [Double]
    var bias: [Double]

    init(_ members: [DenseParameters], isFirst: Bool, isLast: Bool) {
      let (inputs, outputs) = (members[0].inputs, members[0].outputs)
      rows = isLast ? outputs : outputs * members.count
      columns = isFirst ? inputs : inputs * members.count
      weights = .init(repeating: 0, count: rows * columns)
      bias = .init(repeating: 0, count: rows)
      // The last layer takes the mean of what the members would give.
      let share = isLast ? 1 / Double(members.count) : 1
      for (member, dense) in members.enumerated() {
        let (top, left) = (isLast ? 0 : member * outputs, isFirst ? 0 : member * inputs)
        for o in 0..<outputs {
          bias[top + o] += share * Double(dense.bias[o])
          for i in 0..<inputs {
            weights[(top + o) * columns + left + i] += share * Double(dense.weights[o * inputs + i])
          }
        }
      }
    }

    /// Takes x where it took (x − offset) / scale.
    mutating func take(_ normalisation: [PolicyStatistics.Normalisation]) {
      for row in 0..<rows {
        for (column, units) in normalisation.enumerated() {
          weights[row * columns + column] /= Double(units.scale)
          bias[row] -= weights[row * columns + column] * Double(units.offset)
        }
      }
    }

    /// Gives y · scale + offset where it gave y.
    mutating func give(_ normalisation: [PolicyStatistics.Normalisation]) {
      for (row, units) in normalisation.enumerated() {
        bias[row] = bias[row] * Double(units.scale) + Double(units.offset)
        for column in 0..<columns { weights[row * columns + column] *= Double(units.scale) }
      }
    }
  }

  /// The layers of a state dict: tensors `….N.weight` and `….N.bias` behind one common prefix, in the order of N.
  public static func layers(_ file: SafeTensors) throws(Failure) -> [DenseParameters] {
    var places: [Int: [String: SafeTensors.Tensor]] = [:]
    var prefixes: Set<String> = []
    for (name, tensor) in file.tensors {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 2, let place = Int(parts[parts.count - 2]), let kind = parts.last,
        kind == "weight" || kind == "bias"
      else { throw .tensors(reason: "it has a tensor \(name), where N.weight and N.bias are expected") }
      prefixes.insert(parts.dropLast(2).joined(separator: "."))
      places[place, default: [:]][kind] = tensor
    }
    guard prefixes.count <= 1 else {
      throw .tensors(reason: "its tensors belong to several modules (\(prefixes.sorted().joined(separator: ", ")))")
    }
    var layers: [DenseParameters] = []
    for (place, pair) in places.sorted(by: { $0.key < $1.key }) {
      guard let weight = pair["weight"], let bias = pair["bias"] else {
        throw .tensors(reason: "module \(place) lacks its weight or its bias")
      }
      if !(weight.values + bias.values).allSatisfy(\.isFinite) {
        throw .tensors(reason: "module \(place) holds NaN or infinity")
      }
      switch weight.shape.count {
      case 2 where bias.shape == [weight.shape[0]] && !weight.values.isEmpty:
        if let before = layers.last, before.outputs != weight.shape[1] {
          throw .tensors(
            reason: "module \(place) takes \(weight.shape[1]) values, the layer before gives \(before.outputs)")
        }
        layers.append(
          DenseParameters(
            inputs: weight.shape[1], outputs: weight.shape[0], weights: weight.values, bias: bias.values))
      case 1 where weight.shape == bias.shape && weight.shape[0] == layers.last?.outputs && layers.last?.norm == nil:
        layers[layers.count - 1].norm = NormParameters(gain: weight.values, shift: bias.values)
      default: throw .tensors(reason: "module \(place) has the shapes \(weight.shape) and \(bias.shape)")
      }
    }
    guard let last = layers.last else { throw .tensors(reason: "it is empty") }
    let norms = layers.dropLast().map { $0.norm != nil }
    guard last.norm == nil, Set(norms).count <= 1 else {
      throw .tensors(reason: "some hidden layers are normalised and some are not, or the last one is")
    }
    return layers
  }

  /// A policy of layers that PyTorch trained on raw features and actions.
  ///
  /// PyTorch's file tells nothing of units, joints or training ranges: those come from `interface`, whose chunk follows
  /// from the number of outputs, and nothing is clipped but to ±`limit` radians.
  public static func policy(
    _ layers: [DenseParameters], activation: NetworkShape.Activation, interface: PolicyInterface, limit: Float
  ) throws(Failure) -> (description: PolicyDescription, parameters: PolicyParameters) {
    let (inputs, outputs) = (layers[0].inputs, layers[layers.count - 1].outputs)
    guard inputs == interface.inputCount else {
      throw .width(kind: "inputs", found: inputs, expected: "the rig's \(interface.inputCount) features")
    }
    let joints = interface.actions.count
    guard outputs % joints == 0, (1...256).contains(outputs / joints) else {
      throw .width(
        kind: "outputs", found: outputs, expected: "one for each of the rig's \(joints) joints, or a chunk of such")
    }
    var interface = interface
    interface.chunk = outputs / joints
    interface.execution = .half(of: interface.chunk)
    let shape = NetworkShape(
      hidden: layers.dropLast().map(\.outputs), activation: activation,
      layerNorm: layers[0].norm != nil, standardised: false)
    let description = PolicyDescription(
      interface: interface, network: shape,
      statistics: PolicyStatistics(
        features: interface.features.map { _ in .init(mean: 0, std: 1, min: -1e6, max: 1e6) },
        actions: (0..<outputs).map { _ in .init(mean: 0, std: 1, min: -limit, max: limit) }))
    return (description, PolicyParameters(members: [layers]))
  }
}

extension NetworkShape.Activation {
  /// PyTorch's module for it.
  fileprivate var torch: String {
    switch self {
    case .relu: "torch.nn.ReLU()"
    case .tanh: "torch.nn.Tanh()"
    case .gelu: "torch.nn.GELU(approximate=\"tanh\")"
    }
  }
}
