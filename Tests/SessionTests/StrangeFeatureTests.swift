import Arm
import Control
import Episodes
import Foundation
import Policy
import Testing

@testable import Session

@Suite struct StrangeFeatureTests {
  @Test func `a feature outside its training range is named with its value, once`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let arm = try ArmDescription.load("so101-follower", from: Hardware(root: root.appending(path: "hardware")))
    let names = ["joint.shoulder_pan", "joint.elbow_flex"]
    var description = SampleNetwork.description(
      arm: arm.name, features: names, hidden: [], actions: ["shoulder_pan"], range: 1, ensemble: 1, precision: .float32)
    description.statistics.features = names.map { _ in .init(mean: 0, std: 0.1, min: -0.5, max: 0.5) }
    let policy = try Policy(
      description, SampleNetwork.parameters(description, seed: 1), kernels: Kernels.chosen(environment: [:]))
    let plan = PolicySource.Plan(
      features: try FeaturePlan(names, arm: arm), joints: [0], representation: .relativeToCommand, chunk: 1,
      execution: .horizon(1))
    var strange = StrangeFeatures(PolicySource.Loaded(policy: policy, plan: plan, generation: 1))
    func words(_ elbow: Float) throws -> [String] {
      var position = JointVector.zero
      position[try #require(arm.index(of: "elbow_flex"))] = elbow
      return strange.look(position: position, environment: EnvironmentReading()).map(\.words)
    }
    #expect(try words(0.5) == [])
    #expect(try words(.nan) == [])
    let told = try words(0.75)
    #expect(told == ["joint.elbow_flex is 0.750, outside the −0.500 to 0.500 of the policy's training"], "\(told)")
    #expect(try words(0.9) == [])
  }
}
