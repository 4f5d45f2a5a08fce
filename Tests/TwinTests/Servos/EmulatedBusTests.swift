import RealTime
import ServoBus
import Testing
import Twin

@Suite struct EmulatedBusTests {
  @Test func `a ping is answered with the manual's bytes, ten microseconds each`() throws {
    let rig = try ServoRig()
    FeetechPacket.ping(1).withBytes { rig.bus.receive($0, at: .zero) }
    // Six bytes out, one byte's time to turn round.
    #expect(rig.bus.nextByte == .microseconds(80))
    #expect(rig.bus.nextReplyEnd == .microseconds(130))
    var heard: [UInt8] = []
    rig.bus.transmit(until: .microseconds(79)) { heard += $0 }
    #expect(heard.isEmpty)
    rig.bus.transmit(until: .microseconds(105)) { heard += $0 }
    #expect(heard == [0xFF, 0xFF, 0x01] && rig.bus.nextByte == .microseconds(110))
    rig.bus.transmit(until: .microseconds(130)) { heard += $0 }
    #expect(heard == [0xFF, 0xFF, 0x01, 0x02, 0x00, 0xFC] && rig.bus.nextByte == nil)
  }

  @Test func `a sync read is answered in the order of the request`() throws {
    let rig = try ServoRig()
    let heard = rig.say(.syncRead(RegisterBlock(rig.r.presentPosition), of: [5, 1, 3]))
    #expect([2, 10, 18].map { heard[$0] } == [5, 1, 3])
    #expect(rig.now == .microseconds(10 * (11 + 3 * 9)))
  }

  @Test func `a missing servo leaves a gap as long as its reply`() throws {
    let rig = try ServoRig()
    rig.bus.faults.silent = 0b1
    let heard = rig.say(.syncRead(RegisterBlock(rig.r.presentPosition), of: [1, 2]))
    #expect(heard.count == 8 && heard[2] == 2)
    #expect(rig.now == .microseconds(10 * (10 + 8 + 9)))
  }

  @Test func `a broadcast ping is answered by everybody in turn`() throws {
    let heard = try ServoRig().say(.ping(FeetechPacket.broadcast))
    #expect(stride(from: 2, to: 36, by: 6).map { heard[$0] } == [1, 2, 3, 4, 5, 6])
  }

  @Test func `a broadcast write is carried out by all and answered by none`() throws {
    let rig = try ServoRig()
    #expect(rig.say(.write(1, to: rig.r.torqueEnable, of: FeetechPacket.broadcast)).isEmpty)
    #expect(rig.bus.servos.allSatisfy { $0.value(rig.r.torqueEnable) == 1 })
  }

  @Test func `the return delay is kept, two microseconds a step`() throws {
    let rig = try ServoRig()
    rig.write(250, to: rig.r.returnDelay)
    FeetechPacket.ping(1).withBytes { rig.bus.receive($0, at: rig.now) }
    #expect(rig.bus.nextByte == rig.now + .microseconds(60 + 500 + 20))
  }

  @Test func `response level 0 answers only ping and read`() throws {
    let rig = try ServoRig()
    rig.write(0, to: rig.r.responseLevel)
    #expect(rig.say(.write(1, to: rig.r.torqueEnable, of: 1)).isEmpty)
    #expect(rig.servo(1).value(rig.r.torqueEnable) == 1)
    #expect(rig.say(.ping(1)).count == 6)
    #expect(rig.say(.read(address: 56, count: 2, of: 1)).count == 8)
  }

  @Test func `servos set to another rate hear nothing`() throws {
    let rig = try ServoRig()
    rig.write(4, to: rig.r.baudRate, of: 2)
    #expect(rig.say(.ping(2)).isEmpty)
    rig.bus.bitsPerSecond = 115_200
    #expect(rig.say(.ping(2)).count == 6 && rig.say(.ping(1)).isEmpty)
  }

  @Test func `a new id answers at once`() throws {
    let rig = try ServoRig()
    rig.write(9, to: rig.r.id, of: 6)
    #expect(rig.say(.ping(6)).isEmpty && rig.say(.ping(9)).count == 6)
  }

  @Test func `requests may come in pieces, and after garbage`() throws {
    let rig = try ServoRig()
    let ping = FeetechPacket.ping(3).bytes
    rig.say([0x00, 0xFF, 0x17, 0xFF, 0xFF])
    #expect(rig.say(Array(ping.dropFirst(2))).count == 6, "two FF came before")
    rig.say(Array(ping.prefix(4)))
    #expect(rig.say(Array(ping.suffix(2))).count == 6)
  }

  @Test func `damaged and half requests are not answered`() throws {
    let rig = try ServoRig()
    #expect(rig.say([0xFF, 0xFF, 0x01, 0x02, 0x01, 0xFA]).isEmpty)
    rig.say([0xFF, 0xFF, 0x01, 0x20, 0x03])
    rig.now += .milliseconds(30)
    #expect(rig.say(.ping(1)).count == 6, "the half request is forgotten")
  }

  @Test func `any bytes at all leave the servos alive`() throws {
    let rig = try ServoRig()
    var random = SplitMix64(seed: 3)
    for _ in 0..<2000 {
      var bytes = (0..<(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if random.next() % 2 == 0 { bytes = [0xFF, 0xFF, 0x01, UInt8(random.next() % 12)] + bytes }
      rig.say(bytes)
    }
    rig.now += .milliseconds(30)
    #expect(rig.say(.ping(FeetechPacket.broadcast)).count >= 6)
  }

  @Test func `a host that speaks into replies is heard, and the rest of them is lost`() throws {
    let rig = try ServoRig()
    FeetechPacket.syncRead(RegisterBlock(rig.r.presentPosition), of: [1, 2, 3, 4, 5, 6])
      .withBytes { rig.bus.receive($0, at: .zero) }
    // Two replies and three bytes of the third.
    rig.now = .microseconds(10 * (14 + 9 + 9 + 1 + 3))
    var heard: [UInt8] = []
    rig.bus.transmit(until: rig.now) { heard += $0 }
    #expect(heard.count == 19)
    #expect(rig.say(.ping(4)) == [0xFF, 0xFF, 0x04, 0x02, 0x00, 0xF9])
    #expect(rig.bus.collisions == 1)
  }

  @Test func `the same seed breaks the same replies, another seed others`() throws {
    func transcript(_ seed: UInt64) throws -> [UInt8] {
      let rig = try ServoRig(seed: seed)
      rig.bus.faults.dropReply = 0.1
      rig.bus.faults.flipBit = 0.1
      rig.bus.faults.noise = 0.1
      rig.bus.faults.delayReply = 0.1
      return (0..<50).flatMap { _ in rig.say(.syncRead(RegisterBlock(rig.r.presentPosition), of: [1, 2, 3, 4, 5, 6])) }
    }
    #expect(try transcript(4) == transcript(4))
    #expect(try transcript(4) != transcript(5))
  }

  @Test func `reading is what it is for: a whole table in one request`() throws {
    let rig = try ServoRig()
    let heard = rig.say(.read(address: 0, count: 128, of: 1))
    #expect(heard.count == 134 && heard[5 + 3] == 0x09 && heard[5 + 4] == 0x03)
  }
}

@Suite struct WireFaultsTests {
  @Test func `faults are read from a text`() throws {
    let faults = try WireFaults("drop=0.05,flip=0.02,delay=0.5,noise=1,deaf=0,silent=3,silent=6")
    #expect(faults.dropReply == 0.05 && faults.flipBit == 0.02 && faults.delayReply == 0.5)
    #expect(faults.noise == 1 && faults.dropRequest == 0 && faults.silent == 0b100100)
  }

  @Test(arguments: ["drop", "drop=2", "drop=-1", "rain=0.1", "silent=0", "silent=9", "silent=1.5", "drop=nan"])
  func `what is no fault is named`(text: String) {
    let error = #expect(throws: WireFaults.Unreadable.self) { try WireFaults("flip=0.1,\(text)") }
    #expect(error?.part == text)
  }
}
