import Arm
import Foundation
import RealTime
import ServoBus
import Testing
import Twin

@testable import Session

@Suite struct ArmCalibrationTests {
  static let middle = [
    "shoulder_pan": 0.05, "shoulder_lift": -0.1, "elbow_flex": 0.1, "wrist_flex": 0, "wrist_roll": 0.03, "gripper": 0.7,
  ]
  static let reference = [
    "shoulder_pan": 0, "shoulder_lift": 0, "elbow_flex": 0, "wrist_flex": 0, "wrist_roll": 0, "gripper": -0.17,
  ]

  let bench: VirtualBench
  let scratch: ScratchFolder

  init() throws {
    bench = try VirtualBench()
    scratch = try ScratchFolder()
  }

  private var file: URL { scratch.url.appending(path: "arm.json") }

  /// Somebody who moves the arm as asked: to `middle`, from stop to stop, then to `pose`.
  private func person(
    middle: [String: Double] = middle, pose: [String: Double] = reference, atPose: [String] = [""],
    sweep: ((VirtualBench) -> Void)? = nil
  ) -> ScriptedPerson {
    var hasBegun = false
    var answers = atPose
    return ScriptedPerson { [bench] question in
      if question.contains("middle of its range") { bench.move("follower", middle) }
      if question.contains("into this pose") {
        bench.move("follower", pose)
        return answers.isEmpty ? nil : answers.removeFirst()
      }
      return ""
    } hear: { [bench] milliseconds in
      if !hasBegun { bench.beginSweep() }
      hasBegun = true
      bench.pass(milliseconds: milliseconds)
      return bench.bench.isIdle("follower") ? .line("") : .nothing
    }
  }

  private func scale(_ calibration: Calibration) throws -> ArmScale {
    try ArmScale(ArmDescription.load("so101-follower", from: VirtualBench.hardware), calibration)
  }

  /// Angles as the servos' readings give them by the file's calibration, beside the true ones.
  private func expectTruth(_ calibration: Calibration, within tolerance_rad: Double, skipping: Set<String> = []) throws
  {
    bench.move("follower", ["shoulder_pan": 0.6, "shoulder_lift": -0.5, "elbow_flex": 0.9, "wrist_flex": -0.7])
    let site = try bench.site()
    var bus = try site.open()
    var ticks = SIMD8<Int32>.zero
    for (index, value) in try bus.readAll(bus.model.registers.presentPosition).enumerated() { ticks[index] = value }
    let angles = try scale(calibration).radians(ticks)
    for (index, name) in ArmMechanism.jointNames.enumerated() where !skipping.contains(name) {
      let off = Double(angles[index]) - bench.bench.postures.follower[index]
      #expect(abs(off) < tolerance_rad, "\(name) is off by \(off) rad")
    }
  }

  @Test func `led by hand, the arm gets LeRobot's offsets and its own ranges, in file and servos alike`() throws {
    var actual: [Int] = []
    let person = person()
    let site = try bench.site()
    let report = try ArmCalibration(site, dialogue: person, file: file).run()
    let calibration = try Calibration(reading: file)
    #expect(report.zero == .confirmed && report.crossings.isEmpty)
    let held = try bench.eeprom()
    for (index, entry) in calibration.joints.enumerated() {
      #expect(held[index].suffix(3) == [Int32(entry.homingOffset), Int32(entry.rangeMin), Int32(entry.rangeMax)])
      #expect(entry.id == index + 1 && entry.driveMode == 0)
    }
    // The pose of the middle reads 2047: with the offset, wherever it was.
    bench.move("follower", Self.middle)
    var bus = try site.open()
    actual = try bus.readAll(bus.model.registers.presentPosition).map { Int($0) }
    #expect(actual.allSatisfy { abs($0 - 2047) <= 12 }, "\(actual)")
    #expect(calibration["wrist_roll"].map { [$0.rangeMin, $0.rangeMax] } == [0, 4095])
    try expectTruth(calibration, within: 0.015, skipping: ["wrist_roll"])
    #expect(try CalibrationCheck(bench.site(calibration: file.path)).isWell)
  }

  @Test func `a second calibration keeps the first one's file`() throws {
    _ = try ArmCalibration(bench.site(), dialogue: person(), file: file).run()
    let first = try Data(contentsOf: file)
    _ = try ArmCalibration(bench.site(), dialogue: person(), file: file).run()
    #expect(try Data(contentsOf: scratch.url.appending(path: "arm.previous.json")) == first)
  }

  @Test func `travel through the encoder's seam is seen and mended`() throws {
    // "Middle" near a stop: 1.5 rad below the top of 3.84, so the other stop lies beyond 0.
    var middle = Self.middle
    middle["shoulder_pan"] = 1.7
    middle["elbow_flex"] = -1.5
    let report = try ArmCalibration(bench.site(), dialogue: person(middle: middle), file: file).run()
    #expect(report.crossings == ["shoulder_pan", "elbow_flex"])
    let calibration = try Calibration(reading: file)
    for name in report.crossings {
      let entry = try #require(calibration[name])
      #expect(entry.rangeMin > 300 && entry.rangeMax < 3800, "well away from the seam")
    }
    try expectTruth(calibration, within: 0.015, skipping: ["wrist_roll"])
  }

  @Test func `a range that this arm cannot have is refused, and nothing is written`() throws {
    let before = try bench.eeprom()
    var enters = 0
    let person = ScriptedPerson { [bench] question in
      if question.contains("middle of its range") { bench.move("follower", Self.middle) }
      return ""
    } hear: { [bench] milliseconds in
      bench.pass(milliseconds: milliseconds)
      enters += 1
      if enters == 1 { bench.move("follower", ["shoulder_pan": 1.9, "gripper": 1.7]) }
      return enters == 3 ? .line("") : enters < 5 ? .nothing : .nobody
    }
    let error = #expect(throws: SetUpError.self) {
      try ArmCalibration(bench.site(), dialogue: person, file: file).run()
    }
    #expect(error?.exitCode == 65 && error?.description.contains("elbow_flex moved 0° of about 194°") == true)
    #expect(person.said.contains { $0.contains("shoulder_pan moved 1") && $0.contains("from stop to stop") })
    #expect(!FileManager.default.fileExists(atPath: file.path))
    #expect(try bench.eeprom() == before)
  }

  @Test func `a full turn's zero is taken from the reference pose where the middle was put wrongly`() throws {
    var middle = Self.middle
    middle["wrist_roll"] = 0.35
    let person = person(middle: middle, atPose: ["", "c"])
    let report = try ArmCalibration(bench.site(), dialogue: person, file: file).run()
    #expect(report.zero == .corrected(["wrist_roll"]))
    #expect(person.said.contains { $0.contains("wrist_roll by −20") && $0.contains("type c") })
    try expectTruth(try Calibration(reading: file), within: 0.015)
  }

  @Test func `a stop that was not reached shows in the reference pose, and the range is made even`() throws {
    let measurement = try pretend(stopping: 1.5)
    #expect(measurement.implausible.isEmpty)
    let measured = try #require(measurement.calibration())
    let zero = Int(((1.92 - 1.5) / 2 / ArmScale.radiansPerTick).rounded())
    let arm = try ArmDescription.load("so101-follower", from: VirtualBench.hardware)
    let ticks = measured.joints.map { $0.name == "shoulder_pan" ? 2047 : ($0.rangeMin + $0.rangeMax) / 2 }.enumerated()
      .map { $0.offset == 5 ? measured.joints[5].rangeMin : $0.element }
    let check = try #require(try ReferenceCheck(arm, measured, ticks: ticks))
    #expect(check.strays.map(\.name) == ["shoulder_pan"])
    let mended = try #require(check.mended()?["shoulder_pan"])
    #expect(abs((mended.rangeMin + mended.rangeMax) / 2 - 2047) <= 1, "its middle is where the pose has zero")
    #expect(mended.rangeMin >= measured.joints[0].rangeMin && mended.rangeMax <= measured.joints[0].rangeMax)
    #expect(
      measured.joints[0].rangeMax - measured.joints[0].rangeMin - (mended.rangeMax - mended.rangeMin) <= 2 * zero + 2)
  }

  /// A sweep in which the pan ended at `top` instead of 1.92 rad; encoders that read 2047 at zero.
  private func pretend(stopping top: Double) throws -> CalibrationMeasurement {
    let arm = try ArmDescription.load("so101-follower", from: VirtualBench.hardware)
    var measurement = CalibrationMeasurement(arm, middle: arm.joints.map { _ in 2047 })
    for (index, joint) in arm.joints.enumerated() {
      for angle in [joint.lower_rad, 0, index == 0 ? top : joint.upper_rad] {
        measurement.add(2047 + Int((angle / ArmScale.radiansPerTick).rounded()), joint: index)
      }
    }
    return measurement
  }

  @Test func `an arm that is not in the pose is refused, and nothing is written`() throws {
    let before = try bench.eeprom()
    var pose = Self.reference
    pose["elbow_flex"] = 1.2
    let error = #expect(throws: SetUpError.self) {
      try ArmCalibration(bench.site(), dialogue: person(pose: pose, atPose: ["", "c"]), file: file).run()
    }
    #expect(
      error?.exitCode == 65 && error?.description.contains("elbow_flex by 6") == true, "\(error?.description ?? "")")
    #expect(try bench.eeprom() == before)
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }

  /// The adapter is pulled out while the new values are written into the servos: the file is there, and restores them.
  @Test(arguments: [1, 5, 20, 60, 100])
  func `pulled out while it writes, the file is whole and mends the servos`(packets: Int) throws {
    let person = person()
    let counting = ScriptedPerson { [bench] question in
      let answer = person.ask(question)
      if question.contains("into this pose") { bench.packetsLeft = 6 + packets }
      return answer
    } hear: {
      person.listen(milliseconds: $0)
    }
    #expect(throws: SetUpError.self) { try ArmCalibration(bench.site(), dialogue: counting, file: file).run() }
    bench.packetsLeft = .max
    let calibration = try Calibration(reading: file)
    #expect(try !CalibrationCheck(bench.site(calibration: file.path)).isWell)
    _ = try ArmCalibration(bench.site(), dialogue: ScriptedPerson { _ in nil }, file: file).restore()
    #expect(try CalibrationCheck(bench.site(calibration: file.path)).isWell)
    #expect(try Calibration(reading: file) == calibration)
  }

  @Test func `the drawing shows upper arm, forearm and fingertips where the arm file has them`() throws {
    let arm = try ArmDescription.load("so101-follower", from: VirtualBench.hardware)
    let rows = "\(PoseDrawing(arm, pose: try #require(arm.reference).pose))".split(separator: "\n")
    #expect(rows.count > 8 && rows[0].contains("o==") && rows.last?.contains("----") == true)
    let tip = try #require(rows.first { $0.contains(">") })
    #expect(rows.allSatisfy { $0 == rows.last || $0.count <= tip.count }, "the tip is the farthest")
  }
}
