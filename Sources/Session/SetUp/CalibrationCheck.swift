internal import Arm
internal import ServoBus

/// `understudy calibrate --check`: an arm's EEPROM, its calibration file and its description, side by side. Writes nothing.
public struct CalibrationCheck: Sendable, Codable, CustomStringConvertible {
  /// One joint.
  public struct Joint: Sendable, Codable {
    /// Its name.
    public var name: String
    /// What the file says: homing offset, range minimum, range maximum.
    public var file: [Int]
    /// What the servo holds.
    public var servo: [Int]
    /// The range's width, and the arm file's, in degrees.
    public var width_deg: Double
    /// What the arm's file says it is.
    public var expected_deg: Double
    /// Where the joint stands, in degrees from its zero.
    public var present_deg: Double
    /// What does not agree, with the mend; empty where all does.
    public var trouble: [String] = []
  }

  /// The arm's file.
  public var arm: String
  /// The port.
  public var port: String
  /// The calibration's file.
  public var file: String
  /// The joints, in order.
  public var joints: [Joint] = []

  /// Reads everything and compares.
  public init(_ site: ArmPort) throws(SetUpError) {
    guard let name = site.calibration else {
      throw .refused("No calibration is named to compare with: say --calibration NAME.")
    }
    let calibration: Calibration
    do throws(CalibrationError) {
      calibration = try Calibration.find(name, for: site.arm, folder: site.folder)
    } catch { throw .calibration(error) }
    var bus = try site.open()
    let records = try site.records(on: &bus)
    (arm, port, file) = (site.arm.name, site.port, calibration.file)
    for (index, joint) in site.arm.joints.enumerated() {
      guard let entry = calibration[joint.name] else { continue }  // `find` saw that there is one
      joints.append(try Self.compare(joint, entry, records[index], site))
    }
  }

  /// Whether all of it agrees.
  public var isWell: Bool { joints.allSatisfy { $0.trouble.isEmpty } }

  private static func compare(
    _ joint: ArmDescription.Joint, _ entry: Calibration.Joint, _ record: ServoRecord, _ site: ArmPort
  ) throws(SetUpError) -> Joint {
    let width = Double(entry.rangeMax - entry.rangeMin) * 360 / 4096
    let expected = (joint.upper_rad - joint.lower_rad) * 180 / .pi
    let present = HomingOffset.present(actual: record.actualPosition, offset: entry.homingOffset)
    let zero =
      joint.zero == .middle
      ? Double(entry.rangeMin + entry.rangeMax) / 2
      : Double(entry.rangeMin) - joint.lower_rad / ArmScale.radiansPerTick
    var result = Joint(
      name: joint.name, file: [entry.homingOffset, entry.rangeMin, entry.rangeMax],
      servo: [record.homingOffset, record.rangeMin, record.rangeMax], width_deg: width, expected_deg: expected,
      present_deg: (Double(present) - zero) * 360 / 4096)
    if !record.holds(entry) {
      result.trouble.append("servo and file differ: `understudy calibrate --restore` writes the file into the servos")
    }
    if !joint.isFullTurn, !CalibrationMeasurement.plausibleShare.contains(width / expected) {
      result.trouble.append(
        "the range is \(Int(width.rounded()))° of about \(Int(expected.rounded()))°: `understudy calibrate` measures it anew"
      )
    }
    if joint.isFullTurn, entry.rangeMin != 0 || entry.rangeMax != 4095 {
      result.trouble.append("a full-turn joint has 0…4095 in LeRobot's files: `understudy calibrate` writes that")
    }
    if let stray = record.stray(from: site.arm.eeprom(of: joint), site.model) {
      result.trouble.append(
        "\(stray.name) is \(stray.received), the arm's file says \(stray.expected): `understudy setup-motors` sets it")
    }
    return result
  }

  /// For people.
  public var description: String {
    var table = TextTable(
      ["joint", "file: offset, range", "servo", "width", "arm's file", "stands at"], numbers: [3, 4, 5])
    for joint in joints {
      table.add(
        joint.name, Self.text(joint.file), joint.servo == joint.file ? "the same" : Self.text(joint.servo),
        "\(Int(joint.width_deg.rounded()))°", "\(Int(joint.expected_deg.rounded()))°",
        "\(Figures.fixed(joint.present_deg, 1))°")
    }
    let troubles = joints.flatMap { joint in joint.trouble.map { "\(joint.name): \($0)." } }
    return (["\(arm) on \(port), \(file)", "\(table)"] + (troubles.isEmpty ? ["All of it agrees."] : troubles))
      .joined(separator: "\n")
  }

  private static func text(_ values: [Int]) -> String { "\(values[0]), \(values[1])…\(values[2])" }
}
