public import Arm
public import ServoBus

/// Why a twin cannot start.
public enum TwinError: Error, Equatable, CustomStringConvertible {
  /// No task of this name.
  case unknownTask(String, known: [String])
  /// A variant of a task that has none.
  case noVariants(String, families: [String])
  /// MuJoCo refused a scene file.
  case scene(path: String, reason: String)
  /// A scene file lacks something that the task or the arm needs.
  case missing(kind: String, name: String, path: String)
  /// The files of the hardware folder.
  case hardware(ConfigurationError)
  /// The servo's file.
  case servo(ServoFileError)
  /// How the servos are mounted.
  case calibration(CalibrationError)
  /// The arm's file describes another arm than the scenes.
  case otherArm(String, expected: [String])

  /// One sentence: what was expected, what came, what to do.
  public var description: String {
    switch self {
    case .unknownTask(let name, let known):
      "There is no task \"\(name)\"; choose one of \(known.joined(separator: ", "))."
    case .noVariants(let name, let families):
      "The task \"\(name)\" has no variants; those that have are \(families.joined(separator: ", "))."
    case .scene(let path, let reason):
      "MuJoCo could not load \(path): \(reason). Restore the file or correct what the message names."
    case .missing(let kind, let name, let path):
      "The scene \(path) has no \(kind) named \"\(name)\", which the twin needs; add it or restore the file."
    case .hardware(let error): error.description
    case .servo(let error): error.description
    case .calibration(let error): error.description
    case .otherArm(let name, let expected):
      "The arm \"\(name)\" is not the one in hardware/sim, whose joints are \(expected.joined(separator: ", ")); "
        + "the twin has SO-101 arms only."
    }
  }
}
