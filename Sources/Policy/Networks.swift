internal import CKernels

/// The ensemble, laid out for the kernels. Plain pointers into the policy's arena: copying it is free.
///
/// All members go through a layer before any goes through the next, so that the processor finds work of one member while
/// it waits for another's sums. The first layer, whose input all members share, is a single one for all of them, unless it is
/// narrow: those sum in four parts, and would not if they stood side by side.
struct Networks {
  /// One layer of every member.
  struct Layer {
    /// In f32: one for each member, or one for all where `isShared`.
    var f32: UnsafeMutablePointer<us_dense_f32>?
    /// In int8, one for each member.
    var int8: UnsafeMutablePointer<us_dense_int8>?
    var isShared = false
    var inputs: Int32 = 0
    var outputs: Int32 = 0
    /// From the outputs of one member to those of the next.
    var pitch = 0
    /// Normalisation, [gain of member 0, its shift, gain of member 1, …] at `pitch`; nil without.
    var norm: UnsafeMutablePointer<Float>?
    /// What the kernels do not do themselves; ReLU they do.
    var activation = Int32(US_LINEAR)
    /// Whether the layer adds to its input.
    var adds = false
  }

  let count: Int
  private let layers: UnsafeMutableBufferPointer<Layer>

  /// The first layer stays in f32 even at int8: it has few inputs, and 127 steps shared by all features would throw
  /// the encoders' resolution away.
  init(_ members: [[DenseParameters]], _ shape: NetworkShape, in arena: Arena) {
    count = members.count
    let depth = members.first?.count ?? 0
    layers = arena.allocate(Layer.self, depth)
    for index in 0..<depth {
      let dense = members.map { $0[index] }
      let isHidden = index + 1 < depth
      // The kernels' ReLU comes right behind the sums: not where a normalisation stands between.
      let relu = isHidden && shape.activation == .relu && !shape.layerNorm
      var layer = Layer()
      layer.inputs = Int32(dense[0].inputs)
      layer.outputs = Int32(dense[0].outputs)
      layer.pitch = Self.pitch(dense[0].outputs, members: count)
      layer.activation = isHidden && !relu ? shape.activation.code : Int32(US_LINEAR)
      layer.adds = isHidden && index > 0 && shape.adds(behind: index - 1)
      layer.isShared = index == 0 && dense[0].outputs > Int(US_DENSE_NARROW)
      if shape.precision == .int8 && index > 0 {
        layer.int8 = arena.copies(dense.map { arena.int8($0, relu: relu) })
      } else {
        layer.f32 = arena.copies(
          layer.isShared
            ? [arena.f32(dense, pitch: layer.pitch, relu: relu)] : dense.map { arena.f32($0, relu: relu) })
      }
      if isHidden && shape.layerNorm { layer.norm = Self.norm(dense, pitch: layer.pitch, in: arena) }
      layers[index] = layer
    }
  }

  /// From one member's numbers to the next one's: whole vectors, so that a layer for all of them has no gaps.
  static func pitch(_ width: Int, members: Int) -> Int {
    members == 1 ? Int(us_dense_stride(Int32(width))) : (width + 15) / 16 * 16
  }

  private static func norm(_ dense: [DenseParameters], pitch: Int, in arena: Arena) -> UnsafeMutablePointer<Float> {
    let numbers = arena.floats(2 * pitch * dense.count)
    for (member, layer) in dense.enumerated() {
      for (part, values) in [layer.norm?.gain ?? [], layer.norm?.shift ?? []].enumerated() {
        for (o, value) in values.enumerated() { numbers[(2 * member + part) * pitch + o] = value }
      }
    }
    return numbers
  }

  /// Every member's outputs for `scratch.input`, in `scratch.outputs`.
  func run(_ kernels: Kernels, _ scratch: Scratch) {
    var x = UnsafePointer(scratch.input)
    var xPitch = 0
    for index in 0..<layers.count {
      let layer = layers[index]
      let y = index + 1 == layers.count ? scratch.outputs : index.isMultiple(of: 2) ? scratch.even : scratch.odd
      if let int8 = layer.int8 {
        for member in 0..<count {
          let q = scratch.quantized + member * scratch.quantizedPitch
          scratch.scales[member] = us_quantize(kernels.pointer, x + member * xPitch, layer.inputs, q)
        }
        for member in 0..<count {
          us_dense_int8_run(
            kernels.pointer, int8 + member, scratch.quantized + member * scratch.quantizedPitch,
            scratch.scales[member], y + member * layer.pitch)
        }
      } else if let f32 = layer.f32 {
        for member in 0..<(layer.isShared ? 1 : count) {
          us_dense_f32_run(kernels.pointer, f32 + member, x + member * xPitch, y + member * layer.pitch)
        }
      }
      finish(layer, x, xPitch, y)
      x = UnsafePointer(y)
      xPitch = layer.pitch
    }
  }

  /// What stands behind the sums of a layer: normalisation, activation, and what it adds to.
  private func finish(
    _ layer: Layer, _ x: UnsafePointer<Float>, _ xPitch: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    guard layer.norm != nil || layer.adds || layer.activation != Int32(US_LINEAR) else { return }
    for member in 0..<count {
      let out = y + member * layer.pitch
      if let norm = layer.norm {
        let gain = norm + 2 * member * layer.pitch
        us_layer_norm(out, gain, gain + layer.pitch, layer.outputs)
      }
      us_activate(out, layer.outputs, layer.activation)
      if layer.adds { us_add(out, x + member * xPitch, layer.outputs) }
    }
  }
}

extension NetworkShape.Activation {
  /// The kernels' number for it.
  fileprivate var code: Int32 {
    switch self {
    case .relu: Int32(US_RELU)
    case .tanh: Int32(US_TANH)
    case .gelu: Int32(US_GELU)
    }
  }
}

/// Where one inference keeps what it computes on the way; everything [member][pitch].
struct Scratch {
  let input: UnsafeMutablePointer<Float>
  let even: UnsafeMutablePointer<Float>
  let odd: UnsafeMutablePointer<Float>
  let quantized: UnsafeMutablePointer<Int8>
  let quantizedPitch: Int
  /// [member]: what a step of its quantized activations counts.
  let scales: UnsafeMutablePointer<Float>
  let outputs: UnsafeMutablePointer<Float>
  let outputPitch: Int
  /// What each member would do, [member][action], in the networks' units.
  let votes: UnsafeMutablePointer<Float>

  /// Room for layers of these widths.
  init(widths: [Int], actions: Int, members: Int, in arena: Arena) {
    let widest = Networks.pitch(widths.max() ?? 0, members: members)
    outputPitch = Networks.pitch(widths.last ?? 0, members: members)
    quantizedPitch = (widest + 63) / 64 * 64 + 64
    input = arena.floats(widest)
    even = arena.floats(members * widest)
    odd = arena.floats(members * widest)
    quantized = arena.pointer(Int8.self, members * quantizedPitch)
    scales = arena.floats(members)
    outputs = arena.floats(members * outputPitch)
    votes = arena.floats(members * actions)
  }
}
