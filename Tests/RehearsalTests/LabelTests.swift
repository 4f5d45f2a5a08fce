import Arm
import Control
import Episodes
import Foundation
import Learning
import RealTime
import Testing
import Twin

@testable import Rehearsal
@testable import Session

/// Label mode: classic DAgger by a person at a limp leader, on virtual time.
@Suite struct LabelTests {
  /// A session in which the person labels.
  private func session(_ folder: URL, seed: UInt64 = 7) throws -> (VirtualSession, Dataset) {
    var options = TwinOptions()
    options.seed = seed
    let session = try VirtualSession(
      rig: try Bench.rig.get(), twin: options, leaderMirrors: false, labels: true)
    try session.host.load(policy: Bench.policy.get())
    let dataset = try Dataset.create(folder.path, durable: false)
    try session.record(into: dataset, SessionDescription(activity: .correct), firstEpisode: 10_001)
    return (session, dataset)
  }

  @Test func `while the policy drives the leader's motion is recorded as a label, and never sent`() throws {
    try Bench.withFolder { folder in
      let (session, dataset) = try session(folder)
      let tape = try Tape(session)
      var agreement: [Double] = []
      let look = session.afterTick
      session.afterTick = { [unowned session] snapshot in
        look(snapshot)
        let record = snapshot.record
        #expect(snapshot.isLabelling == (record.source == .policy))
        guard record.memory.steps.contains(.labelled) else { return }
        let advice = session.world.advice_rad
        let motion = record.personWish - record.memory.goal
        var (dot, own, other) = (0.0, 0.0, 0.0)
        for joint in 0..<5 {
          dot += Double(motion[joint]) * advice[joint]
          own += Double(motion[joint] * motion[joint])
          other += advice[joint] * advice[joint]
        }
        if own > 1e-8, other > 1e-8 { agreement.append(dot / (own * other).squareRoot()) }
      }
      session.begin(.correct, first: 10_001) {
        $0.episodes = 8
        $0.framesPerRound = 1_000_000
        $0.gate = .dagger
      }
      try session.run(limit: .seconds(600))
      #expect(tape.trouble == "")
      // Nobody takes over, the leader is never driven, and the policy alone decides.
      let outcomes = try #require(session.conductor).outcomes
      #expect(outcomes.allSatisfy { $0.takeOvers == 0 && $0.frames == 0 })
      #expect(tape.entries.allSatisfy { $0.state != .autonomous || !$0.isLeaderHeld })
      let driven = tape.entries.filter { $0.record.source == .policy }
      #expect(driven.allSatisfy { $0.record.wish == $0.record.policyWish })
      let labelled = driven.count { $0.record.memory.steps.contains(.labelled) }
      #expect(Double(labelled) > 0.8 * Double(driven.count), "\(labelled) of \(driven.count)")
      #expect(outcomes.reduce(0) { $0 + $1.labels } > labelled / 4 - 2 * 8)
      let mean = agreement.reduce(0, +) / Double(agreement.count)
      #expect(mean > 0.5, "the hand goes the way that the skill would: \(mean)")

      // Rows come from what failed too, and say what the hand did over the decision's period.
      var cut = Demonstrations(try Demonstrations.Columns(rig: session.host.rig))
      try cut.add(dataset, holdsOut: false)
      #expect(dataset.episodes.contains { $0.label == .failure }, "a policy of six demonstrations fails")
      #expect(Double(cut.frames.count) > 0.7 * Double(driven.count) / 4)
      #expect(cut.classes.allSatisfy { $0 == .intervention })
      #expect(cut.episodes == dataset.episodes.count)
      #expect(cut.frames.actions.allSatisfy { abs($0) < 0.2 })

      // And a log tells the labels again, bit for bit.
      let verification = try Verification(folder, policy: Bench.policy.get())
      #expect(verification.isIdentical, "\(verification.logs.compactMap(\.difference))")
    }
  }

  @Test func `with beta an episode is the person's own to drive`() throws {
    try Bench.withFolder { folder in
      let (session, dataset) = try session(folder)
      let tape = try Tape(session)
      session.begin(.correct, first: 10_001) {
        $0.episodes = 6
        $0.framesPerRound = 1_000_000
        $0.gate = .dagger
        // Every other one in the first round.
        $0.beta = .linear(iterations: 2)
      }
      let plan = try #require(session.conductor).plan
      let turns = (10_001...10_006).map { plan.isPersonsTurn($0, round: 0) }
      #expect(turns.contains(true) && turns.contains(false), "\(turns)")
      #expect((10_001...10_006).allSatisfy { !plan.isPersonsTurn($0, round: 4) })
      try session.run(limit: .seconds(600))
      #expect(tape.trouble == "")
      let outcomes = try #require(session.conductor).outcomes
      #expect(outcomes.map { $0.takeOvers == 1 && $0.labels == 0 && $0.frames > 0 } == turns)
      #expect(outcomes.map { $0.labels > 0 } == turns.map { !$0 })
      #expect(dataset.episodes.count == 6)
    }
  }

  @Test func `a round of labels is learned from`() throws {
    try Bench.withFolder { folder in
      var rehearsal = Rehearsal(rig: try Bench.rig.get(), task: "insert", seed: 7)
      rehearsal.training.recipe.length = .steps(100)
      rehearsal.gate = .dagger
      let first = try Bench.policy.get()
      let shown = first.deletingLastPathComponent().appending(path: "demonstrations")
      let report = try rehearsal.correct(
        first, demonstrations: [shown], into: folder.appending(path: "labels"), policies: folder, rounds: 1, frames: 60)
      #expect(report.labelledFrames >= 60 && report.takeOvers == 0 && report.personFrames == 0)
      #expect(report.description.contains("while the policy drove"))
      #expect(report.policies.count == 1, "\(report.trouble ?? "")")
    }
  }

  @Test func `label mode is refused while the leader mirrors`() throws {
    #expect(throws: HostError.self) {
      try VirtualSession(rig: try Bench.rig.get(), twin: TwinOptions(), leaderMirrors: true, labels: true)
    }
    #expect(GateName.allCases.filter(\.needsPersonAction) == [.dagger])
  }
}
