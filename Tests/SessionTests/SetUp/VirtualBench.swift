import Arm
import Foundation
import RealTime
import ServoBus
import Twin

@testable import Session

/// The twin's workbench on virtual time, and a person there who does what the questions say.
final class VirtualBench {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let hardware = Hardware(root: root.appending(path: "hardware"))

  let time = SimulatedTime()
  let bench: Workbench
  /// The ports that were opened so far; unplugging the adapter disconnects them.
  private var links: [MemoryLink] = []
  /// How many packets the host may still send before the adapter is pulled out.
  var packetsLeft = Int.max

  init(_ change: (inout WorkbenchOptions) -> Void = { _ in }) throws {
    var options = WorkbenchOptions()
    change(&options)
    bench = try Workbench(options, hardware: Self.hardware)
  }

  /// The follower's or leader's port, as a set-up verb meets it.
  func site(_ name: String = "follower", calibration: String? = nil) throws -> ArmPort {
    var site = try ArmPort(arm: "so101-\(name)", port: name, calibration: calibration, hardware: Self.hardware)
    site.clock = .simulated(time)
    site.openPort = { [self] (path, rate) throws(PortError) in
      guard packetsLeft > 0 else { throw .missing(port: path) }
      return .memory(link(path, rate))
    }
    return site
  }

  private func link(_ name: String, _ rate: Int) -> MemoryLink {
    let link = MemoryLink(name: name)
    let servos = name == "leader" ? bench.leader : bench.follower
    link.onWrite = { [self] bytes in
      packetsLeft -= 1
      guard packetsLeft > 0 else { return link.isConnected = false }
      servos.bitsPerSecond = rate
      servos.receive(bytes, at: time.now)
    }
    link.onWait = { [self, unowned link] deadline in
      let goal = min(servos.nextReplyEnd ?? deadline, deadline)
      bench.advance(to: goal)
      time.advance(to: goal)
      servos.transmit(until: time.now) { link.deliver($0) }
    }
    return link
  }

  /// Lets time go by.
  func pass(milliseconds: Int) {
    time.advance(to: time.now + .milliseconds(Int64(milliseconds)))
    bench.advance(to: time.now)
  }

  func plug(_ arm: String = "follower", _ joints: String...) {
    var command = HandCommand(arm: arm)
    command.plug = joints
    bench.obey(command)
  }

  /// Leads joints somewhere, and holds them there.
  func move(_ arm: String = "follower", _ goals: [String: Double]) {
    var command = HandCommand(arm: arm)
    command.move = goals
    bench.obey(command)
    while !bench.isIdle(arm) { pass(milliseconds: 20) }
    pass(milliseconds: 300)
  }

  func beginSweep(_ arm: String = "follower") {
    var command = HandCommand(arm: arm)
    command.sweep = true
    bench.obey(command)
  }

  /// What every servo's EEPROM holds of id, rate, offset and limits, in the joints' order.
  func eeprom(_ arm: String = "follower") throws -> [[Int32]] {
    let servos = arm == "leader" ? bench.leader : bench.follower
    let model = try ServoModel.load(path: Self.root.appending(path: "hardware/servos/sts3215.yaml").path)
    let r = model.registers
    return servos.servos.map { servo in
      [r.id, r.baudRate, r.returnDelay, r.homingOffset, r.minPosition, r.maxPosition].map { servo.value($0) }
    }
  }

  /// What every servo's EEPROM holds of its limits: torque, current, overload.
  func limits(_ arm: String = "follower") throws -> [[Int32]] {
    let servos = arm == "leader" ? bench.leader : bench.follower
    let model = try ServoModel.load(path: Self.root.appending(path: "hardware/servos/sts3215.yaml").path)
    let r = model.registers
    return servos.servos.map { servo in [r.maxTorque, r.protectionCurrent, r.overloadTorque].map { servo.value($0) } }
  }
}

/// Answers by closures, and remembers what was said.
final class ScriptedPerson: Dialogue {
  var said: [String] = []
  var asked: [String] = []
  private let answer: (String) -> String?
  private let hear: (Int) -> Heard

  init(answer: @escaping (String) -> String?, hear: @escaping (Int) -> Heard = { _ in .nobody }) {
    self.answer = answer
    self.hear = hear
  }

  func say(_ text: String) { said.append(text) }
  func show(_ lines: [String]) {}
  func listen(milliseconds: Int) -> Heard { hear(milliseconds) }
  func ask(_ question: String) -> String? {
    asked.append(question)
    return answer(question)
  }

  /// The joint whose servo is asked for, nil in other questions.
  static func joint(in question: String) -> String? {
    ArmMechanism.jointNames.first { question.contains("the servo of \($0) ") }
  }
}

/// A folder that goes with the test.
final class ScratchFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "us-\(UInt32.random(in: 0...(.max)))")
  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }
}
