internal import CKernels
internal import RealTime

/// Where one layer's numbers stand, and what it must remember between forward and backward.
struct TrainingLayer<Scalar: TrainingScalar> {
  /// What makes a layer more than a product, a bias and an activation.
  struct Special {
    var layerNorm: Bool
    var adds: Bool
    var dropout: Double
    /// Whether the activation's slope needs what went into it.
    var keepsInput: Bool
  }

  let inputs: Int
  let units: Int
  let isHidden: Bool
  let normalises: Bool
  /// Whether the layer adds to its input.
  let adds: Bool
  /// Whether product, bias and activation are all.
  let isPlain: Bool
  /// Where the weights begin, the biases, gains and shifts, and where the layer ends.
  let offset: Int
  let bias: Int
  let gain: Int
  let shift: Int
  let end: Int
  private let dropout: Double
  /// [row][unit]: the normalised sums; what went into the activation; what came out; what is kept of it (0 or more).
  private let hat: Buffer<Scalar>
  private let inner: Buffer<Scalar>
  private let active: Buffer<Scalar>
  private let mask: Buffer<Scalar>
  /// [row]: 1 / deviation.
  private let inverse: Buffer<Scalar>

  init(inputs: Int, units: Int, offset: Int, rows: Int, isHidden: Bool, special: Special) {
    self.inputs = inputs
    self.units = units
    self.offset = offset
    self.isHidden = isHidden
    normalises = isHidden && special.layerNorm
    adds = isHidden && special.adds
    dropout = isHidden ? special.dropout : 0
    isPlain = !isHidden || !(special.layerNorm || special.adds || special.keepsInput || special.dropout > 0)
    bias = offset + inputs * units
    gain = bias + units
    shift = gain + (normalises ? units : 0)
    end = shift + (normalises ? units : 0)
    let room = isPlain ? 0 : rows * units
    hat = Buffer(normalises ? room : 0)
    inverse = Buffer(normalises ? rows : 0)
    inner = Buffer(room)
    active = Buffer(room)
    mask = Buffer(dropout > 0 ? room : 0)
  }

  /// What stands behind the sums `y` of a special layer whose input is `x`.
  func finish(
    _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ parameters: UnsafePointer<Scalar>, _ rows: Int,
    _ activation: Int32, _ random: UnsafeMutablePointer<SplitMix64>?
  ) {
    let count = rows * units
    if normalises {
      Scalar.layerNorm(
        y, hat: hat.pointer, inverse: inverse.pointer, gain: parameters + gain, shift: parameters + shift, rows, units)
    }
    inner.pointer.update(from: y, count: count)
    Scalar.nonlinear(inner.pointer, into: y, count, activation)
    active.pointer.update(from: y, count: count)
    if dropout > 0 {
      draw(count, random)
      Scalar.scale(y, by: mask.pointer, count)
    }
    if adds { Scalar.add(y, x, count) }
  }

  /// Which units are kept, louder for those that are not (inverted dropout, as in PyTorch); all without `random`.
  private func draw(_ count: Int, _ random: UnsafeMutablePointer<SplitMix64>?) {
    let kept = Scalar(1 / (1 - dropout))
    for index in 0..<count {
      guard let random else {
        mask.pointer[index] = 1
        continue
      }
      mask.pointer[index] = random.pointee.uniform() < dropout ? 0 : kept
    }
  }

  /// From the gradient behind a special layer to the one of its sums; fills those of the normalisation.
  func unfinish(
    _ delta: UnsafeMutablePointer<Scalar>, _ parameters: UnsafePointer<Scalar>,
    _ gradient: UnsafeMutablePointer<Scalar>, _ rows: Int, _ activation: Int32
  ) {
    let count = rows * units
    if dropout > 0 { Scalar.scale(delta, by: mask.pointer, count) }
    Scalar.slope(delta, inner.pointer, active.pointer, count, activation)
    guard normalises else { return }
    Scalar.layerNormBackward(
      delta, hat: hat.pointer, inverse: inverse.pointer, gain: parameters + gain, gainGradient: gradient + gain,
      shiftGradient: gradient + shift, rows, units)
  }
}
