import Arm
import CKernels
import RealTime
import Testing

@Suite struct FeaturePlanTests {
  let arm: ArmDescription
  static let environment = ["cup.x", "cup.y", "cup.z", "object.yaw", "left-hand.x"]

  init() throws { arm = try ArmDescription.load("so101-follower", from: hardware) }

  /// The features of `names` for these inputs.
  private func compute(
    _ names: [String], _ position: JointVector, _ environment: [Float] = [0.19, -0.02, 0.018, 0.3, 0.5],
    tool_m: SIMD3<Double>? = nil
  ) throws -> [Float] {
    let plan = try FeaturePlan(names, arm: arm, tool_m: tool_m, environment: Self.environment)
    var values = SIMD16<Float>(repeating: .nan)
    for (index, value) in environment.enumerated() { values[index] = value }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: plan.count) { buffer in
      plan.compute(position, values, into: buffer)
      return Array(buffer)
    }
  }

  @Test func `features are what their names say`() throws {
    // With all joints at zero MuJoCo puts the stylus tip at (0.4182345, 0.0000655, 0.2293759); cup − tip by hand.
    let names = [
      "joint.elbow_flex", "tool.x", "cup.x", "cup-tool.x", "cup-tool.z", "tanh(cup-tool.x/0.010)", "sin(object.yaw*4)",
      "cos(object.yaw)", "left-hand.x", "left-hand-cup.x", "cup-left-hand.x",
    ]
    let expected: [Float] = [
      0, 0.4182345, 0.19, -0.2282345, -0.2113759, -1, 0.9320391, 0.9553365, 0.5, 0.31, -0.31,
    ]
    let values = try compute(names, .zero, tool_m: [-0.005, 0, -0.125])
    for (name, (value, right)) in zip(names, zip(values, expected)) {
      #expect(abs(value - right) < 1e-6, "\(name) is \(value)")
    }
  }

  @Test func `tanh saturates where fine work begins`() throws {
    let tool = Kinematics(arm).pose(.zero).position_m
    let values = try compute(["tanh(cup-tool.y/0.010)"], .zero, [0, tool.y + 0.005])
    #expect(abs(values[0] - 0.46211716) < 1e-5, "tanh(0.5)")
  }

  @Test func `the tool's yaw follows the shoulder while it points down`() throws {
    let down = JointVector(0.3, -0.4977, 0.4976, 1.5709, 0, 0, 0, 0)
    let ahead = JointVector(0.1, -0.4977, 0.4976, 1.5709, 0, 0, 0, 0)
    let (a, b) = (try compute(["tool.yaw"], down)[0], try compute(["tool.yaw"], ahead)[0])
    #expect(abs(abs(a - b) - 0.2) < 1e-4)
  }

  @Test func `a feature that never came spoils those that need it and no other`() throws {
    let values = try compute(["joint.gripper", "tool.x", "cup.x", "cup-tool.y", "cup.z"], .zero, [.nan, 0.1])
    #expect(!values[0].isNaN && !values[1].isNaN && values[2].isNaN && !values[3].isNaN && values[4].isNaN)
  }

  @Test func `a plan knows whether it needs the environment`() throws {
    let without = try FeaturePlan(["joint.gripper", "tool.x"], arm: arm, environment: Self.environment)
    let with = try FeaturePlan(["tanh(cup-tool.x/0.010)"], arm: arm, environment: Self.environment)
    #expect(!without.usesEnvironment && with.usesEnvironment)
  }

  @Test func `the same inputs give the same bits as computed step by step`() throws {
    var random = SplitMix64(seed: 21)
    for _ in 0..<100 {
      let q = randomPose(arm, &random)
      let x = Float(random.uniform(0.1...0.3))
      let expected = us_fixed_tanhf((x - Kinematics(arm).pose(q).position_m.x) / 0.01)
      #expect(try compute(["tanh(cup-tool.x/0.01)"], q, [x])[0].bitPattern == expected.bitPattern)
    }
  }

  @Test(arguments: [
    ("joint.elbow", "\"joint.elbow\""), ("cup-tol.x", "\"tol.x\""), ("cap-tool.x", "\"cap.x\""),
    ("tool.w", "\"tool.w\""), ("cup-tool.w", "\"cup.w\""), ("tanh(cup.q/0.01)", "\"cup.q\""),
    ("tanh(cup.x/0)", "\"0\" is not a number but zero"), ("tanh(cup.x/fast)", "fast"),
    ("tanh(cup.x/0.01", "bracket"), ("cos()", "no name"), ("cup.x*2", "no name"), ("", "no name"),
  ])
  func `a name that means nothing is named with what there is`(name: String, says: String) throws {
    let error = #expect(throws: FeatureError.self) {
      try FeaturePlan(["tool.x", name], arm: arm, environment: Self.environment)
    }
    let text = try #require(error?.description)
    #expect(text.contains("\"\(name)\"") && text.contains(says), "\(text)")
    #expect(text.contains("tanh(") || text.contains("joint.shoulder_pan, "), "\(text)")
  }

  @Test func `no features, too many and twice the same are refused`() {
    #expect(throws: FeatureError.none) { try FeaturePlan([], arm: arm) }
    #expect(throws: FeatureError.twice(feature: "tool.x")) { try FeaturePlan(["tool.x", "tool.x"], arm: arm) }
    let many = (1...65).map { "cos(tool.x*\($0))" }
    #expect(throws: FeatureError.tooMany(count: 65, capacity: 64)) { try FeaturePlan(many, arm: arm) }
  }
}
