import Arm
import Control
import Foundation
import RealTime
import ServoBus
import Testing
import Twin

@testable import Session

@Suite struct BringUpTests {
  /// Runs the checks at start on an arm of the bench as if it were the rig's follower; what they say.
  private func check(
    _ oddities: [String] = [], port: String = "follower", calibration: String = "twin-follower"
  ) throws -> (error: BringUpError?, wasWritten: Bool) {
    let bench = try VirtualBench { $0.oddities = oddities.compactMap { ServoOddity($0) } }
    var site = try bench.site()
    site.port = port
    var bus = try site.open()
    let before = try bench.eeprom(port)
    let root = VirtualBench.root
    let rig = try Rig.load("so101", hardware: Hardware(root: root.appending(path: "hardware")), variables: [:])
    let check = BringUp(
      name: "follower", arm: site.arm, calibration: try Calibration.find(calibration, for: site.arm, folder: root),
      bounds: ServoBounds(rig.envelope, arm: site.arm, model: bus.model),
      known: { Calibration.known(folder: root, environment: [:]) })
    var thrown: BringUpError?
    do throws(BringUpError) { try check.run(&bus) } catch { thrown = error }
    #expect(try bench.eeprom(port) == before, "EEPROM is for the set-up verbs")
    let servos = port == "leader" ? bench.bench.leader.servos : bench.bench.follower.servos
    let registers = bus.model.registers
    #expect(servos.allSatisfy { $0.value(registers.torqueEnable) == 0 })
    return (thrown, servos.contains { $0.value(registers.acceleration) != 0 })
  }

  @Test func `an arm that is as its files say gets its limits`() throws {
    let result = try check()
    #expect(result.error == nil, "\(result.error?.description ?? "")")
    #expect(result.wasWritten)
  }

  @Test(arguments: [
    (["follower.elbow_flex:model_number=1234"], ["elbow_flex", "model 1234", "understudy ports"]),
    (["follower.elbow_flex:baud_rate=4"], ["elbow_flex", "does not answer", "understudy setup-motors"]),
    (["follower.elbow_flex:id=5"], ["wrist_roll", "two servos", "id 5", "understudy setup-motors"]),
    (["follower.wrist_flex:firmware_minor=9"], ["wrist_flex", "firmware 3.9", "3.10"]),
    (["follower.wrist_flex:return_delay=250"], ["wrist_flex", "return_delay", "250", "understudy setup-motors"]),
    (["follower.wrist_flex:operating_mode=1"], ["wrist_flex", "operating_mode", "understudy setup-motors"]),
    (["follower.wrist_flex:phase=28"], ["wrist_flex", "phase", "understudy setup-motors"]),
    (["follower.gripper:overload_torque=80"], ["gripper", "overload_torque", "80", "25", "understudy setup-motors"]),
    (["follower.gripper:homing_offset=12"], ["gripper", "[12, ", "understudy calibrate"]),
    (["follower.gripper:max_position=4000"], ["gripper", "4000]", "understudy calibrate"]),
    (["follower.gripper:max_voltage=80"], ["gripper", "12.0 V", "4.0 to 8.0 V"]),
  ])
  func `a servo that is not as it must be is named with its joint and the verb that mends it`(
    oddities: [String], says: [String]
  ) throws {
    let result = try check(oddities)
    let sentence = try #require(result.error).description
    for words in says { #expect(sentence.contains(words), "\(sentence)") }
    #expect(!result.wasWritten)
  }

  @Test func `the leader in the follower's place is told as what it is`() throws {
    let result = try check(port: "leader")
    let sentence = try #require(result.error).description
    for words in ["a leader", "twin-leader.json", "twin-follower.json", "exchange the ports", "understudy ports"] {
      #expect(sentence.contains(words), "\(sentence)")
    }
    #expect(!result.wasWritten)
  }

  @Test func `another arm's calibration is told with whose the servos are`() throws {
    let sentence = try #require(try check(calibration: "twin-leader").error).description
    #expect(
      sentence.contains("twin-follower.json, not the one of") && sentence.contains("twin-leader.json"), "\(sentence)")
  }
}
