/// One entry of a servo's control table: where a value stands and how its bits read.
///
/// Small and bitwise copyable, so that the tick can carry it; names, units and factory values stay in `ServoModel`.
public struct Register: BitwiseCopyable, Sendable, Hashable {
  /// How raw bits become a signed number.
  public enum Sign: BitwiseCopyable, Sendable, Hashable {
    /// They are the number.
    case unsigned
    /// Bit `n` is the sign, the bits below it the magnitude (Feetech).
    case magnitude(bit: UInt8)
  }

  /// First address on the servo.
  public let address: UInt8
  /// Width in bytes, 1 or 2, low byte first.
  public let width: UInt8
  /// How raw bits become a signed number.
  public let sign: Sign
  /// Survives a power cut (writes to it last only while the servo's lock is open).
  public let isPersistent: Bool
  /// May be written.
  public let isWritable: Bool

  /// A register at an address.
  public init(address: UInt8, width: UInt8, sign: Sign = .unsigned, isPersistent: Bool = false, isWritable: Bool = true)
  {
    self.address = address
    self.width = width
    self.sign = sign
    self.isPersistent = isPersistent
    self.isWritable = isWritable
  }

  /// The values that the register can express.
  public var range: ClosedRange<Int32> {
    switch sign {
    case .unsigned: 0...(Int32(1) << (8 * Int32(width)) - 1)
    case .magnitude(let bit): -(Int32(1) << Int32(bit) - 1)...(Int32(1) << Int32(bit) - 1)
    }
  }

  /// The number that raw bits stand for. Minus zero reads as zero.
  @_noAllocation @_noLocks
  public func decode(_ raw: UInt32) -> Int32 {
    switch sign {
    case .unsigned: return Int32(truncatingIfNeeded: raw)
    case .magnitude(let bit):
      let signBit = UInt32(1) &<< UInt32(bit)
      let magnitude = Int32(truncatingIfNeeded: raw & (signBit &- 1))
      return raw & signBit == 0 ? magnitude : 0 &- magnitude
    }
  }

  /// The raw bits of a number; one outside `range` becomes the nearest that fits.
  @_noAllocation @_noLocks
  public func encode(_ value: Int32) -> UInt32 {
    switch sign {
    case .unsigned:
      let highest = Int32(1) &<< (8 &* Int32(width)) &- 1
      return UInt32(truncatingIfNeeded: value < 0 ? 0 : value > highest ? highest : value)
    case .magnitude(let bit):
      let signBit = Int32(1) &<< Int32(bit)
      let magnitude = value < 0 ? 0 &- value : value
      let bounded = magnitude < 0 || magnitude >= signBit ? signBit &- 1 : magnitude
      return UInt32(truncatingIfNeeded: value < 0 && bounded != 0 ? bounded | signBit : bounded)
    }
  }
}

/// A run of addresses that one request reads from every servo.
public struct RegisterBlock: BitwiseCopyable, Sendable, Hashable {
  /// First address.
  public let address: UInt8
  /// How many bytes, at most 16 (`ServoReply` carries no more).
  public let count: UInt8

  /// The registers from `first` to `last`, and whatever stands between them.
  public init(from first: Register, through last: Register) {
    precondition(first.address <= last.address, "a block begins at its lower register")
    let count = last.address - first.address + last.width
    precondition(count <= 16, "a block has at most 16 bytes")
    self.address = first.address
    self.count = count
  }

  /// Any run of addresses.
  init(address: UInt8, count: UInt8) {
    self.address = address
    self.count = count
  }

  /// One register alone.
  public init(_ register: Register) { self.init(from: register, through: register) }
}
