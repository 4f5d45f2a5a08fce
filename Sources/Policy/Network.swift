internal import CKernels

/// One member of the ensemble, laid out for the kernels. Plain pointers into the policy's arena: copying it is free.
struct Network {
  /// One layer: in f32, or in int8 where `quantized`.
  struct Layer {
    var f32 = us_dense_f32()
    var int8 = us_dense_int8()
    var quantized = false
    var outputs = 0
    var tanh = false
  }

  private let layers: UnsafeMutableBufferPointer<Layer>

  /// The first layer stays in f32 even at int8: it has few inputs, and 127 steps shared by all features would throw
  /// the encoders' resolution away.
  init(_ parameters: [DenseParameters], _ shape: NetworkShape, in arena: Arena) {
    layers = arena.allocate(Layer.self, parameters.count)
    for (index, dense) in parameters.enumerated() {
      let hidden = index + 1 < parameters.count
      var layer = Layer()
      layer.outputs = dense.outputs
      layer.quantized = shape.precision == .int8 && index > 0
      layer.tanh = hidden && shape.activation == .tanh
      let relu = hidden && shape.activation == .relu
      if layer.quantized {
        layer.int8 = arena.int8(dense, relu: relu)
      } else {
        layer.f32 = arena.f32(dense, relu: relu)
      }
      layers[index] = layer
    }
  }

  /// y ← the network's output for `scratch.input`.
  func run(_ kernels: Kernels, _ scratch: Scratch, into y: UnsafeMutablePointer<Float>) {
    var x = UnsafePointer(scratch.input)
    for index in 0..<layers.count {
      let layer = layers.baseAddress.unsafelyUnwrapped + index
      let output = index + 1 == layers.count ? y : index.isMultiple(of: 2) ? scratch.even : scratch.odd
      if layer.pointee.quantized {
        let inputs = Int32((layer - 1).pointee.outputs)
        let scale = us_quantize(kernels.pointer, x, inputs, scratch.quantized)
        withUnsafePointer(to: &layer.pointee.int8) {
          us_dense_int8_run(kernels.pointer, $0, scratch.quantized, scale, output)
        }
      } else {
        withUnsafePointer(to: &layer.pointee.f32) { us_dense_f32_run(kernels.pointer, $0, x, output) }
      }
      if layer.pointee.tanh {
        for o in 0..<layer.pointee.outputs { output[o] = us_fixed_tanhf(output[o]) }
      }
      x = UnsafePointer(output)
    }
  }
}

/// Where one inference keeps what it computes on the way.
struct Scratch {
  let input: UnsafeMutablePointer<Float>
  let even: UnsafeMutablePointer<Float>
  let odd: UnsafeMutablePointer<Float>
  let quantized: UnsafeMutablePointer<Int8>
  /// [member][outputStride]
  let outputs: UnsafeMutablePointer<Float>
  let outputStride: Int

  /// Room for layers of these widths.
  init(widths: [Int], members: Int, in arena: Arena) {
    let widest = Int(us_dense_stride(Int32(widths.max() ?? 0)))
    outputStride = Int(us_dense_stride(Int32(widths.last ?? 0)))
    input = arena.floats(widest)
    even = arena.floats(widest)
    odd = arena.floats(widest)
    quantized = arena.pointer(Int8.self, widest + 64)
    outputs = arena.floats(members * outputStride)
  }
}
