import Arm
import Control
import Episodes
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// A limp leader that is let go of falls; the follower must not.
@Suite struct FallTests {
  /// A person has taken over and holds the leader (its servos do, unknown to the host).
  private func correcting(seed: UInt64) throws -> (VirtualSession, Tape, Any) {
    let session = try Bench.session(nil, seed: seed)
    let tape = try Tape(session)
    let kept = try session.load(Puppet.wanderer(speed: 1))
    session.standUp(Puppet.home)
    session.host.ask(Request(.policy))
    session.step(50 + Int(seed) * 9)
    session.host.ask(Request(.takeOver))
    try session.holdLeader()
    session.step(6)
    try session.holdLeader()
    session.step(40)
    #expect(session.host.snapshot.state == .correcting)
    return (session, tape, kept)
  }

  @Test func `a leader that is let go of falls, and the follower goes back to where it was let go`() throws {
    let registers = try Bench.servos.get().registers
    var furthest: Float = 0
    for seed in 1...8 as ClosedRange<UInt64> {
      let (session, tape, kept) = try correcting(seed: seed)
      defer { withExtendedLifetime(kept) {} }
      let kinematics = session.host.rig.kinematics()
      let before = session.host.snapshot.record.command
      for place in 0..<6 {
        session.world.leader.whisper(to: place, registers.torqueEnable, 0, at: session.time.now)
      }
      var ticks = 0
      for _ in 0..<150 {
        session.step()
        let snapshot = session.host.snapshot
        if snapshot.state == .correcting { ticks += 1 }
        let way = kinematics.pose(snapshot.record.command).position_m - kinematics.pose(before).position_m
        furthest = max(furthest, (way * way).sum().squareRoot())
      }
      let snapshot = session.host.snapshot
      #expect(snapshot.fault == .leaderFell, "seed \(seed): \(snapshot.state), \(snapshot.fault.map { "\($0)" } ?? "")")
      #expect(ticks <= 15, "seed \(seed): \(ticks) ticks")
      #expect(magnitude(snapshot.record.command - before).max() < 0.02, "seed \(seed): it is back")
      #expect(try session.world.follower.powered() == 6)
      session.host.ask(Request(.acknowledge))
      session.step(3)
      #expect(session.host.snapshot.state == .holding)
      session.host.ask(Request(.policy))
      session.step(20)
      #expect(session.host.snapshot.state == .autonomous)
      #expect(tape.trouble == "")
    }
    #expect(furthest < 0.03, "\(furthest) m")
  }

  @Test func `a hand that leads the leader down fast is no fall`() {
    // 0.6 s from rest to rest over 15 cm: 0.47 m/s at its fastest, and a fall's acceleration never for 60 ms.
    for duration in [0.6, 0.8] as [Float] {
      var detector = FallDetector(period_s: 0.01)
      for tick in 0..<100 {
        let t = min(1, Float(tick) * 0.01 / duration)
        let height = 0.2 - 0.15 * t * t * t * (10 - 15 * t + 6 * t * t)
        let falls = detector.sees(height_m: height, command: .zero)
        #expect(!falls, "\(duration) s, tick \(tick)")
      }
    }
    var detector = FallDetector(period_s: 0.01)
    var seen: Int?
    for tick in 0..<30 where seen == nil {
      let t = max(0, Float(tick) * 0.01 - 0.1)
      if detector.sees(height_m: 0.3 - 0.5 * 6 * t * t, command: JointVector(repeating: Float(tick))) { seen = tick }
    }
    #expect(seen.map { $0 - 10 <= 7 } == true, "\(seen ?? -1)")
    #expect((seen ?? 99) - Int(detector.onset[0]) == 6)
  }
}
