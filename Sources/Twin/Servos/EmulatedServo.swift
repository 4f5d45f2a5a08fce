public import ServoBus

/// The firmware of one servo: registers, readings, motion profile and self-protection, around a joint of a `Mechanism`.
///
/// What it does with torque: it drives only while `torque_enable` is 1; it lowers or drops its torque by itself on
/// overload, heat or overcurrent (as `unloading_condition` says) and then says so in every reply's error byte, while
/// `torque_enable` goes on reading 1. Until it was written 0, a 1 changes nothing: a servo may stay limp after its alarm went.
///
/// Taken from the memory table: units, limits, lock, offset, profile, protection times. Estimated, not measured: the
/// currents, the supply's resistance, how fast a motor heats and cools. Position and velocity mode only; in the other
/// modes the servo stays limp.
public final class EmulatedServo {
  /// Which joint of the mechanism it drives.
  public let joint: Int
  /// How its encoder sees the joint.
  public let scale: EncoderScale
  /// Heat of its motor, in °C; tests may set it.
  public var temperature_degC = 28.0
  /// A dead encoder: status bit 1.
  public var encoderFails = false
  /// An encoder that goes on saying what it said last, in replies that are all right.
  public var encoderSticks = false
  /// By how many ticks the encoder has jumped: a magnet that slipped, a bit that fell over.
  public var encoderJump_ticks = 0.0
  /// It bore too much for too long: it has lowered its torque, until torque is switched or a goal leads away.
  public var isOverloaded: Bool {
    get { protection.isOverloaded }
    set { protection.isOverloaded = newValue }
  }
  /// Its cable is in: it has power and hears the wire.
  public private(set) var isConnected = true

  let model: ServoModel
  let registers: ServoModel.Registers
  let mechanism: any Mechanism
  var memory: ServoMemory
  /// What waits for `action`: address and bytes.
  var registered: (address: Int, bytes: [UInt8])?

  /// Bits of the error byte.
  var status: UInt8 = 0
  /// Where the profile has brought the goal, in ticks after the offset, and how fast it moves.
  var setpoint_ticks = 0.0
  var speed_ticks_s = 0.0
  var protection = ServoProtection()
  /// At its terminals.
  var voltage_V = 12.0
  /// Of its motor.
  var current_A = 0.0

  init(model: ServoModel, setup: ServoSetup, joint: Int, mechanism: any Mechanism) {
    self.model = model
    self.joint = joint
    self.mechanism = mechanism
    registers = model.registers
    scale = setup.scale
    memory = ServoMemory(model)
    memory.burn(registers.id, Int32(setup.id))
    memory.burn(registers.returnDelay, 0)
    memory.burn(registers.homingOffset, setup.homingOffset)
    memory.burn(registers.minPosition, setup.limits.lowerBound)
    memory.burn(registers.maxPosition, setup.limits.upperBound)
    memory.burn(registers.baudRate, model.baudCodes[setup.bitsPerSecond] ?? 0)
    for (name, value) in setup.eeprom {
      if let register = model.entry(named: name)?.register { memory.burn(register, value) }
    }
    memory.isSealed = setup.isSealed
    powerOn()
  }

  /// Its id on the bus.
  public var id: UInt8 { memory[Int(registers.id.address)] }

  /// Sets the return delay for good, in its unit of 2 µs, as a set-up program would.
  public func set(returnDelay: Int32) { memory.burn(registers.returnDelay, returnDelay) }

  /// What a register holds; readings are as of the last request or physics step.
  public func value(_ register: Register) -> Int32 { memory.value(register) }

  /// Power off and on: RAM is lost, torque is off, the goal is where the joint is.
  public func powerOn() {
    memory.powerOn(model)
    registered = nil
    protection = ServoProtection()
    status = 0
    setpoint_ticks = present_ticks
    speed_ticks_s = 0
    memory.set(registers.goalPosition, quantised_ticks)
    measure()
  }

  /// Its cable goes in (and with it the power comes) or out; in again while it is in, nothing happens.
  public func connect(_ isIn: Bool) {
    guard isIn != isConnected else { return }
    isConnected = isIn
    powerOn()
  }

  /// Where the joint is, in ticks after the offset, within one turn.
  var present_ticks: Double {
    let turn = Double(model.ticksPerTurn)
    let ticks =
      scale.ticks(mechanism.position(joint)) + encoderJump_ticks - Double(memory.value(registers.homingOffset))
    return ticks - turn * (ticks / turn).rounded(.down)
  }

  /// The same as the encoder says it.
  var quantised_ticks: Int32 {
    let ticks = Int32(present_ticks.rounded())
    return ticks == model.ticksPerTurn ? 0 : ticks
  }

  /// Brings the readings up to date.
  func measure() {
    let velocity_ticks_s = mechanism.velocity(joint) * scale.ticksPerRadian
    let torqueShare = isDriving ? mechanism.duty(joint) * (scale.ticksPerRadian < 0 ? -1 : 1) : 0
    current_A = abs(torqueShare) * Self.stallCurrent_A
    // Duty is what the motor needs for its torque and against its own voltage at that speed.
    let duty = isDriving ? torqueShare + velocity_ticks_s / Self.noLoadSpeed_ticks_s : 0
    if !encoderSticks { memory.set(registers.presentPosition, quantised_ticks) }
    memory.set(registers.presentVelocity, Int32(velocity_ticks_s.rounded()))
    memory.set(registers.presentLoad, Int32((min(max(duty, -1), 1) * 1000).rounded()))
    memory.set(registers.presentVoltage, Int32((voltage_V * 10).rounded()))
    memory.set(registers.presentTemperature, Int32(temperature_degC.rounded()))
    memory.set(registers.presentCurrent, Int32((current_A / 0.0065).rounded()))
    memory.set(registers.status, Int32(status))
    let still = Double(memory.value(registers.movingVelocity))
    memory.set(registers.moving, abs(velocity_ticks_s) > still ? 1 : 0)
  }

  /// A 12 V servo with its rotor held.
  static let stallCurrent_A = 2.7
  /// About 62 turns a minute at 12 V.
  static let noLoadSpeed_ticks_s = 4230.0
}

extension EmulatedServo {
  /// Bytes from the wire, and what they set off.
  func write(_ bytes: UnsafeRawBufferPointer, at address: Int) {
    for (i, byte) in bytes.enumerated() { memory.write(byte, at: address + i) }
    func touches(_ register: Register) -> Bool {
      address <= Int(register.address) && Int(register.address) < address + bytes.count
    }
    if touches(registers.torqueEnable) { torqueWritten() }
    if touches(registers.goalPosition) {
      protection.goalWritten(to: memory.value(registers.goalPosition), present: quantised_ticks)
    }
  }

  private func torqueWritten() {
    if memory.value(registers.torqueEnable) == 128 {
      // One-key calibration: here is the middle.
      let actual = present_ticks + Double(memory.value(registers.homingOffset))
      let middle = model.ticksPerTurn / 2
      let offset = Int32(actual.rounded()) - middle
      memory.burn(registers.homingOffset, offset > middle ? offset - model.ticksPerTurn : offset)
      memory.set(registers.torqueEnable, 0)
    }
    // What it has said of itself it keeps until it is switched off.
    if memory.value(registers.torqueEnable) == 0 { protection = ServoProtection() }
    setpoint_ticks = present_ticks
    speed_ticks_s = 0
  }
}
