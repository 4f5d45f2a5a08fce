public import Arm
public import ServoBus

/// Why a set-up verb ended without its work being done. What it had written until then stands in its sentence.
public enum SetUpError: Error, Equatable, CustomStringConvertible {
  /// The port could not be opened.
  case port(PortError)
  /// A servo did not answer, or wrongly.
  case bus(BusError)
  /// A file is missing or wrong.
  case configuration(ConfigurationError)
  /// The servo's table is wrong.
  case servoFile(ServoFileError)
  /// A calibration is missing, wrong, or cannot be written.
  case calibration(CalibrationError)
  /// The arm file names a register that its servo does not have.
  case unknownRegister(arm: String, register: String, servo: String)
  /// No servo answers at any rate.
  case nobody(port: String)
  /// Several servos are on the wire where one is asked for; `ids` is empty where only noise could be made out.
  case several(port: String, ids: [UInt8])
  /// Two servos answer to one id.
  case duplicates(port: String, id: UInt8)
  /// A servo of another model.
  case model(port: String, id: UInt8, expected: ServoName, received: ServoName)
  /// A servo's EEPROM does not open.
  case locked(port: String, id: UInt8)
  /// A servo of the arm is missing from the chain.
  case missing(port: String, joints: [String])
  /// A joint did not move as such a joint moves.
  case implausible([RangeFinding])
  /// The arm does not stand in the reference pose.
  case pose([ReferenceCheck.Joint])
  /// EEPROM, file and arm do not agree: a sentence a joint.
  case mismatch([String])
  /// A question was asked and nobody answered.
  case nobodyToAsk(String)
  /// The person said stop.
  case stopped(String)
  /// The output is there already.
  case exists(file: String)
  /// Something in the way; a sentence.
  case refused(String)

  /// A servo model as people and registers know it.
  public struct ServoName: Equatable, Sendable, CustomStringConvertible {
    /// What its model number register reads.
    public var number: Int32
    /// Its file's name for it; nil for a model that no file describes.
    public var name: String?

    /// For messages.
    public var description: String {
      name.map { "\($0) (model \(number))" } ?? "model \(number), which no file describes"
    }
  }

  /// What happened, what was expected, what to do.
  public var description: String {
    switch self {
    case .port(let error): return "\(error)"
    case .bus(let error): return "\(error)"
    case .configuration(let error): return "\(error)"
    case .servoFile(let error): return "\(error)"
    case .calibration(let error): return "\(error)"
    case .unknownRegister(let arm, let register, let servo):
      return "The arm file \(arm) wants \"\(register)\" in every servo's EEPROM, but \(servo) has no such register; "
        + "correct hardware/arms/\(arm).yaml."
    case .nobody(let port):
      return
        "No servo answers on \(port) at any baud rate: is the supply on, is the cable in the servo and in the adapter?"
    case .several(let port, let ids) where ids.isEmpty:
      return "Bytes come on \(port), but no whole reply: several servos talk at once, or the cable is loose; leave one "
        + "servo connected and try again."
    case .several(let port, let ids):
      return "Servos \(Self.list(ids)) all answer on \(port); leave only one of them connected and try again."
    case .duplicates(let port, let id):
      return "Two or more servos on \(port) answer to id \(id) and talk over each other (new ones all have id 1); "
        + "connect them one at a time with `understudy setup-motors`, which gives each its own."
    case .model(let port, let id, let expected, let received):
      return "Servo \(id) on \(port) is \(received), but this arm is made of \(expected); connect the right servo, or "
        + "describe this one in hardware/servos and name it in the arm's file."
    case .locked(let port, let id):
      return
        "The EEPROM of servo \(id) on \(port) stays locked: its lock register still reads 1 after a 0 was written. "
        + "Power the servo off and on and try again; if it stays so, replace the servo."
    case .missing(let port, let joints):
      return "\(joints.joined(separator: ", ")) \(joints.count == 1 ? "does" : "do") not answer on \(port): check the "
        + "chain's cables there, or set the servo up with `understudy setup-motors`."
    case .implausible(let findings):
      return findings.map { "\($0)" }.joined(separator: " ") + " Nothing was written; run `understudy calibrate` again."
    case .pose(let joints):
      let list = joints.map { "\($0.name) by \(Self.degrees($0.deviation_rad))°" }.joined(separator: ", ")
      return "The arm is not in the reference pose (\(list)), so its zero cannot be believed; nothing was written. Run "
        + "`understudy calibrate` again, reach every stop, and put the arm into the drawn pose."
    case .mismatch(let sentences): return sentences.joined(separator: " ")
    case .nobodyToAsk(let question):
      return "Nobody answered \"\(question)\"; run this in a terminal, or give the answers on standard input."
    case .stopped(let what): return what
    case .exists(let file):
      return "\(file) exists already and is left as it is; choose another name, or move it away."
    case .refused(let why): return why
    }
  }

  static func list(_ ids: [UInt8]) -> String { ids.map(String.init).joined(separator: ", ") }
  static func degrees(_ angle_rad: Double) -> String { Figures.fixed(angle_rad * 180 / .pi, 1) }
}

extension SetUpError: EndingError {
  /// 69 where something does not answer, 65 where what it says is wrong, 75 where the person stopped, or a file's own.
  public var exitCode: Int32 {
    switch self {
    case .port(let error): error.exitCode
    case .configuration(let error): error.exitCode
    case .servoFile: ExitStatus.configuration.rawValue
    case .unknownRegister: ExitStatus.configuration.rawValue
    case .calibration(let error): error.exitCode
    case .bus, .nobody, .missing, .locked: ExitStatus.unavailable.rawValue
    case .several, .duplicates, .model, .implausible, .pose, .mismatch, .refused: ExitStatus.data.rawValue
    case .exists: ExitStatus.cannotCreate.rawValue
    case .nobodyToAsk: ExitStatus.usage.rawValue
    case .stopped: ExitStatus.temporary.rawValue
    }
  }
}
