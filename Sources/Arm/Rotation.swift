internal import CKernels
internal import CRealtime

/// An orientation, as the three axes of a frame in the coordinates of another (the columns of the rotation matrix).
public struct Rotation: BitwiseCopyable, Sendable, Equatable {
  /// The frame's x axis.
  public var x: SIMD3<Float>
  /// The frame's y axis.
  public var y: SIMD3<Float>
  /// The frame's z axis.
  public var z: SIMD3<Float>

  /// From its axes, which must be orthonormal and right-handed.
  @_noAllocation @_noLocks
  public init(x: SIMD3<Float>, y: SIMD3<Float>, z: SIMD3<Float>) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The same axes.
  public static var identity: Rotation {
    @_noAllocation @_noLocks get { Rotation(x: SIMD3(1, 0, 0), y: SIMD3(0, 1, 0), z: SIMD3(0, 0, 1)) }
  }

  /// From a unit quaternion w, x, y, z.
  public init(_ q: SIMD4<Double>) {
    let (w, x, y, z) = (q[0], q[1], q[2], q[3])
    self.x = SIMD3<Float>(SIMD3(1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)))
    self.y = SIMD3<Float>(SIMD3(2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)))
    self.z = SIMD3<Float>(SIMD3(2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)))
  }

  /// A vector of the frame, in the other's coordinates.
  @_noAllocation @_noLocks
  public static func * (r: Rotation, v: SIMD3<Float>) -> SIMD3<Float> { r.x * v.x + r.y * v.y + r.z * v.z }

  /// One rotation after another.
  @_noAllocation @_noLocks
  public static func * (a: Rotation, b: Rotation) -> Rotation { Rotation(x: a * b.x, y: a * b.y, z: a * b.z) }

  /// Turns the frame about its own z axis.
  @_noAllocation @_noLocks
  mutating func turnAboutZ(_ angle: Float) {
    let c = us_fixed_cosf(angle), s = us_fixed_sinf(angle)
    let turned = x * c + y * s
    y = y * c - x * s
    x = turned
  }

  /// The small turn (axis times angle, in the other frame) that leads from this frame towards `goal`: half the sum of the
  /// axes' cross products, so its length is the sine of the angle; right in direction up to half a turn.
  @_noAllocation @_noLocks
  func turn(toward goal: Rotation) -> SIMD3<Float> {
    (cross(x, goal.x) + cross(y, goal.y) + cross(z, goal.z)) * 0.5
  }
}

/// The vector product.
@_noAllocation @_noLocks
func cross(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> SIMD3<Float> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// The scalar product, summed in one order.
@_noAllocation @_noLocks
func dot(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float { (a.x * b.x + a.y * b.y) + a.z * b.z }

/// A vector's length, summed in one order.
@_noAllocation @_noLocks
func length(_ a: SIMD3<Float>) -> Float { us_sqrtf(dot(a, a)) }
