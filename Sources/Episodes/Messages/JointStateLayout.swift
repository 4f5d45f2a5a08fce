internal import Arm

/// `sensor_msgs/msg/JointState` in CDR, laid out once for a session's joint names: only numbers change from tick to
/// tick.
///
///     00 01 00 00 · stamp · frame_id "" · name[] · position[] · velocity[] (or none) · effort[] (none)
///
/// Load is PWM duty and no torque, so it does not pose as `effort`; it stands in the Tick message.
struct JointStateLayout {
  let joints: Int
  /// Where the positions begin, from the encapsulation header on.
  private let positions: Int
  /// A message of zeros without and with velocities.
  let brief: [UInt8]
  let full: [UInt8]

  /// Where the velocities begin, in a message that has them.
  private var velocities: Int { positions + 8 * joints + 8 }
  /// The stamp is the only part before the positions that changes.
  private static let stamp = 4..<12

  init(names: [String]) {
    joints = names.count
    var cdr = CDRTemplate()
    cdr.skip(8)
    cdr.append(text: "")
    cdr.append(UInt32(names.count))
    for name in names { cdr.append(text: name) }
    cdr.append(UInt32(names.count))
    cdr.align(8)
    positions = cdr.bytes.count
    cdr.skip(8 * names.count)
    var with = cdr
    cdr.append(UInt32(0))
    cdr.append(UInt32(0))
    brief = cdr.bytes
    with.append(UInt32(names.count))
    with.align(8)
    with.skip(8 * names.count)
    with.append(UInt32(0))
    full = with.bytes
  }

  /// Fills in a message whose template was just appended at `start`.
  @inline(__always)
  func fill(
    _ buffer: inout ByteBuffer, at start: Int, stamp: Int64, position: JointVector, velocity: JointVector?
  ) {
    let (seconds, rest) = stamp.quotientAndRemainder(dividingBy: 1_000_000_000)
    buffer.store(Int32(truncatingIfNeeded: seconds), at: start + 4)
    buffer.store(UInt32(truncatingIfNeeded: rest), at: start + 8)
    for joint in 0..<joints { buffer.store(Self.widened(position[joint]), at: start + positions + 8 * joint) }
    guard let velocity else { return }
    for joint in 0..<joints { buffer.store(Self.widened(velocity[joint]), at: start + velocities + 8 * joint) }
  }

  /// Reads a message of this layout into the joints' places of `position` and `velocity`.
  @inline(__always)
  func read(_ data: Bytes, position: inout JointVector, velocity: inout JointVector) throws(Malformed) {
    let hasVelocity = data.count == full.count
    guard hasVelocity || data.count == brief.count else { throw Self.foreign }
    guard matches(data, hasVelocity ? full : brief) else { throw Self.foreign }
    position = vector(data, at: positions, keeping: position)
    velocity = hasVelocity ? vector(data, at: velocities, keeping: velocity) : unknown(keeping: velocity)
  }

  /// The joints' numbers, and what was beyond the last joint. All eight places by name: so they stay in a register.
  @inline(__always)
  private func vector(_ data: Bytes, at start: Int, keeping old: JointVector) -> JointVector {
    var vector = old
    for joint in 0..<8 {
      if joint >= joints { break }
      vector[joint] = Self.narrowed(data.load(UInt64.self, at: start &+ 8 &* joint))
    }
    return vector
  }

  @inline(__always)
  private func unknown(keeping old: JointVector) -> JointVector {
    old.replacing(with: .nan, where: places .< Int32(joints))
  }

  private var places: SIMD8<Int32> { SIMD8(0, 1, 2, 3, 4, 5, 6, 7) }

  private static let foreign = Malformed(what: "a joint state has other joints than its session names")

  /// Whether everything but the numbers is as in the template: header, names, counts.
  private func matches(_ data: Bytes, _ template: [UInt8]) -> Bool {
    data[0..<Self.stamp.lowerBound].equals(template, at: 0)
      && data[Self.stamp.upperBound..<positions].equals(template, at: Self.stamp.upperBound)
      && data.load(UInt32.self, at: positions + 8 * joints) == UInt32(template.count == full.count ? joints : 0)
      && data.load(UInt32.self, at: data.count - 4) == 0
  }

  /// A Float as the bits of a Double. The processor would make a signalling NaN quiet; a log keeps what was there.
  @inline(__always)
  static func widened(_ value: Float) -> UInt64 {
    guard value.isNaN else { return Double(value).bitPattern }
    let bits = UInt64(value.bitPattern)
    return (bits & 0x8000_0000) << 32 | 0x7FF0_0000_0000_0000 | (bits & 0x007F_FFFF) << 29
  }

  /// The Float that `widened` had, or the nearest to another program's Double.
  @inline(__always)
  static func narrowed(_ bits: UInt64) -> Float {
    let value = Double(bitPattern: bits)
    guard value.isNaN else { return Float(value) }
    let payload = UInt32(truncatingIfNeeded: bits >> 29) & 0x007F_FFFF
    return Float(bitPattern: UInt32(bits >> 32) & 0x8000_0000 | 0x7F80_0000 | (payload == 0 ? 0x0040_0000 : payload))
  }
}

/// Bytes in the Common Data Representation, little-endian: each field aligned to its size, counted from the byte after
/// the encapsulation header.
struct CDRTemplate {
  private(set) var bytes: [UInt8] = [0, 1, 0, 0]

  mutating func align(_ size: Int) {
    while (bytes.count - 4) % size != 0 { bytes.append(0) }
  }

  mutating func skip(_ n: Int) { bytes.append(contentsOf: repeatElement(0, count: n)) }

  mutating func append(_ value: UInt32) {
    align(4)
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func append(text: String) {
    append(UInt32(text.utf8.count + 1))
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
  }
}
