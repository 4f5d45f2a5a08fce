import Arm
import Foundation
import RealTime
import Testing

@testable import Learning

@Suite struct RolloutJournalTests {
  /// Counts what it is asked.
  private final class Counting: Rollouts {
    let base: TrajectoryRewardTests.SquareRollouts
    var asked = 0
    var features: [RewardFeature] { base.features }

    init() throws { base = try TrajectoryRewardTests.SquareRollouts() }

    func counts(of trajectories: [[JointVector]], in scene: RolloutScene) throws(RewardError) -> [[Double]] {
      asked += 1
      return base.counts(of: trajectories, in: scene)
    }
  }

  private static func demonstrations() -> [DemonstratedTrajectory] {
    var random = SplitMix64(seed: 3)
    return (0..<6).map { index in
      let change = (0..<TrajectoryProposal.waves).map { _ in 0.05 * random.normal() }
      return DemonstratedTrajectory(
        id: "\(index)", path: TrajectoryProposal.apply(change, to: TrajectoryRewardTests.still, joints: 1),
        scene: TrajectoryRewardTests.scene)
    }
  }

  private func weights(_ provider: some Rollouts, _ progress: (Double) -> Bool = { _ in true }) throws -> [Double] {
    var configuration = TrajectoryReward.Configuration()
    (configuration.samples, configuration.rounds, configuration.bootstrap) = (30, 2, 10)
    return try TrajectoryReward.fit(
      Self.demonstrations(), provider, joints: 1, configuration, seed: 4, progress: progress
    ).weights.flatMap { [$0.value] + $0.interval }
  }

  @Test func `a fit that was stopped anywhere goes on with what it knows, to the same weights to the bit`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    let straight = try Counting()
    let wanted = try weights(straight)
    #expect(straight.asked == 18)

    var shares: [Double] = []
    let first = try Counting()
    let stopped = #expect(throws: RewardError.self) {
      try weights(try RolloutJournal(first, file: file, identity: ["a"])) { share in
        shares.append(share)
        return shares.count < 9
      }
    }
    #expect(stopped == .stopped && first.asked == 8)
    #expect(shares == shares.sorted() && shares[0] == 0 && shares[8] < 0.5)
    // A process that is killed leaves part of a line.
    let kept = try Data(contentsOf: file)
    try kept.dropLast(40).write(to: file)

    let second = try Counting()
    #expect(try weights(try RolloutJournal(second, file: file, identity: ["a"])) == wanted)
    #expect(second.asked == 11)
    let third = try Counting()
    #expect(try weights(try RolloutJournal(third, file: file, identity: ["a"])) == wanted)
    #expect(third.asked == 0)
  }

  @Test func `what was rolled out for another fit is left alone`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    _ = try weights(try RolloutJournal(try Counting(), file: file, identity: ["a"]))
    let kept = try Data(contentsOf: file)
    #expect(throws: RewardError.otherFit(path: file.path)) {
      try RolloutJournal(try Counting(), file: file, identity: ["b"])
    }
    // The same words for a fit that asks for something else.
    let journal = try RolloutJournal(try Counting(), file: file, identity: ["a"])
    #expect(throws: RewardError.otherFit(path: file.path)) {
      try journal.counts(of: [TrajectoryRewardTests.still], in: TrajectoryRewardTests.scene)
    }
    #expect(try Data(contentsOf: file) == kept)
    try Data("a picture\n".utf8).write(to: file)
    #expect(throws: RewardError.otherFit(path: file.path)) {
      try RolloutJournal(try Counting(), file: file, identity: ["a"])
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "a picture\n")
  }
}
