import Control
import Episodes
import Foundation
import RealTime
import Session
import Testing
import Twin

@testable import Rehearsal

/// How correction sessions end by themselves, and who drives while every state is labelled.
@Suite struct CorrectionEndTests {
  /// A correction session whose episodes end as `label` says, at once.
  private func session(_ label: PersonSignal, adjust: (inout SessionPlan) -> Void) throws -> Conductor {
    let session = try Bench.session(nil)
    try session.host.load(policy: Bench.policy.get())
    session.begin(.correct, first: 10_001) {
      $0.framesPerRound = 1_000_000
      adjust(&$0)
    }
    let conductor = try #require(session.conductor)
    session.afterTick = { snapshot in
      if snapshot.state == .holding, !snapshot.isMoving, snapshot.record.episode == 0 { conductor.hear(.start) }
      if snapshot.state == .autonomous, snapshot.episode.policy == 20 { conductor.hear(label) }
    }
    try session.run(limit: .seconds(600))
    return conductor
  }

  @Test func `a policy that succeeds again and again without help is good enough`() throws {
    let conductor = try session(.success) {
      $0.goodEnough = 3
      $0.episodes = 8
    }
    #expect(conductor.outcomes.map(\.label) == [.success, .success, .success])
    #expect(conductor.ended == .goodEnough)
  }

  @Test func `corrections that nobody brings to an end, end at their limit of episodes`() throws {
    let conductor = try session(.failure) {
      $0.goodEnough = 3
      $0.episodes = 4
    }
    #expect(conductor.outcomes.map(\.label) == [.failure, .failure, .failure, .failure])
    #expect(conductor.ended == .episodes)
  }

  @Test func `a correction without an end is cut off, named, and not learned from`() throws {
    let session = try Bench.session(nil)
    try session.host.load(policy: Bench.policy.get())
    session.begin(.correct, first: 10_001) {
      $0.episodes = 2
      $0.framesPerRound = 1
      $0.correctionLimit = .seconds(0.5)
    }
    let conductor = try #require(session.conductor)
    #expect(
      SessionPlan(activity: .correct, rig: session.host.rig, settings: session.host.settings, seed: 1)
        .correctionLimit == .seconds(2.5 * session.host.rig.episodeLimit_s))
    session.afterTick = { snapshot in
      if snapshot.state == .holding, !snapshot.isMoving, snapshot.record.episode == 0 { conductor.hear(.start) }
      // The second episode is left to itself.
      if snapshot.state == .autonomous, snapshot.episode.policy == 20 {
        conductor.hear(snapshot.episode.number == 10_001 ? .takeOver : .failure)
      }
    }
    try session.run(limit: .seconds(600))
    #expect(conductor.outcomes.map(\.label) == [.failure, .failure])
    #expect(conductor.outcomes.map(\.isCapped) == [true, false])
    #expect(conductor.framesThisRound == 0, "what is not learned from fills no round")
    let report = SessionReport(activity: .correct, conductor: conductor, host: session.host)
    #expect(report.capped == 1 && report.description.contains("came to no end in time"))
    #expect(report.presentSeconds > 1 && report.presentSeconds < 600)
    #expect(report.policyTable?.contains("policy") == true && report.policyChart?.hasPrefix("<svg") == true)
  }

  @Test func `a training child that is killed is said, and the arm goes on with the policy before`() throws {
    try Bench.withFolder { folder in
      // It stands in for `understudy train`, and dies as one that the kernel ends for want of memory.
      let program = folder.appending(path: "train")
      try Data("#!/bin/sh\nkill -9 $$\n".utf8).write(to: program)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
      let session = try Bench.session()
      let tape = try Tape(session)
      let policy = try Bench.policy.get()
      try session.host.load(policy: policy)
      let data = folder.appending(path: "corrections")
      let dataset = try Dataset.create(data.path, durable: false)
      try session.record(into: dataset, SessionDescription(activity: .correct), firstEpisode: 10_001)
      session.host.trainRounds(
        with: ChildTrainer(executable: program, arguments: []), datasets: [data],
        policies: folder.appending(path: "policies"), seed: 7)
      var said: [String] = []
      session.host.teller = { said.append($0) }
      session.begin(.correct, first: 10_001) {
        $0.framesPerRound = 1
        $0.episodes = 40
      }
      let conductor = try #require(session.conductor)
      // The child runs in real time, the arm in virtual.
      var episodes: Int?
      for _ in 0..<2_000_000 where !conductor.isDone && conductor.outcomes.count < (episodes ?? .max - 1) + 1 {
        session.step()
        if episodes == nil, said.contains(where: { $0.contains("killed by signal 9") }) {
          episodes = conductor.outcomes.count
        }
      }
      let at = try #require(episodes, "\(said), \(conductor.trouble ?? "")")
      #expect(session.host.snapshot.state.isPowered && conductor.outcomes.count == at + 1)
      #expect(session.host.newestPolicy?.generation == 1 && conductor.outcomes.last?.policy == policy.lastPathComponent)
      // A second time in a row is no bad luck: the session says why, and ends with the arm at rest.
      try session.run(limit: .seconds(100_000))
      #expect(conductor.trouble?.contains("killed by signal 9") == true && session.host.snapshot.state == .idle)
      #expect(tape.trouble == "")
    }
  }

  @Test func `the expert takes its share of the decisions, and the tick notices nothing`() throws {
    for (beta, least, most) in [(0.5, 0.4, 0.6), (1, 1, 1)] {
      let session = try Bench.session()
      let tape = try Tape(session)
      try session.host.load(policy: Bench.policy.get())
      let learner = try #require(session.host.newestPolicy)
      session.begin(.evaluate, first: 500) {
        $0.episodes = 12
        $0.labelsByTruth = true
      }
      let mixture = try ExpertMixture(
        session, learner: learner, columns: try .init(rig: session.host.rig, chunk: 1), beta: beta, seed: 3)
      let run = session.aroundTick
      var trouble: (any Error)?
      session.aroundTick = { tick in
        do { try mixture.prepare() } catch { trouble = error }
        run(tick)
      }
      try session.run(limit: .seconds(600))
      #expect(trouble == nil && tape.trouble == "")
      let share = Double(mixture.expert) / Double(mixture.decisions)
      #expect((least...most).contains(share), "\(mixture.expert) of \(mixture.decisions)")
      #expect(mixture.decisions > 200)
      // Each of those decisions was the expert's, as the tick names the policy that decided; an episode may end first.
      let driven = tape.entries.count { $0.record.source == .policy && $0.record.decides && $0.record.policy == .max }
      #expect((mixture.expert - 12...mixture.expert).contains(driven), "\(driven) of \(mixture.expert)")
      if beta == 1 { #expect(try #require(session.conductor).outcomes.count { $0.label == .success } >= 11) }
    }
  }
}
