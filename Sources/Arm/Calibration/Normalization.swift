/// LeRobot's units for a joint in its datasets: what its normalisation makes of servo ticks, with its rounding.
///
/// Inside, angles are radians (`ArmScale`); these are for exchange with LeRobot's files and nothing else. The arithmetic is
/// LeRobot 0.6.1's, in double precision and in its order of operations, so that values agree to the last bit.
public enum Normalization: String, Sendable, CaseIterable {
  /// Degrees from the middle of the range; neither clamped nor turned round by `drive_mode`.
  case degrees
  /// −100 at one end of the range, 100 at the other; clamped.
  case rangeM100To100 = "range_m100_100"
  /// 0 at one end of the range, 100 at the other; clamped. The gripper's: 0 is closed.
  case range0To100 = "range_0_100"

  /// Ticks (after the homing offset) to LeRobot's value.
  public func normalize(_ tick: Int, _ joint: Calibration.Joint) -> Double { normalize(Double(tick), joint) }

  /// The same between two ticks, where a command may lie.
  public func normalize(_ tick: Double, _ joint: Calibration.Joint) -> Double {
    let low = Double(joint.rangeMin), high = Double(joint.rangeMax)
    let bounded = min(high, max(low, tick))
    switch self {
    case .degrees:
      return (tick - (low + high) / 2) * 360 / 4095
    case .rangeM100To100:
      let value = ((bounded - low) / (high - low)) * 200 - 100
      return joint.driveMode == 1 ? -value : value
    case .range0To100:
      let value = ((bounded - low) / (high - low)) * 100
      return joint.driveMode == 1 ? 100 - value : value
    }
  }

  /// LeRobot's value to the tick it stands for, unrounded and unbounded.
  public func tick(_ value: Double, _ joint: Calibration.Joint) -> Double {
    let low = Double(joint.rangeMin), high = Double(joint.rangeMax)
    switch self {
    case .degrees: return value * 4095 / 360 + (low + high) / 2
    case .rangeM100To100: return ((joint.driveMode == 1 ? -value : value) + 100) / 200 * (high - low) + low
    case .range0To100: return (joint.driveMode == 1 ? 100 - value : value) / 100 * (high - low) + low
    }
  }

  /// LeRobot's value to ticks, truncated toward zero as Python's `int()` does; nil for NaN and values no tick can hold.
  public func ticks(_ value: Double, _ joint: Calibration.Joint) -> Int? {
    guard value.isFinite else { return nil }
    let low = Double(joint.rangeMin), high = Double(joint.rangeMax)
    switch self {
    case .degrees:
      return Int(exactly: (value * 4095 / 360 + (low + high) / 2).rounded(.towardZero))
    case .rangeM100To100:
      let turned = joint.driveMode == 1 ? -value : value
      return Int((((min(100, max(-100, turned)) + 100) / 200) * (high - low) + low).rounded(.towardZero))
    case .range0To100:
      let turned = joint.driveMode == 1 ? 100 - value : value
      return Int(((min(100, max(0, turned)) / 100) * (high - low) + low).rounded(.towardZero))
    }
  }
}
