import RealTime
import ServoBus
import Testing
import Twin

/// Replies that come after their tick, and threads that look after their deadline.
@Suite struct LateTests {
  @Test func `what came while this thread stood still counts, though the deadline has passed`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let (servos, time, link) = (arm.servos, arm.time, arm.link)
    var stood = false
    // Nothing is in when the thread looks; then it stands still for 20 ms, in which everybody answers.
    link.onWait = { deadline in
      if stood {
        time.advance(to: min(servos.nextReplyEnd ?? deadline, deadline))
        servos.transmit(until: time.now) { link.deliver($0) }
      } else if servos.nextReplyEnd != nil {
        stood = true
        time.advance(to: time.now + .milliseconds(20))
      }
    }
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: .milliseconds(3))
    #expect((0..<6).allSatisfy { bus.reply($0).sequence == 1 })
    #expect(bus.statistics.errors == 0 && bus.statistics.retries == .zero && bus.statistics.timeouts == .zero)
  }

  @Test func `a reading that comes a tick late has the age of its question`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var bus = arm.bus(model)
    let block = RegisterBlock(model.registers.presentPosition)
    adapter.holds = { _ in .milliseconds(12) }
    for tick in 0..<4 {
      arm.time.advance(to: .milliseconds(Int64(10 * tick)))
      arm.mechanism.positions = Array(repeating: Double(tick) * 0.1, count: 6)
      if tick == 3 { adapter.holds = { _ in .zero } }
      bus.post(block)
      bus.collect(until: .milliseconds(Int64(10 * tick + 6)))
      guard tick > 0, tick < 3 else { continue }
      for joint in 0..<6 {
        #expect(bus.reply(joint).sequence == UInt32(tick))
        let angle = Double(tick - 1) * 0.1
        let expected = Int32((2048 + angle * 4096 / (2 * .pi)).rounded())
        #expect(bus.reply(joint).value(of: model.registers.presentPosition) == expected)
      }
    }
    #expect((0..<6).allSatisfy { bus.reply($0).sequence == 4 }, "and the newest is the newest")
    // Of three ticks nothing came in time; by now all of it has come but what the third asked for.
    #expect(bus.statistics.timeouts == [3, 3, 3, 3, 3, 3, 0, 0])
    arm.time.advance(to: .milliseconds(40))
    bus.post(block)
    bus.collect(until: .milliseconds(46))
    #expect(bus.statistics.lateReadings == bus.statistics.timeouts)
    #expect(bus.statistics.errors == 0 && bus.statistics.lateReplies >= 18)
  }

  @Test func `an answer to a cycle that was overtaken replaces nothing newer`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var bus = arm.bus(model)
    let block = RegisterBlock(model.registers.presentPosition)
    bus.patience = nil
    adapter.holds = { _ in .milliseconds(25) }
    bus.post(block)
    bus.collect(until: .milliseconds(6))
    adapter.holds = { _ in .zero }
    for tick in 1...4 {
      arm.time.advance(to: .milliseconds(Int64(10 * tick)))
      bus.post(block)
      bus.collect(until: .milliseconds(Int64(10 * tick + 6)))
      #expect((0..<6).allSatisfy { bus.reply($0).sequence == bus.newestSequence })
    }
    #expect(bus.statistics.lateReplies == 6 && bus.statistics.lateReadings == bus.statistics.timeouts)
  }

  @Test func `with time on hand everybody who is missing is asked until he answers`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    // For 30 ms nothing gets through, whoever is asked.
    adapter.holds = { [time = arm.time] _ in time.now < .milliseconds(30) ? .never : .zero }
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: .milliseconds(1000))
    #expect((0..<6).allSatisfy { bus.reply($0).sequence == 1 } && bus.statistics.errors == 0)
    #expect(bus.statistics.retries.wrappedSum() < 30, "and not more often than needed: \(bus.statistics.retries)")
    #expect(arm.time.now < .milliseconds(80))
  }
}
