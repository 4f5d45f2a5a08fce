/// How a joint's angle appears to the magnet encoder in its servo, before any homing offset.
public struct EncoderScale: BitwiseCopyable, Sendable {
  /// What the encoder shows at joint angle 0, in ticks; it depends on how the horn was mounted.
  public var zero_ticks: Double
  /// Ticks a radian; negative where the servo turns against the joint.
  public var ticksPerRadian: Double

  /// An encoder of 4096 ticks a turn that shows `zero_ticks` at angle 0.
  public init(zero_ticks: Double = 2048, reversed: Bool = false, ticksPerTurn: Double = 4096) {
    self.zero_ticks = zero_ticks
    ticksPerRadian = ticksPerTurn / (2 * .pi) * (reversed ? -1 : 1)
  }

  /// Unbounded ticks at an angle.
  public func ticks(_ angle: Double) -> Double { zero_ticks + angle * ticksPerRadian }
}

/// A servo as somebody mounted it and set it up: what `setup-motors` and `calibrate` leave in its EEPROM.
public struct ServoSetup: Sendable {
  /// Its id on the bus.
  public var id: UInt8
  /// How its encoder sees the joint.
  public var scale: EncoderScale
  /// present = actual − offset, in ticks.
  public var homingOffset: Int32
  /// The lowest and highest goal it accepts, in ticks after the offset.
  public var limits: ClosedRange<Int32>
  /// The rate at which it speaks.
  public var bitsPerSecond = 1_000_000
  /// What else its EEPROM holds, by the names in the servo's file; unknown names are left out.
  public var eeprom: [String: Int32] = [:]
  /// A damaged one: its lock cannot be opened, and nothing that is written to its EEPROM stays.
  public var isSealed = false

  /// A servo with return delay 0, at 1 Mbit/s.
  public init(
    id: UInt8, scale: EncoderScale = EncoderScale(), homingOffset: Int32 = 0, limits: ClosedRange<Int32> = 0...4095
  ) {
    self.id = id
    self.scale = scale
    self.homingOffset = homingOffset
    self.limits = limits
  }
}
