import Control
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// Hold-to-run: the policy drives only while somebody says so, again and again.
@Suite struct HoldToRunTests {
  /// A session that wants a pedal, with a policy that drives as long as it has one.
  static func session() throws -> (VirtualSession, Any) {
    var rig = try Bench.rig.get()
    rig.holdToRun_ms = 200
    var options = TwinOptions()
    options.person.isPresent = false
    let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: true)
    let kept = try session.load(Puppet.wanderer(speed: 1))
    session.standUp(Puppet.home)
    return (session, kept)
  }

  @Test func `a pedal that is lost stops the arm in time, and going on needs pedal and acknowledgement`() throws {
    let (session, kept) = try Self.session()
    defer { withExtendedLifetime(kept) {} }
    session.host.ask(Request(.policy))
    session.step(2)
    #expect(session.host.snapshot.state == .holding, "nobody holds it")
    #expect(session.host.snapshot.refusal == .notHeld)
    #expect(
      session.host.snapshot.refusal.sentence(of: .policy, in: .holding)
        == "Hold-to-run is on: hold the pedal, or the page's button, down while the policy drives.")
    for tick in 0..<100 {
      if tick % 5 == 0 { session.hear(.run) }
      if tick == 1 { session.host.ask(Request(.policy)) }
      session.step()
    }
    #expect(session.host.snapshot.state == .autonomous)
    #expect(session.step(most: 21) { $0.state == .protectiveStop })
    #expect(session.host.snapshot.fault == .letGo)
    session.step(60)
    session.hear(.run)
    session.host.ask(Request(.policy))
    session.step(2)
    #expect(session.host.snapshot.state == .protectiveStop, "it is latched")
    session.host.ask(Request(.acknowledge))
    session.step(2)
    #expect(session.host.snapshot.state == .holding)
    session.host.ask(Request(.policy))
    session.step(2)
    #expect(session.host.snapshot.state == .autonomous)
  }

  @Test func `a person who drives needs no pedal`() throws {
    let (session, kept) = try Self.session()
    defer { withExtendedLifetime(kept) {} }
    try session.lead(.teleoperate, ticks: 100)
    #expect(session.host.snapshot.state == .teleoperating)
  }
}
