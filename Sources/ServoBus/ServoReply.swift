public import RealTime

/// The newest thing that a servo said: up to eight bytes of one register block, its error byte, and when.
public struct ServoReply: BitwiseCopyable, Sendable {
  /// The payload, first byte lowest.
  public let payload: UInt64
  /// The block that was asked for; `count` 0 before the first reply.
  public let address: UInt8
  /// Bytes of payload.
  public let count: UInt8
  /// The servo's error byte; `ServoModel.meanings(ofStatus:)` says what its bits mean.
  public let statusBits: UInt8
  /// When its last byte was read from the port, on the bus's clock.
  public let receivedAt: Nanoseconds
  /// Which `post` asked for it, counted from 1; 0 before the first reply.
  public let sequence: UInt32

  /// Before the first reply.
  public static let never = ServoReply(
    payload: 0, address: 0, count: 0, statusBits: 0, receivedAt: .never, sequence: 0)

  /// The value of a register in this reply, or nil if the block did not contain it.
  public func value(of register: Register) -> Int32? {
    guard register.address >= address, UInt(register.address) + UInt(register.width) <= UInt(address) + UInt(count)
    else { return nil }
    let shifted = payload >> (8 * UInt64(register.address - address))
    return register.decode(UInt32(truncatingIfNeeded: shifted) & (1 << (8 * UInt32(register.width)) - 1))
  }
}
