internal import ServoBus

/// What a servo remembers of the strain it is under.
struct ServoProtection {
  /// How long the load has been above `overload_torque`, and the current above `protection_current`.
  var overloaded_s = 0.0
  var overCurrent_s = 0.0
  /// Fell back to `protective_torque`; until torque is switched, or a goal leads away from the obstacle.
  var isOverloaded = false
  /// Let go altogether; until torque is switched.
  var isTripped = false
  /// Why: shown until torque is switched, or until it has cooled.
  var shown: UInt8 = 0
  /// Which way it was pushing when it gave in.
  var direction: Int32 = 0

  /// A goal on the other side of the joint frees an overloaded servo; one that let go altogether it does not.
  mutating func goalWritten(to goal: Int32, present: Int32) {
    guard isOverloaded, (goal - present).signum() == -direction else { return }
    isOverloaded = false
    overloaded_s = 0
  }
}

extension EmulatedServo {
  /// It has torque on and has not let go.
  var isDriving: Bool {
    isConnected && memory.value(registers.torqueEnable) == 1 && !protection.isTripped
      && memory.value(registers.operatingMode) <= 1
  }

  /// One physics step: watch heat, load and supply, move the profile, drive the joint.
  func update(step_s dt: Double, supply_V: Double) {
    voltage_V = supply_V
    let present = present_ticks
    guard isDriving else {
      rest(at: present, step_s: dt)
      return
    }
    moveSetpoint(step_s: dt)
    let goal_rad = mechanism.position(joint) + (setpoint_ticks - present) / scale.ticksPerRadian
    var share = Double(memory.value(registers.torqueLimit)) / 1000
    if protection.isOverloaded { share = min(share, Double(memory.value(registers.protectiveTorque)) / 100) }
    mechanism.drive(joint, toward: goal_rad, torqueShare: min(max(share, 0), 1))
    current_A = abs(mechanism.duty(joint)) * Self.stallCurrent_A
    protect(pushing: Int32((setpoint_ticks - present).rounded()).signum(), step_s: dt)
  }

  private func rest(at present: Double, step_s dt: Double) {
    setpoint_ticks = present
    speed_ticks_s = 0
    current_A = 0
    mechanism.drive(joint, toward: nil, torqueShare: 0)
    protect(pushing: 0, step_s: dt)
  }

  /// A trapezoid toward the goal: goal_velocity and acceleration bound it where they are not 0.
  private func moveSetpoint(step_s dt: Double) {
    let fastest = 50 * Double(memory.value(registers.maximumVelocity))
    let wished = Double(memory.value(registers.goalVelocity))
    if memory.value(registers.operatingMode) == 1 {
      speed_ticks_s = min(max(wished, -fastest), fastest)
      setpoint_ticks = present_ticks + speed_ticks_s * max(dt, 0.02)
      return
    }
    let top = wished == 0 ? fastest : min(abs(wished), fastest)
    let error = goal_ticks - setpoint_ticks
    let code = memory.value(registers.acceleration)
    guard code > 0 else {
      setpoint_ticks += min(max(error, -top * dt), top * dt)
      return
    }
    let acceleration = 100 * Double(min(code, memory.value(registers.maximumAcceleration)))
    let change = acceleration * dt
    // The highest speed from which the remaining way still suffices to stop, in steps of dt.
    let braking = (2 * acceleration * abs(error) + change * change / 4).squareRoot() - change / 2
    let speed = min(top, braking) * (error < 0 ? -1 : 1)
    speed_ticks_s += min(max(speed - speed_ticks_s, -change), change)
    if abs(error) <= abs(speed_ticks_s) * dt, abs(speed_ticks_s) <= 2 * change {
      setpoint_ticks += error
      speed_ticks_s = 0
    } else {
      setpoint_ticks += speed_ticks_s * dt
    }
  }

  /// The goal within the servo's own limits; two zeros mean none.
  private var goal_ticks: Double {
    let goal = memory.value(registers.goalPosition)
    let low = memory.value(registers.minPosition)
    let high = memory.value(registers.maxPosition)
    return Double(low == 0 && high == 0 ? goal : max(low, min(high, goal)))
  }

  private func protect(pushing direction: Int32, step_s dt: Double) {
    // Copper loss R·i² heats, the difference to the room cools (about 50 J/K, 6 K/W).
    temperature_degC += dt * (current_A * current_A * 4.4 / 50 - (temperature_degC - 25) / 300)
    let load = current_A / Self.stallCurrent_A
    let overload = load > Double(memory.value(registers.overloadTorque)) / 100
    protection.overloaded_s = overload ? protection.overloaded_s + dt : 0
    let overCurrent = current_A > Double(memory.value(registers.protectionCurrent)) * 0.0065
    protection.overCurrent_s = overCurrent ? protection.overCurrent_s + dt : 0

    let unloads = UInt8(truncatingIfNeeded: memory.value(registers.unloadingCondition))
    let patience_s = Double(memory.value(registers.protectionTime)) / 100
    if protection.overloaded_s > patience_s, unloads & Status.overload != 0, !protection.isOverloaded {
      protection.isOverloaded = true
      protection.direction = direction
    }
    var bits: UInt8 = encoderFails ? Status.encoder : 0
    if voltage_V * 10 > Double(memory.value(registers.maxVoltage))
      || voltage_V * 10 < Double(memory.value(registers.minVoltage))
    {
      bits |= Status.voltage
    }
    let limit_degC = Double(memory.value(registers.maxTemperature))
    let isCooling = protection.shown & Status.overheat != 0
    if temperature_degC >= limit_degC - (isCooling ? Self.cooling_degC : 0) { bits |= Status.overheat }
    // The table's over-current time is 200 × 10 ms, like the overload's.
    if protection.overCurrent_s > 2 { bits |= Status.overcurrent }
    // The current is gone with the torque: what it stood for is not.
    bits |= protection.shown & Status.overcurrent
    if protection.isOverloaded { bits |= Status.overload }
    let reasons = bits & unloads & (Status.overheat | Status.overcurrent | Status.voltage | Status.encoder)
    if reasons != 0 { protection.isTripped = true }
    protection.shown = reasons
    status = bits
  }

  /// By how much a servo that let go for heat has to cool before it no longer says so: what it measures goes on rising for a
  /// while after the current is gone. Estimated; without it the alarm would stand for a single step of the simulation.
  private static let cooling_degC = 2.0
}

/// The error byte, bit by bit (hardware/servos/*.yaml has the sentences).
enum Status {
  static let voltage: UInt8 = 1 << 0
  static let encoder: UInt8 = 1 << 1
  static let overheat: UInt8 = 1 << 2
  static let overcurrent: UInt8 = 1 << 3
  static let overload: UInt8 = 1 << 5
}
