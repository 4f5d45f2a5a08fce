internal import ServoBus

/// The 128 addresses of a servo: what stands there now, what survives a power cut, and what may be written.
///
/// Writes to EEPROM addresses work at once; they last only if the servo's lock was open (0) when they came.
struct ServoMemory {
  static let size = 128

  private var now = [128 of UInt8](repeating: 0)
  private var kept = [128 of UInt8](repeating: 0)
  private var isWritable = [128 of Bool](repeating: false)
  private var isPersistent = [128 of Bool](repeating: false)
  private let lock: Register
  /// EEPROM and lock take nothing from the wire.
  var isSealed = false

  /// Factory values.
  init(_ model: ServoModel) {
    lock = model.registers.lock
    for entry in model.entries {
      for i in 0..<Int(entry.register.width) {
        isWritable[Int(entry.register.address) + i] = entry.register.isWritable
        isPersistent[Int(entry.register.address) + i] = entry.register.isPersistent
      }
      set(entry.register, entry.factory ?? 0)
    }
    kept = now
  }

  subscript(address: Int) -> UInt8 { address < Self.size ? now[address] : 0 }

  func value(_ register: Register) -> Int32 {
    var raw = UInt32(now[Int(register.address)])
    if register.width == 2 { raw |= UInt32(now[Int(register.address) + 1]) << 8 }
    return register.decode(raw)
  }

  /// Sets a register from inside: no lock, no access rule.
  mutating func set(_ register: Register, _ value: Int32) {
    let raw = register.encode(value)
    now[Int(register.address)] = UInt8(truncatingIfNeeded: raw)
    if register.width == 2 { now[Int(register.address) + 1] = UInt8(truncatingIfNeeded: raw >> 8) }
  }

  /// Sets a register from inside, for good.
  mutating func burn(_ register: Register, _ value: Int32) {
    set(register, value)
    for address in Int(register.address)..<Int(register.address) + Int(register.width) { kept[address] = now[address] }
  }

  /// A byte from the wire. What may not be written stays.
  mutating func write(_ byte: UInt8, at address: Int) {
    guard address < Self.size, isWritable[address] else { return }
    if isSealed, isPersistent[address] || address == Int(lock.address) { return }
    now[address] = byte
    if isPersistent[address], now[Int(lock.address)] == 0 { kept[address] = byte }
  }

  /// The power came back: EEPROM as kept, RAM as from the factory.
  mutating func powerOn(_ model: ServoModel) {
    for address in 0..<Self.size { now[address] = kept[address] }
    for entry in model.entries where !entry.register.isPersistent { set(entry.register, entry.factory ?? 0) }
    set(model.registers.torqueLimit, value(model.registers.maxTorque))
  }

  /// Everything but the id as from the factory, for good.
  mutating func factoryReset(_ model: ServoModel) {
    for entry in model.entries where entry.register.isPersistent && entry.register != model.registers.id {
      burn(entry.register, entry.factory ?? 0)
    }
  }
}
