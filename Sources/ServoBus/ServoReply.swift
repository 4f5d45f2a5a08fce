public import RealTime

/// The newest thing that a servo said: up to sixteen bytes of one register block, its error byte, and when.
public struct ServoReply: BitwiseCopyable, Sendable {
  /// The payload; what lies beyond `count` is zero.
  public let payload: SIMD16<UInt8>
  /// The block that was asked for; `count` 0 before the first reply.
  public let address: UInt8
  /// Bytes of payload.
  public let count: UInt8
  /// The servo's error byte; `ServoModel.meanings(ofStatus:)` says what its bits mean.
  public let statusBits: UInt8
  /// When its last byte was read from the port, on the bus's clock (`ServoBus.spin` says what that means).
  public let receivedAt: Nanoseconds
  /// Which `post` asked for it, counted from 1; 0 before the first reply.
  public let sequence: UInt32

  /// Before the first reply.
  public static let never = ServoReply(
    payload: .zero, address: 0, count: 0, statusBits: 0, receivedAt: .never, sequence: 0)

  /// The value of a register in this reply, or nil if the block did not contain it.
  public func value(of register: Register) -> Int32? {
    guard register.address >= address, UInt(register.address) + UInt(register.width) <= UInt(address) + UInt(count)
    else { return nil }
    let first = Int(register.address - address)
    var raw = UInt32(payload[first])
    if register.width == 2 { raw |= UInt32(payload[first + 1]) << 8 }
    return register.decode(raw)
  }
}
