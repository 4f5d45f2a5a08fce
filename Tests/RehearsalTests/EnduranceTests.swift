import Arm
import Control
import RealTime
import Rehearsal
import ServoBus
import Session
import Testing
import Twin

/// What a controller has to bear: a reading less, and no stop.
@Suite struct EnduranceTests {
  struct Nuisance: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Before each of the ticks for which it lasts.
    var happens: @Sendable (VirtualSession) throws -> Void
  }

  /// A reply with a checksum that is right: FF FF id length status parameters checksum.
  private static func reply(_ id: UInt8, _ parameters: [UInt8]) -> [UInt8] {
    let body = [id, UInt8(parameters.count + 2), 0] + parameters
    return [0xFF, 0xFF] + body + [~body.reduce(0, &+)]
  }

  private static func once(_ session: VirtualSession, _ bytes: [UInt8]) {
    var left = bytes
    session.links.follower.interject {
      defer { left = [] }
      return left
    }
  }

  static let nuisances = [
    Nuisance(testDescription: "a reply of a servo that nobody asked") {
      once($0, reply(9, [0, 8, 0, 0, 0, 0]))
    },
    Nuisance(testDescription: "a reply of another length") { once($0, reply(1, [0, 8])) },
    Nuisance(testDescription: "a burst of garbage") {
      var random = SplitMix64(seed: UInt64($0.time.now.count))
      once($0, (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    },
    Nuisance(testDescription: "a line that says 0xFF for a moment") { once($0, [UInt8](repeating: 0xFF, count: 30)) },
    Nuisance(testDescription: "one tick is 10 ms late") { if $0.host.snapshot.record.tick % 20 == 0 { $0.miss(1) } },
    Nuisance(testDescription: "one tick is two periods late") {
      if $0.host.snapshot.record.tick % 30 == 0 { $0.oversleep(by: .milliseconds(20)) }
    },
    Nuisance(testDescription: "one tick is 50 ms late") { if $0.host.snapshot.record.tick % 40 == 0 { $0.miss(5) } },
    Nuisance(testDescription: "every reply comes twice") { $0.world.follower.faults.repeatReply = 1 },
    Nuisance(testDescription: "the adapter hears itself") { $0.world.follower.faults.echoes = true },
    Nuisance(testDescription: "one reply in five comes 3 ms late") { $0.world.follower.faults.delayReply = 0.2 },
    Nuisance(testDescription: "another master writes a goal now and then") {
      if $0.host.snapshot.record.tick % 20 == 0 { try $0.write(2047, to: \.goalPosition, of: 4) }
    },
  ]

  @Test(arguments: nuisances) func `it costs a reading at most`(_ nuisance: Nuisance) throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.wander()
    defer { withExtendedLifetime(kept) {} }
    for _ in 0..<200 {
      // Each nuisance wraps the link's wait anew: a few hundred closures deep is deep enough.
      try nuisance.happens(session)
      session.step()
      #expect(session.host.snapshot.fault == nil)
      let wrong = session.host.snapshot.record.follower.position - JointVector(session.world.postures.follower)
      #expect(magnitude(wrong).max() < 0.15)
    }
    #expect(session.host.snapshot.state == .autonomous)
    #expect(tape.trouble == "")
  }

  @Test func `a servo that lost its supply has its own limits back before its torque`() throws {
    let session = try Bench.session(nil)
    let kept = try session.load(Puppet.wanderer(speed: 1))
    defer { withExtendedLifetime(kept) {} }
    session.standUp(Puppet.home)
    let before = try (0..<6).map { try session.servo($0, \.goalVelocity) }
    #expect(before.allSatisfy { $0 > 0 })
    #expect(try session.servo(5, \.torqueLimit) == 500, "the gripper's share of the arm file")
    session.host.ask(Request(.policy))
    session.step(30)
    for servo in session.world.follower.servos { servo.powerOn() }
    #expect(try session.servo(2, \.goalVelocity) == 0, "without limits, as from the factory")
    #expect(session.step(most: 200) { $0.state == .protectiveStop })
    session.step(100)
    session.host.ask(Request(.acknowledge))
    #expect(session.step(most: 60) { _ in (try? session.world.follower.powered()) == 6 })
    #expect(try (0..<6).map { try session.servo($0, \.goalVelocity) } == before)
    #expect(try session.servo(5, \.torqueLimit) == 500)
    #expect(try session.servo(0, \.acceleration) > 0)
  }

  @Test func `a rig that asks more of a servo than it can be told is refused, and says so`() throws {
    var rig = try Bench.rig.get()
    rig.envelope.acceleration_rad_s2[2] = 60
    #expect {
      try VirtualSession(rig: rig, twin: TwinOptions(), leaderMirrors: true)
    } throws: { error in
      let sentence = "\(error)"
      return sentence.contains("envelope.acceleration_rad_s2") && sentence.contains("elbow_flex")
        && sentence.contains("39.0 rad/s²")
    }
  }

  @Test func `when the host dies, the arm comes to rest within lag, one step and the servo's overshoot`() throws {
    var furthest: Float = 0
    var tool: Float = 0
    var driven = 0
    for seed in 1...12 as ClosedRange<UInt64> {
      let session = try Bench.session(nil, seed: seed)
      let kept = try session.wander(speed: 2.5, ticks: 100 + Int(seed) * 7)
      defer { withExtendedLifetime(kept) {} }
      // So fast a wanderer may run into a stop of its own.
      guard session.host.snapshot.state == .autonomous else { continue }
      driven += 1
      let last = session.host.snapshot.record
      let kinematics = session.host.rig.kinematics()
      let began = JointVector(session.world.postures.follower)
      var away = JointVector.zero
      var way: Float = 0
      for _ in 0..<100 {
        session.time.advance(to: session.time.now + .milliseconds(10))
        session.world.advance(to: session.time.now)
        let now = JointVector(session.world.postures.follower)
        away = away.replacing(with: magnitude(now - began), where: magnitude(now - began) .> away)
        let moved = kinematics.pose(now).position_m - kinematics.pose(began).position_m
        way = max(way, (moved * moved).sum().squareRoot())
      }
      let envelope = session.host.rig.envelope
      let step = envelope.velocity_rad_s * Float(session.host.settings.period.seconds)
      let bound = magnitude(last.command - began) + step + 0.03
      #expect(all(away .<= bound), "\(away) beyond \(bound)")
      #expect(all(magnitude(last.command - began) .<= envelope.lag_rad))
      furthest = max(furthest, away.max())
      tool = max(tool, way)
      #expect(try session.world.follower.powered() == 6, "it holds")
    }
    #expect(driven >= 10, "\(driven) of 12 drove when their host died")
    #expect(furthest > 0.02, "the arm hardly moved: this shows nothing")
    // What the README says, with a little room.
    #expect(furthest < 0.1 && tool < 0.04, "\(furthest) rad, \(tool) m")
  }
}
