import Arm
import RealTime
import TestSupport
import Testing

@Suite struct RangeOfMotionTests {
  @Test func `a travel through the seam is one travel`() {
    var range = RangeOfMotion(at: 4000)
    for tick in [4050, 4095, 10, 300, 4090, 3900] { range.add(tick) }
    #expect([range.lowest, range.highest, range.present] == [3900, 4396, 3900])
    #expect(range.width == 496 && range.crossesSeam)
    var still = RangeOfMotion(at: 0)
    still.add(4095)
    #expect(still.lowest == -1 && still.crossesSeam)
    still = RangeOfMotion(at: 4095)
    #expect(!still.crossesSeam)
  }

  /// LeRobot 0.6.1's arithmetic: position − int(4095 / 2).
  @Test func `the homing offset is LeRobot's for every position, and a servo can hold it`() {
    for actual in 0...4095 {
      let offset = HomingOffset.placing(actual)
      #expect((-2047...2047).contains(offset))
      // LeRobot stops at 4095, where 2048 would be needed.
      if actual < 4095 { #expect(offset == actual - 2047) }
      #expect(HomingOffset.present(actual: actual, offset: offset) == (actual == 4095 ? 2046 : 2047))
    }
  }

  @Test func `any travel seen in small steps is found, wherever the encoder begins`() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<200 * effort {
      let start = Int(random.next() % 4096)
      var position = start, lowest = start, highest = start
      var range = RangeOfMotion(at: start)
      for _ in 0..<100 {
        position += Int(random.next() % 3000) - 1500
        lowest = min(lowest, position)
        highest = max(highest, position)
        range.add(((position % 4096) + 4096) % 4096)
      }
      #expect([range.lowest, range.highest, range.present] == [lowest, highest, position])
    }
  }

  /// Any mounting of the encoders, any pose of the middle, travel to both stops: the calibration gives back the true angles.
  @Test func `a calibration measured on any mounting turns actual positions into angles and back`() throws {
    let arm = try ArmDescription.load("so101-follower", from: hardware)
    var random = SplitMix64(seed: 12)
    for _ in 0..<100 * effort {
      let mounts = arm.joints.map { _ in Double(random.next() % 4096) }
      func actual(_ joint: Int, _ angle: Double) -> Int {
        let tick = mounts[joint] + angle / ArmScale.radiansPerTick
        return ((Int(tick.rounded()) % 4096) + 4096) % 4096
      }
      func somewhere(_ joint: ArmDescription.Joint) -> Double {
        joint.lower_rad + random.uniform() * (joint.upper_rad - joint.lower_rad)
      }
      let middle = arm.joints.map { $0.isFullTurn ? 0 : somewhere($0) }
      var measurement = CalibrationMeasurement(arm, middle: middle.enumerated().map { actual($0.offset, $0.element) })
      for (index, joint) in arm.joints.enumerated() {
        for goal in [joint.lower_rad, joint.upper_rad] {
          for step in 1...4 {
            measurement.add(actual(index, middle[index] + (goal - middle[index]) * Double(step) / 4), joint: index)
          }
          for step in 1...4 {
            measurement.add(actual(index, goal + (middle[index] - goal) * Double(step) / 4), joint: index)
          }
        }
      }
      let calibration = try #require(measurement.calibration())
      let scale = try ArmScale(arm, calibration)
      for (index, joint) in arm.joints.enumerated() {
        let entry = calibration.joints[index], angle = somewhere(joint)
        #expect(entry.rangeMin >= 0 && entry.rangeMax <= 4095 && abs(entry.homingOffset) <= 2047)
        var ticks = SIMD8<Int32>.zero
        ticks[index] = Int32(HomingOffset.present(actual: actual(index, angle), offset: entry.homingOffset))
        let radians = scale.radians(ticks)
        #expect(abs(Double(radians[index]) - angle) < 2.1 * ArmScale.radiansPerTick, "\(joint.name)")
        #expect(scale.ticks(radians)?[index] == ticks[index])
        let back = HomingOffset.actual(present: Int(ticks[index]), offset: entry.homingOffset)
        #expect(back == actual(index, angle))
      }
    }
  }

  @Test func `what a joint cannot move is told, less and more`() throws {
    let arm = try ArmDescription.load("so101-follower", from: hardware)
    var measurement = CalibrationMeasurement(arm, middle: arm.joints.map { _ in 2047 })
    #expect(measurement.implausible.map(\.joint) == arm.joints.filter { !$0.isFullTurn }.map(\.name))
    for tick in [1000, 0, 3500, 2500, 1500, 600, 4000, 3300] { measurement.add(tick, joint: 0) }
    let finding = try #require(measurement.implausible(0))
    #expect(
      finding.description.contains("shoulder_pan moved") && finding.description.contains("which this joint cannot"))
    #expect(measurement.calibration() == nil)
  }

  @Test(arguments: ["so100-follower", "so100-leader", "so101-follower", "so101-leader"])
  func `every arm file has a reference pose, one full turn and settings that its servo knows`(name: String) throws {
    let arm = try ArmDescription.load(name, from: hardware)
    #expect(arm.joints.filter(\.isFullTurn).map(\.name) == ["wrist_roll"])
    let reference = try #require(arm.reference)
    let tool = Kinematics(arm).pose(reference.pose)
    // Hand level and straight forward, the jaw opening upward.
    #expect(tool.rotation.x.x > 0.999 && tool.rotation.z.z > 0.99 && abs(tool.position_m.y) < 0.005)
    #expect(arm.eeprom["return_delay"] == 0 && arm.eeprom["operating_mode"] == 0)
    #expect(Kinematics(arm).chain(reference.pose).last == tool)
  }
}
