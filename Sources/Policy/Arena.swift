// The module's unsafe memory: everything a policy points to is allocated here at load and freed with the policy.
internal import CKernels

/// Zeroed, 64-byte aligned memory that lives as long as its owner.
final class Arena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  /// `count` zeroed elements of a trivial type.
  func pointer<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
    // Zero bytes are a valid value of every type that is used here: numbers and structs of numbers.
    let bytes = max(64, (count * MemoryLayout<Element>.stride + 63) / 64 * 64)
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    blocks.append(block)
    return block.bindMemory(to: type, capacity: count)
  }

  /// Room for `count` elements of a type without references.
  func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutableBufferPointer<Element> {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
    blocks.append(block)
    return UnsafeMutableBufferPointer(start: block.bindMemory(to: type, capacity: count), count: count)
  }

  /// A copy of some structs of the kernels.
  func copies<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let copy = pointer(Element.self, values.count)
    for (index, value) in values.enumerated() { copy[index] = value }
    return copy
  }

  /// Zeroed floats.
  func floats(_ count: Int) -> UnsafeMutablePointer<Float> { pointer(Float.self, count) }

  /// A copy of `values`.
  func floats(_ values: [Float]) -> UnsafeMutablePointer<Float> {
    let copy = floats(values.count)
    for (index, value) in values.enumerated() { copy[index] = value }
    return copy
  }

  /// The layer with its weights transposed to [input][stride].
  func f32(_ dense: DenseParameters, relu: Bool) -> us_dense_f32 {
    f32([dense], pitch: Int(us_dense_stride(Int32(dense.outputs))), relu: relu)
  }

  /// Layers that see the same input as one: the outputs of each begin `pitch` behind those of the one before.
  func f32(_ members: [DenseParameters], pitch: Int, relu: Bool) -> us_dense_f32 {
    let (inputs, stride) = (members[0].inputs, members.count * pitch)
    let weights = floats(inputs * stride)
    let bias = floats(stride)
    for (member, dense) in members.enumerated() {
      for o in 0..<dense.outputs {
        bias[member * pitch + o] = dense.bias[o]
        for i in 0..<inputs { weights[i * stride + member * pitch + o] = dense.weights[o * inputs + i] }
      }
    }
    let outputs = members.count == 1 ? members[0].outputs : stride
    return us_dense_f32(
      inputs: Int32(inputs), outputs: Int32(outputs), stride: Int32(stride), relu: relu ? 1 : 0, weights: weights,
      bias: bias)
  }

  /// The layer with each output's weights as integers within ±127 of that output's own scale.
  func int8(_ dense: DenseParameters, relu: Bool) -> us_dense_int8 {
    let stride = Int(us_dense_stride(Int32(dense.outputs)))
    let inputs = (dense.inputs + 15) / 16 * 16
    let weights = pointer(Int8.self, inputs * stride)
    let offsets = pointer(Int32.self, stride)
    let scales = floats(stride)
    let bias = floats(stride)
    for o in 0..<dense.outputs {
      let row = dense.weights[(o * dense.inputs)..<((o + 1) * dense.inputs)]
      let largest = row.reduce(0) { max($0, abs($1)) }
      bias[o] = dense.bias[o]
      scales[o] = largest / 127
      guard scales[o] > 0 else { continue }
      for (i, weight) in row.enumerated() {
        let rounded = (weight / scales[o]).rounded(.toNearestOrEven)
        let integer = Int8(max(-127, min(127, rounded)))
        weights[((i / 4) * stride + o) * 4 + i % 4] = integer
        offsets[o] -= 128 * Int32(integer)
      }
    }
    return us_dense_int8(
      inputs: Int32(inputs), outputs: Int32(dense.outputs), stride: Int32(stride), relu: relu ? 1 : 0,
      weights: weights, offsets: offsets, scales: scales, bias: bias)
  }
}
