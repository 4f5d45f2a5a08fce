#if canImport(CAllocationCounter)
  import CAllocationCounter
  import Control
  import Episodes
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

    @Test func `a policy that is too slow stops the arm without an allocation`() throws {
      let watch = Watch()
      let session = try Bench.session(nil)
      let kept = try session.load(Puppet.wanderer(speed: 1))
      defer { withExtendedLifetime(kept) {} }
      watch.join(session)
      session.standUp(Puppet.home)
      session.host.ask(Request(.policy))
      session.time.inference = .milliseconds(4)
      #expect(session.step(most: 16) { $0.fault == .policySlow })
      session.step(60)
      #expect(watch.faults == [.policySlow])
      #expect(watch.culprits.isEmpty, "\(watch.culprits.prefix(5)), \(watch.culprits.count) in all")
    }

    @Test func `every fault path, refused requests and all, allocates nothing in the tick`() throws {
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
      let wanted: Set<Fault> = [.followerStale, .servo, .gap, .wishNotFinite, .recorder, .followerLost, .leaderStale]
      #expect(watch.faults.isSuperset(of: wanted), "\(watch.faults)")
    }
  }
#endif
