import Arm
import Foundation
import Testing

@Suite struct CalibrationTests {
  /// A file as LeRobot 0.6.1 writes it (json.dump with an indent of four), of two joints.
  static let lerobot = """
    {
        "shoulder_pan": {
            "id": 1,
            "drive_mode": 0,
            "homing_offset": -1307,
            "range_min": 811,
            "range_max": 3315
        },
        "gripper": {
            "id": 6,
            "drive_mode": 0,
            "homing_offset": 633,
            "range_min": 2024,
            "range_max": 3276
        }
    }
    """

  private func read(_ json: String) throws(CalibrationError) -> Calibration {
    try Calibration(json: Data(json.utf8), file: "my_arm.json")
  }

  @Test func `LeRobot's file comes back byte for byte`() throws {
    let calibration = try read(Self.lerobot)
    #expect(calibration.joints.map(\.name) == ["shoulder_pan", "gripper"])
    #expect(calibration["shoulder_pan"]?.homingOffset == -1307)
    #expect(calibration.json == Self.lerobot)
  }

  @Test(arguments: ["twin-follower", "twin-leader"])
  func `the twin's calibrations are LeRobot's format and their arms'`(name: String) throws {
    let arm = try ArmDescription.load(name.replacing("twin", with: "so101"), from: hardware)
    let calibration = try Calibration.find(name, for: arm, folder: root, environment: [:])
    let text = try String(contentsOf: root.appending(path: "calibration/\(name).json"), encoding: .utf8)
    #expect(calibration.json == text)
    #expect(calibration.joints.allSatisfy { $0.homingOffset != 0 })
  }

  // MARK: LeRobot's units

  /// Worked out by hand: range 811…3315, so the middle is 2063 and the width 2504.
  static let pan = Calibration.Joint(name: "shoulder_pan", id: 1, homingOffset: 0, rangeMin: 811, rangeMax: 3315)
  /// Width 2203: no half, so truncation shows. Its middle is 2053.5.
  static let elbow = Calibration.Joint(name: "elbow_flex", id: 3, homingOffset: 0, rangeMin: 952, rangeMax: 3155)
  static let turned = Calibration.Joint(
    name: "gripper", id: 6, driveMode: 1, homingOffset: 0, rangeMin: 2000, rangeMax: 3000)

  @Test func `degrees are a 4095th of the circle, unclamped, blind to the drive mode`() {
    #expect(Normalization.degrees.normalize(2063, Self.pan) == 0)
    #expect(Normalization.degrees.normalize(4095, Self.pan) == 2032.0 * 360 / 4095)
    #expect(Normalization.degrees.normalize(2053, Self.elbow) == -0.5 * 360 / 4095)
    #expect(Normalization.degrees.normalize(2600, Self.turned) == 100.0 * 360 / 4095)
    // 10° is 113.75 ticks; int() drops the rest on either side of zero, so −10° is 2063 − 113.75 = 1949.25.
    #expect(Normalization.degrees.ticks(10, Self.pan) == 2176)
    #expect(Normalization.degrees.ticks(-10, Self.pan) == 1949)
    #expect(Normalization.degrees.ticks(-200, Self.pan) == -212, "toward zero: −212.0 is 2063 − 2275")
    #expect(Normalization.degrees.ticks(.nan, Self.pan) == nil && Normalization.degrees.ticks(1e300, Self.pan) == nil)
  }

  @Test func `minus 100 to 100 is clamped and turned round by the drive mode`() {
    #expect(Normalization.rangeM100To100.normalize(811, Self.pan) == -100)
    #expect(Normalization.rangeM100To100.normalize(2063, Self.pan) == 0)
    #expect(Normalization.rangeM100To100.normalize(4000, Self.pan) == 100)
    #expect(Normalization.rangeM100To100.normalize(2250, Self.turned) == 50)
    #expect(Normalization.rangeM100To100.ticks(50, Self.turned) == 2250)
    #expect(Normalization.rangeM100To100.ticks(150, Self.pan) == 3315)
    // (33.3 + 100)/200 · 2203 + 952 = 2420.2995, cut to 2420.
    #expect(Normalization.rangeM100To100.ticks(33.3, Self.elbow) == 2420)
  }

  @Test func `0 to 100 is clamped, and 0 is closed`() {
    #expect(Normalization.range0To100.normalize(811, Self.pan) == 0)
    #expect(Normalization.range0To100.normalize(1437, Self.pan) == 25)
    #expect(Normalization.range0To100.normalize(0, Self.pan) == 0)
    #expect(Normalization.range0To100.normalize(2250, Self.turned) == 75)
    #expect(Normalization.range0To100.ticks(75, Self.turned) == 2250)
    // 99.99/100 · 2203 + 952 = 3154.7797, cut to 3154.
    #expect(Normalization.range0To100.ticks(99.99, Self.elbow) == 3154)
    #expect(Normalization.range0To100.ticks(-5, Self.elbow) == 952)
  }

  @Test func `truncation loses at most one tick on the way there and back`() {
    for mode in Normalization.allCases {
      for tick in 952...3155 {
        let back = mode.ticks(mode.normalize(tick, Self.elbow), Self.elbow)
        #expect(back == tick || back == tick - 1)
      }
    }
  }

  // MARK: Files

  @Test func `writing keeps the previous file and leaves nothing else behind`() throws {
    let scratch = try Scratch()
    let file = scratch.folder.appending(path: "new/arm.json")
    var calibration = try read(Self.lerobot)
    try calibration.write(to: file)
    calibration.joints[0].rangeMin = 900
    try calibration.write(to: file)
    calibration.joints[0].rangeMin = 950
    try calibration.write(to: file)
    #expect(try Calibration(reading: file)["shoulder_pan"]?.rangeMin == 950)
    let previous = file.deletingLastPathComponent().appending(path: "arm.previous.json")
    #expect(try Calibration(reading: previous)["shoulder_pan"]?.rangeMin == 900)
    let names = try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
    #expect(names.sorted() == ["arm.json", "arm.previous.json"])
  }

  @Test func `a calibration that no servo could hold is not written`() throws {
    let scratch = try Scratch()
    let file = scratch.folder.appending(path: "arm.json")
    try read(Self.lerobot).write(to: file)
    var broken = try read(Self.lerobot)
    broken.joints[0].homingOffset = 2048
    #expect(throws: CalibrationError.self) { try broken.write(to: file) }
    #expect(try Calibration(reading: file)["shoulder_pan"]?.homingOffset == -1307)
  }

  @Test func `a calibration is found where LeRobot keeps it`() throws {
    let scratch = try Scratch()
    let arm = try ArmDescription.load("so101-leader", from: hardware)
    let text = try Data(contentsOf: root.appending(path: "calibration/twin-leader.json"))
    func place(_ path: String) throws {
      let file = scratch.folder.appending(path: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file)
    }
    let home = scratch.folder.path
    try place(".cache/huggingface/lerobot/calibration/teleoperators/so_leader/mine.json")
    #expect(
      try Calibration.find("mine", for: arm, folder: scratch.folder, environment: ["HOME": home]).joints.count == 6)
    try place("elsewhere/teleoperators/so_leader/other.json")
    let variables = ["HOME": home, "HF_LEROBOT_CALIBRATION": home + "/elsewhere"]
    #expect(try Calibration.find("other", for: arm, folder: scratch.folder, environment: variables).joints.count == 6)
    try place("hf/lerobot/calibration/teleoperators/so_leader/third.json")
    #expect(
      try Calibration.find("third", for: arm, folder: scratch.folder, environment: ["HF_HOME": home + "/hf"])
        .joints.count == 6)
    try place(".cache/huggingface/lerobot/calibration/teleoperators/so101_leader/old.json")
    #expect(
      try Calibration.find("old", for: arm, folder: scratch.folder, environment: ["HOME": home]).joints.count == 6)
    // Under our own folder first.
    try place("calibration/mine.json")
    let found = try Calibration.find("mine", for: arm, folder: scratch.folder, environment: ["HOME": home])
    #expect(found.file.hasSuffix("calibration/mine.json") && !found.file.contains("huggingface"))
  }

  // MARK: Bad input

  @Test func `a calibration that is nowhere names the places and what there is`() throws {
    let arm = try ArmDescription.load("so101-follower", from: hardware)
    let error = #expect(throws: CalibrationError.self) {
      try Calibration.find("nobody", for: arm, folder: root, environment: ["HOME": "/nowhere"])
    }
    let text = try #require(error?.description)
    #expect(text.contains("calibration/nobody.json") && text.contains("robots/so_follower/nobody.json"))
    #expect(text.contains("twin-follower.json") && text.contains("understudy calibrate") && error?.exitCode == 66)
  }

  @Test func `a calibration of another arm names the joints that differ`() throws {
    let arm = try ArmDescription.load("so101-follower", from: hardware)
    #expect(
      throws: CalibrationError.otherArm(
        file: "my_arm.json", arm: "so101-follower",
        missing: ["shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll"], extra: [])
    ) { try ArmScale(arm, read(Self.lerobot)) }
    var swapped = try Calibration.find("twin-follower", for: arm, folder: root)
    swapped.joints[1].id = 9
    #expect(throws: CalibrationError.self) { try ArmScale(arm, swapped) }
  }

  @Test(arguments: [
    ("[1, 2]", "it is no object"), ("{", "it is not JSON"), ("{}", "names no joint"),
    (#"{"a": {"id": 1, "drive_mode": 0, "homing_offset": 0, "range_min": 5}}"#, "a.range_max is missing"),
    (#"{"a": {"id": 1, "drive_mode": 0, "homing_offset": 0.5, "range_min": 5, "range_max": 9}}"#, "calibration"),
    (
      #"{"a": {"id": 1, "drive_mode": 0, "homing_offset": 2048, "range_min": 5, "range_max": 9}}"#,
      "a's homing_offset is 2048, but a servo holds -2047 to 2047"
    ),
    (
      #"{"a": {"id": 1, "drive_mode": 0, "homing_offset": 0, "range_min": 9, "range_max": 9}}"#,
      "a moves from tick 9 to 9, which is no range"
    ),
  ])
  func `a broken file is named with what is broken`(json: String, says: String) throws {
    let error = #expect(throws: CalibrationError.self) { try read(json) }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("my_arm.json") == true && error?.exitCode == 65)
  }
}
