import Arm
import Foundation
import Glibc
import Policy
import ServoBus
import Testing

@Suite struct VerbsArmTests {
  @Test(arguments: [
    ["teleoperate"], ["record", "--dataset", "/nowhere/d"], ["run", "--policy", "/nowhere/p"], ["relax", "--yes"],
    ["doctor"], ["train", "/nowhere/d", "--output", "/nowhere/p"],
  ])
  func `a rig that is not there is refused with those that are`(_ verb: [String]) throws {
    let process = try Binary.process("understudy", verb + ["--rig", "no-such-rig"], twin: nil)
    let complaint = Pipe()
    process.standardError = complaint
    try process.run()
    let text = String(decoding: complaint.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    Ran(code: process.terminationStatus, out: "", err: text)
      .expect(code: 66, saying: "no-such-rig", "twin-insert", "so101")
  }

  @Test func `without a twin the port is missing, and nothing is made`() throws {
    let scratch = try Temporary()
    try Binary.run("understudy", "teleoperate", "--rig", "twin-insert", twin: scratch.folder)
      .expect(code: 69, saying: scratch.path("follower"), "understudy ports", "understudy-twin")
    try Binary.run(
      "understudy", "record", "--rig", "twin-insert", "--dataset", scratch.path("new"), twin: scratch.folder
    ).expect(code: 69, saying: scratch.path("follower"))
    #expect(try scratch.contents().isEmpty)
  }

  @Test func `a port that somebody has is refused with who it is`() throws {
    let twin = try LiveTwin()
    let held = try TermiosPort(path: "\(twin.folder)/follower")
    try Binary.run("understudy", "teleoperate", "--rig", "twin-insert", twin: twin.folder)
      .expect(code: 69, saying: "in use", "PID \(getpid())")
    let ports = try Binary.run("understudy", "ports", "\(twin.folder)/follower")
    #expect(ports.code == 69)
    #expect(ports.out.contains("PID \(getpid())"), "\(ports.out)")
    _ = consume held
  }

  @Test func `an unknown task of the twin is refused with those there are`() throws {
    let scratch = try Temporary()
    let ran = try Binary.run("understudy-twin", "--task", "juggle", "--dir", scratch.path("twin"))
    #expect(ran.code == 64)
    #expect(ran.err.contains("juggle") && ran.err.contains("insert") && ran.err.contains("pick-place"), "\(ran.err)")
    #expect(try scratch.contents().isEmpty)
  }

  /// A small policy for the insert task's rig, or for another arm.
  private func savePolicy(_ folder: String, arm: String) throws {
    let rig = try Rig.load(Binary.root.appending(path: "hardware/rigs/twin-insert.yaml").path)
    let description = PolicyDescription(
      interface: PolicyInterface(
        arm: arm, features: rig.policy.features, actions: rig.policy.actions, representation: .relativeToCommand,
        decision_Hz: 25),
      network: NetworkShape(hidden: [8]),
      statistics: PolicyStatistics(
        features: rig.policy.features.map { _ in .init(mean: 0, std: 1, min: -1, max: 1) },
        actions: rig.policy.actions.map { _ in .init(mean: 0, std: 1, min: -1, max: 1) }))
    let layers = zip(description.widths, description.widths.dropFirst()).map { inputs, outputs in
      DenseParameters(
        inputs: inputs, outputs: outputs, weights: [Float](repeating: 0, count: inputs * outputs),
        bias: [Float](repeating: 0, count: outputs))
    }
    try Policy.save(description, PolicyParameters(members: [layers]), to: URL(filePath: folder))
  }

  @Test func `a policy of another arm, a truncated one and a missing one move nothing`() throws {
    let twin = try LiveTwin()
    let scratch = try Temporary()
    try savePolicy(scratch.path("other"), arm: "koch-follower")
    try savePolicy(scratch.path("cut"), arm: "so101-follower")
    let weights = scratch.path("cut/model.safetensors")
    try #require(FileManager.default.contents(atPath: weights)).prefix(200).write(to: URL(filePath: weights))
    let before = try scratch.contents()
    let commands = try twin.commands()
    for (name, words, code) in [
      ("other", "koch-follower", 65), ("cut", "model.safetensors", 65), ("missing", "understudy train", 66),
    ] as [(String, String, Int32)] {
      let ran = try Binary.run(
        "understudy", "run", "--rig", "twin-insert", "--policy", scratch.path(name), "--dataset",
        scratch.path("episodes"), twin: twin.folder)
      ran.expect(code: code, saying: words)
    }
    try Binary.run(
      "understudy", "record", "--rig", "twin-insert", "--dataset", "/proc/nowhere", twin: twin.folder
    ).expect(code: 73, saying: "/proc/nowhere", "another place")
    try savePolicy(scratch.path("policies/round-1"), arm: "so101-follower")
    let rounds = try scratch.contents()
    try Binary.run(
      "understudy", "correct", "--rig", "twin-insert", "--policy", scratch.path("other"), "--dataset",
      scratch.path("corrections"), "--policies", scratch.path("policies"), twin: twin.folder
    ).expect(code: 73, saying: scratch.path("policies/round-1"), "--policies")
    for (name, output, words, code) in [
      ("other", "gentle", "koch-follower", 65), ("missing", "gentle", "understudy train", 66),
      ("policies/round-1", "cut", "no shaped policy", 73),
    ] as [(String, String, String, Int32)] {
      let ran = try Binary.run(
        "understudy", "shape", "--rig", "twin-insert", "--policy", scratch.path(name), "--output",
        scratch.path(output), "--dataset", scratch.path("shaping"), twin: twin.folder)
      ran.expect(code: code, saying: words)
    }
    #expect(try scratch.contents() == rounds)
    try FileManager.default.removeItem(atPath: scratch.path("policies"))
    #expect(try scratch.contents() == before)
    #expect(try twin.commands() == commands)
  }

  @Test func `relax asks first, then lets go of every servo`() throws {
    let twin = try LiveTwin()
    do {
      var bus = try twin.bus("follower")
      for id in bus.ids {
        let present = try bus.read(bus.model.registers.presentPosition, of: id)
        try bus.write(present, to: bus.model.registers.goalPosition, of: id)
        try bus.write(1, to: bus.model.registers.torqueEnable, of: id)
      }
    }
    let before = try twin.commands()
    try Binary.run("understudy", "relax", "--rig", "twin-insert", twin: twin.folder).expect(code: 64, saying: "--yes")
    #expect(try twin.commands() == before)
    let ran = try Binary.run("understudy", "relax", "--rig", "twin-insert", "--yes", twin: twin.folder)
    #expect(ran.code == 0 && ran.out.contains("torque off") && ran.out.contains("leader"), "\(ran.out)\(ran.err)")
    #expect(try twin.commands()[0].prefix(6) == [0, 0, 0, 0, 0, 0])
  }

  @Test func `ports tells which arm is which by what its servos hold`() throws {
    let twin = try LiveTwin()
    let ran = try Binary.run("understudy", "ports", "\(twin.folder)/leader", "\(twin.folder)/follower", "--json")
    #expect(ran.code == 0, "\(ran.err)")
    let ports = try #require(try ran.json()["ports"] as? [[String: Any]])
    #expect(ports.map { ($0["servos"] as? [Any])?.count } == [6, 6])
    let names = ports.map { (($0["arms"] as? [[String: Any]])?.first?["calibration"]) as? String }
    #expect(names == ["twin-leader", "twin-follower"])
    let text = try Binary.run("understudy", "ports", "\(twin.folder)/leader")
    #expect(text.out.contains("STS3215") && text.out.contains("under leader:"), "\(text.out)")
  }
}
