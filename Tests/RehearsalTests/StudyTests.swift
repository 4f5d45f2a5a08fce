import Foundation
import RealTime
import Session
import Synchronization
import Testing

@testable import Learning
@testable import Rehearsal

/// The study of corrections, small.
@Suite struct StudyTests {
  /// Cells of seconds.
  private static func plan(leastRecovery: Double = 0.5) -> StudyPlan {
    var plan = StudyPlan(
      parts: [
        StudyPlan.Part(
          task: "insert", demonstrations: 6, frames: 30, rounds: 1, conditions: ["none"],
          arms: [.demonstrations, .more, .watched], takeOverArms: [.margin], curve: [3], chunk: 1)
      ], seeds: [4], starts: 6, trainings: 2, budget: 0.02, failures: 6)
    plan.leastRecovery = leastRecovery
    return plan
  }

  @Test func `a study gives every arm what the watched corrections took, and goes on where it was`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "study-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let said = Mutex<[String]>([])
    let study = try Study(Self.plan(), folder: folder)
    let report = try await study.run(cores: 2) { line in said.withLock { $0.append(line) } }
    #expect(said.withLock { $0.count } == 6, "the person, and five cells")

    let recovery = try #require(report.recovery["insert"])
    #expect(recovery.trials >= 1 && recovery.share >= 0.5)
    func cost(_ arm: StudyArm, _ budget: StudyBudget) throws -> StudyReport.Cost {
      try #require(report.costs.first { $0.arm == arm && $0.budget == budget })
    }
    let watched = try cost(.watched, .frames), more = try cost(.more, .frames), margin = try cost(.margin, .takeOvers)
    #expect(watched.takeOvers >= 1 && watched.frames >= 30)
    #expect(more.frames >= watched.frames && more.frames < watched.frames + 60, "one demonstration more at most")
    #expect(margin.takeOvers >= watched.takeOvers && margin.takeOvers <= watched.takeOvers + 3)
    #expect(try cost(.demonstrations, .frames).frames == 0)
    #expect(watched.present_min > watched.driving_min && watched.present_min < 10)
    for row in report.rows {
      #expect(row.seeds == 1 && row.low <= row.success && row.success <= row.high)
    }
    // Every decision is in one class, every start in one.
    #expect(report.shifts.map(\.arm) == ShiftMeter.arms)
    for shift in report.shifts {
      #expect(shift.profile.classes.reduce(0) { $0 + $1.episodes } == 6)
      #expect(shift.profile.classes.reduce(0) { $0 + $1.decisions } > 60)
      let among = shift.profile.classes[0]
      #expect(among.decisions > 0 && (0...0.05).contains(among.meanError_rad), "\(among)")
    }
    #expect(report.text(task: "insert").contains("| 3 | ") && report.text(task: "insert").contains("| 6 | "))
    let pictures = report.pictures(task: "insert").map(\.name)
    #expect(pictures == ["study-insert", "study-insert-curve", "study-insert-shift"])

    // Again: everything is there, nothing is run; and the tables are the same.
    let again = try await Study(Self.plan(), folder: folder).run(cores: 1) { line in said.withLock { $0.append(line) } }
    #expect(said.withLock { $0.count } == 6)
    #expect(again.description == report.description)
    #expect(throws: RehearsalError.self) { try Study(.quick, folder: folder) }

    // Who recovers too seldom stops it before any arm is run.
    let other = folder.appending(path: "other")
    let strict = try Study(Self.plan(leastRecovery: 1.01), folder: other)
    await #expect(throws: RehearsalError.self) { try await strict.run(cores: 1) { _ in } }
    #expect(try FileManager.default.contentsOfDirectory(atPath: other.appending(path: "cells").path).count == 1)
  }

  @Test func `a folder keeps cells of one plan, numbers that are none among them`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "study-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try StudyFolder(folder, plan: ["starts": 20]).keep([1, .nan], as: "one")
    let again = try StudyFolder(folder, plan: ["starts": 20])
    let kept: [Double] = try #require(again.cell("one"))
    #expect(kept[0] == 1 && kept[1].isNaN)
    #expect(again.cell("two") as [Double]? == nil)
    #expect(throws: RehearsalError.self) { try StudyFolder(folder, plan: ["starts": 21]) }
    // Torn by a crash: run again, not read as something else.
    try Data("[1".utf8).write(to: folder.appending(path: "cells/one.json"))
    #expect(again.cell("one") as [Double]? == nil)
  }

  @Test func `the whole plan runs the watched corrections first, and every cell once`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "study-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let waves = try Study(.full, folder: folder).jobs
    #expect(waves.count == 2 && waves[0].allSatisfy { $0.arm == .watched && $0.budget == .frames })
    #expect(waves[0].count == 12)
    let all = waves.flatMap(\.self)
    for (index, job) in all.enumerated() { #expect(!all[..<index].contains(job)) }
    let cells = StudyPlan.full.parts.reduce(0) { $0 + $1.arms.count + $1.takeOverArms.count + $1.curve.count } * 6
    #expect(all.count == cells)
    for part in StudyPlan.full.parts { #expect(part.arms.contains(.watched) && part.arms.contains(.more)) }
  }

  @Test func `an interval by seeds and starts is wider than one by starts alone, and holds the mean`() {
    var random = SplitMix64(seed: 3)
    // Seeds differ: .2 and .8 by turns.
    let values = (0..<6).map { seed in
      (0..<100).map { _ in random.uniform() < (seed % 2 == 0 ? 0.2 : 0.8) ? 1.0 : 0.0 }
    }
    let (mean, interval) = Bootstrap.mean(values)
    #expect(abs(mean - 0.5) < 0.05 && interval.contains(mean))
    let pooled = Bootstrap.mean([values.flatMap(\.self)])
    #expect(pooled.mean == mean)
    let (wide, narrow) = (
      interval.upperBound - interval.lowerBound, pooled.interval.upperBound - pooled.interval.lowerBound
    )
    #expect(narrow > 0.06 && narrow < 0.1, "±1.96 · √(.25 / 600), both sides")
    #expect(wide > 0.3)
    #expect(Bootstrap.mean([[0.5, 0.5], [0.5]]).interval == 0.5...0.5)
  }

  @Test func `states between an expert's are on, and those beside them off`() {
    var frames = Frames(features: ["x", "y"], actions: ["a"])
    // Two demonstrations along x, 2 mm apart in y.
    for episode in 0..<2 {
      for step in 0..<100 {
        frames.append(features: [Float(step) * 0.01, Float(episode) * 0.002], actions: [0], episode: episode)
      }
    }
    let expert = ExpertStates(frames)
    #expect(expert.reach.isFinite)
    #expect(!expert.isOff([0.505, 0.001]))
    #expect(expert.isOff([0.505, 0.02]) && expert.isOff([2, 0.001]))
  }

  @Test func `time off begins with the first decision away`() {
    #expect([0, 0.04, 0.16, 0.2, 0.48, 0.96, 1.0, 9].map(ShiftProfile.index) == [0, 1, 1, 2, 2, 3, 4, 4])
    #expect(StudyReport.timeOff(0) == "none" && StudyReport.timeOff(4) == "1.0 s and more")
  }
}
