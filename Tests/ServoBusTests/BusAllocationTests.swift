#if canImport(CAllocationCounter)
  import CAllocationCounter
  import RealTime
  import ServoBus
  import Testing
  import Twin

  /// What a tick asks of a bus, counted in calls of malloc's family: none.
  @Suite struct BusAllocationTests {
    private static let cycles = 10_000

    /// One tick's traffic: every servo's block, goals, one servo's slow registers.
    private func cycle(_ bus: inout ServoBus, _ tick: Int, until deadline: Nanoseconds) {
      let registers = bus.model.registers
      bus.post(RegisterBlock(from: registers.presentPosition, through: registers.presentLoad))
      bus.collect(until: deadline)
      bus.syncWrite(SIMD8(repeating: Int32(2048 + tick % 100)), to: registers.goalPosition)
      bus.postSpare(RegisterBlock(from: registers.presentVoltage, through: registers.presentCurrent), of: tick % 6)
    }

    @Test(arguments: ["", "drop=0.05,flip=0.02,delay=0.02,noise=0.05,deaf=0.01"], [nil, 30] as [Int64?])
    func `ten thousand cycles on a memory port allocate nothing, whatever the wire does to them`(
      faults: String, spin_us: Int64?
    ) throws {
      let model = try sts3215()
      let arm = VirtualArm(model, seed: 3)
      arm.servos.faults = try WireFaults(faults)
      // What the servos do is not the bus's.
      let (write, wait) = (arm.link.onWrite, arm.link.onWait)
      arm.link.onWrite = { bytes in Self.outside { write(bytes) } }
      arm.link.onWait = { deadline in Self.outside { wait(deadline) } }
      var bus = arm.bus(model)
      bus.spin = spin_us.map { .microseconds($0) }
      us_allocations_resume()
      for tick in 0..<Self.cycles {
        let began = Nanoseconds(Int64(tick) * 5_000_000)
        arm.time.advance(to: began)
        cycle(&bus, tick, until: began + .milliseconds(3))
      }
      _ = us_allocations_pause()
      let counts = us_allocations_take()
      #expect(counts.allocations == 0 && counts.releases == 0)
      #expect(Int(bus.newestSequence) == Self.cycles)
      #expect(faults.isEmpty ? bus.statistics.errors == 0 : bus.statistics.errors > 1000, "the test is one")
    }

    @Test func `nor do they on a pseudo-terminal`() throws {
      let model = try sts3215()
      let servos = try PromptServos(model)
      defer { servos.close() }
      var bus = ServoBus(
        port: .termios(try TermiosPort(path: servos.path)), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .monotonic)
      bus.spin = .microseconds(30)
      us_allocations_resume()
      for tick in 0..<Self.cycles { cycle(&bus, tick, until: TickClock.monotonic.now + .milliseconds(100)) }
      _ = us_allocations_pause()
      let counts = us_allocations_take()
      #expect(counts.allocations == 0 && counts.releases == 0)
      let whole = bus.turnaround.cycle.count
      #expect(whole > UInt64(Self.cycles * 9 / 10), "\(whole) whole cycles")
    }

    private static func outside(_ body: () -> Void) {
      let counted = us_allocations_pause() != 0
      body()
      if counted { us_allocations_resume() }
    }
  }
#endif
