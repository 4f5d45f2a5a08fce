public import Arm
public import ServoBus

/// The second line behind the envelope: limits that each servo keeps by itself, whatever the host says or fails to say.
///
/// Registers of RAM alone (Feetech STS: acceleration 41, goal velocity 46, torque limit 48), so a servo that lost its supply
/// has lost them too: they are written when a session begins, and again whenever torque is brought on.
public struct ServoBounds: BitwiseCopyable, Sendable {
  /// Register units, a joint a lane.
  public let acceleration: SIMD8<Int32>
  /// Register units.
  public let velocity: SIMD8<Int32>
  /// Register units.
  public let torque: SIMD8<Int32>

  /// By how much they lie beyond the envelope's own limits: a servo that follows a command must not be held back by them.
  private static let room = 1.5

  /// Half as much again as the envelope allows, or the most that the servo can be told where that is less, and for a gripper
  /// the share of torque that its arm file names.
  public init(_ limits: Rig.EnvelopeSettings, arm: ArmDescription, model: ServoModel) {
    let registers = model.registers
    var acceleration = SIMD8<Int32>(repeating: 0), velocity = acceleration, torque = acceleration
    for joint in arm.joints.indices {
      let ticks = Self.room / ArmScale.radiansPerTick
      acceleration[joint] = model.units(Double(limits.acceleration_rad_s2[joint]) * ticks, registers.acceleration)
      velocity[joint] = model.units(Double(limits.velocity_rad_s[joint]) * ticks, registers.goalVelocity)
      torque[joint] = model.units(
        arm.gripper?.joint == joint ? arm.gripper?.torqueShare ?? 1 : 1, registers.torqueLimit)
    }
    self.acceleration = acceleration
    self.velocity = velocity
    self.torque = torque
  }

  /// Why a servo's limits cannot lie behind an envelope's: it allows more than the servo can be told, which would then lag
  /// behind commands that the envelope takes for feasible, its braking distance among them. Nil where they can.
  public static func refusal(_ limits: Rig.EnvelopeSettings, arm: ArmDescription, model: ServoModel) -> String? {
    for (setting, unit, values, register) in [
      ("acceleration_rad_s2", "rad/s²", limits.acceleration_rad_s2, model.registers.acceleration),
      ("velocity_rad_s", "rad/s", limits.velocity_rad_s, model.registers.goalVelocity),
    ] {
      let most = Double(model.most(register)) * model.scale(register) * ArmScale.radiansPerTick
      for (joint, description) in arm.joints.enumerated() where Double(values[joint]) > most {
        return "envelope.\(setting) is \(values[joint]) \(unit) at \(description.name), and an \(model.name) can be "
          + "told at most \((most * 10).rounded() / 10) \(unit) (register \(register.address)), so it would lag behind its "
          + "commands: lower it in the rig file."
      }
    }
    return nil
  }
}

extension ServoModel {
  /// What one step of a register is worth.
  fileprivate func scale(_ register: Register) -> Double { entries.first { $0.register == register }?.scale ?? 1 }

  /// The most that a register takes: of acceleration what `maximum_acceleration` bounds it to from the factory.
  fileprivate func most(_ register: Register) -> Int32 {
    guard register == registers.acceleration else { return register.range.upperBound }
    let bound = entries.first { $0.register == registers.maximumAcceleration }?.factory
    return min(bound ?? .max, register.range.upperBound)
  }

  /// A value in a register's steps; at least 1, for 0 means "no limit" to the servo.
  fileprivate func units(_ value: Double, _ register: Register) -> Int32 {
    min(max(1, Int32(clamping: Int((value / scale(register)).rounded()))), most(register))
  }
}
