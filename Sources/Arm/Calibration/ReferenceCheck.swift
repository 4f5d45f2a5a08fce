/// Where the joints stand in the arm file's reference pose, by a calibration: whether its zeros can be believed, and how to
/// mend those that cannot.
///
/// A range gives a joint its zero only if both of its stops were reached, and a full-turn joint's zero is wherever it stood in
/// the pose of the middle. Limits, floor and tool point all hang on these zeros.
public struct ReferenceCheck: Sendable {
  /// Within this a zero is confirmed: a pose is put by eye, and measured stops are better than that.
  public static let confirmed_rad = 0.0873  // 5°
  /// Beyond this nothing is mended: the arm is not in the pose, or a servo is on another joint.
  public static let mendable_rad = 0.5236  // 30°

  /// One joint in the pose.
  public struct Joint: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// By how much it stands beyond where the pose has it, in rad.
    public var deviation_rad: Double
    /// Within the tolerance.
    public var isConfirmed: Bool { abs(deviation_rad) <= ReferenceCheck.confirmed_rad }
  }

  /// The joints, in order.
  public let joints: [Joint]
  private let arm: ArmDescription
  private let calibration: Calibration
  private let ticks: [Int]

  /// Compares present positions (after the calibration's offsets) with the arm's reference pose; nil where its file has none.
  public init?(_ arm: ArmDescription, _ calibration: Calibration, ticks: [Int]) throws(CalibrationError) {
    guard let reference = arm.reference else { return nil }
    let scale = try ArmScale(arm, calibration)
    var lanes = SIMD8<Int32>.zero
    for (index, tick) in ticks.enumerated() { lanes[index] = Int32(tick) }
    let angles = scale.radians(lanes)
    joints = arm.joints.enumerated().map { index, joint in
      Joint(name: joint.name, deviation_rad: Double(angles[index]) - Double(reference.pose[index]))
    }
    self.arm = arm
    self.calibration = calibration
    self.ticks = ticks
  }

  /// Every joint stands where the pose has it.
  public var isConfirmed: Bool { joints.allSatisfy(\.isConfirmed) }

  /// The joints that do not.
  public var strays: [Joint] { joints.filter { !$0.isConfirmed } }

  /// The calibration in which this pose is the reference pose: a full-turn joint gets another homing offset, another joint a
  /// range that is even about its zero, and narrower (never wider than what was seen to be free). Nil where a deviation is too
  /// large to be a matter of zero, a joint's zero does not hang on the middle, or hardly any range would be left.
  public func mended() -> Calibration? {
    var mended = calibration
    for (index, joint) in joints.enumerated() where !joint.isConfirmed {
      let description = arm.joints[index]
      guard description.zero == .middle, abs(joint.deviation_rad) <= Self.mendable_rad,
        let entry = mended.joints.firstIndex(where: { $0.name == joint.name })
      else { return nil }
      let turned = (description.direction < 0) != (mended.joints[entry].driveMode == 1)
      let off = Int((joint.deviation_rad / ArmScale.radiansPerTick * (turned ? -1 : 1)).rounded())
      if description.isFullTurn {
        mended.joints[entry].homingOffset = HomingOffset.placing(
          HomingOffset.actual(present: HomingOffset.middle + off, offset: mended.joints[entry].homingOffset))
        continue
      }
      let range = mended.joints[entry]
      let width = range.rangeMax - range.rangeMin - 2 * abs(off)
      let expected = (description.upper_rad - description.lower_rad) / ArmScale.radiansPerTick
      guard Double(width) >= CalibrationMeasurement.plausibleShare.lowerBound * expected else { return nil }
      mended.joints[entry].rangeMin += 2 * max(0, off)
      mended.joints[entry].rangeMax += 2 * min(0, off)
    }
    return mended
  }
}
