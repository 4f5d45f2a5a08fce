import Arm
import Foundation
import RealTime
import Testing

@testable import Twin

/// The twin's scenes judge the kinematics: MuJoCo reads other files (MJCF) and computes in double precision.
@Suite struct MuJoCoTests {
  @Test(arguments: ["twin-insert", "twin-pick-place", "twin-push", "twin-reach"])
  func `tool pose and Jacobian are MuJoCo's on 5,000 random poses of each scene`(name: String) throws {
    let rig = try Rig.load(name, hardware: hardware, variables: [:])
    let arm = rig.pairs[0].follower.arm
    let kinematics = rig.kinematics()
    let scene = try SceneModel(
      path: hardware.root.appending(path: "sim/\(name.dropFirst(5))/scene.xml").path)
    let simulation = try Simulation(scene)
    let joints = try arm.jointNames.map(scene.joint)
    let site = try scene.site("tool")
    var linear = [SIMD3<Double>](repeating: .zero, count: joints.count), angular = linear

    var random = SplitMix64(seed: 33)
    var worst = (position: Float(0), axis: Float(0), jacobian: Float(0))
    for _ in 0..<5000 {
      let q = randomPose(arm, &random)
      for (index, joint) in joints.enumerated() { simulation.set(joint, position: Double(q[index])) }
      simulation.settleKinematics()
      simulation.jacobian(site: site, joints: joints, linear: &linear, angular: &angular)

      let state = kinematics.state(q)
      worst.position = max(
        worst.position, largest(state.pose.position_m - SIMD3<Float>(simulation.position(site: site))))
      // The site has the gripper's axes: z points back into the hand, x from the fixed finger to the moving one.
      worst.axis = max(
        worst.axis, largest(state.pose.rotation.x + SIMD3<Float>(simulation.axis(2, site: site))),
        largest(state.pose.rotation.z - SIMD3<Float>(simulation.axis(0, site: site))))
      for index in joints.indices {
        worst.jacobian = max(
          worst.jacobian, largest(state.linear[index] - SIMD3<Float>(linear[index])),
          largest(state.angular[index] - SIMD3<Float>(angular[index])))
      }
    }
    #expect(worst.position < 1e-6 && worst.axis < 1e-6 && worst.jacobian < 2e-6, "\(worst)")
  }

  @Test(arguments: ["twin-insert", "twin-pick-place", "twin-push", "twin-reach"])
  func `the arm files have the scenes' limits`(name: String) throws {
    let rig = try Rig.load(name, hardware: hardware, variables: [:])
    let scene = try SceneModel(
      path: hardware.root.appending(path: "sim/\(name.dropFirst(5))/scene.xml").path)
    for joint in rig.pairs[0].follower.arm.joints {
      #expect(try scene.joint(joint.name).range == joint.lower_rad...joint.upper_rad)
    }
  }
}
