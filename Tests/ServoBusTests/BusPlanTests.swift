import RealTime
import ServoBus
import Testing
import Twin

@Suite struct BusPlanTests {
  private func plan(rate_Hz: Int, _ adjust: (VirtualArm) -> Void = { _ in }) throws -> (BusPlan, Nanoseconds?) {
    let model = try sts3215()
    let arm = VirtualArm(model)
    adjust(arm)
    var bus = arm.bus(model)
    var leader: ServoBus?
    let period = 1_000_000_000 / Int64(rate_Hz)
    let plan = BusPlan.measure(
      follower: &bus, leader: &leader, rate_Hz: rate_Hz, budget: Nanoseconds(period * 6 / 10))
    return (plan, bus.patience)
  }

  @Test func `a plan says what reading, writing and slow registers take`() throws {
    let (plan, patience) = try plan(rate_Hz: 200)
    // 14 bytes out; six times a turnaround of a byte and 12 bytes back, 10 µs each.
    #expect(abs(plan.read_p99_ms - 0.92) < 0.06 && plan.servos == [6] && plan.cycles == 200 && plan.lost == 0)
    #expect(abs(plan.write_ms - 0.26) < 1e-9)
    // 8 bytes out, a turnaround, 15 bytes back.
    #expect(abs(plan.spare_p99_ms - 0.24) < 0.02)
    #expect(plan.fits)
    // Half of the 3 ms that 200 Hz leave.
    #expect(patience == .microseconds(1500))
    #expect(plan.description.contains("bus plan at 200 Hz: reading 6 servos p50 0."))
  }

  @Test func `a rate that does not fit is refused with its figures and one that would`() throws {
    let (plan, _) = try plan(rate_Hz: 500) { arm in
      // Each servo waits for 254 × 2 µs before it answers, as from the factory.
      for id in 1...6 {
        arm.servos.servos[id - 1].set(returnDelay: 250)
      }
    }
    #expect(!plan.fits && !plan.fitsMostly && plan.read_p99_ms > 3.5)
    let text = plan.refusal(rig: "hardware/rigs/x.yaml")
    #expect(text.contains("at 500 Hz there are 1.20 and 2.00 ms"), "\(text)")
    #expect(text.contains("set loop_Hz to \(plan.fastestRate_Hz) or less in hardware/rigs/x.yaml"), "\(text)")
    #expect((100...170).contains(plan.fastestRate_Hz))
  }

  @Test func `replies that are lost while measuring are counted, and make the plan no faster`() throws {
    let (plan, _) = try plan(rate_Hz: 100) { $0.servos.faults.silent = 1 }
    #expect(!plan.fits && !plan.fitsMostly && plan.lost >= 200)
  }

  @Test func `one cycle in thirty that takes too long is a warning, and does not forbid to ask again`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    let adapter = HoldingAdapter(arm)
    var replies = 0
    adapter.holds = { _ in
      replies += 1
      return replies % 200 == 0 ? .milliseconds(9) : .zero
    }
    var bus = arm.bus(model)
    var leader: ServoBus?
    let plan = BusPlan.measure(follower: &bus, leader: &leader, rate_Hz: 100, budget: .milliseconds(6))
    #expect(!plan.fits && plan.fitsMostly && plan.read_p99_ms > 6)
    #expect(plan.description.contains("Not always in time: this machine is busy elsewhere"))
    let patience = bus.patience ?? .never
    #expect(patience < .milliseconds(2))
  }
}
