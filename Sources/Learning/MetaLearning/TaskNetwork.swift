internal import CKernels
internal import Policy

/// Networks of one shape, one for each task, each with a batch of its own; their gradients, and products of their
/// Hessians with vectors.
///
///     forward     zₗ = hₗ₋₁ Wₗ + bₗ        hₗ = act(zₗ)              R{zₗ} = R{hₗ₋₁} Wₗ + hₗ₋₁ Vₗ + vₗ
///     backward    δₗ₋₁ = (δₗ Wₗᵀ) act′      ∂Wₗ = hₗ₋₁ᵀ δₗ            R{∂Wₗ} = R{hₗ₋₁}ᵀ δₗ + hₗ₋₁ᵀ R{δₗ}
///
/// R{·} is the derivative along the direction (V, v) in which the parameters move (Pearlmutter, 1994): R{∂W} is the
/// Hessian times the direction, exact, at about twice the price of a gradient.
///
/// Parameters lie layer by layer, W [in][out] before b: transposed against PyTorch's, so that the forward pass reads
/// them in order. A task's rows follow each other; parameters are one vector for each task, or one that all share.
final class TaskNetwork<Scalar: TaskScalar> {
  /// Parameters of all tasks.
  struct Parameters {
    let pointer: UnsafeMutablePointer<Scalar>
    /// From one task's to the next; 0: they share them.
    let stride: Int
  }

  let widths: [Int]
  let tasks: Int
  /// Rows of each task.
  let rows: Int
  /// Of one network.
  let parameterCount: Int
  let offsets: [Int]
  let activation: Int32
  /// [layer][task × row][unit]; the first is what networks see.
  let outputs: [Buffer<Scalar>]
  /// Slopes of the loss by z, [layer − 1].
  let deltas: [Buffer<Scalar>]
  /// δₗ Wₗᵀ before act′, [layer − 1].
  let errors: [Buffer<Scalar>]
  /// R{h} and R{δ}.
  let tangents: [Buffer<Scalar>]
  let tangentDeltas: [Buffer<Scalar>]
  private let transposed: Buffer<Scalar>

  /// Room for `tasks` networks. Throws for GELU, whose second derivative is not here.
  init(widths: [Int], activation: NetworkShape.Activation, tasks: Int, rows: Int) throws(LearningError) {
    switch activation {
    case .relu: self.activation = Int32(US_TRAIN_RELU)
    case .tanh: self.activation = Int32(US_TRAIN_TANH)
    case .gelu:
      throw .configuration(
        key: "activation", found: activation.rawValue, expected: "relu or tanh: adaptation knows no other's curvature")
    }
    self.widths = widths
    self.tasks = tasks
    self.rows = rows
    var offset = 0
    var offsets: [Int] = []
    for (inputs, outputs) in zip(widths, widths.dropFirst()) {
      offsets.append(offset)
      offset += (inputs + 1) * outputs
    }
    self.offsets = offsets
    parameterCount = offset
    let all = tasks * rows
    outputs = widths.map { Buffer(all * $0) }
    deltas = widths.dropFirst().map { Buffer(all * $0) }
    errors = widths.dropFirst().map { Buffer(all * $0) }
    tangents = widths.map { Buffer(all * $0) }
    tangentDeltas = widths.dropFirst().map { Buffer(all * $0) }
    transposed = Buffer((widths.max() ?? 0) * (widths.max() ?? 0))
  }

  var layerCount: Int { widths.count - 1 }
  var input: Buffer<Scalar> { outputs[0] }
  var output: Buffer<Scalar> { outputs[layerCount] }

  private func activation(of layer: Int) -> Int32 { layer + 1 == layerCount ? Int32(US_TRAIN_LINEAR) : activation }

  /// Calls `body` with (first row, rows, parameters) for each task, or once where all share their parameters.
  @inline(__always)
  private func each(_ parameters: Parameters, _ body: (Int, Int, UnsafeMutablePointer<Scalar>) -> Void) {
    guard parameters.stride != 0 else { return body(0, tasks * rows, parameters.pointer) }
    for task in 0..<tasks { body(task * rows, rows, parameters.pointer + task * parameters.stride) }
  }

  /// out = x W, or += ; x is [row][in].
  private func ahead(
    _ layer: Int, _ x: Buffer<Scalar>, _ parameters: Parameters, into out: Buffer<Scalar>, adds: Bool
  ) {
    let (inputs, units) = (widths[layer], widths[layer + 1])
    each(parameters) { first, count, values in
      Scalar.product(
        x.pointer + first * inputs, row: inputs, column: 1, values + offsets[layer], into: out.pointer + first * units,
        count, units, inputs, adds: adds)
    }
  }

  /// out = d Wᵀ, or += ; d is [row][out].
  private func back(
    _ layer: Int, _ d: Buffer<Scalar>, _ parameters: Parameters, into out: Buffer<Scalar>, adds: Bool
  ) {
    let (inputs, units) = (widths[layer], widths[layer + 1])
    each(parameters) { first, count, values in
      Scalar.transpose(values + offsets[layer], into: transposed.pointer, rows: inputs, columns: units)
      Scalar.product(
        d.pointer + first * units, row: units, column: 1, transposed.pointer, into: out.pointer + first * inputs,
        count, inputs, units, adds: adds)
    }
  }

  /// Fills `output`.
  func forward(_ parameters: Parameters) {
    for layer in 0..<layerCount {
      ahead(layer, outputs[layer], parameters, into: outputs[layer + 1], adds: false)
      let (inputs, units) = (widths[layer], widths[layer + 1])
      each(parameters) { first, count, values in
        Scalar.activate(
          outputs[layer + 1].pointer + first * units, values + offsets[layer] + inputs * units, count, units,
          activation(of: layer))
      }
    }
  }

  /// Fills each task's `gradient` (stride `parameterCount`), or adds all tasks' to one (stride 0), from what `forward`
  /// left and the slope of the loss by the output in `deltas`' last.
  func backward(_ parameters: Parameters, into gradient: Parameters) {
    for layer in (0..<layerCount).reversed() {
      let (inputs, units) = (widths[layer], widths[layer + 1])
      each(gradient) { first, count, values in
        let slope = values + offsets[layer]
        Scalar.backward(
          deltas[layer].pointer + first * units, outputs[layer + 1].pointer + first * units, slope + inputs * units,
          count, units, activation(of: layer))
        Scalar.product(
          outputs[layer].pointer + first * inputs, row: 1, column: inputs, deltas[layer].pointer + first * units,
          into: slope, inputs, units, count, adds: false)
      }
      guard layer > 0 else { break }
      back(layer, deltas[layer], parameters, into: errors[layer - 1], adds: false)
      deltas[layer - 1].copy(errors[layer - 1])
    }
  }

  /// Writes the Hessian of each task's loss times `direction` into `product`, or their sum where its stride is 0.
  ///
  /// To be called after `forward` and `backward` with the same parameters. `curvature` turns R{y} into R{δ} at the
  /// output: it is the loss's second derivative.
  func hessian(
    _ parameters: Parameters, times direction: Parameters, into product: Parameters,
    curvature: (Buffer<Scalar>, Buffer<Scalar>) -> Void
  ) {
    tangentForward(parameters, direction)
    curvature(tangents[layerCount], tangentDeltas[layerCount - 1])
    for layer in (0..<layerCount).reversed() {
      let (inputs, units) = (widths[layer], widths[layer + 1])
      each(product) { first, count, values in
        let slope = values + offsets[layer]
        let tangentDelta = tangentDeltas[layer].pointer + first * units
        Self.columnSums(tangentDelta, count, units, into: slope + inputs * units)
        Scalar.product(
          outputs[layer].pointer + first * inputs, row: 1, column: inputs, tangentDelta, into: slope, inputs, units,
          count, adds: false)
        guard layer > 0 else { return }
        Scalar.product(
          tangents[layer].pointer + first * inputs, row: 1, column: inputs, deltas[layer].pointer + first * units,
          into: slope, inputs, units, count, adds: true)
      }
      guard layer > 0 else { break }
      back(layer, tangentDeltas[layer], parameters, into: tangentDeltas[layer - 1], adds: false)
      back(layer, deltas[layer], direction, into: tangentDeltas[layer - 1], adds: true)
      bend(tangentDeltas[layer - 1], layer - 1)
    }
  }

  /// Fills `tangents`: how outputs move when the parameters move along `direction`.
  private func tangentForward(_ parameters: Parameters, _ direction: Parameters) {
    for layer in 0..<layerCount {
      let (inputs, units) = (widths[layer], widths[layer + 1])
      let tangent = tangents[layer + 1]
      each(direction) { first, count, values in
        let bias = values + offsets[layer] + inputs * units
        for row in first..<(first + count) { (tangent.pointer + row * units).update(from: bias, count: units) }
      }
      ahead(layer, outputs[layer], direction, into: tangent, adds: true)
      if layer > 0 { ahead(layer, tangents[layer], parameters, into: tangent, adds: true) }
      guard layer + 1 < layerCount else { break }
      let (y, moved) = (outputs[layer + 1].pointer, tangent.pointer)
      if activation == Int32(US_TRAIN_RELU) {
        for index in 0..<tangent.count { moved[index] = y[index] > 0 ? moved[index] : 0 }
      } else {
        for index in 0..<tangent.count { moved[index] *= 1 - y[index] * y[index] }
      }
    }
  }

  /// R{δ} behind an activation: R{δ W} act′ + (δ W) act″ R{z}.
  private func bend(_ tangentDelta: Buffer<Scalar>, _ layer: Int) {
    let (y, d) = (outputs[layer + 1].pointer, tangentDelta.pointer)
    if activation == Int32(US_TRAIN_RELU) {
      for index in 0..<tangentDelta.count { d[index] = y[index] > 0 ? d[index] : 0 }
    } else {
      // act″ R{z} = −2 y act′ R{z}, and R{h} = act′ R{z}.
      let (error, moved) = (errors[layer].pointer, tangents[layer + 1].pointer)
      for index in 0..<tangentDelta.count {
        d[index] = d[index] * (1 - y[index] * y[index]) - 2 * error[index] * y[index] * moved[index]
      }
    }
  }

  private static func columnSums(
    _ x: UnsafePointer<Scalar>, _ rows: Int, _ columns: Int, into out: UnsafeMutablePointer<Scalar>
  ) {
    for column in 0..<columns { out[column] = x[column] }
    for row in 1..<max(1, rows) { for column in 0..<columns { out[column] += x[row * columns + column] } }
  }
}
