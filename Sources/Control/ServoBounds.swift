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

  /// Half as much again as the envelope allows, and for a gripper the share of torque that its arm file names.
  public init(_ limits: Rig.EnvelopeSettings, arm: ArmDescription, model: ServoModel) {
    let registers = model.registers
    func units(_ value: Double, _ register: Register) -> Int32 {
      let scale = model.entries.first { $0.register == register }?.scale ?? 1
      // 0 means "no limit" to the servo.
      return min(max(1, Int32(clamping: Int((value / scale).rounded()))), register.range.upperBound)
    }
    var acceleration = SIMD8<Int32>(repeating: 0), velocity = acceleration, torque = acceleration
    for joint in arm.joints.indices {
      let ticks = Self.room / ArmScale.radiansPerTick
      acceleration[joint] = min(units(Double(limits.acceleration_rad_s2[joint]) * ticks, registers.acceleration), 254)
      velocity[joint] = units(Double(limits.velocity_rad_s[joint]) * ticks, registers.goalVelocity)
      torque[joint] = units(arm.gripper?.joint == joint ? arm.gripper?.torqueShare ?? 1 : 1, registers.torqueLimit)
    }
    self.acceleration = acceleration
    self.velocity = velocity
    self.torque = torque
  }
}
