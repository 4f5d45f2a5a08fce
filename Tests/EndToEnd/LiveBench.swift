import Foundation
import Glibc
import ServoBus
import Testing

/// The twin's workbench in a process of its own, and a person who reads a verb's questions and does what they say.
final class LiveBench {
  static let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
  let scratch: Temporary
  private let process: Process

  init(_ arguments: [String] = []) throws {
    scratch = try Temporary()
    process = try Binary.process(
      "understudy-twin", ["workbench", "--dir", scratch.folder, "--json"] + arguments, twin: scratch.folder)
    let ready = Pipe()
    process.standardOutput = ready
    try process.run()
    _ = try #require(try ready.fileHandleForReading.read(upToCount: 1), "the bench ended before it was ready")
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  var folder: String { scratch.folder }

  /// Tells the hand, and waits until it is done.
  func hand(arm: String = "follower", _ words: String...) throws {
    let process = try Binary.process("understudy-twin", ["hand", arm] + words + ["--dir", folder], twin: folder)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "hand \(arm) \(words)")
  }

  /// Runs a verb that asks. `answer` is given every line and question of its standard error, and returns what is typed then.
  func converse(_ arguments: [String], answer: (String) throws -> String?) throws -> Ran {
    let process = try Binary.process("understudy", arguments, twin: folder)
    let (typed, asked) = (Pipe(), Pipe())
    let output = scratch.path("output")
    try Data().write(to: URL(filePath: output))
    process.standardInput = typed
    process.standardError = asked
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
    try process.run()
    let pid = process.processIdentifier
    let limit = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: limit)
    var all = "", line = ""
    while case let data = asked.fileHandleForReading.availableData, !data.isEmpty {
      for character in String(decoding: data, as: UTF8.self) {
        all.append(character)
        if character != "\n" { line.append(character) }
        // A question ends in a blank and no line break.
        let isQuestion = character == " " && (line.hasSuffix("). ") || line.hasSuffix("Enter. "))
        guard character == "\n" || isQuestion else { continue }
        if let words = try answer(line) { typed.fileHandleForWriting.write(Data((words + "\n").utf8)) }
        line = ""
      }
    }
    process.waitUntilExit()
    limit.cancel()
    return Ran(code: process.terminationStatus, out: try String(contentsOfFile: output, encoding: .utf8), err: all)
  }

  /// A session on two ports with these calibrations.
  func teleoperate(
    follower: String, _ followerID: String, leader: String, _ leaderID: String
  ) throws -> Ran {
    let process = try Binary.process("understudy", ["teleoperate", "--rig", "so101"], twin: folder)
    let values = [
      "UNDERSTUDY_FOLLOWER_PORT": "\(folder)/\(follower)", "UNDERSTUDY_FOLLOWER_ID": followerID,
      "UNDERSTUDY_LEADER_PORT": "\(folder)/\(leader)", "UNDERSTUDY_LEADER_ID": leaderID,
    ]
    process.environment?.merge(values) { $1 }
    let complaint = Pipe()
    process.standardError = complaint
    try process.run()
    let text = String(decoding: complaint.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Ran(code: process.terminationStatus, out: "", err: text)
  }

  private func bus(_ arm: String) throws -> ServoBus {
    let model = try ServoModel.load(path: Binary.root.appending(path: "hardware/servos/sts3215.yaml").path)
    return ServoBus(
      port: try SerialPort.open("\(folder)/\(arm)"), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .monotonic)
  }

  /// Gives the gripper's servo an id of its own while it is alone, then plugs in the wrist's beside it.
  func rename(_ arm: String) throws {
    try hand(arm: arm, "plug", "gripper")
    var bus = try bus(arm)
    try bus.write(0, to: bus.model.registers.lock, of: 1)
    try bus.write(6, to: bus.model.registers.id, of: 1)
    try hand(arm: arm, "plug", "gripper", "wrist_roll")
  }

  /// What would have changed if anything had been made to move: torque and goal of every servo that answers.
  func commands() throws -> [[Int32]] {
    try ["follower", "leader"].map { arm in
      var bus = try bus(arm)
      let registers = bus.model.registers
      var values: [Int32] = []
      for id in bus.ids {
        values.append((try? bus.read(registers.torqueEnable, of: id)) ?? -1)
      }
      for id in bus.ids { values.append((try? bus.read(registers.goalPosition, of: id)) ?? -1) }
      return values
    }
  }
}
