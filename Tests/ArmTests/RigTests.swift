import Arm
import Foundation
import Testing

@Suite struct RigTests {
  @Test(arguments: ["twin-insert", "twin-pick-place", "twin-push", "twin-push-hidden", "twin-reach", "so101"])
  func `each rig that comes along loads, with its calibrations and features`(name: String) throws {
    let rig = try Rig.load(name, hardware: hardware, variables: [:])
    #expect(rig.name == name && rig.pairs.count == 1 && rig.loop_Hz.isMultiple(of: rig.decision_Hz))
    #expect(try rig.featurePlan().count == rig.policy.features.count)
    guard name != "so101" else { return }
    for side in [rig.pairs[0].follower, try #require(rig.pairs[0].leader)] {
      let scale = try ArmScale(side.arm, side.readCalibration())
      let start = try #require(rig.start)
      #expect(all(start.pose - start.jitter_rad .>= scale.lower) && all(start.pose + start.jitter_rad .<= scale.upper))
    }
  }

  @Test func `insert starts with the stylus upright where the task begins`() throws {
    let rig = try Rig.load("twin-insert", hardware: hardware, variables: [:])
    let pose = rig.kinematics().pose(try #require(rig.start).pose)
    #expect(largest(pose.position_m - SIMD3(0.17, 0, 0.048)) < 2e-4)
    #expect(largest(pose.rotation.x - SIMD3(0, 0, -1)) < 1e-3)
  }

  @Test func `pick-place starts with the hand over the table, pointing down`() throws {
    let rig = try Rig.load("twin-pick-place", hardware: hardware, variables: [:])
    let pose = rig.kinematics().pose(try #require(rig.start).pose)
    #expect(largest(pose.position_m - SIMD3(0.20, 0, 0.055)) < 6e-4)
    #expect(largest(pose.rotation.x - SIMD3(0, 0, -1)) < 1e-3)
  }

  @Test(arguments: ["twin-insert", "twin-pick-place", "twin-push", "twin-push-hidden", "twin-reach"])
  func `the arm rests and starts inside its workspace`(name: String) throws {
    let rig = try Rig.load(name, hardware: hardware, variables: [:])
    let box = try #require(rig.envelope.box_m)
    let arm = rig.pairs[0].follower.arm
    for q in [try #require(arm.rest), try #require(rig.start).pose] {
      let at = rig.kinematics().pose(q).position_m
      #expect(all(at .> box.lower) && all(at .< box.upper) && Double(at.z) > (rig.envelope.floor_m ?? 0))
    }
  }

  @Test func `variables name the twin's folder, and have defaults`() throws {
    let plain = try Rig.load("twin-insert", hardware: hardware, variables: [:])
    #expect(plain.pairs[0].follower.port == ".twin/follower" && plain.pedalSocket == ".twin/pedal.sock")
    let moved = try Rig.load("twin-insert", hardware: hardware, variables: ["UNDERSTUDY_TWIN": "/tmp/t"])
    #expect(moved.pairs[0].leader?.port == "/tmp/t/leader" && moved.environment?.socket == "/tmp/t/environment.sock")
  }

  @Test func `a pedal is a socket, a foot switch, or both`() throws {
    let text = try String(contentsOf: hardware.root.appending(path: "rigs/twin-insert.yaml"), encoding: .utf8)
    let folder = FileManager.default.temporaryDirectory.appending(path: "rig-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func rig(_ pedal: String) throws -> Rig {
      let file = folder.appending(path: "twin-insert.yaml")
      try Data(
        text.replacingOccurrences(of: "pedal: {socket: \"${UNDERSTUDY_TWIN:-.twin}/pedal.sock\"}", with: pedal).utf8
      ).write(to: file)
      return try Rig.load(file.path, hardware: hardware, variables: [:])
    }
    let foot = try rig("pedal: {device: /dev/input/by-id/foot, hold_to_run_ms: 200}")
    #expect(foot.pedalDevice == "/dev/input/by-id/foot" && foot.pedalSocket == nil && foot.holdToRun_ms == 200)
    let both = try rig("pedal: {device: /dev/input/by-id/foot, socket: /tmp/p}")
    #expect(both.pedalSocket == "/tmp/p" && both.holdToRun_ms == nil)
    let page = try rig("pedal: {hold_to_run_ms: 200}")
    #expect(page.pedalSocket == nil && page.pedalDevice == nil && page.holdToRun_ms == 200, "the page's button")
    #expect(throws: ConfigurationError.self) { try rig("pedal: {}") }
  }

  @Test func `the loop's last stretch may be spun away, and its CPU chosen`() throws {
    let plain = try Rig.load("twin-insert", hardware: hardware, variables: [:])
    #expect(plain.spin_us == 0 && plain.loopCPU == nil)
    let scratch = try Scratch()
    let file = scratch.folder.appending(path: "twin-insert.yaml")
    let text = try String(contentsOf: hardware.root.appending(path: "rigs/twin-insert.yaml"), encoding: .utf8)
    try text.replacing("loop_Hz: 100", with: "loop_Hz: 100\nspin_us: 50\nloop_cpu: 3")
      .write(to: file, atomically: true, encoding: .utf8)
    let rig = try Rig.load(file.path, hardware: hardware, variables: [:])
    #expect(rig.spin_us == 50 && rig.loopCPU == 3)
  }

  @Test func `a limit is one number for all joints or one for each`() throws {
    let rig = try Rig.load("twin-pick-place", hardware: hardware, variables: [:])
    #expect(rig.envelope.velocity_rad_s == JointVector(3, 3, 3, 3, 3, 3, 0, 0))
    #expect(rig.envelope.lag_rad[0] == 0.35 && rig.envelope.lag_rad[5] == 2)
    #expect(rig.start?.jitter_rad[4] == 0.05 && rig.start?.jitter_rad[5] == 0, "what the gripper holds stays held")
  }

  // MARK: Bad input

  @Test func `a rig that is not there lists those that are`() {
    let error = #expect(throws: ConfigurationError.self) {
      try Rig.load("twin-inset", hardware: hardware, variables: [:])
    }
    #expect(error?.description.contains("There is no rig \"twin-inset\"") == true)
    #expect(
      error?.description.contains("so101, twin-insert, twin-pick-place, twin-push") == true && error?.exitCode == 66)
    let path = #expect(throws: ConfigurationError.self) { try Rig.load("./nowhere.yaml", hardware: hardware) }
    #expect(path?.description.contains("twin-insert") == true && path?.exitCode == 66)
  }

  /// What is wrong with `twin-insert.yaml` after `old` was replaced by `new`; the number of the line that held `old`.
  private func error(replacing old: String, by new: String) throws -> (error: ConfigurationError?, line: Int) {
    let scratch = try Scratch()
    let original = try String(contentsOf: hardware.root.appending(path: "rigs/twin-insert.yaml"), encoding: .utf8)
    let range = try #require(original.range(of: old), "the rig no longer has \(old)")
    let line = original[..<range.lowerBound].count { $0 == "\n" } + 1
    let file = scratch.folder.appending(path: "twin-insert.yaml")
    try original.replacingCharacters(in: range, with: new).write(to: file, atomically: true, encoding: .utf8)
    let error = #expect(throws: ConfigurationError.self) {
      try Rig.load(file.path, hardware: hardware, variables: [:])
    }
    return (error, line)
  }

  @Test(arguments: [
    ("loop_Hz: 100", "loop_hz: 100", "unknown key \"loop_hz\""),
    ("stale_ticks: 8", "stale_tick: 8", "unknown key \"envelope.stale_tick\""),
    ("velocity_rad_s: 3.0", "velocity_rad_s: fast", "\"envelope.velocity_rad_s\" must be a number, not \"fast\""),
    ("velocity_rad_s: 3.0", "velocity_rad_s: -1", "must be a number from 0.01 to 60.0, not \"-1\""),
    ("lag_rad: 0.35", "lag_rad: {elbow: 0.2}", "unknown key \"envelope.lag_rad.elbow\""),
    ("decision_Hz: 25", "decision_Hz: 30", "do not divide 100"),
    ("decision_Hz: 25", "spin_us: 6000\ndecision_Hz: 25", "\"spin_us\" must be a whole number from 0 to 5000"),
    ("floor_m: 0.001", "floor_m: 0.04", "11 mm too low in the arm's rest pose"),
    ("upper: [0.45, 0.30, 0.45]", "upper: [0.20, 0.30, 0.45]", "35 mm too far out in the arm's rest pose"),
    ("rig: twin-insert", "rig: other", "must be the file's name, twin-insert"),
    ("arm: so101-follower", "arm: so102-follower", "must be one of so100-follower, so100-leader, so101-follower"),
    ("arm: so101-follower", "arm: so101-leader", "must be a follower arm"),
    ("wrist_flex: 1.5709", "wrist_flex: 1.8", "\"start.pose_rad.wrist_flex\" must be within -1.65806…1.65806 rad"),
    ("${UNDERSTUDY_TWIN:-.twin}/follower", "${UNDERSTUDY_PORT}", "the variable UNDERSTUDY_PORT, which is not set"),
    ("actions: [shoulder_pan,", "actions: [shoulder,", "a list of different joints out of shoulder_pan"),
    ("features: [cup.x, cup.y, cup.z]", "features: [cup.x, cup.x]", "different names"),
    ("loop_Hz: 100", "loop_Hz: 100\nloop_Hz: 50", "loop_Hz stands there twice"),
  ])
  func `a wrong entry is named with file, line and key`(old: String, new: String, says: String) throws {
    let (error, line) = try error(replacing: old, by: new)
    let text = try #require(error?.description)
    #expect(text.contains(says), "\(text)")
    #expect(text.contains("twin-insert.yaml:"), "\(text)")
    if !says.contains("twice") { #expect(text.contains(".yaml:\(line):"), "\(text)") }
    #expect(error?.exitCode == 78)
  }

  @Test func `a feature that nothing provides is named with what there is`() throws {
    let (error, _) = try error(replacing: "- cup-tool.x", by: "- cap-tool.x")
    #expect(error?.description.contains("\"cap.x\", which neither arm nor environment has") == true)
    #expect(error?.description.contains("cup.x, cup.y, cup.z") == true)
  }

  @Test func `a missing part and two arms on one port are named`() throws {
    #expect(try error(replacing: "loop_Hz: 100", by: "").error?.description.contains("\"loop_Hz\" is missing") == true)
    let twice = try error(replacing: "/leader\"", by: "/follower\"").error
    #expect(twice?.description.contains(".twin/follower is used twice") == true)
  }

  @Test func `what is not YAML is named with line and column`() throws {
    let (error, line) = try error(replacing: "stale_ticks: 8", by: "stale_ticks: [8")
    guard case .syntax(_, let at, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((line...line + 2).contains(at))
  }

  @Test func `hardware is found above a rig file and named when it is nowhere`() throws {
    let file = hardware.root.appending(path: "rigs/so101.yaml")
    #expect(try Hardware.find(near: file, environment: [:]).root.path == hardware.root.path)
    let error = #expect(throws: ConfigurationError.self) {
      try Hardware.find(environment: ["UNDERSTUDY_HARDWARE": "/nowhere"])
    }
    #expect(error?.description.contains("/nowhere") == true)
  }
}
