/// The floor and the box that a tool point must not leave, for the envelope's questions to kinematics.
///
/// A value without references: the tick may call it. All coordinates are the base frame's, in metres. Whoever plans a stop
/// asks for each point of the path; this knows points only.
///
///     let workspace = Workspace(rig.envelope, arm: rig.pairs[0].follower.arm)
///     if !workspace.allows(from: here, to: there, margin_m: 0.002) { … }
public struct Workspace: BitwiseCopyable, Sendable, Equatable {
  /// The smallest coordinates; −∞ where nothing bounds.
  public let lower: SIMD3<Float>
  /// The largest coordinates; +∞ where nothing bounds.
  public let upper: SIMD3<Float>

  /// The space between two corners.
  public init(lower: SIMD3<Float>, upper: SIMD3<Float>) {
    self.lower = lower
    self.upper = upper
  }

  /// What a rig's floor and box leave free; the floor is measured from the table, the box in the base frame.
  public init(_ settings: Rig.EnvelopeSettings, arm: ArmDescription) {
    var lower = settings.box_m?.lower ?? SIMD3(repeating: -.infinity)
    if let floor_m = settings.floor_m { lower.z = max(lower.z, Float(floor_m - arm.mountHeight_m)) }
    self.init(lower: lower, upper: settings.box_m?.upper ?? SIMD3(repeating: .infinity))
  }

  /// How far inside the nearest wall a point is; negative outside, infinite without walls, NaN for a point that is NaN.
  @_noAllocation @_noLocks
  public func depth(_ point: SIMD3<Float>) -> Float {
    guard all(point .== point) else { return .nan }
    let below = point - lower, above = upper - point
    let nearest = below.replacing(with: above, where: above .< below)
    var depth = nearest.x
    if nearest.y < depth { depth = nearest.y }
    if nearest.z < depth { depth = nearest.z }
    return depth
  }

  /// True if a tool may go from one point to the other: `to` is inside all walls by the margin, or, for each wall that it is not
  /// inside of, no further out than `from`. So an arm that starts outside may come in and nothing else.
  @_noAllocation @_noLocks
  public func allows(from: SIMD3<Float>, to: SIMD3<Float>, margin_m: Float) -> Bool {
    let low = lower + margin_m, high = upper - margin_m
    // Written so that NaN is never allowed.
    let aboveLow = (to .>= low) .| (to .>= from)
    let belowHigh = (to .<= high) .| (to .<= from)
    return all(aboveLow .& belowHigh)
  }
}
