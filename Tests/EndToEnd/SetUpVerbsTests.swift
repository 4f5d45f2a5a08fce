import Foundation
import Glibc
import ServoBus
import Testing

/// The set-up verbs as a person types them, over pseudo-terminals: a box of servos becomes an arm that follows.
@Suite struct SetUpVerbsTests {
  @Test func `from the box: servos get their ids, the arm its calibration, and both are kept`() throws {
    let bench = try LiveBench(["--fresh", "--baud", "500000"])
    let scratch = try Temporary()
    let setUp = try bench.converse([
      "setup-motors", "--arm", "so101-follower", "--port", "\(bench.folder)/follower", "--json",
    ]) {
      said in
      if let joint = LiveBench.joints.first(where: { said.contains("the servo of \($0) ") }) {
        try bench.hand("plug", joint)
        return ""
      }
      guard said.contains("in a chain") else { return nil }
      try bench.hand("plug", "all")
      return ""
    }
    #expect(setUp.code == 0, "\(setUp.err)")
    let servos = try #require(try setUp.json()["servos"] as? [[String: Any]])
    #expect(servos.map { $0["id"] as? Int } == [1, 2, 3, 4, 5, 6])
    #expect((servos[5]["changed"] as? [String])?.contains("id 1 → 6") == true)

    let file = scratch.path("arm.json")
    let site = ["--arm", "so101-follower", "--port", "\(bench.folder)/follower", "--calibration", file]
    let calibrated = try bench.converse(["calibrate"] + site + ["--json"]) { said in
      if said.contains("middle of its range") {
        try bench.hand(
          "move", "shoulder_pan=0", "shoulder_lift=0.1", "elbow_flex=0", "wrist_flex=0", "wrist_roll=0", "gripper=0.7")
        return ""
      }
      if said.contains("from stop to stop") {
        try bench.hand("sweep")
        return ""
      }
      guard said.contains("into this pose") else { return nil }
      try bench.hand(
        "move", "shoulder_pan=0", "shoulder_lift=0", "elbow_flex=0", "wrist_flex=0", "wrist_roll=0", "gripper=-0.17")
      return ""
    }
    #expect(calibrated.code == 0, "\(calibrated.err)")
    let check = try Binary.run(
      "understudy", "calibrate", "--check", site[0], site[1], site[2], site[3], site[4], site[5], "--json")
    #expect(check.code == 0, "\(check.out)\(check.err)")
    let joints = try #require(try check.json()["joints"] as? [[String: Any]])
    for joint in joints where joint["name"] as? String != "gripper" {
      #expect(abs(joint["present_deg"] as? Double ?? 99) < 2, "the reference pose has every joint at 0: \(joint)")
    }
    // LeRobot's file, by its own keys.
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file))) as? [String: Any])
    let keys = (json["wrist_roll"] as? [String: Int]).map { Set($0.keys) }
    #expect(keys == ["id", "drive_mode", "homing_offset", "range_min", "range_max"])
  }

  @Test func `ports tells the arms apart, writes a rig, and with it the follower follows`() throws {
    let bench = try LiveBench()
    let scratch = try Temporary()
    let rig = scratch.path("desk.yaml")
    let ports = ["\(bench.folder)/leader", "\(bench.folder)/follower"]
    let wrote = try Binary.run("understudy", "ports", ports[0], ports[1], "--write", rig)
    #expect(wrote.code == 0, "\(wrote.err)")
    #expect(wrote.out.contains("follower: \(ports[1]) (its servos hold the calibration twin-follower)"), "\(wrote.out)")
    let before = try scratch.contents()
    try Binary.run("understudy", "ports", ports[0], ports[1], "--write", rig).expect(
      code: 73, saying: rig, "exists already")
    #expect(try scratch.contents() == before)

    let follow = try Binary.process("understudy", ["teleoperate", "--rig", rig, "--json"], twin: nil)
    follow.environment?["UNDERSTUDY_HARDWARE"] = Binary.root.appending(path: "hardware").path
    let said = scratch.path("said")
    try follow.run(saying: said)
    try bench.hand(arm: "leader", "move", "elbow_flex=1.0", "shoulder_lift=-1.2")
    sleep(2)
    kill(follow.processIdentifier, SIGINT)
    follow.waitUntilExit()
    #expect(follow.terminationStatus == 130)
    // An arm that a starved machine has stopped for a gap in time is held instead.
    let isHeld = try String(contentsOfFile: said, encoding: .utf8).contains("The arm holds")
    #expect(try isHeld || bench.commands()[0].prefix(6) == [0, 0, 0, 0, 0, 0], "parked and limp")
  }

  @Test func `arms without a calibration are told apart by their supplies, or by the one that is moved`() throws {
    let scratch = try Temporary()
    let voltages = try LiveBench(["--fresh"])
    try voltages.hand(arm: "leader", "plug", "gripper", "wrist_roll")
    let shared = try Binary.run("understudy", "ports", "\(voltages.folder)/leader")
    #expect(
      shared.code == 69 && shared.out.contains("share id 1") && shared.out.contains("setup-motors"), "\(shared.out)")
    for arm in ["follower", "leader"] { try voltages.rename(arm) }
    let ran = try Binary.run(
      "understudy", "ports", "\(voltages.folder)/leader", "\(voltages.folder)/follower", "--write",
      scratch.path("v.yaml"))
    #expect(ran.code == 0 && ran.out.contains("its supply gives 12.0 V, the other's 5.0 V"), "\(ran.out)\(ran.err)")

    let same = try LiveBench(["--fresh", "--leader-supply", "12"])
    for arm in ["follower", "leader"] { try same.rename(arm) }
    let moved = try same.converse(
      ["ports", "\(same.folder)/follower", "\(same.folder)/leader", "--write", scratch.path("m.yaml")]
    ) { said in
      guard said.contains("move the LEADER arm") else { return nil }
      try same.hand(arm: "leader", "move", "wrist_roll=1.5")
      return nil
    }
    #expect(
      moved.code == 0 && moved.out.contains("leader: \(same.folder)/leader (it was moved by hand)"), "\(moved.err)")
  }

  @Test func `an arm is told by unplugging it`() throws {
    let bench = try LiveBench()
    let files = FileManager.default
    let ran = try bench.converse(["ports", "\(bench.folder)/follower", "\(bench.folder)/leader", "--unplug"]) { said in
      for arm in ["follower", "leader"] {
        let (path, away) = ("\(bench.folder)/\(arm)", "\(bench.folder)/away-\(arm)")
        if said.contains("cable of the \(arm.uppercased())") {
          try files.moveItem(atPath: path, toPath: away)
          return ""
        }
        if said.contains("It is \(path).") {
          try files.moveItem(atPath: away, toPath: path)
          return ""
        }
      }
      return nil
    }
    #expect(
      ran.code == 0 && ran.out.contains("leader: \(bench.folder)/leader (it was unplugged)"), "\(ran.out)\(ran.err)")
  }

  @Test(arguments: [
    ("follower.elbow_flex:model_number=1234", ["elbow_flex", "model 1234", "understudy ports"]),
    ("follower.elbow_flex:baud_rate=4", ["elbow_flex", "does not answer", "understudy setup-motors"]),
    ("follower.elbow_flex:id=5", ["two servos", "id 5", "understudy setup-motors"]),
    ("leader.gripper:homing_offset=12", ["leader", "gripper", "[12, ", "understudy calibrate"]),
  ])
  func `a servo that is not as it must be ends a session before anything moves`(oddity: String, says: [String]) throws {
    let bench = try LiveBench(["--servo", oddity])
    let before = try bench.commands()
    let ran = try bench.teleoperate(follower: "follower", "twin-follower", leader: "leader", "twin-leader")
    ran.expect(code: 69)
    for word in says { #expect(ran.sentence.contains(word), "\(ran.err)") }
    #expect(try bench.commands() == before)
  }

  @Test func `leader and follower exchanged, and another arm's calibration, end a session before anything moves`()
    throws
  {
    let bench = try LiveBench()
    let before = try bench.commands()
    try bench.teleoperate(follower: "leader", "twin-follower", leader: "follower", "twin-leader")
      .expect(code: 69, saying: "a leader", "twin-leader.json", "exchange the ports", "understudy ports")
    try bench.teleoperate(follower: "follower", "twin-leader", leader: "leader", "twin-leader")
      .expect(code: 69, saying: "twin-follower.json", "not the one of", "twin-leader.json")
    #expect(try bench.commands() == before)
  }

  @Test func `a locked EEPROM ends set-up with what to do, and nothing moves`() throws {
    let bench = try LiveBench(["--servo", "follower.shoulder_pan:sealed"])
    let before = try bench.commands()
    let calibration = Binary.root.appending(path: "calibration/twin-follower.json").path
    try Binary.run(
      "understudy", "calibrate", "--restore", "--arm", "so101-follower", "--port", "\(bench.folder)/follower",
      "--calibration", calibration
    ).expect(code: 69, saying: "stays locked", "servo 1", "off and on")
    #expect(try bench.commands() == before)
  }

  @Test func `set-up verbs without anybody to ask, or without an arm, say so`() throws {
    let bench = try LiveBench()
    let port = "\(bench.folder)/follower"
    let alone = try Binary.run(
      "understudy", "calibrate", "--arm", "so101-follower", "--port", port, "--calibration", "/nowhere/x.json")
    #expect(alone.code == 64 && alone.err.contains("Error: Nobody answered"), "\(alone.err)")
    try Binary.run("understudy", "calibrate", "--arm", "so101-follower", "--port", port)
      .expect(code: 65, saying: "--calibration")
    try Binary.run("understudy", "setup-motors", "--arm", "so9-follower", "--port", port)
      .expect(code: 66, saying: "so101-follower")
    #expect(try Binary.run("understudy", "setup-motors", "--arm", "so101-follower").code == 64)
  }

  /// root may open everything, so it becomes somebody else first.
  @Test(.enabled(if: getuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
  func `a port without permission names the group and the udev rule`() throws {
    let bench = try LiveBench()
    let port = URL(filePath: "\(bench.folder)/follower").resolvingSymlinksInPath().path
    #expect(chmod(port, 0o600) == 0)
    let process = try Binary.process("understudy", ["ports", port], twin: nil)
    if getuid() == 0 {
      process.arguments = [
        "--reuid=65534", "--regid=65534", "--clear-groups", try Binary.url("understudy").path, "ports", port,
      ]
      process.executableURL = URL(filePath: "/usr/bin/setpriv")
    } else {
      #expect(chmod(port, 0) == 0)
    }
    let said = Pipe()
    process.standardOutput = said
    process.standardError = said
    try process.run()
    let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 69, "\(text)")
    #expect(text.contains("You may not open \(port)") && text.contains("usermod -aG"), "\(text)")
    #expect(text.contains("hardware/linux/60-understudy.rules"), "\(text)")
  }
}
