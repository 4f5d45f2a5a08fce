internal import Arm
public import ServoBus

/// Checks every servo of an arm before its torque may come on, and sets the registers that a power cut resets.
///
/// Only RAM is written: speed, acceleration and torque limits as a second line behind the envelope. EEPROM is compared.
struct BringUp {
  /// The arm's name in the rig, for messages.
  let name: String
  let arm: ArmDescription
  let calibration: Calibration
  /// Second line: the servo's own speed limit in rad/s.
  let velocity_rad_s: Double
  /// Torque limit 0…1.
  let torqueShare: Double

  /// Every check and write; nothing moves.
  func run(_ bus: inout ServoBus) throws(BringUpError) {
    for joint in arm.joints { try check(joint, on: &bus) }
  }

  private func check(_ joint: ArmDescription.Joint, on bus: inout ServoBus) throws(BringUpError) {
    let id = joint.servoID
    let registers = bus.model.registers
    let values: (model: Int32, offset: Int32, low: Int32, high: Int32, volts: Int32, most: Int32, least: Int32)
    do throws(BusError) {
      try bus.ping(id)
      values = (
        try bus.read(registers.modelNumber, of: id), try bus.read(registers.homingOffset, of: id),
        try bus.read(registers.minPosition, of: id), try bus.read(registers.maxPosition, of: id),
        try bus.read(registers.presentVoltage, of: id), try bus.read(registers.maxVoltage, of: id),
        try bus.read(registers.minVoltage, of: id)
      )
    } catch {
      throw .bus(arm: name, joint: joint.name, error)
    }
    guard values.model == bus.model.modelNumber else {
      throw .model(arm: name, joint: joint.name, id: id, expected: bus.model.modelNumber, received: values.model)
    }
    if let entry = calibration[joint.name] {
      guard values.offset == entry.homingOffset, values.low == entry.rangeMin, values.high == entry.rangeMax else {
        throw .calibration(
          arm: name, joint: joint.name, file: calibration.file,
          expected: [entry.homingOffset, entry.rangeMin, entry.rangeMax],
          received: [Int(values.offset), Int(values.low), Int(values.high)])
      }
    }
    guard values.least...max(values.least, values.most) ~= values.volts else {
      throw .voltage(
        arm: name, joint: joint.name, volts: Double(values.volts) / 10,
        range: Double(values.least) / 10...Double(max(values.least, values.most)) / 10)
    }
    do throws(BusError) {
      let speed = Int32(velocity_rad_s / ArmScale.radiansPerTick)
      try bus.write(254, to: registers.acceleration, of: id)
      try bus.write(min(speed, registers.goalVelocity.range.upperBound), to: registers.goalVelocity, of: id)
      try bus.write(Int32(1000 * torqueShare), to: registers.torqueLimit, of: id)
    } catch {
      throw .bus(arm: name, joint: joint.name, error)
    }
  }
}

/// Why an arm may not be powered.
public enum BringUpError: Error, CustomStringConvertible {
  /// A servo did not answer, or answered wrongly.
  case bus(arm: String, joint: String, BusError)
  /// A servo of another kind stands where the arm file expects this one.
  case model(arm: String, joint: String, id: UInt8, expected: Int32, received: Int32)
  /// The servo's EEPROM and the calibration file differ (homing offset, range minimum, range maximum).
  case calibration(arm: String, joint: String, file: String, expected: [Int], received: [Int])
  /// The supply is outside the servo's own limits.
  case voltage(arm: String, joint: String, volts: Double, range: ClosedRange<Double>)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .bus(let arm, let joint, let error): "\(arm), \(joint): \(error)"
    case .model(let arm, let joint, let id, let expected, let received):
      "\(arm), \(joint): servo \(id) is of model \(received), but its arm file expects \(expected); "
        + "is another arm plugged in here, or the wrong arm named in the rig?"
    case .calibration(let arm, let joint, let file, let expected, let received):
      "\(arm), \(joint): the servo holds homing offset and range \(received), but \(file) says \(expected); "
        + "name this arm's own calibration in the rig file, or calibrate it anew."
    case .voltage(let arm, let joint, let volts, let range):
      "\(arm), \(joint): the supply gives \(volts) V, but this servo allows \(range.lowerBound) to "
        + "\(range.upperBound) V; use the supply that belongs to this arm."
    }
  }
}
