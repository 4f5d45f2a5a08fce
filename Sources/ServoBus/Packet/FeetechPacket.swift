/// A packet of Feetech's STS protocol, request or reply, in storage of its own (no allocation).
///
///     request   FF FF  id  length  instruction  parameter …  checksum
///     reply     FF FF  id  length  error        parameter …  checksum
///
/// `length` counts everything after itself; the checksum is the inverted sum of everything between FF FF and itself.
/// Values of two bytes stand low byte first. Id 254 speaks to all servos, which do not answer then (but to a ping and
/// a sync read they do, one after the other).
///
///     FeetechPacket.read(address: 56, count: 2, of: 1).bytes   // FF FF 01 04 02 38 02 BE
public struct FeetechPacket: BitwiseCopyable, Sendable {
  /// What a request asks for.
  public enum Instruction: UInt8, BitwiseCopyable, Sendable {
    /// Are you there?
    case ping = 0x01
    /// Send me registers.
    case read = 0x02
    /// Set registers now.
    case write = 0x03
    /// Keep this write until `action`.
    case registeredWrite = 0x04
    /// Carry out what `registeredWrite` left.
    case action = 0x05
    /// Set all but the id to factory values.
    case factoryReset = 0x06
    /// Several servos send the same registers, one after the other.
    case syncRead = 0x82
    /// Set the same registers of several servos, no answer.
    case syncWrite = 0x83
  }

  /// Speaks to every servo.
  public static var broadcast: UInt8 { 0xFE }
  /// The highest id a servo may have.
  public static var highestID: UInt8 { 0xFD }
  /// Bytes around the parameters: FF FF id length code checksum.
  public static var overhead: Int { 6 }
  /// The longest packet that the length byte can express.
  public static var capacity: Int { 259 }

  var storage: [259 of UInt8]
  /// How many bytes the packet has.
  public private(set) var count: Int

  /// A packet without parameters; `code` is the instruction of a request or the error byte of a reply.
  @_noAllocation @_noLocks
  public init(id: UInt8, code: UInt8) {
    storage = [259 of UInt8](repeating: 0)
    storage[0] = 0xFF
    storage[1] = 0xFF
    storage[2] = id
    storage[4] = code
    count = 5
  }

  /// Adds a parameter byte. More than 253 are a programming error.
  @_noAllocation @_noLocks
  public mutating func append(_ byte: UInt8) {
    storage[count] = byte
    count &+= 1
  }

  /// Adds a value of `width` bytes, low byte first.
  @_noAllocation @_noLocks
  public mutating func append(_ raw: UInt32, width: UInt8) {
    var rest = raw
    var left = width
    while left > 0 {
      append(UInt8(truncatingIfNeeded: rest))
      rest &>>= 8
      left &-= 1
    }
  }

  /// Writes length and checksum: the packet is complete.
  @_noAllocation @_noLocks
  public mutating func seal() {
    storage[3] = UInt8(truncatingIfNeeded: count &- 3)
    var sum: UInt8 = 0
    var i = 2
    while i < count {
      sum &+= storage[i]
      i &+= 1
    }
    append(~sum)
  }

  /// A byte of the packet.
  public subscript(index: Int) -> UInt8 { storage[index] }

  /// The packet's bytes where they lie.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeBytes(of: storage) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  /// The packet's bytes, for tests and messages (allocates).
  public var bytes: [UInt8] { (0..<count).map { storage[$0] } }
}

extension FeetechPacket {
  private init(_ instruction: Instruction, to id: UInt8) { self.init(id: id, code: instruction.rawValue) }

  /// Is `id` there? With the broadcast id every servo answers.
  public static func ping(_ id: UInt8) -> FeetechPacket {
    var packet = FeetechPacket(.ping, to: id)
    packet.seal()
    return packet
  }

  /// `count` bytes from `address` on.
  public static func read(address: UInt8, count: UInt8, of id: UInt8) -> FeetechPacket {
    var packet = FeetechPacket(.read, to: id)
    packet.append(address)
    packet.append(count)
    packet.seal()
    return packet
  }

  /// Sets a register now, or with `action` if `registered`.
  public static func write(_ value: Int32, to register: Register, of id: UInt8, registered: Bool = false)
    -> FeetechPacket
  {
    var packet = FeetechPacket(registered ? .registeredWrite : .write, to: id)
    packet.append(register.address)
    packet.append(register.encode(value), width: register.width)
    packet.seal()
    return packet
  }

  /// Carries out what registered writes left.
  public static func action(_ id: UInt8 = broadcast) -> FeetechPacket {
    var packet = FeetechPacket(.action, to: id)
    packet.seal()
    return packet
  }

  /// Sets everything but the id to factory values.
  public static func factoryReset(_ id: UInt8) -> FeetechPacket {
    var packet = FeetechPacket(.factoryReset, to: id)
    packet.seal()
    return packet
  }

  /// The same block from every servo in `ids`, answered in that order.
  public static func syncRead(_ block: RegisterBlock, of ids: [UInt8]) -> FeetechPacket {
    var packet = FeetechPacket(.syncRead, to: broadcast)
    packet.append(block.address)
    packet.append(block.count)
    for id in ids { packet.append(id) }
    packet.seal()
    return packet
  }

  /// The head of a sync read; then follow the ids, in the order in which they shall answer, and `seal`.
  @_noAllocation @_noLocks
  static func syncReadHead(address: UInt8, count: UInt8) -> FeetechPacket {
    var packet = FeetechPacket(id: 0xFE, code: 0x82)
    packet.append(address)
    packet.append(count)
    return packet
  }

  /// The head of a sync write; then follow, for each servo, its id and its value, and `seal`.
  @_noAllocation @_noLocks
  static func syncWriteHead(address: UInt8, width: UInt8) -> FeetechPacket {
    var packet = FeetechPacket(id: 0xFE, code: 0x83)
    packet.append(address)
    packet.append(width)
    return packet
  }

  /// One register of several servos, a value each.
  public static func syncWrite(_ values: [(id: UInt8, value: Int32)], to register: Register) -> FeetechPacket {
    var packet = syncWriteHead(address: register.address, width: register.width)
    for (id, value) in values {
      packet.append(id)
      packet.append(register.encode(value), width: register.width)
    }
    packet.seal()
    return packet
  }
}
