/// Memory for numbers that C and OpenBLAS work on: zeroed, 64-byte aligned, freed with its owner.
final class Buffer<Element: BitwiseCopyable>: @unchecked Sendable {
  // Unchecked: each buffer belongs to one training run, which is one thread.
  let pointer: UnsafeMutablePointer<Element>
  let count: Int

  /// `count` elements of zero bytes, which is 0 in every type that is used here.
  init(_ count: Int) {
    self.count = count
    let bytes = Swift.max(1, count) * MemoryLayout<Element>.stride
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    pointer = block.bindMemory(to: Element.self, capacity: Swift.max(1, count))
  }

  /// A copy of `values`.
  convenience init(_ values: some Collection<Element>) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { pointer.deallocate() }

  /// Takes over another buffer's content.
  func copy(_ other: Buffer) { pointer.update(from: other.pointer, count: Swift.min(count, other.count)) }

  /// The content.
  var values: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
