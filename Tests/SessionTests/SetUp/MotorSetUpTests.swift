import Arm
import RealTime
import ServoBus
import Testing
import Twin

@testable import Session

@Suite struct MotorSetUpTests {
  private static let finished: [[Int32]] = (1...6).map { [$0, 0, 0, 0, 0, 4095] }

  /// Plugs in what is asked for, the whole chain at the end.
  private func helper(_ bench: VirtualBench) -> ScriptedPerson {
    ScriptedPerson { question in
      if let joint = ScriptedPerson.joint(in: question) {
        bench.plug("follower", joint)
      } else {
        bench.plug("follower", "all")
      }
      return ""
    }
  }

  @Test(arguments: [1_000_000, 115_200, 38_400])
  func `a box of servos becomes a chain, one servo at a time`(rate: Int) throws {
    let bench = try VirtualBench {
      $0.isFresh = true
      $0.freshBitsPerSecond = rate
    }
    let person = helper(bench)
    var setUp = MotorSetUp(try bench.site(), dialogue: person)
    let report = try setUp.run()
    #expect(try bench.eeprom() == Self.finished)
    #expect(
      person.asked.compactMap(ScriptedPerson.joint(in:)) == [
        "gripper", "wrist_roll", "wrist_flex", "elbow_flex", "shoulder_lift", "shoulder_pan",
      ])
    #expect(person.said.last == "All 6 servos answer.")
    #expect(report.servos[5].changed.contains("id 1 → 6"))
    #expect(report.servos[5].changed.contains("\(rate) → 1000000 bit/s") == (rate != 1_000_000))
    for servo in bench.bench.follower.servos { servo.connect(false) }
    bench.plug("follower", "all")
    #expect(try bench.eeprom() == Self.finished, "it is kept without power")
  }

  @Test func `a chain that is done asks for nothing and is left as it is`() throws {
    let bench = try VirtualBench()
    let before = try bench.eeprom()
    let person = ScriptedPerson { _ in nil }
    var setUp = MotorSetUp(try bench.site(), dialogue: person)
    #expect(try setUp.run().servos.allSatisfy { $0.changed.isEmpty })
    #expect(person.asked.isEmpty)
    #expect(try bench.eeprom() == before)
  }

  @Test func `a chain with one wrong setting is mended where it stands`() throws {
    let bench = try VirtualBench {
      $0.oddities = [ServoOddity("follower.elbow_flex:return_delay=250")].compactMap(\.self)
    }
    var setUp = MotorSetUp(try bench.site(), dialogue: ScriptedPerson { _ in nil })
    #expect(try setUp.run().servos[2].changed == ["settings"])
    #expect(try bench.eeprom()[2][2] == 0)
  }

  @Test func `the gripper alone gets LeRobot's limits of torque and current`() throws {
    let bench = try VirtualBench { $0.isFresh = true }
    var setUp = MotorSetUp(try bench.site(), dialogue: helper(bench))
    _ = try setUp.run()
    #expect(try bench.limits() == Array(repeating: [1000, 500, 80], count: 5) + [[500, 250, 25]])
  }

  @Test func `a servo that was a gripper's is as strong as any other in its new place`() throws {
    let bench = try VirtualBench {
      $0.isFresh = true
      $0.oddities = ["max_torque=500", "protection_current=250", "overload_torque=25"].compactMap {
        ServoOddity("follower.elbow_flex:\($0)")
      }
    }
    var setUp = MotorSetUp(try bench.site(), dialogue: helper(bench))
    _ = try setUp.run()
    #expect(try bench.limits()[2] == [1000, 500, 80])
  }

  @Test func `a new servo beside those that are done is told from the first joint's`() throws {
    let bench = try VirtualBench {
      // What the factory wrote, whatever else an arm's file may want.
      $0.oddities = ["id=1", "return_delay=250", "position_p=32"].compactMap {
        ServoOddity("follower.wrist_roll:\($0)")
      }
    }
    bench.plug("follower", "wrist_roll", "gripper", "elbow_flex")
    var setUp = MotorSetUp(try bench.site(), dialogue: helper(bench))
    let report = try setUp.run()
    #expect(report.servos[4].changed.contains("id 1 → 5"), "\(report)")
    #expect(report.servos[0].changed.isEmpty, "\(report)")
  }

  /// The adapter is pulled out after a number of packets, whatever was going on; then somebody begins again.
  @Test(arguments: [3, 17, 31, 40, 47, 50, 53, 58, 64, 71, 90, 120, 160])
  func `pulled out at any moment, a second run finishes`(packets: Int) throws {
    let bench = try VirtualBench {
      $0.isFresh = true
      $0.freshBitsPerSecond = 500_000
    }
    bench.packetsLeft = packets
    var first = MotorSetUp(try bench.site(), dialogue: helper(bench))
    #expect(throws: SetUpError.self) { try first.run() }
    bench.packetsLeft = .max
    // What is done is connected first, as the verb says; a servo that is half done looks like a stranger or like done.
    let done = try bench.eeprom().enumerated().filter {
      $0.element[0] == $0.offset + 1 && $0.offset > 0 && $0.element[1] == 0
    }
    var command = HandCommand(arm: "follower")
    command.plug = done.map { ArmMechanism.jointNames[$0.offset] }
    bench.bench.obey(command)
    var second = MotorSetUp(try bench.site(), dialogue: helper(bench))
    _ = try second.run()
    #expect(try bench.eeprom() == Self.finished)
  }

  @Test func `new servos all at once are explained, and nothing is written`() throws {
    let bench = try VirtualBench { $0.isFresh = true }
    let before = try bench.eeprom()
    var times = 0
    let person = ScriptedPerson { _ in
      bench.plug("follower", "gripper", "wrist_roll")
      times += 1
      return times == 1 ? "" : nil
    }
    var setUp = MotorSetUp(try bench.site(), dialogue: person)
    let error = #expect(throws: SetUpError.self) { try setUp.run() }
    #expect(error == .duplicates(port: "follower", id: 1))
    #expect(person.said.last?.contains("new ones all have id 1") == true && error?.exitCode == 65)
    #expect(try bench.eeprom() == before)
  }

  @Test func `two servos with different ids are named, and nothing is written`() throws {
    let bench = try VirtualBench {
      $0.isFresh = true
      $0.oddities = [ServoOddity("follower.wrist_roll:id=9")].compactMap(\.self)
    }
    let before = try bench.eeprom()
    var times = 0
    let person = ScriptedPerson { _ in
      bench.plug("follower", "gripper", "wrist_roll")
      times += 1
      return times == 1 ? "" : nil
    }
    var setUp = MotorSetUp(try bench.site(), dialogue: person)
    #expect(throws: SetUpError.several(port: "follower", ids: [1, 9])) { try setUp.run() }
    #expect(try bench.eeprom() == before)
  }

  @Test(arguments: ["model_number=1234", "model_number=2825", "sealed"])
  func `a servo that cannot be set up is named, and keeps its id`(oddity: String) throws {
    let bench = try VirtualBench {
      $0.isFresh = true
      $0.oddities = [ServoOddity("follower.gripper:\(oddity)")].compactMap(\.self)
    }
    let before = try bench.eeprom()
    var times = 0
    let person = ScriptedPerson { _ in
      bench.plug("follower", "gripper")
      times += 1
      return times == 1 ? "" : nil
    }
    var setUp = MotorSetUp(try bench.site(), dialogue: person)
    let error = #expect(throws: SetUpError.self) { try setUp.run() }
    let sentence = error?.description ?? ""
    switch oddity {
    case "sealed": #expect(sentence.contains("stays locked") && error?.exitCode == 69)
    case "model_number=2825": #expect(sentence.contains("is STS3250 (model 2825)") && error?.exitCode == 65)
    default: #expect(sentence.contains("is model 1234, which no file describes") && error?.exitCode == 65)
    }
    #expect(try bench.eeprom() == before)
  }

  @Test func `a servo that is set up already is not made another joint's without a yes`() throws {
    let bench = try VirtualBench { $0.isFresh = true }
    var times = 0
    let person = ScriptedPerson { question in
      if question.contains("Type yes") { return "" }
      times += 1
      // Instead of wrist_roll's servo, the gripper's again.
      bench.plug("follower", times == 2 ? "gripper" : ScriptedPerson.joint(in: question) ?? "all")
      return ""
    }
    var setUp = MotorSetUp(try bench.site(), dialogue: person)
    _ = try setUp.run()
    #expect(person.asked.contains { $0.contains("id 6, which is gripper's") })
    #expect(try bench.eeprom() == Self.finished)
  }

  @Test func `nobody to ask is told, with nothing done`() throws {
    let bench = try VirtualBench { $0.isFresh = true }
    var setUp = MotorSetUp(try bench.site(), dialogue: ScriptedPerson { _ in nil })
    let error = #expect(throws: SetUpError.self) { try setUp.run() }
    #expect(error?.exitCode == 64)
  }
}
