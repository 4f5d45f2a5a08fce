import Arm
import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import ServoBus
import Session
import Testing
import Twin

/// An adapter that is unplugged while the arm works, and plugged in again.
@Suite struct ReconnectionTests {
  /// A session with the policy driving, and what must stay alive for it.
  private func driving() throws -> (VirtualSession, Tape, Any) {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let loaded = try session.wander()
    return (session, tape, loaded)
  }

  @Test func `an unplugged follower stops at once, is found when it returns, and waits for a person`() throws {
    let (session, tape, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    session.links.follower.isConnected = false
    #expect(session.step(most: 3) { $0.fault == .followerLost })
    session.step(150)
    #expect(session.said.count == 1 && session.said[0].contains("Plug the adapter in again"), "\(session.said)")
    session.host.ask(Request(.acknowledge))
    session.step(3)
    #expect(session.host.snapshot.state == .protectiveStop, "it is still gone")
    #expect(try session.world.follower.powered() == 6, "the servos kept their supply and hold")

    session.links.follower.isConnected = true
    #expect(session.step(most: 100) { !$0.follower.isLost })
    session.step(20)
    #expect(session.said.last?.contains("set as they were") == true, "\(session.said)")
    #expect(session.host.snapshot.state == .protectiveStop, "nobody has acknowledged")
    session.host.ask(Request(.acknowledge))
    session.step(3)
    #expect(session.host.snapshot.state == .holding)
    session.host.ask(.playback(to: Puppet.home))
    #expect(session.step(most: 800) { $0.state == .holding && !$0.isMoving && $0.record.source == .hold })
    #expect(all(magnitude(session.host.snapshot.record.follower.position - Puppet.home) .< 0.05))
    #expect(tape.trouble == "")
  }

  @Test func `servos that lost their supply have forgotten their limits: that is said, and mended before torque`()
    throws
  {
    let (session, tape, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    let set = try session.servo(3, \.goalVelocity)
    session.links.follower.isConnected = false
    session.step(20)
    // A brown-out: RAM is as from the factory, torque is off.
    session.world.follower.cyclePower()
    #expect(try session.servo(3, \.goalVelocity) != set)
    session.step(100)
    session.links.follower.isConnected = true
    #expect(session.step(most: 100) { !$0.follower.isLost })
    session.step(2)
    let sentence = try #require(session.said.last)
    #expect(sentence.contains("shoulder_pan (servo 1)") && sentence.contains("supply failed"), "\(sentence)")
    #expect(try session.servo(3, \.goalVelocity) == set && session.servo(3, \.acceleration) == 254)
    #expect(try session.world.follower.powered() == 0, "limp until a person says so")
    session.host.ask(Request(.acknowledge))
    #expect(session.step(most: 40) { _ in (try? session.world.follower.powered()) == 6 })
    #expect(session.host.snapshot.state == .holding && tape.trouble == "")
  }

  @Test func `another arm on the port is not taken for the one that was unplugged`() throws {
    let (session, _, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    session.links.follower.isConnected = false
    session.step(10)
    let offset = try session.servo(2, \.homingOffset)
    try session.write(offset + 5, to: \.homingOffset, of: 2)
    session.links.follower.isConnected = true
    session.step(150)
    #expect(session.host.snapshot.follower.isLost && session.host.snapshot.state == .protectiveStop)
    #expect(session.said.count == 2 && session.said[1].contains("elbow_flex"), "said once: \(session.said)")
    try session.write(offset, to: \.homingOffset, of: 2)
    #expect(session.step(most: 150) { !$0.follower.isLost })
  }

  @Test func `a leader is brought back too, limp, while the policy drives on`() throws {
    let (session, tape, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    session.links.leader.isConnected = false
    session.step(60)
    #expect(session.host.snapshot.leader.isLost && session.host.snapshot.state == .autonomous)
    session.links.leader.isConnected = true
    #expect(session.step(most: 100) { !$0.leader.isLost })
    session.step(30)
    #expect(all(session.host.snapshot.record.leader.position .== session.host.snapshot.record.leader.position))
    #expect(tape.trouble == "")
  }

  /// What the page, the log and `--json` say of the wires.
  @Test func `supply, heat and errors of every servo are seen while the arm works`() throws {
    let (session, tape, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    session.world.follower.servos[4].temperature_degC = 47
    session.step(12)
    let health = session.host.snapshot.follower.health
    for joint in 0..<6 { #expect(abs(health.voltage_V[joint] - 12) < 0.5) }
    #expect(health.temperature_degC[4] == 47)
    let ports = session.host.ports
    #expect(ports.map(\.arm) == ["follower", "leader"])
    for port in ports {
      #expect(port.servos.map(\.joint) == session.host.rig.pairs[0].follower.arm.jointNames)
      #expect(port.servos.allSatisfy { $0.replies > 100 && $0.timeouts == 0 && $0.stalest_ticks == 0 })
      #expect(port.foreignBytes == 0 && port.turnaround.p99_us > 500 && port.turnaround.p99_us < 2000)
    }
    #expect(tape.trouble == "")
  }

  @Test func `a servo's alarm is named with its joint, its id and what to do`() throws {
    let (session, _, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    session.world.follower.servos[3].temperature_degC = 80
    #expect(session.step(most: 5) { $0.fault == .servo })
    let said = session.host.servoFaults(session.host.snapshot)
    #expect(said.count == 1 && said[0].hasPrefix("wrist_flex (servo 4) reports overheat: "), "\(said)")
  }

  @Test func `an environment that speaks of other things is told from one that is silent`() throws {
    let (session, _, kept) = try driving()
    defer { withExtendedLifetime(kept) {} }
    #expect(session.host.environmentComplaint == nil)
    let silent = try Bench.session(nil)
    #expect(silent.host.environmentComplaint == nil, "nothing came")
    silent.host.take(environmentDatagram: Data("{\"t\": 5, \"features\": {\"mug.x\": 0.2, \"task.success\": 1}}".utf8))
    #expect(
      silent.host.environmentComplaint
        == "the environment has never sent cup.x, cup.y, cup.z (it sends mug.x): the names must be the rig's")
    let garbled = try Bench.session(nil)
    garbled.host.take(environmentDatagram: Data("{\"t\": 5".utf8))
    #expect(garbled.host.environmentComplaint?.hasPrefix("1 datagrams of the environment could not be read") == true)
  }

  /// 5 % of the replies lost and 2 % damaged, at 200 Hz for a minute: what the rig allows is eight ticks.
  @Test func `a minute on a bad line at 200 Hz: no stop, no wrong value, staleness by joint`() throws {
    var rig = try Bench.rig.get()
    rig.loop_Hz = 200
    var options = TwinOptions()
    options.seed = 5
    options.person.isPresent = false
    let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: true)
    let loaded = try session.load(Puppet.wanderer(speed: 1.2))
    defer { withExtendedLifetime(loaded) {} }
    session.standUp(Puppet.home)
    for bus in [session.world.follower, session.world.leader] {
      bus.faults.dropReply = 0.05
      bus.faults.flipBit = 0.02
    }
    #expect(rig.envelope.stale_ticks == 8)
    session.host.ask(Request(.policy))
    var wrong: Float = 0
    for _ in 0..<12_000 {
      session.step()
      let snapshot = session.host.snapshot
      guard snapshot.state == .autonomous else {
        Issue.record("\(snapshot.state), \(snapshot.fault.map { "\($0)" } ?? "") at tick \(snapshot.record.tick)")
        break
      }
      wrong = max(
        wrong, magnitude(snapshot.record.follower.position - JointVector(session.world.postures.follower)).max())
    }
    // Some ticks old at 2 rad/s, and no more.
    #expect(wrong < 0.05, "\(wrong)")
    for port in session.host.ports {
      for servo in port.servos {
        #expect(servo.stalest_ticks <= 8, "\(port.arm) \(servo.joint)")
        #expect(servo.timeouts + servo.retries > 100 && servo.checksumErrors > 50, "the line was bad: \(servo)")
      }
      #expect(port.servos.contains { $0.stalest_ticks > 0 })
    }
    #expect(session.host.snapshot.missed == 0)
  }
}
