import Arm
import RealTime
import Testing

@Suite struct InverseKinematicsTests {
  let arm: ArmDescription
  let inverse: InverseKinematics

  init() throws {
    arm = try ArmDescription.load("so101-follower", from: hardware)
    inverse = InverseKinematics(Kinematics(arm), lower: arm.lower, upper: arm.upper)
  }

  /// True if no joint is outside the arm's limits.
  private func allowed(_ q: JointVector) -> Bool { all(q .>= arm.lower) && all(q .<= arm.upper) }

  @Test func `every reachable position is reached from the middle`() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<300 {
      let goal = inverse.kinematics.pose(randomPose(arm, &random)).position_m
      let solution = inverse.solve(.init(position_m: goal), from: .zero, restarts: 20)
      #expect(solution.reached && allowed(solution.joints), "\(goal): \(solution)")
      #expect(largest(inverse.kinematics.pose(solution.joints).position_m - goal) < 1.5e-5)
    }
  }

  @Test func `every reachable pose is reached, orientation included`() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<200 {
      let goal = inverse.kinematics.pose(randomPose(arm, &random))
      let target = InverseKinematics.Target(position_m: goal.position_m, orientation: .axes(goal.rotation))
      let solution = inverse.solve(target, from: .zero, restarts: 40)
      #expect(solution.reached && allowed(solution.joints), "\(goal): \(solution)")
      let pose = inverse.kinematics.pose(solution.joints)
      #expect(largest(pose.rotation.x - goal.rotation.x) < 4e-4 && largest(pose.rotation.z - goal.rotation.z) < 4e-4)
    }
  }

  @Test func `the stylus stands upright over the table wherever the cup may be`() {
    let stylus = InverseKinematics(
      Kinematics(arm, tool_m: [-0.005, 0, -0.125]), lower: arm.lower, upper: arm.upper)
    for x in stride(from: Float(0.16), through: 0.22, by: 0.02) {
      for y in stride(from: Float(-0.07), through: 0.07, by: 0.035) {
        let target = InverseKinematics.Target(position_m: [x, y, 0.048], orientation: .pointing([0, 0, -1]))
        let solution = stylus.solve(target, from: .zero, restarts: 4)
        #expect(solution.reached, "(\(x), \(y)): \(solution)")
      }
    }
  }

  @Test func `a target out of reach is approached, and the answer says how far it is`() {
    let solution = inverse.solve(.init(position_m: [2, 0, 0.2]), from: .zero, restarts: 3)
    #expect(!solution.reached && allowed(solution.joints))
    #expect((1.4...1.7).contains(solution.positionError_m))
  }

  @Test func `a step never leaves the limits and comes closer`() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<300 {
      let start = randomPose(arm, &random)
      let goal = inverse.kinematics.pose(start).position_m + SIMD3(0.003, -0.002, 0.004)
      let next = inverse.step(.init(position_m: goal), from: start)
      #expect(allowed(next))
      let before = goal - inverse.kinematics.pose(start).position_m
      let after = goal - inverse.kinematics.pose(next).position_m
      #expect((after * after).sum() <= (before * before).sum() * 1.0001)
    }
  }

  @Test func `the gripper keeps its place`() {
    var start = JointVector.zero
    start[5] = 1.2
    #expect(inverse.solve(.init(position_m: [0.2, 0.1, 0.1]), from: start).joints[5] == 1.2)
  }

  @Test func `a target that is not a number is not reached`() {
    let solution = inverse.solve(.init(position_m: [.nan, 0, 0]), from: .zero, restarts: 2)
    #expect(!solution.reached && allowed(solution.joints))
  }
}
