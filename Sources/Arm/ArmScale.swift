/// Servo ticks to radians and back, for all joints of one arm at once.
///
/// A value without references: the tick may call it (no allocation, no lock). The head of `ArmDescription.swift` says where
/// zero is. A tick and the same tick plus or minus a turn are the same angle: the one within half a turn of the range's
/// middle. Every tick that a servo can report comes back exactly: ticks → radians → ticks is the identity on 0…4095 as
/// far as the tick is not beyond half a turn from the middle.
public struct ArmScale: BitwiseCopyable, Sendable {
  /// One tick: a turn has 4096.
  public static var radiansPerTick: Double { 2 * .pi / 4096 }

  /// How many joints the arm has; lanes beyond are zero.
  public let count: Int
  /// Lowest angle that arm and calibrated range both allow, in radians.
  public let lower: JointVector
  /// Highest angle that arm and calibrated range both allow, in radians.
  public let upper: JointVector
  /// The angle at which the calibrated range begins, in radians: at `range_min`, or `range_max` where turned round.
  public let rangeLower: JointVector
  /// The angle at which the calibrated range ends, in radians.
  public let rangeUpper: JointVector

  // angle = atMiddle + (tick − middle) · perTick, with perTick negative where the joint is turned round.
  private let middle: JointVector
  private let atMiddle: JointVector
  private let perTick: JointVector
  private let ticksPerRadian: JointVector

  /// The scale of this arm with this calibration, which must be of the same kind of arm.
  public init(_ arm: ArmDescription, _ calibration: Calibration) throws(CalibrationError) {
    try calibration.check(against: arm)
    var middle = JointVector.zero, atMiddle = middle, perTick = middle, ticksPerRadian = middle
    var rangeLower = middle, rangeUpper = middle
    for (index, joint) in arm.joints.enumerated() {
      guard let entry = calibration[joint.name] else { continue }  // `check` saw that there is one
      let halfRange = Double(entry.rangeMax - entry.rangeMin) / 2 * Self.radiansPerTick
      let center = joint.zero == .middle ? 0 : joint.lower_rad + halfRange
      let sign: Double = (joint.direction < 0) != (entry.driveMode == 1) ? -1 : 1
      middle[index] = Float(entry.rangeMin + entry.rangeMax) / 2
      atMiddle[index] = Float(center)
      perTick[index] = Float(sign * Self.radiansPerTick)
      ticksPerRadian[index] = Float(sign / Self.radiansPerTick)
      rangeLower[index] = Float(center - halfRange)
      rangeUpper[index] = Float(center + halfRange)
    }
    count = arm.joints.count
    self.middle = middle
    self.atMiddle = atMiddle
    self.perTick = perTick
    self.ticksPerRadian = ticksPerRadian
    self.rangeLower = rangeLower
    self.rangeUpper = rangeUpper
    lower = arm.lower.clamped(lowerBound: rangeLower, upperBound: JointVector(repeating: .infinity))
    upper = arm.upper.clamped(lowerBound: JointVector(repeating: -.infinity), upperBound: rangeUpper)
  }

  /// Angles at these ticks of Present_Position.
  @_noAllocation @_noLocks
  public func radians(_ ticks: SIMD8<Int32>) -> JointVector {
    let away = floats(ticks) - middle
    // Whole turns off: a servo counts modulo 4096, and near the ends of its travel a reading may lie across the seam.
    let turns = nearest(away * Float(0x1p-12))
    return atMiddle + (away - turns * 4096) * perTick
  }

  /// Angular velocities at these velocities in ticks a second.
  @_noAllocation @_noLocks
  public func radiansPerSecond(_ ticksPerSecond: SIMD8<Int32>) -> JointVector { floats(ticksPerSecond) * perTick }

  /// The ticks nearest to these angles, kept within 0…4095 (a goal beyond would ask for another turn), or nil if an angle is
  /// not finite: there is no tick for it, and nothing must be sent.
  @_noAllocation @_noLocks
  public func ticks(_ radians: JointVector) -> SIMD8<Int32>? {
    guard all((radians - radians) .== 0) else { return nil }
    let exact = middle + (radians - atMiddle) * ticksPerRadian
    let bounded = exact.clamped(lowerBound: .zero, upperBound: JointVector(repeating: 4095))
    return integers(bounded)
  }

  /// The tick of one joint at an angle, unrounded and unbounded: for who builds encoders or draws ranges.
  public func tick(_ joint: Int, at radians: Double) -> Double {
    Double(middle[joint]) + (radians - Double(atMiddle[joint])) / (perTick[joint] < 0 ? -1 : 1) / Self.radiansPerTick
  }
}

// Conversions by bit pattern: adding 1.5 · 2²³ to a number below 2²² in size leaves it, rounded ties to even, in the low bits
// of the mantissa. The library's generic conversions cannot be proved free of allocation, and trap on what does not fit.

@_noAllocation @_noLocks
private func nearest(_ x: JointVector) -> JointVector { (x + 0x1.8p23) - 0x1.8p23 }

@_noAllocation @_noLocks
private func integers(_ x: JointVector) -> SIMD8<Int32> {
  unsafeBitCast(x + 0x1.8p23, to: SIMD8<Int32>.self) &- 0x4b40_0000
}

@_noAllocation @_noLocks
private func floats(_ x: SIMD8<Int32>) -> JointVector {
  unsafeBitCast(x &+ 0x4b40_0000, to: JointVector.self) - 0x1.8p23
}
