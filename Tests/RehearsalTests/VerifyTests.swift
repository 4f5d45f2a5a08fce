import Arm
import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import Testing
import Twin

@testable import Session

/// Logs of every mode make their commands again, bit for bit, and what was changed in one is found. Every tape of this
/// target verifies too, through each fault and through chaos; here the policy is asked again as well.
@Suite struct VerifyTests {
  /// The dataset of a session of this kind.
  private func log(
    _ activity: Activity, in folder: URL, disturbance: Disturbance = .none,
    _ interfere: @escaping (VirtualSession) throws -> Void = { _ in }
  ) throws -> Dataset {
    let session = try Bench.session(seed: 5, mirrors: activity.usesPolicy, disturbance: disturbance)
    if activity.usesPolicy { try session.host.load(policy: Bench.policy.get()) }
    let dataset = try Dataset.create(folder.path, durable: false)
    try session.record(into: dataset, SessionDescription(activity: activity), firstEpisode: 10_001)
    session.begin(activity, first: 10_001) {
      $0.episodes = 4
      $0.framesPerRound = 1_000_000
      $0.labelsByTruth = activity == .evaluate
    }
    try interfere(session)
    try session.run(limit: .seconds(600))
    return dataset
  }

  @Test(arguments: [Activity.record, .run, .correct, .evaluate])
  func `a session's logs verify at both levels`(activity: Activity) throws {
    try Bench.withFolder { folder in
      let dataset = try log(activity, in: folder, disturbance: .bump)
      let verification = try Verification(folder, policy: Bench.policy.get())
      #expect(verification.isIdentical, "\(verification)")
      #expect(verification.logs.count == dataset.episodes.count && !verification.logs.isEmpty)
      for (log, entry) in zip(verification.logs, dataset.episodes) {
        #expect(log.ticks == entry.frames && log.commands == log.ticks)
        #expect(log.taken == 0, "\(log)")
        #expect((log.inferences > 0) == activity.usesPolicy)
      }
      let alone = try Verification(folder)
      #expect(
        alone.isIdentical && alone.logs.allSatisfy { $0.inferences == 0 && ($0.note != nil) == activity.usesPolicy })
    }
  }

  @Test func `logs in which servos fall silent, ticks go missing and datagrams stay away verify too`() throws {
    try Bench.withFolder { folder in
      let dataset = try log(.correct, in: folder, disturbance: .bump) { session in
        var tick = 0
        session.afterTick = { [unowned session] snapshot in
          tick += 1
          let turn = tick % 311
          session.world.follower.faults.silent = turn < 3 || (100..<112).contains(turn) ? 1 << 2 : 0
          session.world.leader.faults.silent = (200..<203).contains(turn) ? 1 << 4 : 0
          if turn == 250 { session.miss(3) }
          if snapshot.state == .protectiveStop, snapshot.isAtRest { session.conductor?.hear(.acknowledge) }
        }
      }
      let verification = try Verification(folder, policy: Bench.policy.get())
      #expect(verification.isIdentical, "\(verification)")
      var faults = 0
      for entry in dataset.episodes {
        try dataset.read(entry).forEach { (record: TickRecord) in faults += record.verdict.fault != 0 ? 1 : 0 }
      }
      #expect(faults > 0, "nothing went wrong")
    }
  }

  @Test func `another bit in a command, a wish, a reading or a policy is told with its tick and reason`() throws {
    try Bench.withFolder { folder in
      let dataset = try log(.run, in: folder)
      let entry = try #require(dataset.episodes.first)
      let reader = try dataset.read(entry)
      let rig = try RecordedRig(reader.session, log: entry.file)
      defer { rig.remove() }
      let plan = try ControlPlan(rig.rig, leaderMirrors: false)
      let loaded = try PolicySource.Loaded(
        Bench.policy.get(), arm: rig.rig.pairs[0].follower.arm, rig: rig.rig, settings: plan.settings, generation: 1)
      var records: [TickRecord] = []
      try reader.forEach { (record: TickRecord) in records.append(record) }
      func verify(_ change: (inout TickRecord) -> Void) -> Difference? {
        var verifier = Verifier(map: plan.map, envelope: plan.envelope, settings: plan.settings, policy: loaded)
        for (index, record) in records.enumerated() {
          var record = record
          if index == 30 { change(&record) }
          verifier.check(record)
        }
        return verifier.difference
      }
      func flip(_ value: inout Float) { value = Float(bitPattern: value.bitPattern ^ 1) }
      let tick = records[30].tick
      #expect(verify { _ in } == nil)
      for (kind, change) in [
        (Difference.Kind.command, { flip(&$0.command[1]) }), (.policy, { flip(&$0.policyWish[2]) }),
        (.policy, { flip(&$0.wish[0]) }), (.chain, { flip(&$0.memory.goal[3]) }),
        (.chain, { flip(&$0.memory.step[4]) }),
        (.limits, { $0.verdict.limits.formSymmetricDifference(.workspace) }),
        (.fault, { $0.memory.age[0] = 99 }), (.fault, { $0.follower.position[1] += 1 }),
      ] as [(Difference.Kind, (inout TickRecord) -> Void)] {
        let difference = try #require(verify(change), "\(kind)")
        #expect(difference.tick == tick && difference.kind == kind, "\(difference)")
      }
      withExtendedLifetime(loaded) {}
    }
  }

  @Test func `of a person's episodes the wish of every tick is made again, once`() throws {
    // How long 100,000 ticks take is a row of `understudy bench episodes`.
    try Bench.withFolder { folder in
      let dataset = try log(.record, in: folder)
      let verification = try Verification(folder)
      #expect(verification.logs.reduce(0) { $0 + $1.wishes } == dataset.episodes.reduce(0) { $0 + $1.frames })
    }
  }

  @Test func `a recording is played again from its first pose, and stops at a word`() throws {
    try Bench.withFolder { folder in
      let dataset = try log(.record, in: folder.appending(path: "a"))
      let entry = try #require(dataset.episodes.first { $0.label == .success })
      let session = try Bench.session(nil, mirrors: false)
      let tape = try Tape(session)
      let recording = try RecordedEpisode(dataset.path(of: entry), episode: nil, for: session.host.rig)
      let replayed = try Dataset.create(folder.appending(path: "b").path, durable: false)
      try session.record(into: replayed, SessionDescription(activity: .replay), firstEpisode: 1)
      session.begin(recording.plan(rig: session.host.rig, settings: session.host.settings, speed: 1, seed: 1))
      try session.run(limit: .seconds(60))
      #expect(tape.trouble == "")
      let outcomes = try #require(session.conductor).outcomes
      #expect(outcomes.map(\.label) == [.success])
      let copy = try #require(replayed.episodes.first)
      #expect(abs(copy.frames - entry.frames) < 30)
      let conductor = try #require(session.conductor)
      let report = SessionReport(activity: .replay, conductor: conductor, host: session.host)
      let tracking = try #require(report.tracking)
      #expect(tracking.allSatisfy { $0.max_mrad < 200 && $0.maxToRecording_mrad < 200 }, "\(tracking)")
      #expect(tracking.contains { $0.mean_mrad > 0 })
      #expect(try Verification(folder.appending(path: "b")).isIdentical)
    }
  }

  @Test func `a replay that a fault stops on its way ends by itself, and the arm holds`() throws {
    try Bench.withFolder { folder in
      let dataset = try log(.record, in: folder)
      let entry = try #require(dataset.episodes.first { $0.label == .success })
      for isPlaying in [false, true] {
        let session = try Bench.session(nil, mirrors: false)
        let recording = try RecordedEpisode(dataset.path(of: entry), episode: nil, for: session.host.rig)
        session.begin(recording.plan(rig: session.host.rig, settings: session.host.settings, speed: 0.5, seed: 1))
        #expect(session.step(most: 3000) { $0.state == .autonomous && ($0.episode.number != 0) == isPlaying })
        session.step(20)
        session.miss(15)
        try session.run(limit: .seconds(30))
        let snapshot = session.host.snapshot
        #expect(snapshot.fault == .gap && snapshot.followerHeld && snapshot.isAtRest)
        #expect(session.conductor?.outcomes.count == (isPlaying ? 1 : 0))
      }
    }
  }

  @Test func `a replay holds at a key, begins again at enter and parks at another`() throws {
    try Bench.withFolder { folder in
      let dataset = try log(.record, in: folder)
      let session = try Bench.session(nil, mirrors: false)
      let tape = try Tape(session)
      let entry = try #require(dataset.episodes.first { $0.label == .success })
      let recording = try RecordedEpisode(dataset.path(of: entry), episode: nil, for: session.host.rig)
      session.begin(recording.plan(rig: session.host.rig, settings: session.host.settings, speed: 0.25, seed: 1))
      func plays(_ snapshot: Snapshot) -> Bool { snapshot.episode.number != 0 && snapshot.record.source == .playback }
      for _ in 0..<2 {
        #expect(session.step(most: 3000, until: plays))
        session.step(40)
        session.conductor?.hear(.hold)
        #expect(session.step(most: 3) { $0.state == .holding })
        #expect(session.step(most: 60) { $0.isAtRest })
        let stands = session.host.snapshot.record.command
        session.step(100)
        #expect(session.host.snapshot.record.command == stands && session.conductor?.isHeld == true)
        session.conductor?.hear(.start)
      }
      session.conductor?.hear(.stop)
      try session.run(limit: .seconds(30))
      #expect(session.host.snapshot.state == .idle && tape.trouble == "")
    }
  }
}
