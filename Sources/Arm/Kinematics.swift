internal import CKernels

/// Forward kinematics: joint angles to the tool's pose and its Jacobian.
///
/// A value of fixed size without references: the tick may call it (no allocation, no lock, a fixed order of operations
/// and sines of our own, so the same angles give the same bits on every machine). In `Float`; within 1 µm and 1 µrad of
/// MuJoCo for an arm of half a metre.
///
///     let kinematics = Kinematics(arm)
///     let tip = kinematics.pose(reading.position).position_m
public struct Kinematics: BitwiseCopyable, Sendable {
  private var links: [8 of Link]
  private var tool: Link
  /// How many joints move the tool; those behind it (the gripper's) do not.
  public let count: Int
  /// How far the tool can be from each joint's axis at most, in metres: by so much it moves for 1 rad, in any posture.
  public let reach_m: JointVector

  /// The fixed step from the frame before: origin and axes of this joint's frame at 0 rad.
  private struct Link: BitwiseCopyable {
    var origin = SIMD3<Float>.zero
    var rotation = Rotation.identity
  }

  /// The arm's chain up to its tool; `tool_m` replaces the tool's origin (a stylus tip, say), not its axes.
  public init(_ arm: ArmDescription, tool_m: SIMD3<Double>? = nil) {
    links = [8 of Link](repeating: Link())
    count = arm.tool.joint + 1
    for index in 0..<count {
      let joint = arm.joints[index]
      links[index] = Link(origin: SIMD3(joint.position_m), rotation: Rotation(joint.quaternion_wxyz))
    }
    tool = Link(origin: SIMD3(tool_m ?? arm.tool.position_m), rotation: Rotation(arm.tool.quaternion_wxyz))
    var reach = JointVector.zero
    var far = length(tool.origin)
    for index in stride(from: count - 1, through: 0, by: -1) {
      reach[index] = far
      far += length(links[index].origin)
    }
    reach_m = reach
  }

  /// Where the tool is at these joint angles, in the base frame.
  @_noAllocation @_noLocks
  public func pose(_ position: JointVector) -> Pose {
    var frame = Pose.identity
    var index = 0
    while index < count {
      frame = frame.moved(links[index].origin, links[index].rotation)
      frame.rotation.turnAboutZ(position[index])
      index += 1
    }
    return frame.moved(tool.origin, tool.rotation)
  }

  /// Where the frames of the joints that move the tool stand, and behind them the tool's, in the base frame: for drawings
  /// (allocates).
  public func chain(_ position: JointVector) -> [Pose] {
    var poses: [Pose] = []
    var frame = Pose.identity
    for index in 0..<count {
      frame = frame.moved(links[index].origin, links[index].rotation)
      poses.append(frame)
      frame.rotation.turnAboutZ(position[index])
    }
    return poses + [frame.moved(tool.origin, tool.rotation)]
  }

  /// The tool's pose and how it moves with each joint (the geometric Jacobian), in the base frame.
  @_noAllocation @_noLocks
  public func state(_ position: JointVector) -> ToolState {
    var state = ToolState()
    var frame = Pose.identity
    var index = 0
    while index < count {
      frame = frame.moved(links[index].origin, links[index].rotation)
      // The joint's axis and where it passes; its lever arm follows when the tool is known.
      state.angular[index] = frame.rotation.z
      state.linear[index] = frame.position_m
      frame.rotation.turnAboutZ(position[index])
      index += 1
    }
    state.pose = frame.moved(tool.origin, tool.rotation)
    index = 0
    while index < count {
      state.linear[index] = cross(state.angular[index], state.pose.position_m - state.linear[index])
      index += 1
    }
    return state
  }
}

/// The tool's pose, and one column of the Jacobian for each joint; columns of joints behind the tool are zero.
public struct ToolState: BitwiseCopyable, Sendable {
  /// Where the tool is.
  public var pose = Pose.identity
  /// Velocity of the tool's origin for 1 rad/s of each joint, in m/s.
  public var linear = [8 of SIMD3<Float>](repeating: .zero)
  /// Angular velocity of the tool for 1 rad/s of each joint: the joint's axis.
  public var angular = [8 of SIMD3<Float>](repeating: .zero)

  /// A tool at the origin that nothing moves.
  public init() {}
}

/// A frame seen from another: the tool in the base frame.
public struct Pose: BitwiseCopyable, Sendable, Equatable {
  /// Its origin.
  public var position_m: SIMD3<Float>
  /// Its axes.
  public var rotation: Rotation

  /// A frame at `position_m` with the axes of `rotation`.
  @_noAllocation @_noLocks
  public init(position_m: SIMD3<Float>, rotation: Rotation) {
    self.position_m = position_m
    self.rotation = rotation
  }

  /// The frame itself.
  public static var identity: Pose {
    @_noAllocation @_noLocks get { Pose(position_m: .zero, rotation: .identity) }
  }

  /// The heading about the vertical of the tool's z axis (the way the gripper opens): the angle from the base's x axis to
  /// it, seen from above, −π…π. It means something while the tool points down.
  public var yaw_rad: Float {
    @_noAllocation @_noLocks get { us_fixed_atan2f(rotation.z.y, rotation.z.x) }
  }

  /// The frame that stands at `origin` with `rotation`, both in this frame.
  @_noAllocation @_noLocks
  func moved(_ origin: SIMD3<Float>, _ rotation: Rotation) -> Pose {
    Pose(position_m: position_m + (self.rotation * origin), rotation: self.rotation * rotation)
  }
}
