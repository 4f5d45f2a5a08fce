import Testing

@testable import Twin

@Suite struct ReachTests {
  @Test func `a place beside the mark belongs to the variant, the mark's to the episode`() throws {
    let arm = try MechanismTests.arm("reach")
    let task = try ReachTask(arm.simulation, seed: 7)
    task.choose(variant: 3)
    let offset = task.offset
    var marks: [SIMD3<Double>] = []
    for episode in 1...20 {
      task.place(episode: episode)
      #expect(((task.goal - task.look().object - offset) * (task.goal - task.look().object - offset)).sum() < 1e-20)
      marks.append(task.look().object)
    }
    #expect(Set(marks.map(\.x)).count == 20)
    task.choose(variant: 4)
    #expect(task.offset != offset)
    let other = try ReachTask(MechanismTests.arm("reach").simulation, seed: 7)
    other.choose(variant: 3)
    other.place(episode: 20)
    #expect(other.offset == offset && other.look().object == marks[19])
  }

  @Test func `rest at the place is success, rest beside it and passing through are not`() throws {
    let arm = try MechanismTests.arm("reach")
    let task = try ReachTask(arm.simulation, seed: 1)
    let reach = try Reach(arm.simulation.scene, joints: arm.joints)
    task.choose(variant: 1)
    task.place(episode: 1)
    for (off_m, steps, expected) in [(0.0, 400, Outcome.success), (0.04, 400, .open), (0.0, 120, .open)] {
      var posture = task.startPosture
      for _ in 0..<80 {
        posture = reach.posture(from: posture, to: task.goal + SIMD3(0, off_m, 0), uprightWeight_m: 0.001)
      }
      arm.set(posture: posture)
      for joint in 0..<6 { arm.drive(joint, toward: posture[joint], torqueShare: 1) }
      task.begin()
      for _ in 0..<steps {
        arm.simulation.step()
        task.judge()
      }
      #expect(task.outcome(forgiving: false) == expected, "\(off_m) m off, \(steps) steps")
    }
  }

  @Test func `a task without variants refuses one`() throws {
    var options = TwinOptions()
    options.variant = 3
    #expect(throws: TwinError.noVariants("insert", families: TwinWorld.families)) { try TwinWorld(options) }
    options.task = "reach"
    #expect(TwinWorld.families == ["push", "reach"])
    let first = try TwinWorld(options).scene.map(\.value)
    options.variant = 4
    #expect(try TwinWorld(options).scene.map(\.value) != first)
  }
}
