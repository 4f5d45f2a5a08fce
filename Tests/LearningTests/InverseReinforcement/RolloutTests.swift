import Arm
import Foundation
import RealTime
import Testing

@testable import Learning

@Suite struct RolloutTests {
  @Test func `requests and answers go through JSON, and what does not fit is said`() throws {
    let scene = RolloutScene(environment: [0.2, 0.1], period_s: 0.04, position: JointVector(repeating: 0.5))
    let path = [JointVector(repeating: 0.5), JointVector(repeating: 0.75)]
    let names = ["puck.x", "puck.y"]
    let joints = ["pan", "lift", "elbow", "flex", "roll", "grip"]
    let request = try JSONDecoder().decode(
      RolloutRequest.self, from: JSONEncoder().encode(RolloutRequest([path], scene, names: names, joints: joints)))
    #expect(request.problem(joints: joints) == nil)
    #expect(request.problem(joints: joints.reversed())?.contains("the arm here has grip, roll") == true)
    var nameless = request
    nameless.joints = nil
    #expect(nameless.problem(joints: joints.reversed()) == nil)
    #expect(nameless.problem(joints: Array(joints.dropLast()))?.contains("5 joints") == true)
    #expect(request.scene(names: names).environment == [0.2, 0.1])
    #expect(request.trajectories[0][1][5] == 0.75 && request.trajectories[0][1][6] == 0)
    let trace = RolloutTrace(commands: path, positions: path, environments: [[0.2, 0.1], [0.3, 0.1]])
    let answer = RolloutAnswer([trace], names: names, joints: 6)
    #expect(try answer.read([path], names: names, joints: 6)[0].environments == trace.environments)
    #expect(throws: RewardError.self) { try answer.read([path, path], names: names, joints: 6) }
    #expect(throws: RewardError.self) { try answer.read([path], names: ["cup.x"], joints: 6) }
    let refusal = #expect(throws: RewardError.self) {
      try RolloutAnswer(error: "the simulation ran away").read([path], names: names, joints: 6)
    }
    #expect(refusal?.description.contains("ran away") == true)
  }

  @Test func `a distance between two objects is level, and unknown objects are named`() throws {
    let environment = ["puck.x", "puck.y", "puck.z", "goal.x", "goal.y"]
    let feature = try RewardFeature("arrival.puck-goal", environment: environment)
    let arm = try ArmDescription.load("so101-follower")
    let meter = RewardMeter(features: [feature], arm: arm, tool_m: nil)
    let still = [JointVector.zero, .zero]
    let trace = RolloutTrace(
      commands: still, positions: still, environments: [[0, 0, 0.5, 0, 0], [0.23, 0.04, 0.5, 0.2, 0]])
    #expect(abs(meter.counts(trace, period_s: 0.04)[0] - 0.05) < 1e-12)
    let refusal = #expect(throws: RewardError.self) {
      try RewardFeature("distance.puck-plate", environment: environment)
    }
    #expect(refusal?.description.contains("goal.x") == true)
    #expect(
      RewardFeature.all(environment: environment, moving: true).prefix(4) == [
        "distance.puck", "arrival.puck", "distance.puck-goal", "arrival.puck-goal",
      ])
  }

  @Test func `right behind the puck nothing is aside, and on the far side twice the way is`() throws {
    let environment = ["puck.x", "puck.y", "puck.z", "goal.x", "goal.y"]
    let feature = try RewardFeature("aside.puck-goal", environment: environment)
    let arm = try ArmDescription.load("so101-follower")
    let meter = RewardMeter(features: [feature], arm: arm, tool_m: nil)
    let tool = SIMD3<Double>(Kinematics(arm, tool_m: nil).pose(.zero).position_m)
    // The goal lies 40 mm from the puck, outward along x; the tool stands 30 mm from the puck, at `angle` round from behind.
    func aside(_ angle: Double) -> Double {
      let puck = SIMD2(tool.x + 0.03 * cos(angle), tool.y + 0.03 * sin(angle))
      let seen = [puck.x, puck.y, 0.01, puck.x + 0.04, puck.y]
      let trace = RolloutTrace(commands: [.zero], positions: [.zero], environments: [seen])
      return meter.counts(trace, period_s: 0.04)[0]
    }
    for angle in [0.0, 0.5, -0.5, .pi / 2, .pi] {
      #expect(abs(aside(angle) - 0.04 * (1 - cos(angle))) < 1e-9)
    }
    let refusal = #expect(throws: RewardError.self) { try RewardFeature("aside.puck", environment: environment) }
    #expect(refusal?.description.contains("aside.puck-goal") == true)
    #expect(RewardFeature.all(environment: environment, moving: true).contains("aside.puck-goal"))
  }

  @Test func `pieces begin where the recording was, and belong to their episode`() {
    let path = (0..<20).map { JointVector(repeating: Float($0)) }
    let shown = RolloutTrace(commands: path, positions: path, environments: path.map { [Double($0[0])] })
    let whole = DemonstratedTrajectory(
      id: "e", path: path, scene: RolloutScene(environment: [-1], period_s: 1, position: .zero), shown: shown)
    let pieces = whole.pieces(length: 8, stride: 8)
    #expect(pieces.count == 2 && pieces.allSatisfy { $0.id == "e" && $0.path.count == 8 })
    #expect(pieces[0].scene.environment == [-1] && pieces[1].scene.environment == [7])
    #expect(pieces[1].scene.position == path[7] && pieces[1].scene.velocity == JointVector(repeating: 1))
    #expect(whole.pieces(length: 21, stride: 1).isEmpty)
  }

  /// A simulation that may be wrong about the rig.
  private struct Simulation: TracedRollouts {
    let meter: RewardMeter
    var unit: Float = 1
    var shift = 0.0

    init() throws {
      meter = RewardMeter(
        features: [try RewardFeature("height", environment: [])], arm: try ArmDescription.load("so101-follower"),
        tool_m: nil)
    }

    func traces(of trajectories: [[JointVector]], in scene: RolloutScene) -> [RolloutTrace] {
      trajectories.map { path in
        RolloutTrace(
          commands: path, positions: path.map { $0 * unit },
          environments: path.map { _ in scene.environment.map { $0 + shift } })
      }
    }
  }

  @Test func `a simulation with other units, or with objects elsewhere, is found out by one command`() throws {
    var scene = RolloutScene(environment: [0.2, 1], period_s: 0.04, position: JointVector(repeating: 1))
    let path = [JointVector](repeating: JointVector(repeating: 1), count: 8)
    let names = (joints: ["pan", "lift"], environment: ["puck.x", "puck.turn"])
    func check(_ simulation: Simulation) throws(RewardError) -> RolloutTrace? {
      try simulation.check(
        DemonstratedTrajectory(id: "e", path: path, scene: scene), joints: names.joints,
        environment: names.environment)
    }
    var simulation = try Simulation()
    #expect(try check(simulation)?.commands.count == 1)
    simulation.unit = 57.3
    let degrees = #expect(throws: RewardError.self) { try check(simulation) }
    #expect(degrees?.description.contains("pan began at 1.0 rad, and after one command it is at 57.3") == true)
    (simulation.unit, simulation.shift) = (1, 0.3)
    let elsewhere = #expect(throws: RewardError.self) { try check(simulation) }
    #expect(elsewhere?.description.contains("puck.x began at 0.2 m") == true)
    scene.environment = [.nan, 0]
    #expect(throws: RewardError.self) { try check(simulation) }
  }
}
