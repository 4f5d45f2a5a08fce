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
    let kept = try session.wander(ticks: 50 + Int(seed) * 9)
    try session.lead(ticks: 40)
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

  /// The leader's angles on the way of a hand from rest to rest, straight down by `distance_m`: minimum jerk, and beside it
  /// what hands do: base and wrist turn with it, by `scatter` of the way (hands bend their paths by 5 % and more).
  private func reach(_ distance_m: Float, _ duration_s: Float, scatter: Float) -> [(
    height_m: Float, leader: JointVector
  )] {
    (0..<100).map { tick in
      let t = min(1, max(0, Float(tick) * 0.01 - 0.1) / duration_s)
      let share = t * t * t * (10 - 15 * t + 6 * t * t)
      var leader = JointVector.zero
      leader[1] = share
      // At 0.2 m from the base, and as much at the wrist.
      leader[0] = scatter * distance_m * share / 0.2
      leader[4] = -scatter * distance_m * share / 0.1
      return (0.3 - distance_m * share, leader)
    }
  }

  private func detector() throws -> FallDetector {
    FallDetector(period: .milliseconds(10), kinematics: try Bench.rig.get().kinematics())
  }

  @Test(arguments: [(0.15, 0.6), (0.15, 0.5), (0.15, 0.4), (0.25, 0.5)] as [(Float, Float)])
  func `a hand that leads the leader down fast is no fall`(distance_m: Float, duration_s: Float) throws {
    for scatter in [0.15, 0.3] as [Float] {
      var detector = try detector()
      for (tick, place) in reach(distance_m, duration_s, scatter: scatter).enumerated() {
        let falls = detector.sees(
          height_m: place.height_m, leader: place.leader, at: .milliseconds(10 * Int64(tick)), command: .zero)
        #expect(!falls, "\(duration_s) s, tick \(tick)")
      }
    }
  }

  @Test(arguments: [3.5, 6, 9] as [Float], [0, 3, 4] as [Int])
  func `a fall is seen within 100 ms, with one reading in three or four lost as well`(
    acceleration_m_s2: Float, loses: Int
  ) throws {
    var detector = try detector()
    var seen: Int?
    for tick in 0..<40 where seen == nil {
      let t = max(0, Float(tick) * 0.01 - 0.1)
      var leader = JointVector.zero
      // An encoder's tick here and there.
      leader[0] = tick % 3 == 0 ? 0.0015 : 0
      leader[2] = 8 * t * t
      if loses > 0, tick % loses == 0 { continue }
      let falls = detector.sees(
        height_m: 0.3 - 0.5 * acceleration_m_s2 * t * t, leader: leader, at: .milliseconds(10 * Int64(tick)),
        command: JointVector(repeating: Float(tick)))
      if falls { seen = tick }
    }
    let after = (seen ?? 99) - 10
    #expect(after <= (acceleration_m_s2 < 4 ? 13 : 10), "\(after) ticks after it was let go")
    #expect(detector.onset[0] <= 13, "the command from before, or from the first 30 ms")
  }
}
