import Arm
import Control
import Episodes
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// A host that wakes too late for its tick: what it does in that very tick.
@Suite struct LateTickTests {
  @Test(arguments: [3_000, 12_500, 20_000, 50_300, 99_900, 100_000, 398_580, 500_000, 3_000_000] as [Int64])
  func `a late tick knows it: from two periods on the arm counts as standing, from 100 ms on it stops`(
    late_us: Int64
  ) throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.wander()
    defer { withExtendedLifetime(kept) {} }
    let before = session.host.snapshot.record
    #expect(before.memory.step != .zero || before.command != before.memory.goal, "it moves")
    session.oversleep(by: .microseconds(late_us))
    session.step()
    let (snapshot, record) = (session.host.snapshot, session.host.snapshot.record)
    #expect(Int64(record.missed) == late_us / 10_000)
    #expect(record.tick == before.tick + 1 + UInt64(record.missed))
    #expect(session.host.tick.instruments.wake.max >= .microseconds(late_us))
    if late_us >= 20_000 { #expect(record.memory.step == .zero, "the step it goes on from") }
    if late_us >= 100_000 {
      #expect(record.command == before.command, "it goes no further")
      #expect(snapshot.state == .protectiveStop && snapshot.fault == .gap && snapshot.isAtRest)
    } else {
      #expect(snapshot.state == .autonomous && snapshot.fault == nil)
    }
    session.step()
    // One that woke at the very end of a period is still at work when the next begins.
    #expect(session.host.snapshot.record.missed <= (late_us % 10_000 > 5_000 ? 1 : 0), "the next tick is on time")
    session.step(30)
    #expect(tape.trouble == "")
  }

  @Test(arguments: [150, 1000, 4000] as [Int64])
  func `a host that was frozen says gap, not that the environment is old, and goes on once told`(
    late_ms: Int64
  ) throws {
    for ticks in 0..<4 {
      let session = try Bench.session(nil)
      let tape = try Tape(session)
      try session.host.load(policy: Bench.policy.get())
      session.standUp(Puppet.home)
      session.host.ask(Request(.policy))
      session.step(50 + ticks)
      session.oversleep(by: .milliseconds(late_ms))
      session.step()
      #expect(session.host.snapshot.fault == .gap)
      session.host.ask(Request(.acknowledge))
      session.step()
      session.host.ask(Request(.policy))
      session.step(30)
      #expect(session.host.snapshot.state == .autonomous && session.host.snapshot.fault == nil)
      #expect(tape.trouble == "")
    }
  }

  @Test func `who reads the environment may sleep as long as a gap below 100 ms, and no longer`() throws {
    let session = try Bench.session(nil)
    try session.host.load(policy: Bench.policy.get())
    session.standUp(Puppet.home)
    session.host.ask(Request(.policy))
    session.step(50)
    // A loop that is late again and again, and a camera that says nothing more: its own age and one gap at most.
    session.arrives = { $0 != .environment }
    let limit = session.host.settings.environmentStale + .milliseconds(90)
    let silent = session.time.now
    while session.host.snapshot.state == .autonomous, session.time.now < silent + .seconds(3) {
      session.oversleep(by: .milliseconds(90))
      session.step()
      session.step()
    }
    #expect(session.host.snapshot.fault == .environmentStale)
    #expect(session.time.now - silent <= limit + .milliseconds(110))
  }

  @Test func `a pedal does not age while nobody could read it, and then does`() throws {
    let (session, kept) = try HoldToRunTests.session()
    defer { withExtendedLifetime(kept) {} }
    session.hear(.run)
    session.host.ask(Request(.policy))
    session.step(16)
    session.oversleep(by: .milliseconds(90))
    session.step()
    #expect(session.host.snapshot.state == .autonomous, "250 ms after the last sign, 160 of them awake")
    #expect(session.step(most: 6) { $0.state == .protectiveStop })
    #expect(session.host.snapshot.fault == .letGo)
  }

  @Test func `a host that is frozen in the middle of its tick sends nothing of what it decided`() throws {
    let session = try Bench.session(nil)
    let kept = try session.wander()
    defer { withExtendedLifetime(kept) {} }
    let command = session.host.snapshot.record.command
    let wait = session.links.follower.onWait
    var isFrozen = true
    session.links.follower.onWait = { deadline in
      wait(deadline)
      if isFrozen { session.time.advance(to: session.time.now + .milliseconds(400)) }
      isFrozen = false
    }
    session.step()
    #expect(session.host.snapshot.record.command == command)
    #expect(session.host.snapshot.record.memory.steps.contains(.overtaken))
    session.step()
    #expect(session.host.snapshot.fault == .gap)
    #expect(session.host.snapshot.record.command == command)
  }

  @Test func `a watchdog that was frozen too leaves the gap to the loop, and sees if that does not come`() throws {
    let session = try Bench.session(nil)
    let kept = try session.wander()
    defer { withExtendedLifetime(kept) {} }
    let watchdog = Watchdog(session.host.tick, limit: .milliseconds(100))
    let began = session.time.now
    for after in [0, 20, 40, 1040] as [Int64] { watchdog.look(at: began + .milliseconds(after)) }
    #expect(watchdog.stallCount == 0 && watchdog.silentFor == .milliseconds(1040))
    session.oversleep(by: .milliseconds(1045))
    session.step()
    #expect(session.host.snapshot.fault == .gap)
    let woke = session.time.now
    for after in [0, 1000] as [Int64] { watchdog.look(at: woke + .milliseconds(after)) }
    #expect(watchdog.stallCount == 0)
    for after in [1020, 1040, 1060] as [Int64] { watchdog.look(at: woke + .milliseconds(after)) }
    #expect(watchdog.stallCount == 1, "the loop does not come, though the watchdog does")
  }

  @Test func `where nothing is to be acknowledged, that is the answer, moving or not`() throws {
    let session = try Bench.session(nil)
    let kept = try session.wander()
    defer { withExtendedLifetime(kept) {} }
    session.host.ask(Request(.acknowledge))
    session.step(2)
    let snapshot = session.host.snapshot
    #expect(snapshot.refusals == 1 && snapshot.refused == .acknowledge && snapshot.refusal == .state)
    #expect(snapshot.state == .autonomous && !snapshot.isAtRest)
    #expect(
      snapshot.refusal.sentence(of: .acknowledge, in: snapshot.state)
        == "There is nothing to acknowledge: the arm is autonomous.")
    session.links.leader.isConnected = false
    session.host.ask(Request(.enable))
    session.step(2)
    #expect(session.host.snapshot.refusal == .state)
  }
}
