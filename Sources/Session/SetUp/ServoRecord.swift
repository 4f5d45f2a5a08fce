internal import Arm
internal import RealTime
internal import ServoBus

/// What one servo's registers hold, as far as set-up and the checks at start look at them.
struct ServoRecord: Sendable {
  /// The address at which it was asked.
  let id: UInt8
  private let registers: ServoModel.Registers
  /// Bytes by address.
  private var memory: [UInt8: UInt8] = [:]

  /// No more than a servo is known to send at once: Feetech's own SDK asks for 15.
  private static let longest: UInt8 = 15

  /// Reads the servo's EEPROM, and what it says of itself now.
  init(reading id: UInt8, on bus: inout ServoBus) throws(BusError) {
    self.id = id
    registers = bus.model.registers
    // Whatever the model: the registers up to the velocity loop's gains, then lock to current.
    for (first, count) in [(UInt8(0), UInt8(40)), (registers.torqueEnable.address, 1), (registers.lock.address, 15)] {
      var address = first
      while address < first + count {
        let length = min(Self.longest, first + count - address)
        for (offset, byte) in try bus.readBytes(address: address, count: length, of: id).enumerated() {
          memory[address + UInt8(offset)] = byte
        }
        address += length
      }
    }
  }

  /// The value of a register that was read; 0 for one that was not.
  func value(_ register: Register) -> Int32 {
    var raw: UInt32 = 0
    for offset in (0..<register.width).reversed() { raw = raw << 8 | UInt32(memory[register.address + offset] ?? 0) }
    return register.decode(raw)
  }

  var modelNumber: Int32 { value(registers.modelNumber) }
  /// Major and minor.
  var firmware: String { "\(value(registers.firmwareMajor)).\(value(registers.firmwareMinor))" }
  var homingOffset: Int { Int(value(registers.homingOffset)) }
  var rangeMin: Int { Int(value(registers.minPosition)) }
  var rangeMax: Int { Int(value(registers.maxPosition)) }
  /// Where it stands, whatever its homing offset.
  var actualPosition: Int { HomingOffset.actual(present: Int(value(registers.presentPosition)), offset: homingOffset) }
  var isTorqueOn: Bool { value(registers.torqueEnable) != 0 }

  /// Bit 4 of `phase` makes the servo count on over several turns; goals and limits here are within one.
  static let severalTurns: Int32 = 0x10
  var countsTurns: Bool { value(registers.phase) & Self.severalTurns != 0 }

  /// What it holds of a calibration.
  func holds(_ entry: Calibration.Joint) -> Bool {
    homingOffset == entry.homingOffset && rangeMin == entry.rangeMin && rangeMax == entry.rangeMax
  }

  /// The first register of `eeprom` (by name) that holds something else than it says.
  func stray(from eeprom: [String: Int32], _ model: ServoModel) -> (name: String, expected: Int32, received: Int32)? {
    for (name, expected) in eeprom.sorted(by: { $0.key < $1.key }) {
      guard let register = model.entry(named: name)?.register else { continue }
      let received = value(register)
      if received != expected { return (name, expected, received) }
    }
    return countsTurns
      ? ("phase", value(registers.phase) & ~Self.severalTurns, value(registers.phase)) : nil
  }
}

extension ServoBus {
  /// Opens a servo's EEPROM: torque off, then the lock, read back.
  mutating func unlock(_ id: UInt8) throws(SetUpError) {
    let lock = model.registers.lock
    do throws(BusError) {
      try write(0, to: model.registers.torqueEnable, of: id)
      try write(0, to: lock, of: id)
      guard try read(lock, of: id) != 0 else { return }
    } catch { throw .bus(error) }
    throw .locked(port: portName, id: id)
  }

  /// Sets an EEPROM register of an unlocked servo, where it holds something else.
  mutating func burn(_ value: Int32, to register: Register, of id: UInt8) throws(SetUpError) {
    do throws(BusError) {
      if try read(register, of: id) != value { try writeVerified(value, to: register, of: id) }
    } catch { throw .bus(error) }
  }

  /// Closes a servo's EEPROM.
  mutating func lock(_ id: UInt8) throws(SetUpError) {
    do throws(BusError) { try writeVerified(1, to: model.registers.lock, of: id) } catch { throw .bus(error) }
  }

  /// Sets what the arm's file wants in the EEPROM of this joint's servo, and one turn.
  mutating func burn(
    settings arm: ArmDescription, for joint: ArmDescription.Joint, of record: ServoRecord
  ) throws(SetUpError) {
    var wanted = arm.eeprom(of: joint)
    // Whoever was a gripper gets its full torque back: nobody would look for it there.
    if let gripper = arm.gripper?.eeprom, !gripper.isEmpty, arm.joints[arm.gripper?.joint ?? 0].name != joint.name,
      gripper.allSatisfy({ name, value in model.entry(named: name).map { record.value($0.register) == value } ?? false }
      )
    {
      for name in gripper.keys { wanted[name] = model.entry(named: name)?.factory }
    }
    for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
      guard let register = model.entry(named: name)?.register else {
        throw .unknownRegister(arm: arm.name, register: name, servo: model.name)
      }
      try burn(value, to: register, of: record.id)
    }
    if record.countsTurns {
      let phase = model.registers.phase
      try burn(record.value(phase) & ~ServoRecord.severalTurns, to: phase, of: record.id)
    }
  }
}
