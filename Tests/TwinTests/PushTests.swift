import Testing

@testable import Twin

@Suite struct PushTests {
  private func host(_ seed: UInt64, _ change: (inout TwinOptions) -> Void = { _ in }) throws -> DirectHost {
    var options = TwinOptions()
    options.task = "push"
    options.seed = seed
    change(&options)
    return try DirectHost(options)
  }

  @Test(arguments: [Disturbance.none, .noise, .bump])
  func `the person pushes the puck to the goal`(_ disturbance: Disturbance) throws {
    let host = try host(5) { $0.disturbance = disturbance }
    let results = (1...12).map { host.demonstrate($0) }
    #expect(results.allSatisfy { $0.success })
    #expect(results.map(\.seconds).reduce(0, +) / 12 < 4)
  }

  @Test func `on a table three times as rough the person pushes too, and the puck takes another way`() throws {
    let smooth = try host(5), rough = try host(5) { $0.dynamics.tableFriction = 3 }
    #expect(smooth.demonstrate(1).success && rough.demonstrate(1).success)
    #expect(smooth.stage.view.object != rough.stage.view.object)
  }

  @Test func `a slow joint goes no faster than it can, and the others as before`() throws {
    let scene = try SceneModel(path: "\(scenesFolder)/push/scene.xml")
    let arm = try ArmMechanism(Simulation(scene))
    try arm.slow(["shoulder_pan": 0.2])
    arm.set(posture: SIMD8(0, -0.6811, 0.7610, 1.4909, 0, 0, 0, 0))
    let start = arm.posture
    for _ in 0..<500 {
      for joint in arm.joints.indices {
        arm.drive(joint, toward: start[joint] + (joint == 0 || joint == 4 ? 0.5 : 0), torqueShare: 1)
      }
      arm.simulation.step()
    }
    // A second at 0.2 rad/s; the roll has long been there.
    #expect(abs(arm.posture[0] - start[0] - 0.2) < 0.02)
    #expect(abs(arm.posture[4] - start[4] - 0.5) < 0.01)
  }

  @Test func `a puck near the goal counts once it lies there, and one that still slides does not`() throws {
    let host = try host(5)
    let stage = host.stage
    stage.task.place(episode: 3)
    host.say("autonomous", .evaluate, .running, 3)
    #expect(stage.outcome == .open)
    let way = stage.view.goal - stage.view.object
    stage.task.knock(by: SIMD3(way.x, way.y, 0))
    for _ in 0..<90 { stage.step() }
    #expect(stage.outcome == .open)
    for _ in 0..<60 { stage.step() }
    #expect(stage.outcome == .success)
  }

  @Test func `a change of dynamics reads as it writes, and nonsense is refused`() throws {
    #expect(TwinDynamics("none") == TwinDynamics())
    let change = try #require(TwinDynamics("friction=3,shoulder_pan=0.2"))
    #expect(change.tableFriction == 3 && change.slowest_rad_s == ["shoulder_pan": 0.2])
    #expect(TwinDynamics("\(change)") == change)
    for nonsense in ["", "friction", "friction=0", "friction=nan", "tail=1", "shoulder_pan=-1", "friction=3,"] {
      #expect(TwinDynamics(nonsense) == nil, "\(nonsense)")
    }
  }
}
