internal import CKernels
internal import Policy
internal import RealTime

/// One network with its gradient, for batches.
///
///     h₀ = x      hₗ₊₁ = mask ∘ activation(norm(hₗ Wₗᵀ + bₗ)) [+ hₗ]      y = h_L W_Lᵀ + b_L
///
/// All weights lie in one vector, layer by layer, W ([out][in], as in PyTorch) before b before the normalisation's gain
/// and shift, and so does the gradient: the optimizer need not know of layers.
final class TrainingNetwork<Scalar: TrainingScalar> {
  let widths: [Int]
  let parameters: Buffer<Scalar>
  let gradient: Buffer<Scalar>
  /// What the last layer's numbers mean to the loss.
  let head: TrainingHead
  /// Whether all layers but the first see their weights and inputs as int8 would (the gradient passes straight through).
  var quantizes = false { didSet { if quantizes { makeRoomToQuantize() } } }

  private let activation: Int32
  private let layers: [TrainingLayer<Scalar>]
  private let rows: Int
  /// [layer][row][unit]; the first is the batch itself.
  private let outputs: [Buffer<Scalar>]
  private let deltas: (Buffer<Scalar>, Buffer<Scalar>)
  /// What flows past a layer that adds to its input.
  private let carry: Buffer<Scalar>
  /// Weights and inputs as int8 would see them, by layer.
  private var rounded: [(weights: Buffer<Scalar>, input: Buffer<Scalar>)] = []

  /// Room for batches of up to `rows`; all weights zero.
  init(
    widths: [Int], activation: NetworkShape.Activation, rows: Int, layerNorm: Bool = false, residual: Bool = false,
    dropout: Double = 0, head: TrainingHead? = nil
  ) {
    self.widths = widths
    self.rows = rows
    self.head = head ?? .numbers(widths.last ?? 0)
    self.activation =
      switch activation {
      case .relu: Int32(US_TRAIN_RELU)
      case .tanh: Int32(US_TRAIN_TANH)
      case .gelu: Int32(US_TRAIN_GELU)
      }
    var offset = 0
    var layers: [TrainingLayer<Scalar>] = []
    for index in 0..<(widths.count - 1) {
      let layer = TrainingLayer<Scalar>(
        inputs: widths[index], units: widths[index + 1], offset: offset, rows: rows,
        isHidden: index + 2 < widths.count,
        special: .init(
          layerNorm: layerNorm, adds: residual && index > 0 && widths[index] == widths[index + 1], dropout: dropout,
          keepsInput: activation == .gelu))
      layers.append(layer)
      offset = layer.end
    }
    self.layers = layers
    parameters = Buffer(offset)
    gradient = Buffer(offset)
    outputs = widths.map { Buffer(rows * $0) }
    let widest = rows * (widths.max() ?? 0)
    deltas = (Buffer(widest), Buffer(widest))
    carry = Buffer(residual ? widest : 0)
    for layer in layers where layer.normalises {
      for unit in 0..<layer.units { parameters.pointer[layer.gain + unit] = 1 }
    }
  }

  var layerCount: Int { widths.count - 1 }
  /// Where a batch is put before `forward`.
  var input: Buffer<Scalar> { outputs[0] }
  /// What `forward` gave.
  var output: Buffer<Scalar> { outputs[layerCount] }
  /// What `backward` starts from: the slope of the loss by `output`. `loss` fills it, or whoever has a loss of its own.
  var outputSlope: Buffer<Scalar> { deltas.0 }

  private func makeRoomToQuantize() {
    guard rounded.isEmpty else { return }
    rounded = layers.map { (Buffer($0.inputs * $0.units), Buffer(rows * $0.inputs)) }
  }

  /// PyTorch's default: weights and biases uniform in ±1/√inputs; gains 1, shifts 0.
  func initialise(_ random: inout SplitMix64) {
    for layer in layers {
      let bound = 1 / Double(layer.inputs).squareRoot()
      for index in layer.offset..<layer.gain {
        parameters.pointer[index] = Scalar(random.uniform(-bound...bound))
      }
    }
  }

  /// Fills `output` for the first `rows` of `input`; units are left out at random only where `dropping` is given.
  func forward(rows: Int, dropping random: UnsafeMutablePointer<SplitMix64>? = nil) {
    for (index, layer) in layers.enumerated() {
      let (x, weights) = seen(index, rows)
      let y = outputs[index + 1].pointer
      Scalar.multiply(
        rows, layer.units, layer.inputs, x, transposed: false, weights, transposed: true, into: y)
      let bias = parameters.pointer + layer.bias
      if layer.isPlain {
        Scalar.activate(y, bias, rows, layer.units, layer.isHidden ? activation : Int32(US_TRAIN_LINEAR))
      } else {
        Scalar.activate(y, bias, rows, layer.units, Int32(US_TRAIN_LINEAR))
        layer.finish(y, outputs[index].pointer, parameters.pointer, rows, activation, random)
      }
    }
  }

  /// A layer's input and weights, as they are or as int8 would see them.
  private func seen(_ index: Int, _ rows: Int) -> (x: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>) {
    let layer = layers[index]
    let (x, weights) = (outputs[index].pointer, parameters.pointer + layer.offset)
    guard quantizes, index > 0 else { return (UnsafePointer(x), UnsafePointer(weights)) }
    Scalar.quantize(x, into: rounded[index].input.pointer, rows, layer.inputs)
    Scalar.quantize(weights, into: rounded[index].weights.pointer, layer.units, layer.inputs)
    return (UnsafePointer(rounded[index].input.pointer), UnsafePointer(rounded[index].weights.pointer))
  }

  /// The loss of the first `rows` against `targets`; prepares `backward`.
  func loss(
    _ loss: BehaviorCloning.Configuration.Loss, rows: Int, targets: Buffer<Scalar>, weights: Buffer<Scalar>,
    valid: Buffer<Int32>
  ) -> Double {
    let batch = LossBatch<Scalar>(
      rows: rows, targets: targets.pointer, weights: weights.pointer, valid: valid.pointer)
    return head.loss(loss, output.pointer, batch, into: deltas.0.pointer)
  }

  /// Fills `gradient` from what `forward` and `loss` left.
  func backward(rows: Int) {
    var (delta, next) = deltas
    for index in layers.indices.reversed() {
      let layer = layers[index]
      let quantized = quantizes && index > 0
      let x = quantized ? rounded[index].input.pointer : outputs[index].pointer
      let weights = quantized ? rounded[index].weights.pointer : parameters.pointer + layer.offset
      let biasGradient = gradient.pointer + layer.bias
      if layer.adds { carry.pointer.update(from: delta.pointer, count: rows * layer.units) }
      if layer.isPlain {
        Scalar.backward(
          delta.pointer, outputs[index + 1].pointer, biasGradient, rows, layer.units,
          layer.isHidden ? activation : Int32(US_TRAIN_LINEAR))
      } else {
        layer.unfinish(delta.pointer, parameters.pointer, gradient.pointer, rows, activation)
        Scalar.backward(
          delta.pointer, outputs[index + 1].pointer, biasGradient, rows, layer.units, Int32(US_TRAIN_LINEAR))
      }
      Scalar.multiply(
        layer.units, layer.inputs, rows, delta.pointer, transposed: true, x, transposed: false,
        into: gradient.pointer + layer.offset)
      guard index > 0 else { break }
      Scalar.multiply(
        rows, layer.inputs, layer.units, delta.pointer, transposed: false, weights, transposed: false,
        into: next.pointer)
      if layer.adds { Scalar.add(next.pointer, carry.pointer, rows * layer.inputs) }
      swap(&delta, &next)
    }
  }

  /// The weights as layers.
  func layers(of parameters: Buffer<Scalar>) -> [DenseParameters] {
    layers.map { layer in
      func values(_ range: Range<Int>) -> [Float] { range.map { Float(parameters.pointer[$0]) } }
      return DenseParameters(
        inputs: layer.inputs, outputs: layer.units, weights: values(layer.offset..<layer.bias),
        bias: values(layer.bias..<layer.gain),
        norm: layer.normalises
          ? NormParameters(gain: values(layer.gain..<layer.shift), shift: values(layer.shift..<layer.end)) : nil)
    }
  }

  /// Takes over weights of the same shape.
  func set(_ dense: [DenseParameters]) {
    for (layer, values) in zip(layers, dense) {
      let all = values.weights + values.bias + (values.norm.map { $0.gain + $0.shift } ?? [])
      for (index, value) in all.enumerated() { parameters.pointer[layer.offset + index] = Scalar(value) }
    }
  }
}
