import Testing

@testable import Twin

@Suite struct InsertTests {
  @Test func `a scene follows from seed and episode alone`() throws {
    let arm = try MechanismTests.arm("insert")
    let one = try InsertTask(arm.simulation, seed: 7)
    let other = try InsertTask(MechanismTests.arm("insert").simulation, seed: 7)
    for episode in [3, 1, 2] { other.place(episode: episode) }
    one.place(episode: 2)
    #expect(one.mouth == other.mouth)
    one.place(episode: 3)
    #expect(one.mouth != other.mouth)
    for episode in 1...500 {
      one.place(episode: episode)
      #expect((0.16...0.22).contains(one.mouth.x) && (-0.07...0.07).contains(one.mouth.y))
    }
  }

  @Test func `in the hole is success, on the table beside it is failure`() throws {
    let arm = try MechanismTests.arm("insert")
    let task = try InsertTask(arm.simulation, seed: 1)
    let reach = try Reach(arm.simulation.scene, joints: arm.joints)
    task.place(episode: 1)
    for (offset, expected) in [(SIMD3(0, 0, -0.011), Outcome.success), (SIMD3(0.04, 0, -0.022), .failure)] {
      var posture = task.startPosture
      for _ in 0..<20 { posture = reach.posture(from: posture, to: task.mouth + offset, uprightWeight_m: 0.02) }
      arm.set(posture: posture)
      for joint in 0..<6 { arm.drive(joint, toward: posture[joint], torqueShare: 1) }
      task.begin()
      for _ in 0..<20 {
        arm.simulation.step()
        task.judge()
      }
      #expect(task.outcome(forgiving: false) == expected)
    }
  }

  @Test func `an episode that takes longer than its limit fails, but a person may go on`() throws {
    let arm = try MechanismTests.arm("insert")
    let task = try InsertTask(arm.simulation, seed: 1)
    task.begin()
    for _ in 0..<2001 { task.judge() }
    #expect(task.outcome(forgiving: false) == .failure)
    #expect(task.outcome(forgiving: true) == .open)
  }

  @Test func `a bump changes the path, and comes back the same for the same episode`() throws {
    var paths: [[SIMD8<Double>]] = []
    for disturbance in [Disturbance.none, .bump, .bump] {
      var options = TwinOptions()
      options.disturbance = disturbance
      let host = try DirectHost(options)
      _ = host.reset(.run, 4, start: host.stage.task.startPosture)
      host.say("autonomous", .run, .running, 4)
      var path: [SIMD8<Double>] = []
      for _ in 0..<40 {
        host.run(20)
        path.append(host.stage.follower.posture)
      }
      paths.append(path)
    }
    #expect(paths[1] == paths[2])
    let largest = zip(paths[0], paths[1]).map { ($0 - $1).largest }.max() ?? 0
    #expect(largest > 0.004 && largest < 0.04)
    #expect((paths[0][39] - paths[1][39]).largest < 0.004, "a push passes")
  }

  @Test func `disturbances are read as they are written`() {
    for disturbance in [Disturbance.none, .bump, .noise, .noise(0.006), .drift(0.003)] {
      #expect(Disturbance(disturbance.description) == disturbance)
    }
    for text in ["", "kick", "noise=", "noise=-1", "noise=x", "drift", "drift=-1"] { #expect(Disturbance(text) == nil) }
  }

  @Test func `an unknown task is refused with the known ones`() {
    var options = TwinOptions()
    options.task = "juggle"
    let error = #expect(throws: TwinError.self) { try Stage(options, scenes: scenesFolder) }
    #expect(error?.description == "There is no task \"juggle\"; choose one of insert, pick-place, push, reach.")
  }

  @Test func `noise is gone after a frame, a drift adds up`() {
    var noise = DisturbanceCourse(.noise(0.003), seed: 5, episode: 1)
    var drift = DisturbanceCourse(.drift(0.003), seed: 5, episode: 1)
    var sum = SIMD8<Double>.zero
    for _ in 0..<100 {
      sum += noise.next().joints
      let astray = drift.next().joints
      #expect(astray == sum)
    }
  }
}
