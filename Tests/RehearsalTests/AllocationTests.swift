#if canImport(CAllocationCounter)
  import Arm
  import CAllocationCounter
  import Control
  import Episodes
  import Policy
  import RealTime
  import Rehearsal
  import Session
  import Testing
  import Twin

  /// Principle 1, counted: what `Tick.run` asks of malloc's family over every source and fault path.
  @Suite struct AllocationTests {
    /// Counts inside the tick alone; the twin's part of it (its wires and its world) is left out.
    final class Watch {
      private(set) var ticks: [Source: Int] = [:]
      private(set) var faults: Set<Fault> = []
      private(set) var culprits: [String] = []

      func join(_ session: VirtualSession) {
        us_allocations_note_no_throws()
        for link in [session.links.follower, session.links.leader] {
          let (write, wait) = (link.onWrite, link.onWait)
          link.onWrite = { bytes in Self.outside { write(bytes) } }
          link.onWait = { deadline in Self.outside { wait(deadline) } }
        }
        session.aroundTick = { [unowned session, self] run in
          us_allocations_resume()
          run()
          _ = us_allocations_pause()
          note(us_allocations_take(), session.host.snapshot)
        }
      }

      private static func outside(_ body: () -> Void) {
        let counted = us_allocations_pause() != 0
        body()
        if counted { us_allocations_resume() }
      }

      private func note(_ counts: us_allocations, _ snapshot: Snapshot) {
        ticks[snapshot.record.source, default: 0] += 1
        if let fault = snapshot.fault { faults.insert(fault) }
        guard counts.allocations > 0 || counts.releases > 0 else { return }
        culprits.append(
          "tick \(snapshot.record.tick), \(snapshot.state), request \(snapshot.record.request): \(counts.allocations) "
            + "allocations, \(counts.bytes) bytes, \(counts.releases) frees")
      }
    }

    @Test func `the counter sees what Swift allocates, and nothing of another thread`() {
      us_allocations_resume()
      let array = [Int](repeating: 3, count: 100)
      _ = us_allocations_pause()
      let counts = us_allocations_take()
      #expect(array.count == 100)
      #expect(counts.allocations > 0 && counts.bytes >= 800)
      #expect(us_allocations_take().allocations == 0)
    }

    @Test func `whole correction sessions allocate nothing in the tick, whoever drives`() throws {
      let watch = Watch()
      for (takeOver, handBack) in [(OperatorOptions.TakeOver.grab, OperatorOptions.HandBack.finish), (.pedal, .margin)]
      {
        var person = OperatorOptions()
        person.takeOver = takeOver
        person.handBack = handBack
        let session = try Bench.session(person, disturbance: .bump)
        try session.host.load(policy: Bench.policy.get())
        watch.join(session)
        session.begin(.correct) {
          $0.rounds = 1
          $0.framesPerRound = 1_000_000
        }
        session.step(6000)
        session.conductor?.end()
        #expect(session.step(most: 3000) { $0.state == .idle }, "the arm parks")
      }
      for source in Source.allCases {
        #expect(watch.ticks[source, default: 0] > 0, "no tick of \(source)")
      }
      #expect(watch.ticks.values.reduce(0, +) >= 10_000)
      #expect(watch.culprits.isEmpty, "\(watch.culprits.prefix(5)), \(watch.culprits.count) in all")
    }

    /// A session that shows `fault`, and how: who drives, what happens then, and within how many ticks.
    private func scene(_ fault: Fault, _ watch: Watch) throws -> (session: VirtualSession, kept: Any, within: Int) {
      var rig = try Bench.rig.get()
      if fault == .load { (rig.envelope.load_share, rig.envelope.load_s) = (0.2, 3) }
      if fault == .unreachable { rig.envelope.box_m?.lower.x = 0.24 }
      if fault == .letGo { rig.holdToRun_ms = 200 }
      var options = TwinOptions()
      options.person.isPresent = false
      let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: true)
      let registers = try Bench.servos.get().registers
      if fault == .torqueRefused { session.links.follower.lose(registers.goalPosition) { _ in true } }
      watch.join(session)
      var kept: Any = ()
      func drive(_ policy: Policy? = nil) throws {
        kept = try session.load(policy ?? Puppet.wanderer(speed: 1))
        session.standUp(Puppet.home)
        session.hear(.run)
        session.host.ask(Request(.policy))
        session.step(15)
        #expect(session.host.snapshot.state == .autonomous)
      }
      func correct() throws {
        try drive()
        try session.lead(ticks: 40)
        #expect(session.host.snapshot.state == .correcting)
      }
      var within = 20
      switch fault {
      case .followerStale:
        try drive()
        session.world.follower.faults.silent = 1
      case .leaderStale:
        try correct()
        session.world.leader.faults.silent = 1
      case .environmentStale:
        try session.host.load(policy: Bench.policy.get())
        session.standUp()
        session.host.ask(Request(.policy))
        session.step(20)
        session.arrives = { $0 != .environment }
        within = 30
      case .wishNotFinite:
        try drive()
        let broken = try session.loaded(Puppet.broken())
        kept = (kept, broken)
        session.host.ask(.load(broken))
      case .lag:
        try drive()
        session.world.follower.servos[3].encoderJump_ticks = 512
      case .gap:
        try drive()
        session.miss(12)
      case .followerLost:
        try drive()
        session.links.follower.isConnected = false
      case .leaderLost:
        try correct()
        session.links.leader.isConnected = false
      case .servo:
        try drive()
        session.world.follower.supply_V = 3.5
      case .recorder:
        try drive()
        while session.host.channels.records.push(TickRecord()) {}
      case .noPolicy:
        session.standUp()
        session.host.ask(Request(.policy))
      case .torqueRefused:
        for place in 0..<6 { try session.write(1000, to: \.goalPosition, of: place) }
        session.step()
        session.host.ask(Request(.enable))
        within = 60
      case .load:
        session.standUp()
        session.host.ask(.playback(to: JointVector(0, 0.34, -0.34, 0.377, 0, 0, 0, 0)))
        within = 1000
      case .stalled:
        try drive()
        #expect(session.host.tick.ownership.revoke())
        session.step()
        session.host.tick.ownership.giveBack()
      case .unreachable:
        session.step()
        session.host.ask(Request(.enable))
        session.step(20)
        session.host.ask(.playback(to: rig.start?.pose ?? .zero))
        within = 1000
      case .letGo:
        try drive()
        within = 25
      case .leaderFell:
        try correct()
        for place in 0..<6 {
          session.world.leader.whisper(to: place, registers.torqueEnable, 0, at: session.time.now)
        }
      case .torqueLost:
        try drive()
        session.tripUnseen(4)
        within = 50
      case .policySlow:
        try drive()
        session.time.inference = .milliseconds(4)
      }
      return (session, kept, within)
    }

    @Test(arguments: Fault.allCases) func `no fault, its stop or its end allocates in the tick`(fault: Fault) throws {
      let watch = Watch()
      let (session, kept, within) = try scene(fault, watch)
      defer { withExtendedLifetime(kept) {} }
      #expect(session.step(most: within) { $0.fault != nil })
      #expect(session.host.snapshot.fault == fault)
      session.step(100)
      session.host.ask(Request(.acknowledge))
      session.step(100)
      session.host.ask(Request(.hold))
      session.step(20)
      #expect(watch.faults.contains(fault))
      #expect(watch.culprits.isEmpty, "\(watch.culprits.prefix(5)), \(watch.culprits.count) in all")
    }

    @Test func `whatever is asked, refused or not, on whatever wires, allocates nothing in the tick`() throws {
      let watch = Watch()
      for seed in 11...13 as ClosedRange<UInt64> {
        let session = try Bench.session(nil, seed: seed)
        watch.join(session)
        var chaos = try Chaos(session, seed: seed)
        for _ in 0..<4000 { chaos.step() }
        while session.host.channels.records.push(TickRecord()) {}
        session.step(3)
        for bus in [session.world.follower, session.world.leader] { bus.faults = WireFaults() }
        session.world.follower.supply_V = 12
        session.step(100)
        for end in [{ session.world.leader.faults.silent = 1 }, { session.links.follower.isConnected = false }] {
          session.world.leader.faults.silent = 0
          session.host.ask(Request(.enable))
          session.step(10)
          session.host.ask(Request(.acknowledge))
          session.step(10)
          session.host.ask(Request(.takeOver))
          session.step(3)
          end()
          session.step(60)
        }
      }
      #expect(watch.ticks.values.reduce(0, +) >= 10_000)
      #expect(watch.culprits.isEmpty, "\(watch.culprits.prefix(5)), \(watch.culprits.count) in all")
      #expect(watch.faults.count >= 7, "\(watch.faults)")
    }
  }
#endif
