/// What is wrong with a calibration file, and what to do about it.
public enum CalibrationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Nothing of that name in any of the places.
  case notFound(name: String, looked: [String], available: [String])
  /// The file exists but cannot be read.
  case unreadable(file: String, reason: String)
  /// Not the JSON that LeRobot writes.
  case notACalibration(file: String, problem: String)
  /// No joint in it.
  case empty(file: String)
  /// A value that a servo cannot hold.
  case outOfRange(file: String, joint: String, key: String, value: Int, range: ClosedRange<Int>)
  /// `range_min` is not below `range_max`.
  case emptyRange(file: String, joint: String, rangeMin: Int, rangeMax: Int)
  /// Two joints with one address.
  case sameID(file: String, joint: String, other: String, id: Int)
  /// Other joints than the arm's.
  case otherArm(file: String, arm: String, missing: [String], extra: [String])
  /// A joint on another address than the arm file says.
  case otherID(file: String, joint: String, id: Int, arm: String, expected: Int)
  /// The file could not be replaced; the old one stands untouched.
  case unwritable(file: String, reason: String)

  /// One sentence: what was expected, what came, what to do.
  public var description: String {
    switch self {
    case .notFound(let name, let looked, let available):
      return "There is no calibration \"\(name)\" (looked for \(looked.joined(separator: ", "))); "
        + (available.isEmpty ? "" : "there is: \(available.joined(separator: ", ")); ")
        + "run `understudy calibrate`, or name another file in the rig."
    case .unreadable(let file, let reason):
      return "\(file) cannot be read (\(reason)); check the path and its permissions."
    case .notACalibration(let file, let problem):
      return
        "\(file) is no calibration: \(problem). Expected LeRobot's JSON, {\"shoulder_pan\": {\"id\", \"drive_mode\", "
        + "\"homing_offset\", \"range_min\", \"range_max\"}, …}; run `understudy calibrate` for a new one."
    case .empty(let file):
      return "\(file) names no joint; run `understudy calibrate` for a new one."
    case .outOfRange(let file, let joint, let key, let value, let range):
      return "\(file): \(joint)'s \(key) is \(value), but a servo holds \(range.lowerBound) to \(range.upperBound); "
        + "calibrate the arm again."
    case .emptyRange(let file, let joint, let rangeMin, let rangeMax):
      return
        "\(file): \(joint) moves from tick \(rangeMin) to \(rangeMax), which is no range; calibrate the arm again and "
        + "move that joint through all of its travel."
    case .sameID(let file, let joint, let other, let id):
      return "\(file): \(joint) and \(other) both have servo id \(id); calibrate the arm again."
    case .otherArm(let file, let arm, let missing, let extra):
      return "\(file) is of another arm than \(arm): "
        + [
          missing.isEmpty ? nil : "it lacks \(missing.joined(separator: ", "))",
          extra.isEmpty ? nil : "it has \(extra.joined(separator: ", "))",
        ].compactMap(\.self).joined(separator: " and ") + "; name the right file in the rig."
    case .otherID(let file, let joint, let id, let arm, let expected):
      return
        "\(file): \(joint) has servo id \(id), but \(arm) has it on \(expected); name the right file in the rig, or run "
        + "`understudy setup-motors`."
    case .unwritable(let file, let reason):
      return "\(file) cannot be written (\(reason)); what stood there before is untouched."
    }
  }

  /// The exit code of sysexits.h: 66 no input, 65 wrong data, 73 cannot create.
  public var exitCode: Int32 {
    switch self {
    case .notFound, .unreadable: 66
    case .unwritable: 73
    default: 65
    }
  }
}
