internal import CKernels
internal import Policy
internal import RealTime

/// One network with its gradient, for batches.
///
///     h₀ = x       hₗ = activation(hₗ₋₁ Wₗᵀ + bₗ)       y = h_L (no activation)
///
/// All weights lie in one vector, layer by layer, W ([out][in], as in PyTorch) before b, and so does the gradient:
/// the optimizer need not know of layers.
final class TrainingNetwork<Scalar: TrainingScalar> {
  let widths: [Int]
  let parameters: Buffer<Scalar>
  let gradient: Buffer<Scalar>
  private let activation: Int32
  /// Where each layer's weights begin.
  private let offsets: [Int]
  /// [layer][row][unit]; the first is the batch itself.
  private let outputs: [Buffer<Scalar>]
  private let deltas: (Buffer<Scalar>, Buffer<Scalar>)

  /// Room for batches of up to `rows`; all weights zero.
  init(widths: [Int], activation: NetworkShape.Activation, rows: Int) {
    self.widths = widths
    self.activation =
      switch activation {
      case .relu: Int32(US_TRAIN_RELU)
      case .tanh: Int32(US_TRAIN_TANH)
      }
    var offset = 0
    var offsets: [Int] = []
    for (inputs, outputs) in zip(widths, widths.dropFirst()) {
      offsets.append(offset)
      offset += (inputs + 1) * outputs
    }
    self.offsets = offsets
    parameters = Buffer(offset)
    gradient = Buffer(offset)
    outputs = widths.map { Buffer(rows * $0) }
    let widest = rows * (widths.max() ?? 0)
    deltas = (Buffer(widest), Buffer(widest))
  }

  var layerCount: Int { widths.count - 1 }
  /// Where a batch is put before `forward`.
  var input: Buffer<Scalar> { outputs[0] }
  /// What `forward` gave.
  var output: Buffer<Scalar> { outputs[layerCount] }
  /// What `backward` starts from: the slope of the loss by `output`. `loss` fills it, or whoever has a loss of its own.
  var outputSlope: Buffer<Scalar> { deltas.0 }

  /// PyTorch's default: weights and biases uniform in ±1/√inputs.
  func initialise(_ random: inout SplitMix64) {
    for layer in 0..<layerCount {
      let bound = 1 / Double(widths[layer]).squareRoot()
      let count = (widths[layer] + 1) * widths[layer + 1]
      for index in 0..<count { parameters.pointer[offsets[layer] + index] = Scalar(random.uniform(-bound...bound)) }
    }
  }

  /// Fills `output` for the first `rows` of `input`.
  func forward(rows: Int) {
    for layer in 0..<layerCount {
      let (inputs, units) = (widths[layer], widths[layer + 1])
      let weights = parameters.pointer + offsets[layer]
      let y = outputs[layer + 1].pointer
      Scalar.multiply(
        rows, units, inputs, outputs[layer].pointer, transposed: false, weights, transposed: true, into: y)
      let last = layer + 1 == layerCount
      Scalar.activate(y, weights + inputs * units, rows, units, last ? Int32(US_TRAIN_LINEAR) : activation)
    }
  }

  /// The loss of the first `rows` against `targets`; prepares `backward`.
  func loss(
    _ loss: BehaviorCloning.Configuration.Loss, rows: Int, targets: Buffer<Scalar>, weights: Buffer<Scalar>,
    valid: Buffer<Int32>
  ) -> Double {
    Scalar.loss(
      output.pointer, targets.pointer, weights.pointer, valid.pointer, rows, widths[layerCount], loss,
      into: deltas.0.pointer)
  }

  /// Fills `gradient` from what `forward` and `loss` left.
  func backward(rows: Int) {
    var (delta, next) = deltas
    for layer in (0..<layerCount).reversed() {
      let (inputs, units) = (widths[layer], widths[layer + 1])
      let weights = parameters.pointer + offsets[layer]
      let weightGradient = gradient.pointer + offsets[layer]
      let last = layer + 1 == layerCount
      Scalar.backward(
        delta.pointer, outputs[layer + 1].pointer, weightGradient + inputs * units, rows, units,
        last ? Int32(US_TRAIN_LINEAR) : activation)
      Scalar.multiply(
        units, inputs, rows, delta.pointer, transposed: true, outputs[layer].pointer, transposed: false,
        into: weightGradient)
      guard layer > 0 else { break }
      Scalar.multiply(
        rows, inputs, units, delta.pointer, transposed: false, weights, transposed: false, into: next.pointer)
      swap(&delta, &next)
    }
  }

  /// The weights as layers.
  func layers(of parameters: Buffer<Scalar>) -> [DenseParameters] {
    let values = parameters.values.map { Float($0) }
    return (0..<layerCount).map { layer in
      let (inputs, units) = (widths[layer], widths[layer + 1])
      let bias = offsets[layer] + inputs * units
      return DenseParameters(
        inputs: inputs, outputs: units, weights: Array(values[offsets[layer]..<bias]),
        bias: Array(values[bias..<(bias + units)]))
    }
  }
}
