import RealTime
import Testing

@testable import Twin

/// Rotation and translation of a body in its parent, as the arm's published description gives them.
private struct Frame {
  var position: SIMD3<Double>
  /// w x y z.
  var turn: SIMD4<Double>

  static func * (a: Frame, b: Frame) -> Frame {
    Frame(position: a.position + a.rotate(b.position), turn: Frame.multiply(a.turn, b.turn))
  }

  static func aboutZ(_ angle: Double) -> Frame {
    Frame(position: .zero, turn: SIMD4(sine(angle / 4 / .pi + 0.25), 0, 0, sine(angle / 4 / .pi)))
  }

  private static func multiply(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
    SIMD4(
      a.x * b.x - a.y * b.y - a.z * b.z - a.w * b.w, a.x * b.y + a.y * b.x + a.z * b.w - a.w * b.z,
      a.x * b.z - a.y * b.w + a.z * b.x + a.w * b.y, a.x * b.w + a.y * b.z - a.z * b.y + a.w * b.x)
  }

  private func rotate(_ v: SIMD3<Double>) -> SIMD3<Double> {
    let n = turn * (1 / (turn * turn).sum().squareRoot())
    let inverse = SIMD4(n.x, -n.y, -n.z, -n.w)
    let r = Frame.multiply(Frame.multiply(n, SIMD4(0, v.x, v.y, v.z)), inverse)
    return SIMD3(r.y, r.z, r.w)
  }
}

@Suite struct MechanismTests {
  /// The chain from base to gripper: TheRobotStudio SO-ARM100, so101_new_calib.xml.
  private static let chain = [
    Frame(position: SIMD3(0.0388353, 0, 0.0624), turn: SIMD4(0, 0, -1, 0)),
    Frame(position: SIMD3(-0.0303992, -0.0182778, -0.0542), turn: SIMD4(0.5, -0.5, -0.5, -0.5)),
    Frame(position: SIMD3(-0.11257, -0.028, 0), turn: SIMD4(0.707107, 0, 0, 0.707107)),
    Frame(position: SIMD3(-0.1349, 0.0052, 0), turn: SIMD4(0.707107, 0, 0, -0.707107)),
    Frame(position: SIMD3(0, -0.0611, 0.0181), turn: SIMD4(0.0172091, -0.0172091, 0.706897, 0.706897)),
  ]

  static func arm(_ scene: String) throws -> ArmMechanism {
    try ArmMechanism(Simulation(SceneModel(path: scenesFolder + "/\(scene)/scene.xml")))
  }

  @Test func `the scene's tool is where the published lengths put it`() throws {
    let arm = try Self.arm("insert")
    let reach = try Reach(arm.simulation.scene, joints: arm.joints)
    let stylus = Frame(position: SIMD3(-0.005, 0, -0.125), turn: SIMD4(1, 0, 0, 0))
    var random = SplitMix64(seed: 1)
    for _ in 0..<200 {
      var posture = SIMD8<Double>.zero
      var frame = Frame(position: .zero, turn: SIMD4(1, 0, 0, 0))
      for (i, link) in Self.chain.enumerated() {
        posture[i] = random.uniform(arm.joints[i].range)
        frame = frame * link * Frame.aboutZ(posture[i])
      }
      let error = (frame * stylus).position - reach.tool(at: posture).position
      #expect(error.x.magnitude + error.y.magnitude + error.z.magnitude < 1e-6)
    }
  }

  @Test func `the start posture holds the stylus upright, 48 mm over the table`() throws {
    let arm = try Self.arm("insert")
    let task = try InsertTask(arm.simulation, seed: 1)
    let reach = try Reach(arm.simulation.scene, joints: arm.joints)
    let tool = reach.tool(at: task.startPosture)
    let error = tool.position - SIMD3(0.17, 0, 0.048)
    #expect((error * error).sum().squareRoot() < 2e-4)
    #expect(tool.up.z > 0.9999)
  }

  @Test func `a limp leader falls, and a driven one does not`() throws {
    let posture = SIMD8<Double>(0, -0.5, 0.5, 1.2, 0, 0, 0, 0)
    let limp = try Self.arm("leader")
    let driven = try Self.arm("leader")
    for arm in [limp, driven] { arm.set(posture: posture) }
    for joint in 0..<6 { driven.drive(joint, toward: posture[joint], torqueShare: 1) }
    for _ in 0..<500 {
      limp.simulation.step()
      driven.simulation.step()
    }
    #expect((limp.posture - posture).largest > 0.3)
    #expect((driven.posture - posture).largest < 0.005)
    #expect((0..<6).allSatisfy { limp.duty($0) == 0 })
    #expect(driven.duty(1).magnitude > 0.05, "somebody carries the arm's weight")
  }

  @Test func `the torque share bounds what a joint can lift`() throws {
    let arm = try Self.arm("leader")
    let posture = SIMD8<Double>(0, 0.3, -0.3, 0, 0, 0, 0, 0)
    arm.set(posture: posture)
    for joint in 0..<6 { arm.drive(joint, toward: posture[joint], torqueShare: 0.05) }
    for _ in 0..<500 { arm.simulation.step() }
    #expect((arm.posture - posture).largest > 0.1)
    #expect((0..<6).allSatisfy { arm.duty($0).magnitude < 0.0501 })
  }

  @Test func `both arms lie still before anybody touches them`() throws {
    let stage = try Stage(TwinOptions(), scenes: scenesFolder)
    let before = (stage.follower.posture, stage.leader.posture)
    for _ in 0..<1000 { stage.step() }
    #expect((stage.follower.posture - before.0).largest < 0.05)
    #expect((stage.leader.posture - before.1).largest < 0.05)
    #expect(stage.tool.z > 0)
  }

  @Test func `a missing scene and a broken one are named`() throws {
    #expect(throws: TwinError.self) { try SceneModel(path: "/nonexistent/scene.xml") }
    let arm = try Self.arm("leader")
    let error = #expect(throws: TwinError.self) { try arm.simulation.scene.placeable("cup") }
    #expect(error?.description.contains("\"cup\"") == true)
  }
}
