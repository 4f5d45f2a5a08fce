import Arm
import Control
import Episodes
import Foundation
import Learning
import Policy
import RealTime
import Session
import Testing
import Twin

@testable import Rehearsal

/// A person with two keys, on virtual time.
@Suite struct ShapingTests {
  private func study(_ folder: URL) throws -> (ShapingStudy, Rehearsal) {
    let rehearsal = Rehearsal(rig: try Bench.rig.get(), task: "insert", seed: 7)
    var study = ShapingStudy(rehearsal, preference: .slower, folder: folder)
    (study.episodes, study.starts) = (120, 8)
    return (study, rehearsal)
  }

  @Test func `a scripted person with two keys makes a policy slower, and its taste ranks what it never judged`() throws
  {
    try Bench.withFolder { folder in
      let (study, rehearsal) = try study(folder)
      let cell = try study.cell(rehearsal, Bench.policy.get(), folder)
      #expect(cell.rewards + cell.scoldings >= 10)
      let ranking = try #require(cell.ranking)
      #expect(ranking >= 0.8, "\(ranking)")
      let report = ShapingReport(task: "insert", preference: .slower, episodes: study.episodes, cells: [cell])
      #expect(report.after < 0.95 * report.before, "\(report)")
      #expect(report.isImproved, "\(report)")
    }
  }

  @Test func `what was learned is learned again from the logs, bit for bit, and a shaped policy's logs verify`() throws
  {
    try Bench.withFolder { folder in
      var (study, rehearsal) = try study(folder)
      study.episodes = 20
      let policy = try Bench.policy.get()
      let shaped = folder.appending(path: "shaped"), logs = folder.appending(path: "logs")
      let person = ScriptedTrainer(.slower, rig: rehearsal.rig, standard: 60, seed: 7)
      let learner = try study.shape(rehearsal, policy, into: shaped, logs: logs, by: person)
      let online = learner.shaping
      #expect(online.reward.rewards + online.reward.scoldings >= 5)
      #expect(try Shaping.read(from: shaped) == online)
      #expect(try Policy.load(shaped).description.lineage.parent == policy.lastPathComponent)

      let fresh = try Shaping.open(folder.appending(path: "fresh"), parent: policy, window: .short)
      let again = ShapingLearner(fresh, rig: rehearsal.rig)
      let dataset = try Dataset.open(logs.path, durable: false)
      for entry in dataset.episodes.sorted(by: { $0.number < $1.number }) {
        let reader = try dataset.read(entry)
        var record = TickRecord()
        while try reader.next(into: &record) { again.take(record) }
        again.take(TickRecord())
      }
      #expect(again.shaping.reward.weights == online.reward.weights)
      #expect(again.shaping.reward.rewards == online.reward.rewards)

      // While the taste changes, wishes are taken as logged, and said to be; afterwards they are made again.
      let during = try Verification(logs, policy: shaped)
      #expect(during.isIdentical && during.logs.allSatisfy { $0.note?.contains("being shaped") == true }, "\(during)")
      let runs = folder.appending(path: "runs")
      _ = try rehearsal.session(.evaluate, policy: shaped, into: runs, first: 100_001) {
        $0.episodes = 2
        $0.labelsByTruth = true
      }
      let after = try Verification(runs, policy: shaped)
      #expect(after.isIdentical && after.logs.allSatisfy { $0.inferences > 0 && $0.taken == 0 }, "\(after)")
    }
  }

  @Test func `a shaped policy is gone on with from the same parent only`() throws {
    try Bench.withFolder { folder in
      let policy = try Bench.policy.get(), shaped = folder.appending(path: "shaped")
      let first = try Shaping.open(shaped, parent: policy, window: .short)
      #expect(try Shaping.open(shaped, parent: policy, window: .short) == first)
      func refusal(_ output: URL, _ parent: URL, _ window: HumanReward.Window = .short) -> String {
        do throws(HostError) {
          _ = try Shaping.open(output, parent: parent, window: window)
          return ""
        } catch { return "\(error)" }
      }
      #expect(refusal(shaped, policy, .long).contains("same --delays"))
      #expect(refusal(folder.appending(path: "other"), shaped).contains("shaped already"))
      #expect(refusal(folder, policy).contains("is no shaped policy"))
      let (written, parameters) = try Policy.read(policy)
      var description = written
      description.lineage.recipe = "another"
      let other = folder.appending(path: "parent")
      try Policy.save(description, parameters, to: other)
      #expect(refusal(shaped, other).contains("was made from the policy policy"))
      let file = shaped.appending(path: Shaping.file)
      try Data("{\"version\":1".utf8).write(to: file)
      #expect(refusal(shaped, policy).contains("cannot be read"))
      let session = try Bench.session(nil, mirrors: false)
      #expect(throws: HostError.self) { try session.host.load(policy: shaped) }
    }
  }

  @Test func `the tick allocates nothing while a policy is shaped`() throws {
    #if canImport(CAllocationCounter)
      try Bench.withFolder { folder in
        var (study, rehearsal) = try study(folder)
        study.episodes = 12
        let shaped = folder.appending(path: "shaped")
        let learner = ShapingLearner(
          try Shaping.open(shaped, parent: Bench.policy.get(), window: .short), rig: rehearsal.rig)
        let (session, plan) = try rehearsal.virtualSession(.shape, learner: learner)
        try session.host.load(policy: shaped)
        try session.record(
          into: try Dataset.create(folder.appending(path: "logs").path, durable: false),
          SessionDescription(activity: .shape), firstEpisode: 1)
        let watch = AllocationTests.Watch()
        watch.join(session)
        var person = ScriptedTrainer(.slower, rig: rehearsal.rig, standard: 60, seed: 3)
        session.afterTick = { [unowned session] snapshot in
          for signal in person.watch(snapshot, at: session.time.now) { session.conductor?.hear(signal) }
        }
        var shaping = plan
        (shaping.episodes, shaping.labelsByTruth) = (study.episodes, true)
        session.begin(shaping)
        try session.run(limit: .seconds(600))
        #expect(learner.count.rewards + learner.count.scoldings >= 5)
        #expect(watch.ticks[.policy, default: 0] > 500)
        #expect(watch.culprits.isEmpty, "\(watch.culprits.prefix(5)), \(watch.culprits.count) in all")
      }
    #endif
  }
}
