import Foundation
import RealTime
import Testing
import Twin

@testable import ServoBus

/// Cycles that sleep through the replies and look for the last one (`ServoBus.spin`).
@Suite struct RestTests {
  private static let spin = Nanoseconds.microseconds(30)

  /// A bus that knows when its answers come.
  private func rested(_ arm: VirtualArm, _ model: ServoModel) -> ServoBus {
    var bus = arm.bus(model)
    bus.spin = Self.spin
    for _ in 0..<9 { cycle(&bus, arm, model) }
    return bus
  }

  private func cycle(_ bus: inout ServoBus, _ arm: VirtualArm, _ model: ServoModel) {
    arm.time.advance(to: Nanoseconds((arm.time.now.count / 5_000_000 + 1) * 5_000_000))
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .microseconds(4500))
  }

  private func expectWhole(_ bus: borrowing ServoBus, at location: SourceLocation = #_sourceLocation) {
    let isWhole = (0..<6).allSatisfy { bus.reply($0).sequence == bus.newestSequence }
    #expect(isWhole, sourceLocation: location)
  }

  @Test func `replies are read together, as soon as the last one is there, and every sixteenth time one by one`() throws
  {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = rested(arm, model)
    // 14 bytes of request, six replies of 8 and a byte's time before each.
    let took = Nanoseconds.microseconds(10 * (14 + 6 * 9))
    var apart = 0
    for _ in 0..<160 {
      cycle(&bus, arm, model)
      #expect(arm.time.now.count % 5_000_000 == took.count)
      expectWhole(bus)
      let first = bus.reply(0).receivedAt
      if bus.reply(5).receivedAt - first > .microseconds(400) {
        apart += 1
        #expect(bus.newestSequence % 16 == 0)
      }
    }
    #expect(apart == 10)
    #expect(bus.turnaround.servos[0].count == 8 + 10, "a servo's own turnaround is known only of those")
    #expect(bus.turnaround.cycle.count == 169 && bus.turnaround.cycle.max == took)
  }

  @Test func `an adapter that becomes slower or quicker is followed, and no reply is lost over it`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var bus = rested(arm, model)
    for hold in [Nanoseconds.microseconds(700), .zero, .microseconds(1500), .microseconds(20)] {
      adapter.holds = { _ in hold }
      var together = 0
      for tick in 0..<1200 {
        cycle(&bus, arm, model)
        expectWhole(bus)
        if tick >= 1100, bus.reply(5).receivedAt - bus.reply(0).receivedAt < .microseconds(100) { together += 1 }
      }
      #expect(together > 80, "after a while replies are read together again: \(together) of 100")
    }
    #expect(bus.statistics.errors == 0 && bus.statistics.retries == .zero)
  }

  @Test func `a servo that falls silent is asked again within the same cycle, and then listened for`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var bus = rested(arm, model)
    var isFirst = true
    adapter.holds = { reply in
      defer { if reply[2] == 4 { isFirst = false } }
      return reply[2] == 4 && isFirst ? .never : .zero
    }
    cycle(&bus, arm, model)
    expectWhole(bus)
    #expect(bus.statistics.retries == [0, 0, 0, 1, 0, 0, 0, 0])
    adapter.holds = { $0[2] == 4 ? .never : .zero }
    for _ in 0..<5 { cycle(&bus, arm, model) }
    #expect(bus.statistics.timeouts == [0, 0, 0, 5, 0, 0, 0, 0])
    // By the second of them it is not slept through any more.
    #expect(bus.reply(5).receivedAt - bus.reply(0).receivedAt > .microseconds(300))
  }

  @Test func `an adapter that is pulled while the thread sleeps is lost in the same cycle`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = rested(arm, model)
    let wait = arm.link.onWait
    arm.link.onWait = { [link = arm.link] deadline in
      wait(deadline)
      link.isConnected = false
    }
    cycle(&bus, arm, model)
    let isLost = bus.isLost
    #expect(isLost)
  }

  @Test func `on a pseudo-terminal: whole cycles, and the other end's closing is seen`() throws {
    let model = try sts3215()
    let servos = try PromptServos(model)
    var bus = ServoBus(
      port: .termios(try TermiosPort(path: servos.path)), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .monotonic)
    bus.spin = Self.spin
    for _ in 0..<200 {
      bus.post(RegisterBlock(model.registers.presentPosition))
      bus.collect(until: TickClock.monotonic.now + .milliseconds(500))
      expectWhole(bus)
    }
    #expect(bus.turnaround.servos[0].count < bus.turnaround.cycle.count, "it has slept")
    servos.close()
    for _ in 0..<3 {
      bus.post(RegisterBlock(model.registers.presentPosition))
      bus.collect(until: TickClock.monotonic.now + .milliseconds(50))
    }
    let isLost = bus.isLost
    #expect(isLost)
  }
}
