import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import ServoBus
import Session
import Synchronization
import Testing

/// A control thread that does not come: what the watchdog does, and what the thread finds when it wakes.
@Suite struct WatchdogTests {
  /// A session in which a policy has driven for half a second, and what is written to the follower.
  private func driving() throws -> (session: VirtualSession, wire: Goals, tape: Tape, kept: Any) {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let wire = Goals(session)
    let kept = try session.wander()
    return (session, wire, tape, kept)
  }

  /// Counts goals on the follower's wire.
  private final class Goals {
    private(set) var count = 0
    private(set) var newest: [UInt8] = []

    init(_ session: VirtualSession) {
      let link = session.links.follower
      let write = link.onWrite
      link.onWrite = { [unowned self] bytes in
        if bytes.count > 8, bytes[4] == 0x83, bytes[5] == 42 {
          count += 1
          newest = Array(bytes)
        }
        write(bytes)
      }
    }
  }

  @Test func `a loop that does not come is stopped: the last goal once more, then a stop when it wakes`() throws {
    let (session, wire, tape, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    let watchdog = Watchdog(session.host.tick, limit: .milliseconds(100))
    let began = session.time.now
    watchdog.look(at: began)
    let (goals, last) = (wire.count, wire.newest)
    for after in stride(from: 20 as Int64, through: 80, by: 20) { watchdog.look(at: began + .milliseconds(after)) }
    #expect(wire.count == goals && watchdog.stallCount == 0)
    watchdog.look(at: began + .milliseconds(100))
    #expect(wire.count == goals + 1 && wire.newest == last, "the last goal, once")
    watchdog.look(at: began + .milliseconds(300))
    #expect(wire.count == goals + 1 && watchdog.stallCount == 1, "and no more than once")
    #expect(watchdog.silentFor == .milliseconds(300))

    session.miss(30)
    session.step()
    #expect(session.host.snapshot.fault == .stalled)
    #expect(session.host.snapshot.state == .protectiveStop)
    let held = session.host.snapshot.record.command
    session.step(50)
    #expect(session.host.snapshot.record.command == held, "it had stopped, and stays")
    session.host.ask(Request(.policy))
    session.step(2)
    #expect(session.host.snapshot.state == .protectiveStop, "it is latched")
    session.host.ask(Request(.acknowledge))
    session.step(2)
    #expect(session.host.snapshot.state == .holding)
    #expect(tape.trouble == "")
  }

  @Test func `a thread that wakes in the middle of its tick finds out in that tick, and holds`() throws {
    let (session, wire, _, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    let watchdog = Watchdog(session.host.tick, limit: .milliseconds(100))
    watchdog.look(at: session.time.now)
    let command = session.host.snapshot.record.command
    let wait = session.links.follower.onWait
    var stands = true
    session.links.follower.onWait = { deadline in
      if stands {
        stands = false
        let now = session.time.now
        watchdog.look(at: now)  // the tick has begun: a sign of life
        for after in stride(from: 20 as Int64, through: 120, by: 20) { watchdog.look(at: now + .milliseconds(after)) }
      }
      wait(deadline)
    }
    let (goals, last) = (wire.count, wire.newest)
    session.step()
    #expect(watchdog.stallCount == 1)
    #expect(session.host.snapshot.fault == .stalled)
    #expect(session.host.snapshot.record.command == command)
    #expect(wire.count == goals + 1 && wire.newest == last, "the watchdog has not written, the thread held")
  }

  @Test func `while the watchdog has the bus no tick runs`() throws {
    let (session, wire, _, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    #expect(session.host.tick.ownership.revoke())
    let (goals, tick) = (wire.count, session.host.snapshot.record.tick)
    session.step()
    #expect(wire.count == goals && session.host.snapshot.record.tick == tick)
    session.host.tick.ownership.giveBack()
    session.step()
    #expect(session.host.snapshot.fault == .stalled)
  }

  @Test func `what was decided before a revocation is not sent`() {
    let bus = BusOwnership()
    #expect(bus.claim() && !bus.revoke())
    #expect(!bus.mayWrite())
    bus.release()
    #expect(bus.claim() && bus.takeRevocation() && !bus.takeRevocation() && bus.mayWrite())
    #expect(!bus.revoke(), "a write under way is not broken off")
    bus.release()
    #expect(bus.takeRevocation())
  }

  @Test func `of two threads never both have the bus, and no revocation is lost`() {
    let bus = BusOwnership()
    let inside = Atomic<Int>(0)
    let clashes = Atomic<Int>(0)
    let revocations = Atomic<Int>(0)
    let found = Atomic<Int>(0)
    let done = Atomic<Bool>(false)
    // One revocation after the other: each must be found, once, before the next.
    let watchdog = Worker("watchdog", every: nil) {
      while !done.load(ordering: .relaxed) {
        let count = revocations.wrappingAdd(1, ordering: .relaxed).newValue
        if bus.revoke() {
          if inside.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue != 1 {
            clashes.wrappingAdd(1, ordering: .relaxed)
          }
          inside.wrappingSubtract(1, ordering: .acquiringAndReleasing)
          bus.giveBack()
        }
        while found.load(ordering: .acquiring) < count, !done.load(ordering: .relaxed) { sched_yield() }
      }
    }
    func takeRevocation() -> Bool {
      let isRevoked = bus.takeRevocation()
      if isRevoked { found.wrappingAdd(1, ordering: .releasing) }
      return isRevoked
    }
    var claims = 0
    var writes = 0
    var wasRefused = false
    var refusedWithoutCause = 0
    // A lost revocation would leave the watchdog waiting: the claims end it.
    while claims < 100_000 || found.load(ordering: .relaxed) < 100, claims < 50_000_000 {
      guard bus.claim() else {
        sched_yield()
        continue
      }
      claims += 1
      if claims % 1000 == 0 { sched_yield() }
      if inside.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue != 1 {
        clashes.wrappingAdd(1, ordering: .relaxed)
      }
      if !takeRevocation(), wasRefused { refusedWithoutCause += 1 }
      wasRefused = !bus.mayWrite()
      if !wasRefused { writes += 1 }
      inside.wrappingSubtract(1, ordering: .acquiringAndReleasing)
      bus.release()
    }
    done.store(true, ordering: .relaxed)
    watchdog.stop()
    #expect(bus.claim())
    if !takeRevocation(), wasRefused { refusedWithoutCause += 1 }
    #expect(clashes.load(ordering: .relaxed) == 0)
    #expect(writes > 0 && writes <= claims && refusedWithoutCause == 0)
    #expect(revocations.load(ordering: .relaxed) >= 100)
    #expect(found.load(ordering: .relaxed) == revocations.load(ordering: .relaxed))
  }
}
