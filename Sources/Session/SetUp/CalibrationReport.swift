internal import Arm

/// What `calibrate` wrote.
public struct CalibrationReport: Sendable, Codable, CustomStringConvertible {
  /// One joint's entry.
  public struct Joint: Sendable, Codable {
    /// Its name.
    public var name: String
    /// What its servo subtracts from its encoder.
    public var homingOffset: Int
    /// The lowest tick of its range.
    public var rangeMin: Int
    /// The highest tick of its range.
    public var rangeMax: Int

    init(_ entry: Calibration.Joint) {
      (name, homingOffset, rangeMin, rangeMax) = (entry.name, entry.homingOffset, entry.rangeMin, entry.rangeMax)
    }
  }

  /// What the reference pose said of the zeros.
  public enum Zero: Sendable, Codable, Equatable {
    /// All stood where the ranges had them.
    case confirmed
    /// These joints' zeros were moved to the pose.
    case corrected([String])
    /// Nobody looked.
    case unchecked
  }

  /// The arm's file.
  public var arm: String
  /// The port.
  public var port: String
  /// The calibration's file.
  public var file: String
  /// Its entries, in the joints' order.
  public var joints: [Joint]
  /// Joints whose travel led through the encoder's seam.
  public var crossings: [String] = []
  /// What became of the zeros.
  public var zero = Zero.unchecked

  /// For people.
  public var description: String {
    var table = TextTable(["joint", "offset", "lowest", "highest"], numbers: [1, 2, 3])
    for joint in joints { table.add(joint.name, "\(joint.homingOffset)", "\(joint.rangeMin)", "\(joint.rangeMax)") }
    let zeros =
      switch zero {
      case .confirmed: "The reference pose confirms every zero."
      case .corrected(let names): "The zero of \(names.joined(separator: ", ")) was moved to the reference pose."
      case .unchecked: "The zeros were not checked."
      }
    return "\(table)\n\(zeros)\nWritten to \(file) and into the servos; read back."
  }
}
