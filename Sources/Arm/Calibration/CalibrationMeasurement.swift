/// A calibration in the making: what the encoders showed in the pose of the arm's middle, and how far the joints moved.
///
/// LeRobot's procedure and its results, value for value, where LeRobot's are right: the pose of the middle reads 2047, a range
/// is what was seen, a full-turn joint has 0…4095, drive_mode is 0. Beyond it: travel through the seam is seen and mended by
/// another homing offset, and ranges that this arm cannot have are refused.
///
///     var measurement = CalibrationMeasurement(arm, middle: actual)     // actual ticks: without any offset
///     while moving { measurement.add(actual) }
///     let calibration = try measurement.calibration()
public struct CalibrationMeasurement: Sendable {
  /// A joint of this arm moves so much of what its file says, at least and at most.
  public static let plausibleShare = 0.7...1.3

  /// The arm that is calibrated.
  public let arm: ArmDescription
  /// The offsets that make the pose of the middle read 2047, in the joints' order.
  public let offsets: [Int]
  /// How far the joints moved, in ticks after those offsets.
  public private(set) var ranges: [RangeOfMotion]

  /// Begins in the pose of the middle; `middle` are actual positions, without any offset, 0…4095.
  public init(_ arm: ArmDescription, middle: [Int]) {
    self.arm = arm
    offsets = middle.map { HomingOffset.placing($0) }
    ranges = zip(middle, offsets).map { RangeOfMotion(at: HomingOffset.present(actual: $0, offset: $1)) }
  }

  /// Takes a joint's next actual position.
  public mutating func add(_ actual: Int, joint: Int) {
    ranges[joint].add(HomingOffset.present(actual: actual, offset: offsets[joint]))
  }

  /// What is wrong with a joint's range so far; nil for a plausible one.
  public func implausible(_ joint: Int) -> RangeFinding? {
    let description = arm.joints[joint]
    guard !description.isFullTurn else { return nil }
    let expected = Int(((description.upper_rad - description.lower_rad) / ArmScale.radiansPerTick).rounded())
    let share = Double(ranges[joint].width) / Double(expected)
    guard !Self.plausibleShare.contains(share) else { return nil }
    return RangeFinding(joint: description.name, width: ranges[joint].width, expected: expected)
  }

  /// Every joint whose range cannot be.
  public var implausible: [RangeFinding] { ranges.indices.compactMap { implausible($0) } }

  /// Joints whose travel led through the seam between 4095 and 0, so that their offset is another than LeRobot's would be.
  public var crossings: [String] {
    arm.joints.indices.filter { !arm.joints[$0].isFullTurn && ranges[$0].crossesSeam }.map { arm.joints[$0].name }
  }

  /// The calibration, or nil as long as a range is implausible.
  public func calibration() -> Calibration? {
    guard implausible.isEmpty else { return nil }
    return Calibration(joints: arm.joints.indices.map { entry($0) })
  }

  private func entry(_ index: Int) -> Calibration.Joint {
    let joint = arm.joints[index], range = ranges[index]
    var entry = Calibration.Joint(
      name: joint.name, id: Int(joint.servoID), homingOffset: offsets[index], rangeMin: 0,
      rangeMax: RangeOfMotion.turn - 1)
    guard !joint.isFullTurn else { return entry }
    var shift = 0
    if range.crossesSeam {
      // The range's own middle goes to 2047 instead of the pose's.
      let center = HomingOffset.actual(present: (range.lowest + range.highest) / 2, offset: offsets[index])
      entry.homingOffset = HomingOffset.placing(center)
      shift = HomingOffset.present(actual: center, offset: entry.homingOffset) - (range.lowest + range.highest) / 2
    }
    entry.rangeMin = range.lowest + shift
    entry.rangeMax = range.highest + shift
    return entry
  }
}

/// A range that a joint of this arm cannot have.
public struct RangeFinding: Sendable, Equatable, CustomStringConvertible {
  /// The joint's name.
  public var joint: String
  /// How far it was seen to move, in ticks.
  public var width: Int
  /// How far it moves by the arm's file, in ticks.
  public var expected: Int

  /// A sentence.
  public var description: String {
    let seen = "\(joint) moved \(Self.degrees(width))° of about \(Self.degrees(expected))°"
    return width < expected
      ? "\(seen): move it through all of its travel, from stop to stop."
      : "\(seen), which this joint cannot: is its servo on another joint, or its horn loose?"
  }

  private static func degrees(_ ticks: Int) -> Int { Int((Double(ticks) * 360 / 4096).rounded()) }
}
