internal import Arm
internal import Control
public import ServoBus

/// Checks every servo of an arm before its torque may come on, and sets the registers that a power cut resets.
///
/// Only RAM is written, and only after every check: speed, acceleration and torque limits as a second line behind the
/// envelope. EEPROM is compared, never written: that is for the set-up verbs, which each error names.
struct BringUp {
  /// The arm's name in the rig, for messages.
  let name: String
  let arm: ArmDescription
  let calibration: Calibration
  /// The servos' own limits.
  let bounds: ServoBounds
  /// Every calibration that is known, to say whose arm this is if it is another's.
  var known: () -> [Calibration.Known] = { [] }

  /// Every check, then the writes; nothing moves.
  func run(_ bus: inout ServoBus) throws(BringUpError) {
    let records = try read(&bus)
    try compare(records, on: bus)
    for (index, joint) in arm.joints.enumerated() { try limit(joint, at: index, on: &bus) }
  }

  private func read(_ bus: inout ServoBus) throws(BringUpError) -> [ServoRecord] {
    var records: [ServoRecord] = []
    var silent: BringUpError?
    for joint in arm.joints {
      let record: ServoRecord
      do throws(BusError) {
        record = try ServoRecord(reading: joint.servoID, on: &bus)
      } catch {
        guard case .noReply(let port, let id, _, let stray) = error else {
          throw .bus(arm: name, joint: joint.name, error)
        }
        guard stray == 0 else { throw .duplicates(arm: name, joint: joint.name, port: port, id: id) }
        // Perhaps it has taken another joint's id: that would be the better sentence.
        silent = silent ?? .bus(arm: name, joint: joint.name, error)
        continue
      }
      guard record.modelNumber == bus.model.modelNumber else {
        throw .model(
          arm: name, joint: joint.name, id: record.id, expected: bus.model.modelNumber, received: record.modelNumber)
      }
      records.append(record)
    }
    if let silent { throw silent }
    return records
  }

  private func compare(_ records: [ServoRecord], on bus: borrowing ServoBus) throws(BringUpError) {
    try compareCalibration(records, port: bus.portName)
    for (joint, record) in zip(arm.joints, records) {
      guard record.firmware == records[0].firmware else {
        throw .firmware(
          arm: name, joint: joint.name, received: record.firmware, other: arm.joints[0].name,
          expected: records[0].firmware)
      }
      if let stray = record.stray(from: arm.eeprom(of: joint), bus.model) {
        throw .eeprom(
          arm: name, joint: joint.name, register: stray.name, expected: stray.expected, received: stray.received)
      }
      let registers = bus.model.registers
      let (least, most) = (record.value(registers.minVoltage), record.value(registers.maxVoltage))
      let volts = record.value(registers.presentVoltage)
      guard least...max(least, most) ~= volts else {
        throw .voltage(
          arm: name, joint: joint.name, volts: Double(volts) / 10,
          range: Double(least) / 10...Double(max(least, most)) / 10)
      }
    }
  }

  /// One joint that differs was changed; an arm that is wholly another's calibration is that other arm.
  private func compareCalibration(_ records: [ServoRecord], port: String) throws(BringUpError) {
    for (joint, record) in zip(arm.joints, records) {
      guard let entry = calibration[joint.name], !record.holds(entry) else { continue }
      let other = known().first { candidate in
        candidate.calibration.joints.count == records.count
          && records.allSatisfy { record in
            candidate.calibration.joints.contains { $0.id == Int(record.id) && record.holds($0) }
          }
      }
      if let other {
        throw .otherArm(
          arm: name, port: port, file: calibration.file, other: other.calibration.file, role: other.role?.rawValue)
      }
      throw .calibration(
        arm: name, joint: joint.name, file: calibration.file,
        expected: [entry.homingOffset, entry.rangeMin, entry.rangeMax],
        received: [record.homingOffset, record.rangeMin, record.rangeMax])
    }
  }

  private func limit(
    _ joint: ArmDescription.Joint, at index: Int, on bus: inout ServoBus
  ) throws(BringUpError) {
    let registers = bus.model.registers, id = joint.servoID
    do throws(BusError) {
      try bus.write(bounds.acceleration[index], to: registers.acceleration, of: id)
      try bus.write(bounds.velocity[index], to: registers.goalVelocity, of: id)
      try bus.write(bounds.torque[index], to: registers.torqueLimit, of: id)
    } catch {
      throw .bus(arm: name, joint: joint.name, error)
    }
  }
}

/// Why an arm may not be powered. Nothing was written.
public enum BringUpError: Error, CustomStringConvertible {
  /// A servo did not answer, or answered wrongly.
  case bus(arm: String, joint: String, BusError)
  /// Two servos answer to one id.
  case duplicates(arm: String, joint: String, port: String, id: UInt8)
  /// A servo of another kind stands where the arm file expects this one.
  case model(arm: String, joint: String, id: UInt8, expected: Int32, received: Int32)
  /// Servos of one arm with different firmware.
  case firmware(arm: String, joint: String, received: String, other: String, expected: String)
  /// A servo's EEPROM holds another setting than the arm's file says.
  case eeprom(arm: String, joint: String, register: String, expected: Int32, received: Int32)
  /// The servo's EEPROM and the calibration file differ (homing offset, range minimum, range maximum).
  case calibration(arm: String, joint: String, file: String, expected: [Int], received: [Int])
  /// All servos hold another arm's calibration.
  case otherArm(arm: String, port: String, file: String, other: String, role: String?)
  /// The supply is outside the servo's own limits.
  case voltage(arm: String, joint: String, volts: Double, range: ClosedRange<Double>)

  /// A sentence for people: what was expected, what came, and the verb that mends it.
  public var description: String {
    switch self {
    case .bus(let arm, let joint, .noReply(let port, let id, _, _)):
      "\(arm), \(joint): servo \(id) on \(port) does not answer: check its cable and the supply, see with "
        + "`understudy ports` who does, and set it up with `understudy setup-motors` if it never was."
    case .bus(let arm, let joint, let error): "\(arm), \(joint): \(error)"
    case .duplicates(let arm, let joint, let port, let id):
      "\(arm), \(joint): two servos on \(port) answer to id \(id), or there is noise on the wire: give each its own id, one "
        + "at a time, with `understudy setup-motors`."
    case .model(let arm, let joint, let id, let expected, let received):
      "\(arm), \(joint): servo \(id) is of model \(received), but its arm file expects \(expected); "
        + "is another arm plugged in here, or the wrong arm named in the rig? `understudy ports` tells what is there."
    case .firmware(let arm, let joint, let received, let other, let expected):
      "\(arm), \(joint): its servo has firmware \(received), \(other)'s has \(expected); bring all servos of the arm to one "
        + "version with Feetech's FD program."
    case .eeprom(let arm, let joint, let register, let expected, let received):
      "\(arm), \(joint): \(register) in the servo's EEPROM is \(received), but the arm's file says \(expected); "
        + "`understudy setup-motors` sets it, with the whole chain connected."
    case .calibration(let arm, let joint, let file, let expected, let received):
      "\(arm), \(joint): the servo holds homing offset and range \(received), but \(file) says \(expected); "
        + "name this arm's own calibration in the rig file, write the file into the servos with "
        + "`understudy calibrate --restore`, or calibrate it anew with `understudy calibrate`."
    case .otherArm(let arm, let port, let file, let other, let role):
      "\(arm): the arm on \(port) is \(role.map { "a \($0), " } ?? "")the one of \(other), not the one of \(file): exchange "
        + "the ports in the rig file or the plugs; `understudy ports` tells which arm is where."
    case .voltage(let arm, let joint, let volts, let range):
      "\(arm), \(joint): the supply gives \(volts) V, but this servo allows \(range.lowerBound) to "
        + "\(range.upperBound) V; use the supply that belongs to this arm."
    }
  }
}
