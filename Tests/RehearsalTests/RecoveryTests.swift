import Arm
import Control
import RealTime
import Rehearsal
import ServoBus
import Session
import Testing
import Twin

/// Out of a stop again: nobody is left with an arm that hangs, or that refuses to go on for ever.
@Suite struct RecoveryTests {
  /// Every joint comes along to the start.
  private func followsAgain(_ session: VirtualSession) -> Bool {
    let start = session.host.rig.start?.pose ?? .zero
    session.host.ask(.playback(to: start))
    session.step(2)
    session.step(most: 1000) { $0.state != .autonomous }
    session.step(20)
    return session.host.snapshot.fault == nil
      && all(magnitude(session.host.snapshot.record.follower.position - start) .< 0.05)
  }

  /// The stop is for something else, and the limp joint (the roll, which weighs nothing) lies where it was told to be.
  @Test(arguments: [0, 1, 3]) func `a servo that let go unseen holds again once the stop is acknowledged`(
    lost: Int
  ) throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    session.standUp(Puppet.home)
    session.tripUnseen(4)
    session.miss(10)
    session.step(60)
    #expect(session.host.snapshot.fault == .gap)
    #expect(session.host.snapshot.follower.status == .zero, "no reply has said it")
    var left = lost
    session.links.follower.lose(try Bench.servos.get().registers.torqueEnable) { _ in
      left -= 1
      return left >= 0
    }
    session.host.ask(Request(.acknowledge))
    #expect(session.step(most: 100) { $0.state == .holding && $0.follower.status == .zero })
    session.step(40)
    #expect(followsAgain(session))
    #expect(tape.trouble == "")
  }

  enum Driver: CaseIterable { case holding, policy, person }

  /// The roll weighs nothing: limp, it stays where it is, and nothing else tells.
  @Test(arguments: Driver.allCases, [1, 2, 3] as [UInt64])
  func `a servo that lets go unseen is named within half a second, and holds again once acknowledged`(
    driver: Driver, seed: UInt64
  ) throws {
    let session = try Bench.session(nil, seed: seed)
    let tape = try Tape(session)
    let kept = try session.wander(ticks: driver == .holding ? 0 : 50)
    defer { withExtendedLifetime(kept) {} }
    switch driver {
    case .holding:
      // On its way somewhere, and told to hold as it lets go.
      session.host.ask(.playback(to: Puppet.home + JointVector(0, 0, 0, 0, 0.6, 0, 0, 0)))
      #expect(session.step(most: 100) { $0.record.command[4] > 0.5 })
      session.tripUnseen(4)
      session.step(10)
      session.host.ask(Request(.hold))
      session.step(20)
      #expect(session.host.snapshot.state == .holding)
    case .policy:
      session.tripUnseen(4)
    case .person:
      try session.lead(ticks: 20)
      #expect(session.host.snapshot.state == .correcting)
      session.tripUnseen(4)
      // The person turns the leader's roll.
      let registers = try Bench.servos.get().registers
      let present = session.world.leader.servos[4].value(registers.presentPosition)
      session.world.leader.whisper(to: 4, registers.goalPosition, present + 130, at: session.time.now)
    }
    #expect(session.step(most: driver == .holding ? 20 : 50) { $0.state == .protectiveStop })
    let snapshot = session.host.snapshot
    #expect(snapshot.fault == .torqueLost && snapshot.follower.status == .zero, "no reply has said it")
    let off = abs(snapshot.record.memory.goal[4] - snapshot.record.follower.position[4])
    #expect(off > 0.05 && off < 0.35, "\(off) rad, which lag allows")
    let sentences = session.host.limpServos(snapshot)
    #expect(sentences.count == 1 && sentences.first?.contains("wrist_roll (servo 5)") == true, "\(sentences)")

    session.step(60)
    #expect(session.host.snapshot.state == .protectiveStop && session.host.snapshot.isAtRest)
    let stands = session.host.snapshot.record
    #expect(abs(stands.command[4] - stands.follower.position[4]) < 0.05, "it gives way, so that nothing springs")
    session.host.ask(Request(.acknowledge))
    session.step(40)
    #expect(session.host.snapshot.state == .holding && session.host.snapshot.refusals == 0)
    #expect(followsAgain(session))
    #expect(tape.trouble == "")
  }

  @Test func `a servo that let go before this session began holds once the arm is enabled`() throws {
    let session = try Bench.session(nil)
    let registers = try Bench.servos.get().registers
    for place in 0..<6 { try session.write(1, to: \.torqueEnable, of: place) }
    session.step(5)
    session.tripUnseen(0)
    #expect(session.world.follower.servos[0].value(registers.torqueEnable) == 1)
    session.standUp(Puppet.home)
    #expect(followsAgain(session))
  }

  /// Just over the limit by its own weight: where it gives way to it bears as much.
  @Test func `a stop for a load that stays where the arm gives way to can be acknowledged and led out of`() throws {
    var rig = try Bench.rig.get()
    rig.envelope.load_share = 0.2
    rig.envelope.load_s = 3
    var options = TwinOptions()
    options.person.isPresent = false
    let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: false)
    let tape = try Tape(session)
    session.standUp()
    session.host.ask(.playback(to: JointVector(0, 0.34, -0.34, 0.377, 0, 0, 0, 0)))
    #expect(session.step(most: 1000) { $0.state == .protectiveStop })
    #expect(session.host.snapshot.fault == .load, "\(session.host.snapshot.record.follower.load)")
    session.step(200)
    session.host.ask(Request(.acknowledge))
    session.step(2)
    #expect(session.host.snapshot.refusal == .causeRemains, "it still gives way")
    session.step(Int(session.host.settings.yieldTicks))
    #expect(magnitude(session.host.snapshot.record.follower.load).max() > 0.2)
    session.host.ask(Request(.acknowledge))
    session.step(2)
    #expect(session.host.snapshot.state == .holding)
    session.step(20)
    #expect(followsAgain(session))
    #expect(tape.trouble == "")
  }

  @Test func `an arm whose port is gone cannot be let go of, and is not called limp while it holds`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    session.standUp(Puppet.home)
    session.links.follower.isConnected = false
    session.step(5)
    session.host.ask(Request(.relax))
    session.step(5)
    #expect(session.host.snapshot.state == .protectiveStop && session.host.snapshot.refusal == .followerSilent)
    #expect(try session.world.follower.powered() == 6)
    session.links.follower.isConnected = true
    #expect(session.step(most: 200) { !$0.follower.isLost })
    session.step(20)
    #expect(session.host.snapshot.state == .protectiveStop && session.host.snapshot.followerHeld)
    session.host.ask(Request(.relax))
    session.step(20)
    #expect(session.host.snapshot.state == .off && !session.host.snapshot.followerHeld)
    #expect(try session.world.follower.powered() == 0)
    #expect(tape.trouble == "")
  }
}
