/// Puts the bytes from the host together into requests, as a servo's firmware does: header, id, length, checksum.
struct RequestAssembler {
  private var bytes = [260 of UInt8](repeating: 0)
  private var count = 0

  /// Forgets a request that was begun.
  mutating func reset() { count = 0 }

  /// Takes a byte; true: a whole, valid request now stands here.
  mutating func push(_ byte: UInt8) -> Bool {
    if let length = completeCount, count == length { count = 0 }
    bytes[count] = byte
    count += 1
    switch count {
    case 1, 2:
      if byte != 0xFF { count = 0 }
    case 3:
      // A third FF may be the second of the header.
      if byte == 0xFF { count = 2 }
    case 4:
      if byte < 2 { count = 0 }
    default:
      guard count == completeCount else { return false }
      var sum: UInt8 = 0
      for i in 2..<count { sum &+= bytes[i] }
      if sum == 0xFF { return true }
      count = 0
    }
    return false
  }

  /// The request that `push` has just completed.
  func withRequest(_ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  /// How long the request will be, once its length byte is known.
  private var completeCount: Int? { count >= 4 ? Int(bytes[3]) + 4 : nil }
}
