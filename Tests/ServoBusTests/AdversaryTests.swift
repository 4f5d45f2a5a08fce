import Foundation
import RealTime
import Testing
import Twin

@testable import ServoBus

/// A line on which somebody else has a say: whatever he does, no reading is wrong (as far as a checksum can tell), no tick
/// is held up, and the first cycle after he has gone is whole.
@Suite struct AdversaryTests {
  @Test(arguments: [UInt64(1), 2, 3, 4], [nil, 30] as [Int64?])
  func `garbage at every moment of a cycle neither hides a reply for good nor makes one`(
    seed: UInt64, spin_us: Int64?
  ) throws {
    let model = try sts3215()
    let arm = VirtualArm(model, seed: seed)
    let meddler = Meddler(arm, seed: seed)
    var bus = arm.bus(model)
    bus.spin = spin_us.map { .microseconds($0) }
    let position = model.registers.presentPosition
    let block = RegisterBlock(from: position, through: model.registers.presentLoad)
    let slow = RegisterBlock(from: model.registers.presentVoltage, through: model.registers.presentCurrent)
    var wrong = 0
    var fresh = 0
    var calm = 0
    for tick in 0..<6000 {
      let start = Nanoseconds(Int64(tick) * 5_000_000)
      arm.time.advance(to: start)
      for joint in 0..<6 { arm.mechanism.positions[joint] = Double((tick + joint) % 1000) * 0.001 }
      // Every twentieth tick he rests, long after the last one's remains.
      meddler.isAtWork = tick % 20 != 19
      if !meddler.isAtWork { arm.time.advance(to: start + .milliseconds(1)) }
      bus.post(block)
      bus.collect(until: start + .milliseconds(3))
      #expect(arm.time.now <= start + .milliseconds(3))
      for joint in 0..<6 where bus.reply(joint).sequence == bus.newestSequence {
        fresh += 1
        if !meddler.isAtWork { calm += 1 }
        let expected = Int32((2048 + arm.mechanism.positions[joint] * 4096 / (2 * .pi)).rounded())
        if bus.reply(joint).value(of: position) != expected { wrong += 1 }
      }
      bus.syncWrite(SIMD8(repeating: 2048), to: model.registers.goalPosition)
      bus.postSpare(slow, of: tick % 6)
    }
    // A checksum of eight bits lets one in 256 of what is damaged pass, and that is all.
    let damaged = Int(bus.statistics.checksumErrors.wrappedSum())
    #expect(wrong * 100 <= damaged, "\(wrong) wrong, \(damaged) found damaged")
    #expect(calm == 300 * 6, "a cycle without him is whole")
    #expect(fresh > 18_000, "\(fresh) of 36,000")
    #expect(bus.statistics.strayBytes > 100_000 && bus.statistics.foreignReplies > 100, "the test is one")
    #expect((0..<6).allSatisfy { bus.spareReply($0).value(of: model.registers.presentVoltage) == 120 })
  }

  @Test func `a line that never falls silent costs the tick its readings and not its time`() throws {
    let model = try sts3215()
    let terminal = try PseudoTerminal()
    var bus = ServoBus(
      port: .termios(try TermiosPort(path: terminal.path)), model: model, ids: [1, 2, 3], clock: .monotonic)
    let isOver = Flag()
    let babbler = Thread { [descriptor = terminal.descriptor] in
      let noise = [UInt8](repeating: 0xFF, count: 512)
      while !isOver.isSet { if write(descriptor, noise, noise.count) < 0 { usleep(100) } }
      isOver.confirm()
    }
    babbler.start()
    for _ in 0..<20 {
      bus.post(RegisterBlock(model.registers.presentPosition))
      bus.collect(until: TickClock.monotonic.now + .milliseconds(3))
    }
    isOver.set()
    #expect(bus.statistics.replies == 0 && bus.statistics.timeouts.wrappedSum() == 60)
    #expect(bus.statistics.strayBytes > 0)
    let isLost = bus.isLost
    #expect(!isLost)
  }

  @Test func `an adapter that goes in the middle of a reply and comes back under another name leaves nothing behind`()
    throws
  {
    let model = try sts3215()
    let position = model.registers.presentPosition
    func reply(_ id: UInt8, _ value: UInt32) -> [UInt8] {
      var packet = FeetechPacket(id: id, code: 0)
      packet.append(value, width: 2)
      packet.seal()
      return packet.bytes
    }
    var first: PseudoTerminal? = try PseudoTerminal()
    let path = try #require(first).path
    var bus = ServoBus(
      port: .termios(try TermiosPort(path: path)), model: model, ids: [1, 2], clock: .monotonic)
    bus.post(RegisterBlock(position))
    // One reply and a half, then the cable is pulled.
    let heard: [UInt8] = reply(1, 1000) + Array(reply(2, 2000).prefix(5))
    let descriptor = try #require(first).descriptor
    #expect(write(descriptor, heard, heard.count) == heard.count)
    bus.patience = nil
    bus.collect(until: TickClock.monotonic.now + .milliseconds(50))
    #expect(bus.reply(0).value(of: position) == 1000 && bus.reply(1).sequence == 0)
    first = nil
    for _ in 0..<3 {
      bus.post(RegisterBlock(position))
      bus.collect(until: TickClock.monotonic.now + .milliseconds(5))
    }
    var isLost = bus.isLost
    #expect(isLost, "within three ticks")

    let second = try PseudoTerminal()
    var next = ServoBus(
      port: .termios(try TermiosPort(path: second.path)), model: model, ids: [1, 2], clock: .monotonic)
    let before = bus.newestSequence
    next.goOn(from: &bus)
    // The rest of the old reply, then new ones.
    let rest: [UInt8] = Array(reply(2, 2000).dropFirst(5)) + reply(1, 1001) + reply(2, 2001)
    next.patience = nil
    next.post(RegisterBlock(position))
    #expect(write(second.descriptor, rest, rest.count) == rest.count)
    next.collect(until: TickClock.monotonic.now + .milliseconds(1000))
    isLost = next.isLost
    #expect(!isLost && next.newestSequence == before + 1)
    #expect((0..<2).map { next.reply($0).value(of: position) } == [1001, 2001])
  }

  @Test func `a servo at half the speed is silent, and the others are not`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    try bus.write(0, to: model.registers.lock, of: 4)
    // Its acknowledgement goes out at the new rate already.
    try? bus.write(try #require(model.baudCodes[500_000]), to: model.registers.baudRate, of: 4)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .milliseconds(6))
    #expect((0..<6).map { bus.reply($0).sequence } == [1, 1, 1, 0, 1, 1])
    #expect(try bus.discover() == [1, 2, 3, 5, 6])
    arm.servos.bitsPerSecond = 500_000
    #expect(try bus.discover() == [4], "at half the speed it is there")
    try bus.write(0, to: model.registers.baudRate, of: 4)
    arm.servos.bitsPerSecond = 1_000_000
    #expect(try bus.ping(4) == 0)
  }
}

/// Puts bytes of his own between, into and instead of replies: noise, headers, replies of others, replies cut off, said
/// twice or in pieces. He does not know how to make up a valid reply of a servo that is asked; nobody could tell.
private final class Meddler {
  var isAtWork = true
  private var random: SplitMix64

  init(_ arm: VirtualArm, seed: UInt64) {
    random = SplitMix64(seed: seed)
    let (servos, time, link) = (arm.servos, arm.time, arm.link)
    link.onWait = { [self] deadline in
      time.advance(to: min(servos.nextReplyEnd ?? deadline, deadline))
      servos.transmit(until: time.now) { bytes in
        for part in isAtWork ? meddle(Array(bytes)) : [Array(bytes)] { part.withUnsafeBytes { link.deliver($0) } }
      }
    }
  }

  private func meddle(_ reply: [UInt8]) -> [[UInt8]] {
    switch random.next() % 12 {
    case 0: [noise(), reply]
    case 1: [reply, noise()]
    // Headers that promise a reply: of an asked servo, of the right length.
    case 2: [Array(reply.prefix(4)), reply]
    case 3: [[0xFF, 0xFF, 0xFF], reply]
    // Cut off somewhere, and nothing after it.
    case 4: [Array(reply.prefix(Int(random.next() % UInt64(reply.count))))]
    // Somebody who was not asked, in full.
    case 5: [stranger(reply.count), reply, stranger(reply.count)]
    case 6: [reply, reply]
    // Bytes of noise within.
    case 7: [Array(reply.prefix(6)), noise(), Array(reply.dropFirst(6))]
    case 8: [Array(reply.dropFirst(Int(random.next() % 5)))]
    default: [reply]
    }
  }

  private func noise() -> [UInt8] {
    (0..<(1 + random.next() % 40)).map { _ in
      let byte = UInt8(truncatingIfNeeded: random.next())
      return byte % 3 == 0 ? 0xFF : byte
    }
  }

  private func stranger(_ count: Int) -> [UInt8] {
    var packet = FeetechPacket(id: UInt8(100 + random.next() % 100), code: 0)
    for _ in 0..<max(0, count - FeetechPacket.overhead) { packet.append(UInt8(truncatingIfNeeded: random.next())) }
    packet.seal()
    return packet.bytes
  }
}

/// Tells a thread to end, and waits until it has.
private final class Flag: @unchecked Sendable {
  // Unchecked: the lock guards it.
  private let lock = NSLock()
  private var wanted = false
  private let done = DispatchSemaphore(value: 0)
  var isSet: Bool { lock.withLock { wanted } }
  func set() {
    lock.withLock { wanted = true }
    done.wait()
  }
  func confirm() { done.signal() }
}
