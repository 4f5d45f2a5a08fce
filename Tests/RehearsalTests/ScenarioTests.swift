import Arm
import Episodes
import Foundation
import RealTime
import Rehearsal
import Testing
import Twin

@testable import Control
@testable import Session

/// Trouble that takes more than a line: what the arm does, what the log keeps, what the person is told.
@Suite struct ScenarioTests {
  @Test func `a policy that wishes for the moon gets what the envelope gives, and the verdict names it`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.load(Puppet.wild())
    defer { withExtendedLifetime(kept) {} }
    session.standUp(Puppet.home)
    session.host.ask(Request(.policy))
    var limits = Limits()
    for _ in 0..<12 {
      session.step()
      let record = session.host.snapshot.record
      limits.formUnion(record.verdict.limits)
      // What a policy may say at all is what it was trained with: here a radian a decision, 25 rad/s.
      #expect(magnitude(record.policyWish - record.memory.goal).max() > 0.2)
    }
    #expect(session.host.snapshot.state == .autonomous)
    #expect(limits.contains([.velocity, .acceleration]), "\(limits)")
    #expect(tape.trouble == "")
  }

  @Test func `a policy that is slow now and then, or nearly too slow, is no fault`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.load(Puppet.wanderer(speed: 1))
    defer { withExtendedLifetime(kept) {} }
    session.standUp(Puppet.home)
    session.host.ask(Request(.policy))
    session.step(2)
    var inferences = 0
    for round in 0..<60 {
      // The budget is 3 ms of 10. Two in a row may take more, and one of them six periods.
      session.time.inference = [.microseconds(2990), .milliseconds(60), .milliseconds(9)][round % 3]
      session.step(most: 8) { $0.record.memory.steps.contains(.inferred) }
      inferences += session.host.snapshot.record.memory.steps.contains(.inferred) ? 1 : 0
    }
    #expect(inferences == 60)
    #expect(session.host.snapshot.state == .autonomous && session.host.snapshot.missed >= 100)
    #expect(tape.trouble == "")
  }

  @Test func `a policy that cannot keep up has failed its episode, and the arm goes on to the next`() throws {
    let session = try Bench.session()
    let tape = try Tape(session)
    try session.host.load(policy: Bench.policy.get())
    session.time.inference = .milliseconds(4)
    session.begin(.evaluate) {
      $0.episodes = 2
      $0.labelsByTruth = true
    }
    try session.run(limit: .seconds(120))
    let outcomes = try #require(session.conductor).outcomes
    #expect(outcomes.map(\.label) == [.failure, .failure])
    #expect(outcomes.allSatisfy { $0.fault == .policySlow && $0.policySeconds < 0.2 })
    #expect(session.host.snapshot.fault == .policySlow && session.host.snapshot.isAtRest)
    #expect(tape.trouble == "")
  }

  @Test func `an environment that jumps moves the arm no faster than any wish, and is called strange by name`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    try session.host.load(policy: Bench.policy.get())
    session.standUp()
    session.host.ask(Request(.policy))
    var strange: [String] = []
    session.arrives = { [unowned session] channel in
      guard channel == .environment else { return true }
      // The cup is here and there in turn, half a metre apart.
      let x = session.host.snapshot.record.tick % 8 < 4 ? 0.17 : 0.67
      session.host.take(
        environmentDatagram: Data(
          "{\"t\": \(session.time.now.count), \"features\": {\"cup.x\": \(x), \"cup.y\": 0, \"cup.z\": 0.018}}".utf8))
      return false
    }
    for _ in 0..<100 {
      session.step()
      strange += session.host.strangeFeatures(session.host.snapshot, isAtStart: false)
    }
    #expect(session.host.snapshot.state == .autonomous)
    #expect(strange.contains { $0.contains("cup-tool.x") }, "\(strange)")
    #expect(tape.trouble == "")
  }

  @Test func `a log's folder that is gone costs its episodes, is told with its name, and stops no arm`() throws {
    try Bench.withFolder { folder in
      let session = try Bench.session(mirrors: false)
      let tape = try Tape(session)
      let place = folder.appending(path: "gone").path
      try session.record(
        into: try Dataset.create(place, durable: false), SessionDescription(activity: .record), firstEpisode: 1)
      session.begin(.record) { $0.episodes = 2 }
      var isThere = true
      session.afterTick = { snapshot in
        guard isThere, snapshot.episode.person == 20 else { return }
        isThere = (try? FileManager.default.removeItem(atPath: place)) == nil
      }
      try session.run(limit: .seconds(300))
      #expect(!isThere && tape.trouble == "")
      #expect(tape.entries.allSatisfy { $0.fault == nil }, "the arm has nothing to do with it")
      var failed: Set<UInt32> = []
      for outcome in try #require(session.host.recorder).takeOutcomes() {
        switch outcome {
        case .failed(let number, _, let error):
          failed.insert(number)
          #expect("\(error)".contains(place), "\(error)")
        case .empty: break
        case .kept, .discarded: Issue.record("\(outcome) without a folder")
        }
      }
      #expect(failed == [1, 2])
      #expect(session.host.recorder?.status.failure != nil)
    }
  }

  @Test func `a leader that is unplugged does not end a replay, nor hand the arm to a policy that is loaded`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.load(Puppet.wanderer(speed: 1))
    let trajectory = Trajectory(
      poses: (0..<300).map { Puppet.home + JointVector(repeating: Float($0) * 1e-3) },
      measured: [JointVector](repeating: Puppet.home, count: 300), pace: 1)
    defer { withExtendedLifetime((kept, trajectory)) {} }
    session.standUp(Puppet.home)
    session.host.ask(.replay(trajectory))
    session.step(50)
    session.links.leader.isConnected = false
    session.step(100)
    #expect(session.host.snapshot.leader.isLost)
    for request in [Request.gate(doubt: 1, safety: 0), .episode(4), Request(.none)] { session.host.ask(request) }
    session.step(5)
    #expect(session.host.snapshot.state == .autonomous && session.host.snapshot.record.source == .playback)
    #expect(session.step(most: 300) { $0.state == .holding })
    #expect(tape.entries.allSatisfy { $0.fault == nil && $0.record.source != .policy })
    #expect(abs(session.host.snapshot.record.command[0] - Puppet.home[0] - 0.299) < 0.01, "it came to its end")
    #expect(tape.trouble == "")
  }

  @Test func `a stop for whatever reason gives way where something bends the arm`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.wander()
    defer { withExtendedLifetime(kept) {} }
    session.miss(12)
    session.step()
    #expect(session.host.snapshot.fault == .gap)
    session.step(30)
    let held = session.host.snapshot.record.command
    // Something bends the elbow now, as it stops where it should.
    try session.write(FaultTests.tooWeak, to: \.torqueLimit, of: 2)
    session.step(100)
    let gaveWay = abs(session.host.snapshot.record.command[2] - held[2])
    #expect(gaveWay > 0.3, "the elbow is wanted where it was, and pressed there: \(gaveWay)")
    #expect(session.host.snapshot.fault == .gap && session.host.snapshot.isAtRest)
    session.host.ask(Request(.acknowledge))
    session.step(2)
    #expect(session.host.snapshot.state == .holding)
    #expect(tape.trouble == "")
  }

  @Test func `who takes a limp arm over takes it where it is when torque comes, not where it was`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session, slack_ticks: 3)
    let kept = try session.load(Puppet.wanderer(speed: 0.5))
    defer { withExtendedLifetime(kept) {} }
    session.standUp(Puppet.home)
    try session.holdLeader()
    session.host.ask(Request(.policy))
    session.step(50)
    session.links.follower.isConnected = false
    session.step(10)
    session.links.follower.isConnected = true
    #expect(session.step(most: 200) { !$0.follower.isLost })
    session.step(20)
    session.host.ask(Request(.acknowledge))
    session.host.ask(Request(.takeOver))
    session.step(2)
    // While torque is being brought on the servos lose their supply for a moment, and the arm falls.
    session.world.follower.cyclePower()
    session.step(4)
    try session.holdLeader()
    session.step(most: 60) { _ in session.host.tick.follower.torque == .on }
    #expect(session.host.tick.follower.torque == .on && session.host.snapshot.state == .correcting)
    let began = session.host.snapshot.record.command
    session.step(10)
    let moved = magnitude(session.host.snapshot.record.command - began).max()
    #expect(moved < 0.02, "nobody moved the leader, and the follower went \(moved) rad")
    #expect(tape.trouble == "")
  }

  @Test func `a follower that falls limp in a stop does not take the leader with it`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.load(Puppet.wanderer(speed: 0.5))
    defer { withExtendedLifetime(kept) {} }
    session.standUp(Puppet.home)
    session.host.ask(Request(.policy))
    #expect(session.step(most: 300) { _ in session.host.tick.leader?.torque == .on })
    session.step(60)
    session.links.follower.isConnected = false
    session.step(10)
    session.world.follower.cyclePower()
    let before = session.host.snapshot.record.leaderCommand
    session.step(150)
    session.links.follower.isConnected = true
    #expect(session.step(most: 200) { !$0.follower.isLost })
    session.step(30)
    let fell = session.host.snapshot.record.follower.position - Puppet.home
    #expect(magnitude(fell).max() > 0.3, "the follower fell")
    #expect(session.host.snapshot.leaderHeld)
    #expect(magnitude(session.host.snapshot.record.leaderCommand - before).max() < 0.05, "the leader is where it was")
    session.host.ask(Request(.acknowledge))
    session.step(300)
    #expect(session.host.snapshot.state == .holding)
    #expect(tape.trouble == "", "and comes along at its own pace once the follower holds again")
  }
}
