import RealTime
import ServoBus
import TestSupport
import Testing

@Suite struct ReplyParserTests {
  /// A parser that expects two parameters from servos 1 to 6.
  func parser() -> ReplyParser {
    var parser = ReplyParser()
    let block = RegisterBlock(Register(address: 56, width: 2))
    parser.expect(parameters: 2, to: .syncRead(block, of: [1, 2, 3, 4, 5, 6]))
    for id: UInt8 in 1...6 { parser.allow(id) }
    return parser
  }

  func reply(_ id: UInt8, _ value: UInt32, status: UInt8 = 0) -> [UInt8] {
    var packet = FeetechPacket(id: id, code: status)
    packet.append(value, width: 2)
    packet.seal()
    return packet.bytes
  }

  @Test func `a valid reply after any garbage is found when its last byte comes`() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<20_000 * effort {
      var parser = parser()
      // Garbage that likes to look like headers: half of it FF, ids and lengths.
      let likely: [UInt8] = [0xFF, 0xFF, 0xFF, 0x01, 0x04, 0x06]
      for _ in 0..<(random.next() % 40) {
        let byte = random.next() % 2 == 0 ? likely[Int(random.next() % 6)] : UInt8(truncatingIfNeeded: random.next())
        _ = parser.push(byte)
      }
      let id = UInt8(1 + random.next() % 6)
      let value = UInt32(random.next() % 4096)
      let events = reply(id, value).map { parser.push($0) }
      #expect(events.last == .reply)
      #expect(parser.id == id)
      #expect(UInt32(parser.parameter(0)) | UInt32(parser.parameter(1)) << 8 == value)
    }
  }

  @Test func `no single flipped bit makes another reply`() {
    let good = reply(3, 2048)
    for index in good.indices {
      for bit in 0..<8 {
        var bad = good
        bad[index] ^= 1 << UInt8(bit)
        var parser = parser()
        #expect(!bad.map { parser.push($0) }.contains(.reply))
      }
    }
  }

  /// 10⁷ bytes, and 10⁹ in `make fuzz`: noise, and captures with bits flipped, bytes lost, doubled and put in.
  @Test func `no stream of bytes hides the packet after it, nor makes a reply that nobody sent`() {
    var random = SplitMix64(seed: 5)
    var count = 0
    while count < 10_000_000 * effort {
      let wanted = 1 + random.next() % 9
      var parser = ReplyParser()
      parser.expect(
        parameters: Int(wanted), to: .read(address: 56, count: UInt8(wanted), of: 1),
        late: UInt32(truncatingIfNeeded: random.next()) & 0x7FFE)
      for id: UInt8 in 1...6 { parser.allow(id) }
      // What was sent whole, to be told from what the noise made up: a checksum lets one wrong byte in 256 pass, and
      // behind a header with the right id and length that is all there is.
      var replies = 0
      let garbage = garbage(of: 20_000, &random)
      for byte in garbage where parser.push(byte) == .reply { replies += 1 }
      count += garbage.count
      if garbage.isNoise { #expect(replies == 0) }
      var packet = FeetechPacket(id: UInt8(1 + random.next() % 6), code: UInt8(random.next() % 64))
      for _ in 0..<wanted { packet.append(UInt8(truncatingIfNeeded: random.next())) }
      packet.seal()
      let events = packet.bytes.map { parser.push($0) }
      #expect(events.last == .reply)
      #expect(parser.id == packet[2] && parser.status == packet[4])
      #expect((0..<Int(wanted)).allSatisfy { parser.parameter($0) == packet[5 + $0] })
    }
    #expect(MemoryLayout<ReplyParser>.stride < 1024, "bounded, whatever comes")
  }

  private struct Garbage: Sequence {
    let bytes: [UInt8]
    let isNoise: Bool
    var count: Int { bytes.count }
    func makeIterator() -> IndexingIterator<[UInt8]> { bytes.makeIterator() }
  }

  private func garbage(of size: Int, _ random: inout SplitMix64) -> Garbage {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 300)
    if random.next() % 2 == 0 {
      while bytes.count < size {
        withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
      }
      return Garbage(bytes: bytes, isNoise: true)
    }
    while bytes.count < size {
      var packet = FeetechPacket(id: UInt8(random.next() % 8), code: 0)
      for _ in 0..<(random.next() % 12) { packet.append(UInt8(truncatingIfNeeded: random.next())) }
      packet.seal()
      for byte in packet.bytes {
        switch random.next() % 64 {
        case 0: bytes.append(byte ^ 1 << UInt8(random.next() % 8))
        case 1: break
        case 2: bytes += [byte, byte]
        case 3: bytes += [0xFF, 0xFF, byte]
        default: bytes.append(byte)
        }
      }
    }
    return Garbage(bytes: bytes, isNoise: false)
  }

  @Test func `a wrong checksum is counted, not believed`() {
    var parser = parser()
    var bytes = reply(2, 1000)
    bytes[7] ^= 0x10
    #expect(bytes.map { parser.push($0) }.last == .damaged)
  }

  @Test func `a servo that was not asked is a stranger`() {
    var parser = parser()
    #expect(reply(9, 1000).map { parser.push($0) }.last == .foreign)
  }

  @Test func `a reply that another one cut off is damaged, even where the checksum happens to be right`() {
    var parser = parser()
    parser.expect(parameters: 8, to: .ping(1))
    parser.allow(1)
    parser.allow(2)
    // FF FF 01 0A 00, one parameter, then servo 2 begins; the last byte makes the sum right.
    var bytes: [UInt8] = [0xFF, 0xFF, 0x01, 0x0A, 0x00, 0x10, 0xFF, 0xFF, 0x02, 0x0A, 0x00, 0x11, 0x12]
    bytes.append(~bytes[2...].reduce(0) { $0 &+ $1 })
    #expect(bytes.map { parser.push($0) }.last == .damaged)
  }

  @Test func `a reply of the length that was asked for before is late`() {
    var parser = ReplyParser()
    let request = FeetechPacket.read(address: 56, count: 3, of: 1)
    parser.expect(parameters: 3, to: request, late: 1 << 2)
    parser.allow(1)
    #expect(reply(1, 2048).map { parser.push($0) }.last == .late)
    #expect(([0xFF, 0xFF, 0x01, 0x05, 0x00, 0x00, 0x08, 0x00, 0xF1] as [UInt8]).map { parser.push($0) }.last == .reply)
  }

  @Test func `the echo of a read request is not a reply, though it looks like one`() {
    var parser = ReplyParser()
    let request = FeetechPacket.read(address: 56, count: 2, of: 1)
    parser.expect(parameters: 2, to: request)
    parser.allow(1)
    #expect(request.bytes.map { parser.push($0) }.last == .echo)
    #expect(reply(1, 2048).map { parser.push($0) }.last == .reply)
  }

  @Test func `the echo of a ping is not a reply`() {
    var parser = ReplyParser()
    parser.expect(parameters: 0, to: .ping(1))
    parser.allow(1)
    #expect(FeetechPacket.ping(1).bytes.map { parser.push($0) }.last == .echo)
    #expect(([0xFF, 0xFF, 0x01, 0x02, 0x00, 0xFC] as [UInt8]).map { parser.push($0) }.last == .reply)
  }

  @Test func `what came before a transaction cannot complete a reply in it`() {
    var parser = parser()
    let bytes = reply(1, 2048)
    for byte in bytes.prefix(5) { _ = parser.push(byte) }
    parser.expect(parameters: 2, to: .ping(1))
    parser.allow(1)
    #expect(bytes.dropFirst(5).map { parser.push($0) } == [.none, .none, .none])
  }
}
