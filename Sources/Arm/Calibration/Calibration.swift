/// What `calibrate` found out about one arm's servos: LeRobot's file, key for key.
///
/// Ticks are Present_Position's: the servo reports Present = Actual − Homing_Offset, and `range_min`, `range_max` are in
/// those ticks, after the offset. The same three numbers stand in the servo's EEPROM, so a file fits one arm only.
///
///     let calibration = try Calibration.find("my_follower", for: arm)
///     let scale = try ArmScale(arm, calibration)
public struct Calibration: Sendable, Equatable {
  /// The joints, by servo address.
  public var joints: [Joint]
  /// Where it was read from, as errors name it; empty for one made in memory.
  public var file: String = ""

  /// One joint's entry.
  public struct Joint: Sendable, Equatable {
    /// The motor's name; the key in the file.
    public var name: String
    /// The servo's address.
    public var id: Int
    /// 1 where the joint is mounted the other way round. LeRobot's degrees ignore it.
    public var driveMode: Int
    /// What the servo subtracts from its encoder, −2047…2047.
    public var homingOffset: Int
    /// The lowest tick of the range, after the offset.
    public var rangeMin: Int
    /// The highest tick of the range, after the offset.
    public var rangeMax: Int

    /// An entry with these values; whether they make sense is checked when a file is read or written.
    public init(name: String, id: Int, driveMode: Int = 0, homingOffset: Int, rangeMin: Int, rangeMax: Int) {
      self.name = name
      self.id = id
      self.driveMode = driveMode
      self.homingOffset = homingOffset
      self.rangeMin = rangeMin
      self.rangeMax = rangeMax
    }
  }

  /// A calibration of these joints.
  public init(joints: [Joint]) { self.joints = joints }

  /// The entry of a joint, or nil.
  public subscript(_ name: String) -> Joint? { joints.first { $0.name == name } }

  /// Checks each entry by itself: a servo could not hold other values, and LeRobot divides by the range.
  func validate(file: String) throws(CalibrationError) {
    guard !joints.isEmpty else { throw .empty(file: file) }
    for (index, joint) in joints.enumerated() {
      func check(_ key: String, _ value: Int, _ range: ClosedRange<Int>) throws(CalibrationError) {
        guard !range.contains(value) else { return }
        throw .outOfRange(file: file, joint: joint.name, key: key, value: value, range: range)
      }
      try check("id", joint.id, 0...253)
      try check("drive_mode", joint.driveMode, 0...1)
      try check("homing_offset", joint.homingOffset, -2047...2047)
      try check("range_min", joint.rangeMin, 0...4095)
      try check("range_max", joint.rangeMax, 0...4095)
      guard joint.rangeMin < joint.rangeMax else {
        throw .emptyRange(file: file, joint: joint.name, rangeMin: joint.rangeMin, rangeMax: joint.rangeMax)
      }
      if let other = joints[..<index].first(where: { $0.id == joint.id }) {
        throw .sameID(file: file, joint: joint.name, other: other.name, id: joint.id)
      }
    }
  }

  /// Checks that it is of this kind of arm: the same joints on the same addresses.
  public func check(against arm: ArmDescription) throws(CalibrationError) {
    let expected = arm.jointNames, found = joints.map(\.name)
    let missing = expected.filter { !found.contains($0) }, extra = found.filter { !expected.contains($0) }
    guard missing.isEmpty, extra.isEmpty else {
      throw .otherArm(file: file, arm: arm.name, missing: missing, extra: extra)
    }
    for joint in arm.joints {
      guard let entry = self[joint.name], entry.id != Int(joint.servoID) else { continue }
      throw .otherID(
        file: file, joint: joint.name, id: entry.id, arm: arm.name, expected: Int(joint.servoID))
    }
  }
}
