import RealTime
import ServoBus
import Testing
import Twin

/// What the tick's cycle makes of a bus on which things go wrong, and of the wire time that is left.
@Suite struct CycleTests {
  @Test func `who is missing is asked once more, alone, and answers`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    // One sync read is understood by nobody: servos 1 to 6 answer when they are asked one by one.
    arm.servos.faults.dropRequest = 1
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    arm.servos.faults.dropRequest = 0
    bus.collect(until: arm.time.now + .milliseconds(6))
    #expect((0..<6).map { bus.reply($0).sequence } == [1, 1, 1, 1, 1, 1])
    #expect(bus.statistics.retries == [1, 1, 1, 1, 1, 1, 0, 0] && bus.statistics.timeouts == .zero)
  }

  @Test func `what the budget has no time for is not asked again`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    arm.servos.faults.dropRequest = 1
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .microseconds(1500))
    #expect(bus.statistics.retries == .zero)
    #expect(arm.time.now == .microseconds(1500))
  }

  @Test func `a silent servo behind which others fall silent costs them one reading at most`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    arm.servos.faults.breaksChains = true
    arm.servos.faults.silent = 0b000010
    let block = RegisterBlock(model.registers.presentPosition)
    for tick in 1...10 {
      let start = arm.time.now
      bus.post(block)
      bus.collect(until: start + .milliseconds(6))
      // All but the silent one, in each tick: at first asked alone, then, the silent one asked last, together.
      #expect((0..<6).map { bus.reply($0).sequence == UInt32(tick) } == [true, false, true, true, true, true])
    }
    #expect(bus.statistics.timeouts == [0, 10, 0, 0, 0, 0, 0, 0])
    #expect(bus.statistics.retries == [0, 3, 1, 1, 1, 1, 0, 0], "after three ticks nobody repeats what is in vain")
    #expect(bus.statistics.longestGap_ticks[1] == 10)
    arm.servos.faults.silent = 0
    bus.post(block)
    bus.collect(until: arm.time.now + .milliseconds(6))
    #expect(bus.reply(1).sequence == 11, "one that comes back is heard at once")
  }

  @Test func `slow registers come through the time that is left, and delay nothing`() throws {
    let model = try sts3215()
    let registers = model.registers
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    let block = RegisterBlock(registers.presentPosition)
    let slow = RegisterBlock(from: registers.presentVoltage, through: registers.presentCurrent)
    arm.servos.servos[3].temperature_degC = 51
    for tick in 0..<12 {
      let start = Nanoseconds(Int64(tick) * 5_000_000)
      arm.time.advance(to: start)
      bus.post(block)
      bus.collect(until: start + .milliseconds(3))
      #expect(arm.time.now - start == .microseconds(10 * (14 + 6 * 9)), "as long as without")
      bus.syncWrite(SIMD8(repeating: 2048), to: registers.goalPosition)
      bus.postSpare(slow, of: tick % 6)
    }
    #expect((0..<6).map { bus.spareReply($0).value(of: registers.presentVoltage) } == Array(repeating: 120, count: 6))
    #expect(bus.spareReply(3).value(of: registers.presentTemperature) == 51)
    #expect(bus.spareReply(3).value(of: registers.presentCurrent) == 0)
    #expect(bus.statistics.spareTimeouts == .zero && bus.statistics.strayBytes == 0)
  }

  @Test func `a reply that comes after its tick is late, not fresh`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var bus = arm.bus(model)
    let block = RegisterBlock(model.registers.presentPosition)
    let fresh = { (bus: borrowing ServoBus) in (0..<6).map { bus.reply($0).sequence == bus.newestSequence } }

    adapter.holds = { $0[2] == 3 ? .milliseconds(7) : .zero }
    arm.mechanism.positions[2] = 0.5
    bus.post(block)
    bus.collect(until: .milliseconds(3))
    #expect(fresh(bus) == [true, true, false, true, true, true])

    // In the next tick the joint is elsewhere; the old answer comes between the new ones, of which servo 3's is lost.
    arm.time.advance(to: .milliseconds(5))
    arm.mechanism.positions[2] = -0.5
    adapter.holds = { $0[2] == 3 ? .never : .zero }
    bus.post(block)
    bus.collect(until: .milliseconds(8))
    #expect(arm.time.now == .milliseconds(8), "it was waited for, and the old one came meanwhile")
    #expect(fresh(bus) == [true, true, false, true, true, true])
    #expect(bus.statistics.lateReplies == 1)

    arm.time.advance(to: .milliseconds(10))
    adapter.holds = { _ in .zero }
    bus.post(block)
    bus.collect(until: .milliseconds(13))
    #expect(bus.reply(2).value(of: model.registers.presentPosition) == 1722)
  }

  @Test(arguments: [(1, 0.02), (2, 0.05), (3, 0.4), (4, 1)] as [(UInt64, Double)], [nil, 30] as [Int64?])
  func `an adapter that keeps replies back for up to 50 ms makes no old reading a new one`(
    adapter of: (seed: UInt64, share: Double), spin_us: Int64?
  ) throws {
    let (seed, share) = of
    let model = try sts3215()
    let arm = VirtualArm(model, seed: seed)
    let adapter = HoldingAdapter(arm)
    var random = SplitMix64(seed: seed)
    adapter.holds = { _ in random.uniform() < share ? .microseconds(Int64(random.uniform() * 50_000)) : .zero }
    var bus = arm.bus(model)
    bus.spin = spin_us.map { .microseconds($0) }
    let block = RegisterBlock(model.registers.presentPosition)
    let slow = RegisterBlock(from: model.registers.presentVoltage, through: model.registers.presentCurrent)
    var wrong = 0
    var fresh = 0
    for tick in 0..<12_000 {
      let start = Nanoseconds(Int64(tick) * 5_000_000)
      arm.time.advance(to: start)
      for joint in 0..<6 { arm.mechanism.positions[joint] = Double((tick + joint) % 1000) * 0.001 }
      bus.post(block)
      bus.collect(until: start + .milliseconds(3))
      for joint in 0..<6 where bus.reply(joint).sequence == bus.newestSequence {
        fresh += 1
        let expected = Int32((2048 + arm.mechanism.positions[joint] * 4096 / (2 * .pi)).rounded())
        if bus.reply(joint).value(of: model.registers.presentPosition) != expected { wrong += 1 }
      }
      bus.postSpare(slow, of: tick % 6)
    }
    #expect(wrong == 0)
    #expect(bus.statistics.lateReplies > 100, "the test is one")
    #expect(Double(fresh) > 72_000 * (share < 0.1 ? 0.95 : 0.03), "\(fresh)")
  }

  @Test func `in set-up a late answer to one request is not taken for the next one's`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var bus = arm.bus(model)
    // The first answer comes after the second request was sent, the second during the next register's.
    adapter.holds = { _ in .milliseconds(41) }
    #expect(try bus.read(model.registers.maxVoltage, of: 1) == 140)
    adapter.holds = { _ in .zero }
    #expect(try bus.read(model.registers.minVoltage, of: 1) == 40)
    #expect(bus.statistics.retries[0] == 1 && bus.statistics.lateReplies == 1)
  }

  @Test func `each servo's errors and turnaround are counted by themselves`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    adapter.damages = { $0[2] == 5 }
    var bus = arm.bus(model)
    bus.patience = nil
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: .milliseconds(3))
    #expect(bus.statistics.checksumErrors == [0, 0, 0, 0, 1, 0, 0, 0])
    #expect(bus.statistics.repliesByServo == [1, 1, 1, 1, 0, 1, 0, 0])
    #expect(bus.turnaround.servos[0].max == .microseconds(10 * (14 + 9)))
    #expect(bus.turnaround.servos[5].max == .microseconds(10 * (14 + 6 * 9)))
    #expect(bus.turnaround.servos[4].count == 0 && bus.turnaround.cycle.count == 0)
  }
}

/// A USB adapter between servos and host that keeps packets back, loses or damages them.
final class HoldingAdapter {
  /// How long a reply is kept; `.never` loses it.
  var holds: ([UInt8]) -> Nanoseconds = { _ in .zero }
  /// Whether a bit of its payload is flipped.
  var damages: ([UInt8]) -> Bool = { _ in false }
  private var held: [(at: Nanoseconds, bytes: [UInt8])] = []
  /// The beginning of a reply whose end is still on the wire.
  private var begun: [UInt8] = []

  init(_ arm: VirtualArm) {
    let (servos, time, link) = (arm.servos, arm.time, arm.link)
    link.onWait = { [self] deadline in
      while true {
        let next = [servos.nextReplyEnd, held.map(\.at).min()].compactMap { $0 }.min() ?? deadline
        time.advance(to: min(next, deadline))
        servos.transmit(until: time.now) { take(Array($0), at: time.now) }
        let due = held.filter { $0.at <= time.now }
        held.removeAll { $0.at <= time.now }
        for (_, bytes) in due { bytes.withUnsafeBytes { link.deliver($0) } }
        if !due.isEmpty || time.now >= deadline { return }
      }
    }
  }

  /// Bytes from the wire; replies are kept or passed on whole.
  private func take(_ bytes: [UInt8], at now: Nanoseconds) {
    // Where another begins, the one before was cut off by a host that spoke.
    if bytes.starts(with: [0xFF, 0xFF]) { begun = [] }
    begun += bytes
    while begun.count >= 6, begun.count >= 4 + Int(begun[3]) {
      var packet = Array(begun.prefix(4 + Int(begun[3])))
      begun.removeFirst(packet.count)
      let hold = holds(packet)
      if damages(packet) { packet[5] ^= 0x10 }
      if hold != .never { held.append((now + hold, packet)) }
    }
  }
}
