import ServoBus
import Testing

/// Literal bytes. Those marked "vendor" were printed by `feetech-servo-sdk` 1.0.0 (PyPI), with its port replaced by one
/// that prints; those marked "manual" stand in Feetech's protocol description.
@Suite struct PacketTests {
  let goal = Register(address: 42, width: 2, sign: .magnitude(bit: 15))

  @Test func `a ping, as the vendor sends it`() {
    #expect(FeetechPacket.ping(1).bytes == [0xFF, 0xFF, 0x01, 0x02, 0x01, 0xFB])
  }

  @Test func `reads of two and one bytes, as the vendor sends them`() {
    let position = FeetechPacket.read(address: 56, count: 2, of: 3)
    #expect(position.bytes == [0xFF, 0xFF, 0x03, 0x04, 0x02, 0x38, 0x02, 0xBC])
    let voltage = FeetechPacket.read(address: 62, count: 1, of: 6)
    #expect(voltage.bytes == [0xFF, 0xFF, 0x06, 0x04, 0x02, 0x3E, 0x01, 0xB4])
  }

  @Test func `writes of one and two bytes, as the vendor sends them`() {
    let torque = FeetechPacket.write(1, to: Register(address: 40, width: 1), of: 2)
    #expect(torque.bytes == [0xFF, 0xFF, 0x02, 0x04, 0x03, 0x28, 0x01, 0xCD])
    #expect(
      FeetechPacket.write(2500, to: goal, of: 5).bytes == [0xFF, 0xFF, 0x05, 0x05, 0x03, 0x2A, 0xC4, 0x09, 0xFB])
  }

  @Test func `a registered write and its action, as the vendor sends them`() {
    let write = FeetechPacket.write(2500, to: goal, of: 5, registered: true)
    #expect(write.bytes == [0xFF, 0xFF, 0x05, 0x05, 0x04, 0x2A, 0xC4, 0x09, 0xFA])
    #expect(FeetechPacket.action().bytes == [0xFF, 0xFF, 0xFE, 0x02, 0x05, 0xFA])
  }

  @Test func `a sync read of six servos, as the vendor sends it`() {
    let block = RegisterBlock(
      from: Register(address: 56, width: 2), through: Register(address: 60, width: 2))
    #expect(
      FeetechPacket.syncRead(block, of: [1, 2, 3, 4, 5, 6]).bytes == [
        0xFF, 0xFF, 0xFE, 0x0A, 0x82, 0x38, 0x06, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x22,
      ])
  }

  @Test func `a sync write of six goals, as the vendor sends it`() {
    let goals: [(UInt8, Int32)] = [(1, 2048), (2, 1024), (3, 3072), (4, 2047), (5, 100), (6, 4095)]
    #expect(
      FeetechPacket.syncWrite(goals.map { (id: $0.0, value: $0.1) }, to: goal).bytes == [
        0xFF, 0xFF, 0xFE, 0x16, 0x83, 0x2A, 0x02, 0x01, 0x00, 0x08, 0x02, 0x00, 0x04, 0x03, 0x00, 0x0C, 0x04, 0xFF,
        0x07, 0x05, 0x64, 0x00, 0x06, 0xFF, 0x0F, 0x97,
      ])
  }

  /// The SDK has no call for it; its `txPacket` frames instruction 6 (manual, "reset") so.
  @Test func `a factory reset speaks to one servo, as the vendor frames it`() {
    #expect(FeetechPacket.factoryReset(1).bytes == [0xFF, 0xFF, 0x01, 0x02, 0x06, 0xF6])
  }

  /// The SDK refuses to ping the broadcast id; its `txPacket` frames it so, and LeRobot sends that.
  @Test func `a ping to everybody and an action of one servo, as the vendor frames them`() {
    #expect(FeetechPacket.ping(FeetechPacket.broadcast).bytes == [0xFF, 0xFF, 0xFE, 0x02, 0x01, 0xFE])
    #expect(FeetechPacket.action(4).bytes == [0xFF, 0xFF, 0x04, 0x02, 0x05, 0xF4])
  }

  @Test func `a reply is found in the manual's example`() {
    var parser = ReplyParser()
    parser.expect(parameters: 2, to: .read(address: 56, count: 2, of: 1))
    parser.allow(1)
    let events = ([0xFF, 0xFF, 0x01, 0x04, 0x00, 0x18, 0x05, 0xDD] as [UInt8]).map { parser.push($0) }
    #expect(events == [.none, .none, .none, .none, .none, .none, .none, .reply])
    #expect(parser.id == 1 && parser.status == 0)
    #expect(parser.parameter(0) == 0x18 && parser.parameter(1) == 0x05)
  }
}

@Suite struct RegisterTests {
  @Test(
    arguments: [
      (0, 0x0000), (1, 0x0001), (-1, 0x8001), (32767, 0x7FFF), (-32767, 0xFFFF), (40000, 0x7FFF), (-40000, 0xFFFF),
      (Int32.min, 0xFFFF),
    ] as [(Int32, UInt32)])
  func `a position has its sign in bit 15 and saturates`(value: Int32, raw: UInt32) {
    let register = Register(address: 42, width: 2, sign: .magnitude(bit: 15))
    #expect(register.encode(value) == raw)
    #expect(register.decode(raw) == min(max(value, -32767), 32767))
  }

  @Test func `a homing offset has its sign in bit 11`() {
    let register = Register(address: 31, width: 2, sign: .magnitude(bit: 11))
    #expect(register.encode(-1047) == 0x0C17)
    #expect(register.decode(0x0C17) == -1047)
    #expect(register.range == -2047...2047)
  }

  @Test func `minus zero reads as zero`() {
    #expect(Register(address: 60, width: 2, sign: .magnitude(bit: 10)).decode(0x0400) == 0)
  }

  @Test func `a byte without sign saturates at its ends`() {
    let register = Register(address: 41, width: 1)
    #expect(register.encode(254) == 254 && register.encode(300) == 255 && register.encode(-1) == 0)
  }

  @Test func `every value of a register survives encode and decode`() {
    for bit: UInt8 in [10, 11, 15] {
      let register = Register(address: 0, width: 2, sign: .magnitude(bit: bit))
      for value in register.range { #expect(register.decode(register.encode(value)) == value) }
    }
  }
}
