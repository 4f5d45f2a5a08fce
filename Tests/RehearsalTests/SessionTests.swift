import Arm
import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// Whole sessions on virtual time, with everything that `Tape` watches for.
@Suite struct SessionTests {
  @Test func `a recording session goes from limp to demonstrations to limp`() throws {
    let session = try Bench.session(mirrors: false)
    let tape = try Tape(session)
    session.begin(.record) { $0.episodes = 3 }
    try session.run(limit: .seconds(300))
    #expect(tape.trouble == "")
    #expect(
      tape.states == [
        .idle, .ready, .teleoperating, .holding, .teleoperating, .holding, .teleoperating, .autonomous, .holding,
        .parking, .idle,
      ])
    let outcomes = try #require(session.conductor).outcomes
    #expect(outcomes.map(\.episode) == [1, 2, 3])
    #expect(outcomes.count { $0.label == .success } >= 2, "a person fails now and then")
    #expect(outcomes.allSatisfy { $0.takeOvers == 0 && $0.fault == nil && $0.frames >= 10 })
    #expect(tape.entries.allSatisfy { $0.record.episode == 0 || $0.record.source != .none })
    let rest = try #require(session.host.settings.rest)
    let away = try #require(tape.entries.last).record.follower.position - rest
    #expect(all(magnitude(away) .< 0.1), "it rests at the rest pose")
  }

  @Test func `a session that is over leaves neither host nor world behind`() throws {
    weak var host: ArmHost?
    weak var world: TwinWorld?
    do {
      let session = try Bench.session()
      try session.host.load(policy: Bench.policy.get())
      session.begin(.correct) { $0.episodes = 1 }
      session.step(300)
      host = session.host
      world = session.world
      #expect(host != nil && world != nil)
    }
    #expect(host == nil && world == nil)
  }

  @Test func `a policy runs against the clock, and its time is up in time`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    try session.host.load(policy: Bench.policy.get())
    session.begin(.run) {
      $0.episodes = 2
      $0.limit = .seconds(0.6)
    }
    var started = 0
    session.afterTick = { [unowned session] snapshot in
      // Nobody is there to press start.
      if snapshot.state == .holding, !snapshot.isMoving, snapshot.record.episode == 0 {
        session.conductor?.hear(.start)
        started += 1
      }
    }
    try session.run(limit: .seconds(300))
    #expect(started > 0)
    #expect(tape.trouble == "")
    let outcomes = try #require(session.conductor).outcomes
    #expect(outcomes.map(\.label) == [.failure, .failure])
    #expect(outcomes.allSatisfy { $0.policySeconds >= 0.6 && $0.policySeconds < 0.65 })
    // Before each episode the arm stood at its own seeded start.
    let plan = SessionPlan(activity: .run, rig: session.host.rig, settings: session.host.settings, seed: 7)
    for episode in 1...2 {
      let first = try #require(tape.entries.first { $0.record.episode == UInt32(episode) })
      #expect(first.record.source == .policy && first.record.decides)
      #expect(all(magnitude(first.record.command - plan.start(of: episode)) .< 0.05))
    }
  }

  @Test(arguments: [OperatorOptions.TakeOver.grab, .pedal], [OperatorOptions.HandBack.finish, .margin])
  func `a correction session hands the arm over and back without a step`(
    takeOver: OperatorOptions.TakeOver, handBack: OperatorOptions.HandBack
  ) throws {
    try Bench.withFolder { folder in
      var person = OperatorOptions()
      person.takeOver = takeOver
      person.handBack = handBack
      let session = try Bench.session(person, disturbance: .bump)
      let tape = try Tape(session)
      try session.host.load(policy: Bench.policy.get())
      let dataset = try Dataset.create(folder.path, durable: false)
      try session.record(into: dataset, SessionDescription(activity: .correct), firstEpisode: 10_001)
      session.begin(.correct, first: 10_001) {
        $0.episodes = 12
        $0.framesPerRound = 1_000_000
      }
      try session.run(limit: .seconds(1200))
      #expect(tape.trouble == "")

      let outcomes = try #require(session.conductor).outcomes
      let takeOvers = outcomes.reduce(0) { $0 + $1.takeOvers }
      #expect(takeOvers >= 4, "a policy of six demonstrations needs help")
      // Every way into `correcting` leads through the one tick of handing over; every way back is a release or a stop.
      let ways = Set(zip(tape.states, tape.states.dropFirst()).map { "\($0)-\($1)" })
      #expect(ways.contains("autonomous-handingOver") && ways.contains("handingOver-correcting"))
      #expect(!ways.contains("autonomous-correcting"))
      if handBack == .margin { #expect(ways.contains("correcting-autonomous")) }
      // While a person drives the leader is limp.
      #expect(tape.entries.allSatisfy { $0.state != .correcting || !$0.isLeaderHeld })
      try checkLog(dataset, outcomes)
    }
  }

  /// The log tells the same: every take-over is there from its first tick, each tick with its source.
  private func checkLog(_ dataset: Dataset, _ outcomes: [EpisodeSummary]) throws {
    #expect(dataset.episodes.map(\.number) == outcomes.map { UInt32($0.episode) })
    #expect(dataset.episodes.map(\.label) == outcomes.map(\.label))
    for (entry, outcome) in zip(dataset.episodes, outcomes) {
      let reader = try dataset.read(entry)
      var records: [TickRecord] = []
      while let record = try reader.next() { records.append(record) }
      #expect(zip(records, records.dropFirst()).allSatisfy { $1.tick == $0.tick + 1 }, "no tick is missing")
      #expect(records.allSatisfy { $0.source != .none })
      let blends = records.indices.filter { records[$0].source == .blend }
      #expect(blends.count == outcome.takeOvers)
      for blend in blends {
        #expect(records[blend + 1].source == .person, "the first corrected frame is recorded as the person's")
        #expect(records[blend].wish == records[blend - 1].command, "the tick between holds")
      }
    }
  }

  /// One servo falls silent for a second in each episode; the scripted person acknowledges.
  @Test func `an episode that the wire ended is nobody's failure`() throws {
    try Bench.withFolder { folder in
      let session = try Bench.session()
      try session.host.load(policy: Bench.policy.get())
      let dataset = try Dataset.create(folder.path, durable: false)
      try session.record(into: dataset, SessionDescription(activity: .evaluate), firstEpisode: 1)
      session.begin(.evaluate) {
        $0.episodes = 2
        $0.labelsByTruth = true
      }
      session.afterTick = { [unowned session] snapshot in
        let isRunning = snapshot.episode.number == 1 && snapshot.episode.policy > 20
        session.world.follower.faults.silent = isRunning && snapshot.state == .autonomous ? 0b100 : 0
        if snapshot.state == .protectiveStop { session.conductor?.hear(.acknowledge) }
      }
      try session.run(limit: .seconds(300))
      let conductor = try #require(session.conductor)
      #expect(conductor.outcomes.map(\.fault) == [.followerStale, nil])
      #expect(conductor.outcomes[0].label == .unlabelled && conductor.outcomes[1].label != .unlabelled)
      #expect(dataset.episodes.map(\.label) == conductor.outcomes.map(\.label))
      let report = SessionReport(activity: .evaluate, conductor: conductor, host: session.host)
      #expect(report.episodes == 2 && report.unlabelled == 1)
      #expect(report.unassisted.trials + report.assisted.trials == 1)
      #expect(report.description.contains("not counted"))
      #expect(dataset.episodes.allSatisfy { $0.policyDigest.count == 64 })
    }
  }

  @Test func `at the end the leader is lowered too, not dropped`() throws {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    try session.host.load(policy: Bench.policy.get())
    session.begin(.run) { $0.episodes = 1 }
    let isUp = session.step(most: 3000) { $0.state == .holding && !$0.isMoving && $0.leaderHeld }
    #expect(isUp)
    session.step(200)
    var fastest: Float = 0
    var last = JointVector(session.world.postures.leader)
    var heldUntil = JointVector(repeating: .nan)
    session.afterTick = { [unowned session] snapshot in
      let now = JointVector(session.world.postures.leader)
      if snapshot.leaderHeld {
        fastest = max(fastest, magnitude(now - last).max() * 100)
        heldUntil = now
      }
      last = now
    }
    session.conductor?.end()
    try session.run(limit: .seconds(60))
    #expect(tape.trouble == "")
    #expect(fastest < 2, "rad/s, while it was held")
    let rest = try #require(session.host.settings.rest)
    // The gripper's trigger has another travel.
    #expect((0..<5).allSatisfy { abs(heldUntil[$0] - rest[$0]) < 0.15 }, "\(heldUntil)")
    #expect(try session.world.leader.powered() == 0)
  }

  @Test func `bus errors stand beside the replies that were asked for`() throws {
    let session = try Bench.session(nil, mirrors: false)
    session.step(10)
    let before = session.host.snapshot.replies
    #expect(before.asked == 120 && before.errors == 0 && before.late == 0)
    session.world.follower.faults.dropReply = 1
    session.step(5)
    let gone = session.host.snapshot.replies
    #expect(gone.asked == 180 && gone.errors == 30, "\(gone)")
    var report = SessionReport(activity: .run)
    (report.busErrors, report.repliesAsked, report.lateReplies) = (30, 180, 12)
    #expect(report.busErrorText.hasPrefix("30 of 180 replies, 16.7 %; 12 replies came after their tick"))
    report.lateReplies = 0
    #expect(report.busErrorText == "30 of 180 replies, 16.7 %")
  }

  @Test func `the same seed gives the same log, byte by byte, and another seed another`() throws {
    func log(seed: UInt64) throws -> [Data] {
      try Bench.withFolder { folder in
        let session = try Bench.session(seed: seed, disturbance: .noise)
        try session.host.load(policy: Bench.policy.get())
        let dataset = try Dataset.create(folder.path, durable: false)
        var description = SessionDescription(activity: .correct)
        description.seed = 3
        try session.record(into: dataset, description, firstEpisode: 1)
        session.begin(.correct, seed: seed) { $0.episodes = 3 }
        try session.run(limit: .seconds(600))
        return try dataset.episodes.map { try Data(contentsOf: URL(filePath: dataset.path(of: $0))) }
      }
    }
    let first = try log(seed: 11)
    #expect(first.count == 3 && first.allSatisfy { $0.count > 10_000 })
    #expect(try log(seed: 11) == first)
    #expect(try log(seed: 12) != first)
  }

  @Test func `ending at any moment parks the arm and leaves the log whole`() throws {
    for moment in stride(from: 0, through: 1500, by: 97) {
      try Bench.withFolder { folder in
        let session = try Bench.session()
        let tape = try Tape(session)
        try session.host.load(policy: Bench.policy.get())
        let dataset = try Dataset.create(folder.path, durable: false)
        try session.record(into: dataset, SessionDescription(activity: .correct), firstEpisode: 1)
        session.begin(.correct) { $0.framesPerRound = 1_000_000 }
        session.step(moment)
        session.conductor?.end()
        try session.run(limit: .seconds(30))
        #expect(session.host.snapshot.state == .idle, "ended at tick \(moment)")
        #expect(!session.host.snapshot.followerHeld)
        #expect(try session.world.follower.powered() == 0, "ended at tick \(moment)")
        #expect(try session.world.leader.powered() == 0, "ended at tick \(moment)")
        #expect(tape.trouble == "")
        #expect(try dataset.problems().isEmpty)
        #expect(try Dataset.open(folder.path, durable: false).episodes.count == dataset.episodes.count)
      }
    }
  }
}
