internal import Arm

/// What a joint's number means in a LeRobot dataset, which does not say so itself.
public enum LeRobotUnits: String, Sendable, CaseIterable, Codable {
  /// Degrees from the middle of the calibrated range, the gripper 0 to 100: LeRobot 0.6's default (`use_degrees`).
  case degrees
  /// −100 to 100 over the calibrated range, the gripper 0 to 100: LeRobot's older default.
  case normalized
  /// Our own radians: nothing is converted, so nothing is rounded.
  case radians
}

/// Radians to LeRobot's numbers and back for each joint of one calibrated arm.
///
/// An angle that stands on an encoder tick, as every measured one does, becomes the very number that LeRobot would have
/// recorded, and comes back as the same bits. Between ticks (commands) both ways round once, to the nearest `Float`.
struct LeRobotConversion {
  private struct Joint {
    let rule: Normalization
    let entry: Calibration.Joint
    /// tick = atZero + radians · ticksPerRadian
    let atZero: Double
    let ticksPerRadian: Double
  }

  private let joints: [Joint]
  private let scale: ArmScale?

  /// Nothing is converted.
  static let none = LeRobotConversion(joints: [], scale: nil)

  private init(joints: [Joint], scale: ArmScale?) {
    self.joints = joints
    self.scale = scale
  }

  init(_ units: LeRobotUnits, arm: ArmDescription, calibration: Calibration) throws(CalibrationError) {
    guard units != .radians else {
      self = .none
      return
    }
    let scale = try ArmScale(arm, calibration)
    joints = arm.joints.enumerated().compactMap { index, joint in
      guard let entry = calibration[joint.name] else { return nil }  // ArmScale saw that there is one
      let isGripper = arm.gripper?.joint == index
      let rule: Normalization = isGripper ? .range0To100 : units == .degrees ? .degrees : .rangeM100To100
      let zero = scale.tick(index, at: 0)
      let perRadian = scale.tick(index, at: 1) - zero
      return Joint(rule: rule, entry: entry, atZero: zero, ticksPerRadian: perRadian)
    }
    self.scale = scale
  }

  /// A tick this near to a whole one is that one: what a Float of radians leaves of it.
  private static let snap = 2e-3

  func value(_ radians: Float, joint: Int) -> Float {
    guard scale != nil else { return radians }
    let joint = joints[joint]
    let tick = joint.atZero + Double(radians) * joint.ticksPerRadian
    let whole = tick.rounded()
    return Float(joint.rule.normalize((tick - whole).magnitude < Self.snap ? whole : tick, joint.entry))
  }

  func radians(_ value: Float, joint index: Int) -> Float {
    guard let scale else { return value }
    let joint = joints[index]
    let tick = joint.rule.tick(Double(value), joint.entry)
    let whole = tick.rounded()
    if (tick - whole).magnitude < Self.snap, (0...4095).contains(whole) {
      var ticks = SIMD8<Int32>(repeating: 0)
      ticks[index] = Int32(whole)
      return scale.radians(ticks)[index]
    }
    return Float((tick - joint.atZero) / joint.ticksPerRadian)
  }
}
