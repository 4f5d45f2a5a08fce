import Arm
import Episodes
import Foundation
import RealTime
import Testing

@testable import Control

@Suite struct ShaperTests {
  private let arm: ArmDescription
  private let aspects: ActionAspects
  private let command: JointVector = [0, -0.5, 0.5, 1.5, 0, 0.3, 0, 0]
  private let way: JointVector = [0.02, 0.01, -0.02, 0.01, 0.005, 0.1, 0, 0]

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    arm = try ArmDescription.load("so101-follower", from: Hardware(root: root.appending(path: "hardware")))
    aspects = ActionAspects(
      Kinematics(arm), joints: 6, loop_Hz: 100, decision_Hz: 25, environment: ["cup.x", "cup.y", "cup.z"])
  }

  /// A person who cares for one term of an action.
  private func best(
    _ term: Int?, _ worth: Double = 1, cup: SIMD2<Float> = [9, 9], from: JointVector? = nil, step: JointVector = .zero
  ) -> JointVector {
    var weights = [Double](repeating: 0, count: ActionAspects.count)
    if let term { weights[term] = worth }
    let shaper = Shaper(
      aspects, joints: [0, 1, 2, 3, 4, 5], toolJoints: 5, ticks: 4, lower: arm.lower, upper: arm.upper,
      weights: ShapingWeights(weights))
    var environment = SIMD16<Float>(repeating: .nan)
    (environment[0], environment[1]) = (cup.x, cup.y)
    let from = from ?? command
    return shaper.best(near: from + way, from: from, step: step, environment: environment)
  }

  private func tool(_ position: JointVector) -> SIMD3<Float> { Kinematics(arm).pose(position).position_m }

  @Test func `without an opinion the policy's action stays as it is, bit for bit`() {
    let own = command + way
    #expect(best(nil) == own)
    // Taste for what is near an object says nothing away from any.
    #expect(best(1) == own)
    // An action that is no number is left to the envelope to refuse.
    let shaper = Shaper(aspects, joints: [0], toolJoints: 5, ticks: 4, lower: arm.lower, upper: arm.upper)
    let broken = shaper.best(near: JointVector(repeating: .nan), from: command, step: .zero, environment: .zero)
    #expect(broken[0].isNaN)
  }

  @Test func `slower, faster, higher and lower are found near the policy's action, and the gripper is not touched`() {
    func speed(_ target: JointVector) -> Float {
      let way = tool(target) - tool(command)
      return (way * way).sum().squareRoot()
    }
    let own = command + way
    let (slow, fast) = (best(13, -10), best(13, 10))
    #expect(speed(slow) < 0.6 * speed(own) && speed(fast) > 1.2 * speed(own))
    // What is worth little is not worth leaving the policy's way for.
    #expect(best(13, -0.01) == own)
    let (high, low) = (best(12, 1), best(12, -1))
    #expect(tool(high).z > tool(own).z + 0.0005 && tool(low).z < tool(own).z - 0.0005)
    for target in [slow, fast, high, low] {
      #expect(target[5] == own[5] && target[6] == 0)
      let away = target - own
      for joint in 0..<5 { #expect(abs(away[joint]) < 0.04, "near the policy's action") }
    }
  }

  @Test func `gentler goes on with what the arm was doing, and stepping aside is no brake`() {
    let step: JointVector = [0.004, 0, -0.004, 0, 0, 0, 0, 0]
    func jolt(_ target: JointVector) -> Float {
      let change = (target - command) - step * 4
      return (change * change).sum()
    }
    let own = command + way
    let gentle = best(14, -10, step: step)
    #expect(jolt(gentle) < 0.5 * (jolt(own) - 0.1 * 0.1) + 0.1 * 0.1, "all but the gripper's share")
    #expect(gentle[5] == own[5])
    let aside = best(12, 1) - own
    #expect((aside * aside).sum() > 1e-6)
    #expect(abs((aside * way).sum()) < 1e-6, "across the way of the joints that carry the tool")
  }

  @Test func `near an object the taste for that place counts`() {
    let here = tool(command)
    let (own, cup) = (command + way, SIMD2(here.x, here.y))
    #expect(best(12, 1, cup: cup) == own, "what is liked elsewhere says nothing at the object")
    #expect(tool(best(1, 1, cup: cup)).z > tool(own).z + 0.0005)
  }

  @Test func `no action that is tried lies beyond a joint's limits`() {
    var edge = command
    edge[1] = arm.upper[1] - 0.001
    for term in 0..<ActionAspects.count {
      for worth in [-1.0, 1.0] {
        let target = best(term, worth, from: edge)
        guard target != edge + way else { continue }
        #expect(all(target .<= arm.upper) && all(target .>= arm.lower))
      }
    }
  }

  @Test func `the terms of an action are what their names say`() {
    let step: JointVector = [0.001, 0, 0, 0, 0, 0, 0, 0]
    let situation = aspects.situation(at: command, step: step, environment: SIMD16(repeating: .nan))
    #expect(situation.near == 0)
    let target = command + way
    let terms = aspects.terms(of: target, in: situation)
    let (here, there) = (tool(command), tool(target))
    let move = there - here
    #expect(terms[0] == 0 && terms[11] == 1)
    #expect(abs(terms[12] - (there.z - 0.1) / 0.05) < 1e-5)
    #expect(abs(terms[13] - (move * move).sum().squareRoot() * 25 / 0.1) < 1e-4)
    // The first joint's speed changes from 0.1 rad/s to 0.5, the others' from nothing.
    let speeds: [Float] = [0.5 - 0.1, 0.25, -0.5, 0.25, 0.125, 2.5]
    let jolt = speeds.reduce(0) { $0 + $1 * $1 }.squareRoot() / 0.5
    #expect(abs(terms[14] - jolt) < 1e-4)
    #expect(abs(terms[15] - ((there.x * there.x + there.y * there.y).squareRoot() - 0.2) / 0.05) < 1e-5)
    #expect(abs(terms[16] - there.y / 0.05) < 1e-6)
    for index in 12..<17 { #expect(abs(terms[index + 5] - terms[index] * terms[index]) < 1e-4) }
    for index in 0..<11 { #expect(terms[index] == 0) }
    // Half near at 50 mm.
    var environment = SIMD16<Float>(repeating: .nan)
    (environment[0], environment[1]) = (here.x + 0.05, here.y)
    let half = aspects.situation(at: command, step: step, environment: environment)
    #expect(abs(half.near - 0.5) < 1e-4)
  }
}
