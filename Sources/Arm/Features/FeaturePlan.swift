internal import CKernels

/// What a policy sees: named quantities derived from joint angles and the environment, parsed once.
///
/// Derived features decide whether imitation works at all: where the cup is *from the tool* says more than where both are
/// in the world. Training and the tick compute them here, by one code path with a fixed order of operations, so a policy
/// never meets other numbers than it learned from.
///
///     name                     value
///     joint.NAME               angle of a joint, rad
///     tool.x  .y  .z           the tool's origin in the base frame, m
///     tool.yaw                 which way the gripper opens, seen from above, rad (`Pose.yaw_rad`)
///     cup.x                    what the environment calls so, in its unit
///     cup-tool.x               a difference: cup.x − tool.x
///     tanh(TERM/0.010)         saturates where fine work begins: ±1 beyond a few times 10 mm; TERM is any name above
///     cos(TERM*4), sin(TERM*4) an angle without a seam; times 4 for a cube, which looks the same every quarter turn
///
///     let plan = try FeaturePlan(["joint.elbow_flex", "cup-tool.x"], arm: arm, environment: ["cup.x", "cup.y"])
///     plan.compute(reading.position, environment.values, into: buffer)
///
/// A value of fixed size without references: no allocation, no lock. NaN in (a feature of the environment that never came) is
/// NaN out, in the features that depend on it only.
public struct FeaturePlan: BitwiseCopyable, Sendable {
  /// The most features a plan holds.
  public static var capacity: Int { 64 }

  /// How many features there are.
  public let count: Int
  /// True if one of them depends on the environment: then its age matters.
  public let usesEnvironment: Bool
  private let usesTool: Bool
  private let kinematics: Kinematics
  private var terms = [64 of FeatureTerm](repeating: FeatureTerm())

  /// Parses the names; `environment` are the names of the environment's features, in the order of its values.
  ///
  /// `tool_m` is the tool's point in the frame of the joint that carries it, where the rig has another than the arm file.
  public init(
    _ names: [String], arm: ArmDescription, tool_m: SIMD3<Double>? = nil, environment: [String] = []
  ) throws(FeatureError) {
    guard !names.isEmpty else { throw .none }
    guard names.count <= Self.capacity else { throw .tooMany(count: names.count, capacity: Self.capacity) }
    let sources = FeatureSources(joints: arm.jointNames, environment: environment)
    var usesTool = false, usesEnvironment = false
    for (index, name) in names.enumerated() {
      if names[..<index].contains(name) { throw .twice(feature: name) }
      let term = try FeatureTerm(parsing: name, sources: sources)
      terms[index] = term
      usesTool = usesTool || term.uses(FeatureSources.tool)
      usesEnvironment = usesEnvironment || term.uses(FeatureSources.environment)
    }
    count = names.count
    self.usesTool = usesTool
    self.usesEnvironment = usesEnvironment
    kinematics = Kinematics(arm, tool_m: tool_m)
  }

  /// Writes the features into `output`, which has room for at least `count`.
  @_noAllocation @_noLocks
  public func compute(
    _ position: JointVector, _ environment: SIMD16<Float>, into output: UnsafeMutableBufferPointer<Float>
  ) {
    var values = [32 of Float](repeating: 0)
    var index = 0
    while index < 8 {
      values[index] = position[index]
      index += 1
    }
    if usesTool {
      let pose = kinematics.pose(position)
      values[8] = pose.position_m.x
      values[9] = pose.position_m.y
      values[10] = pose.position_m.z
      values[11] = pose.yaw_rad
    }
    index = 0
    while index < 16 {
      values[16 + index] = environment[index]
      index += 1
    }
    index = 0
    while index < count {
      output[index] = terms[index].value(values)
      index += 1
    }
  }
}

/// One feature, ready to compute: function((first − second) · factor).
struct FeatureTerm: BitwiseCopyable {
  /// What is done to the difference.
  enum Function: UInt8, BitwiseCopyable { case none, tanh, cos, sin }

  /// Place of the value among the sources.
  var first: UInt8 = 0
  /// Place of what is subtracted; `FeatureSources.nothing` for nothing.
  var second: UInt8 = FeatureSources.nothing
  var function = Function.none
  /// The divisor or the factor, as the name says: x/0.01 and x*100 differ in the last bit.
  var factor: Float = 1
  var divides = false

  /// True if it reads a value among these places.
  func uses(_ places: Range<UInt8>) -> Bool { places.contains(first) || places.contains(second) }

  @_noAllocation @_noLocks
  func value(_ values: [32 of Float]) -> Float {
    var x = values[Int(first)]
    if second != FeatureSources.nothing { x -= values[Int(second)] }
    x = divides ? x / factor : x * factor
    switch function {
    case .none: return x
    case .tanh: return us_fixed_tanhf(x)
    case .cos: return us_fixed_cosf(x)
    case .sin: return us_fixed_sinf(x)
    }
  }
}
