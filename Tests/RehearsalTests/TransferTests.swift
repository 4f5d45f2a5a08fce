import Arm
import Foundation
import Learning
import Testing
import Twin

@testable import Rehearsal

/// Planning over the twin's physics.
@Suite struct TransferTests {
  static func rollouts(_ dynamics: String = "none") throws -> TwinRollouts {
    var options = TwinOptions()
    options.task = "push"
    options.dynamics = try #require(TwinDynamics(dynamics))
    return try TwinRollouts(
      options, rig: try Rig.load("twin-push"), features: ["distance.puck", "distance.puck-goal", "height"])
  }

  /// The finger 40 mm short of a puck that lies 60 mm from the goal.
  static let start = JointVector(0, -0.5563, 0.8256, 1.3015, 0, 0, 0, 0)
  static func scene() -> RolloutScene {
    RolloutScene(environment: [0.20, 0, 0.010, 0.26, 0], period_s: 0.04, position: start)
  }

  /// Outward: shoulder and elbow open, the finger stays low.
  static func outward(_ count: Int) -> [JointVector] {
    (1...count).map { start + JointVector(0, 0.6986, -0.7208, 0.0222, 0, 0, 0, 0) * (Float($0) / 40) }
  }

  @Test func `the same state and commands lead to the same bits, whatever was rolled out before`() throws {
    let model = try Self.rollouts()
    let path = Self.outward(40)
    let first = try #require(try model.traces(of: [path], in: Self.scene()).first)
    let again = try model.traces(of: [Array(path.reversed()), path, path], in: Self.scene())
    #expect(again[1].positions == first.positions && again[2].environments == first.environments)
    #expect(first.environments[39][0] > 0.21, "the finger pushed the puck")
  }

  @Test func `a slow joint and a rough table lead elsewhere`() throws {
    let path = Self.outward(40)
    let plain = try #require(try Self.rollouts().traces(of: [path], in: Self.scene()).first)
    let slow = try #require(try Self.rollouts("shoulder_lift=0.1").traces(of: [path], in: Self.scene()).first)
    let rough = try #require(try Self.rollouts("friction=3").traces(of: [path], in: Self.scene()).first)
    #expect(slow.positions[39][1] - Self.start[1] < 0.18 && plain.positions[39][1] - Self.start[1] > 0.5)
    #expect(rough.environments[39] != plain.environments[39])
  }

  @Test func `planning on the distance to the goal brings the puck nearer, alike for the same seed`() throws {
    let model = try Self.rollouts()
    let arm = try Rig.load("twin-push").pairs[0].follower.arm
    let shown = Self.outward(40)
    let trace = try #require(try model.traces(of: [shown], in: Self.scene()).first)
    let demonstration = DemonstratedTrajectory(id: "a", path: shown, scene: Self.scene(), shown: trace)
    func end(seed: UInt64) throws -> [Double] {
      var planner = TrajectoryPlanner(
        model, weights: [-200, -400, -200], demonstrations: [demonstration], joints: 5,
        bounds: .init(lower: arm.lower, upper: arm.upper, step_rad: JointVector(repeating: 0.12)), seed: seed)
      var scene = Self.scene()
      var command = Self.start
      for _ in 0..<8 {
        let next = Array(try planner.plan(from: scene, command: command).prefix(4))
        scene = try #require(try model.traces(of: [next], in: scene).first).end(scene)
        command = try #require(next.last)
      }
      return scene.environment
    }
    let once = try end(seed: 1)
    #expect(once[0] > 0.215, "from 60 mm to less than 45: \(once)")
    #expect(try end(seed: 1) == once)
  }

  @Test func `a comparison goes on where it was, and another plan's folder is refused`() throws {
    let folder = URL.temporaryDirectory.appending(path: "transfer-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var plan = TransferPlan.quick
    plan.seeds = [1]
    plan.episodes = 1
    plan.demonstrations = 3
    plan.fitted = 3
    plan.reward.samples = 20
    plan.reward.rounds = 0
    plan.candidates = 10
    plan.planRounds = 1
    var seen: [String] = []
    let part = try Transfer(plan, folder: folder).run { cell, _ in
      seen.append(cell.name)
      return false
    }
    #expect(seen == ["copy-changed-1"] && part.cells == 1 && part.cellsPlanned == 9)
    let further = try Transfer(plan, folder: folder).run { cell, _ in
      seen.append(cell.name)
      return cell.arm != .recovered
    }
    #expect(seen == ["copy-changed-1", "recovered-changed-1"] && further.rows.map(\.arm) == [.copy, .recovered])
    #expect(further.description.contains("copy is not"))
    plan.episodes = 2
    #expect(throws: RehearsalError.self) { try Transfer(plan, folder: folder) }
  }
}
