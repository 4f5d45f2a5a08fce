// All raw memory of the module is in this file: views, a growing buffer, system calls that fill or drain it, zstd.
// Everything else works with bounds-checked offsets, so a malformed file can stop the program's reader, never the
// program.
internal import CZstd
internal import Glibc

/// Bytes that somebody else owns. Valid until the owner next changes; never stored.
struct Bytes {
  private let base: UnsafeRawPointer?
  let count: Int

  fileprivate init(_ base: UnsafeRawPointer?, count: Int) {
    self.base = base
    self.count = count
  }

  /// No bytes.
  static var none: Bytes { Bytes(nil, count: 0) }

  /// The little-endian integer at `offset`, which need not be aligned.
  @inline(__always)
  func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
    precondition(offset >= 0 && offset <= count &- MemoryLayout<T>.size)
    // Justified: the range was checked in the line above, and a count above 0 implies a base.
    return T(littleEndian: base.unsafelyUnwrapped.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// The lanes of a vector, bit for bit. Swift's Linux is little-endian throughout, as the formats are.
  @inline(__always)
  func load<V: SIMD & BitwiseCopyable>(lanes type: V.Type, at offset: Int) -> V {
    precondition(offset >= 0 && offset <= count &- MemoryLayout<V>.size)
    return base.unsafelyUnwrapped.loadUnaligned(fromByteOffset: offset, as: V.self)
  }

  subscript(range: Range<Int>) -> Bytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Bytes(base.map { $0 + range.lowerBound }, count: range.count)
  }

  func suffix(from start: Int) -> Bytes { self[start..<count] }

  static func == (a: Bytes, b: Bytes) -> Bool {
    guard a.count == b.count, let p = a.base, let q = b.base else { return a.count == b.count }
    return memcmp(p, q, a.count) == 0
  }

  /// Whether these bytes stand in `array` from `start` on.
  func equals(_ array: [UInt8], at start: Int) -> Bool {
    precondition(start >= 0 && start + count <= array.count)
    return array.withUnsafeBytes { Bytes($0.baseAddress.map { $0 + start }, count: count) == self }
  }

  var array: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count)) }

  /// The bytes as text; nil where they are not UTF-8.
  var text: String? { String(validating: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self) }

  /// Continues the CRC-32 (IEEE 802.3, as in zlib) that began with `crc` = 0.
  func crc32(_ crc: UInt32 = 0) -> UInt32 {
    CRC32.table.withUnsafeBufferPointer { table in
      var crc = ~crc
      var at = 0
      // Eight bytes a step, one table for each: about five times as fast as byte by byte.
      while at &+ 8 <= count {
        let low = load(UInt32.self, at: at) ^ crc
        let high = load(UInt32.self, at: at &+ 4)
        crc =
          table[Int(1792 &+ (low & 255))] ^ table[Int(1536 &+ (low >> 8 & 255))]
          ^ table[Int(1280 &+ (low >> 16 & 255))] ^ table[Int(1024 &+ (low >> 24))]
          ^ table[Int(768 &+ (high & 255))] ^ table[Int(512 &+ (high >> 8 & 255))]
          ^ table[Int(256 &+ (high >> 16 & 255))] ^ table[Int(high >> 24)]
        at &+= 8
      }
      while at < count {
        crc = table[Int((crc ^ UInt32(load(UInt8.self, at: at))) & 255)] ^ (crc >> 8)
        at &+= 1
      }
      return ~crc
    }
  }
}

private enum CRC32 {
  /// Eight tables of 256: table k turns a byte that stands k bytes before the end of the step.
  static let table: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 2048)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
      table[byte] = value
    }
    for index in 256..<2048 {
      let previous = table[index - 256]
      table[index] = table[Int(previous & 255)] ^ (previous >> 8)
    }
    return table
  }()
}

extension SIMD8<Float> {
  /// Whether every bit is the same: a NaN equals itself here, and −0 does not equal 0.
  @inline(__always)
  func hasBits(of other: Self) -> Bool {
    // Justified: two vectors of eight times 32 bits.
    unsafeBitCast(self, to: SIMD8<UInt32>.self) == unsafeBitCast(other, to: SIMD8<UInt32>.self)
  }
}

/// A buffer that grows, with one owner. All stores are checked against its count.
struct ByteBuffer: ~Copyable, @unchecked Sendable {
  // Unchecked: the memory is reached through this value alone, which cannot be copied.
  private var base: UnsafeMutableRawPointer
  private(set) var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 4096) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 64)
  }

  deinit { base.deallocate() }

  var bytes: Bytes { Bytes(base, count: count) }

  mutating func removeAll() { count = 0 }

  /// Keeps `count` bytes of those that are there.
  mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= self.count)
    self.count = count
  }

  /// Drops bytes from the front; what is left moves there.
  mutating func removeFirst(_ n: Int) {
    precondition(n >= 0 && n <= count)
    count -= n
    memmove(base, base + n, count)
  }

  mutating func reserve(_ n: Int) {
    guard n > capacity else { return }
    let larger = max(n, capacity * 2)
    let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    memcpy(new, base, count)
    base.deallocate()
    base = new
    capacity = larger
  }

  /// Writes a little-endian integer over bytes that are there.
  @inline(__always)
  mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    precondition(offset >= 0 && offset <= count &- MemoryLayout<T>.size)
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }

  /// Writes a vector's lanes over bytes that are there.
  @inline(__always)
  mutating func store<V: SIMD & BitwiseCopyable>(lanes value: V, at offset: Int) {
    precondition(offset >= 0 && offset <= count &- MemoryLayout<V>.size)
    base.storeBytes(of: value, toByteOffset: offset, as: V.self)
  }

  @inline(__always)
  mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    reserve(count + MemoryLayout<T>.size)
    base.storeBytes(of: value.littleEndian, toByteOffset: count, as: T.self)
    count += MemoryLayout<T>.size
  }

  @inline(__always)
  mutating func append<V: SIMD & BitwiseCopyable>(lanes value: V) {
    reserve(count + MemoryLayout<V>.size)
    base.storeBytes(of: value, toByteOffset: count, as: V.self)
    count += MemoryLayout<V>.size
  }

  mutating func append(_ bytes: Bytes) {
    bytes.withPointer { append($0) }
  }

  mutating func append(_ array: [UInt8]) {
    array.withUnsafeBytes { append($0) }
  }

  private mutating func append(_ source: UnsafeRawBufferPointer) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    reserve(count + source.count)
    memcpy(base + count, start, source.count)
    count += source.count
  }

  // MARK: Files

  /// Writes everything from `start` on; returns how many bytes the file took and why it took no more (0: all is there).
  func write(to descriptor: Int32, from start: Int = 0) -> (written: Int, code: Int32) {
    var at = start
    while at < count {
      let n = Glibc.write(descriptor, base + at, count - at)
      if n < 0 && errno == EINTR { continue }
      if n <= 0 { return (at - start, n < 0 ? errno : ENOSPC) }
      at += n
    }
    return (at - start, 0)
  }

  /// Appends up to `n` bytes of a file from `offset` on; fewer only at its end. Returns the error's code, 0 for none.
  mutating func append(_ n: Int, of descriptor: Int32, at offset: Int) -> Int32 {
    reserve(count + n)
    let wanted = count + n
    var at = offset
    while count < wanted {
      let got = pread(descriptor, base + count, wanted - count, off_t(at))
      if got < 0 && errno == EINTR { continue }
      if got < 0 { return errno }
      if got == 0 { break }
      count += got
      at += got
    }
    return 0
  }
}

extension Bytes {
  fileprivate func withPointer<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(UnsafeRawBufferPointer(start: base, count: count))
  }
}

// MARK: - zstd

/// Compresses whole chunks; its frames carry zstd's own checksum, so that damage is seen whenever a chunk is opened.
struct ZstdCompressor: ~Copyable, @unchecked Sendable {
  // Unchecked: the context is reached through this value alone, which cannot be copied.
  private let context: OpaquePointer?

  init(level: Int32) {
    context = ZSTD_createCCtx()
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends `source`, compressed, to `target`; false when zstd has no memory left.
  mutating func append(_ source: Bytes, to target: inout ByteBuffer) -> Bool {
    target.appendRoom(ZSTD_compressBound(source.count)) { room in
      source.withPointer { ZSTD_compress2(context, room.baseAddress, room.count, $0.baseAddress, $0.count) }
    }
  }
}

/// Opens chunks.
struct ZstdDecompressor: ~Copyable, @unchecked Sendable {
  // Unchecked: as for the compressor.
  private let context: OpaquePointer?

  init() { context = ZSTD_createDCtx() }

  deinit { ZSTD_freeDCtx(context) }

  /// Appends what `source` holds to `target`, at most `limit` bytes; false when it is damaged or holds more.
  mutating func append(_ source: Bytes, to target: inout ByteBuffer, limit: Int) -> Bool {
    target.appendRoom(limit) { room in
      source.withPointer { ZSTD_decompressDCtx(context, room.baseAddress, room.count, $0.baseAddress, $0.count) }
    }
  }

  /// Appends as much as can be had of a frame that was cut off or damaged somewhere.
  mutating func appendPrefix(_ source: Bytes, to target: inout ByteBuffer, limit: Int) {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    _ = target.appendRoom(limit) { room in
      source.withPointer { bytes in
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        while output.pos < output.size {
          let before = (input.pos, output.pos)
          let code = ZSTD_decompressStream(context, &output, &input)
          if ZSTD_isError(code) != 0 || code == 0 || (input.pos, output.pos) == before { break }
        }
        return output.pos
      }
    }
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
  }
}

extension ByteBuffer {
  /// Lets zstd write up to `n` bytes after the last; keeps as many as it says, none when it says that it failed.
  fileprivate mutating func appendRoom(_ n: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Bool {
    reserve(count + n)
    let size = body(UnsafeMutableRawBufferPointer(start: base + count, count: n))
    guard ZSTD_isError(size) == 0 else { return false }
    precondition(size <= n)
    count += size
    return true
  }
}
