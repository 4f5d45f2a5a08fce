/// The six joints of an SO-101 in a simulation, as servo firmware drives them.
///
/// Angles in rad, torques in N m. A limp joint's motor exerts nothing: what then holds the arm is friction alone, and it
/// falls. `offset` shifts the goals behind the firmware's back; tasks disturb the arm with it.
public final class ArmMechanism: Mechanism {
  /// The joints, from base to jaw.
  public static let jointNames = [
    "shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper",
  ]

  let simulation: Simulation
  let joints: [JointIndex]
  private let actuators: [(index: Int, stall_Nm: Double)]
  private var goals: [Double?]
  private var limits_Nm: [Double]
  private var offset = SIMD8<Double>.zero
  /// The longest way of each joint's goal in one physics step, in rad.
  private var steps_rad: [Double]

  init(_ simulation: Simulation) throws(TwinError) {
    self.simulation = simulation
    var joints: [JointIndex] = []
    var actuators: [(index: Int, stall_Nm: Double)] = []
    for name in Self.jointNames {
      joints.append(try simulation.scene.joint(name))
      actuators.append(try simulation.scene.actuator(name))
    }
    self.joints = joints
    self.actuators = actuators
    goals = Array(repeating: nil, count: joints.count)
    limits_Nm = Array(repeating: 0, count: joints.count)
    steps_rad = Array(repeating: .infinity, count: joints.count)
    for joint in joints.indices { apply(joint) }
  }

  /// Six.
  public var jointCount: Int { joints.count }

  /// Where the joint is, in rad.
  public func position(_ joint: Int) -> Double { simulation.position(joints[joint]) }

  /// How fast it turns, in rad/s.
  public func velocity(_ joint: Int) -> Double { simulation.velocity(joints[joint]) }

  /// The motor's torque as a share of its stall torque.
  public func duty(_ joint: Int) -> Double {
    simulation.force_Nm(actuators[joint].index) / actuators[joint].stall_Nm
  }

  /// From now on these joints go no faster, in rad/s, whatever they are told.
  func slow(_ fastest_rad_s: [String: Double]) throws(TwinError) {
    for (name, fastest) in fastest_rad_s {
      guard let joint = Self.jointNames.firstIndex(of: name) else {
        throw .missing(kind: "joint", name: name, path: simulation.scene.path)
      }
      steps_rad[joint] = fastest * simulation.scene.timestep_s
    }
  }

  /// Drives the joint toward `goal` (nil: limp) with at most `torqueShare` of the stall torque; called once a step.
  public func drive(_ joint: Int, toward goal: Double?, torqueShare: Double) {
    if let goal {
      let last = goals[joint] ?? position(joint)
      goals[joint] = last + min(max(goal - last, -steps_rad[joint]), steps_rad[joint])
    } else {
      goals[joint] = nil
    }
    limits_Nm[joint] = goal == nil ? 0 : actuators[joint].stall_Nm * min(max(torqueShare, 0), 1)
    apply(joint)
  }

  /// Shifts every goal by so many rad until it is set anew.
  func disturb(by offset: SIMD8<Double>) {
    guard offset != self.offset else { return }
    self.offset = offset
    for joint in joints.indices { apply(joint) }
  }

  private func apply(_ joint: Int) {
    let goal = goals[joint] ?? position(joint)
    simulation.control(actuators[joint].index, goal: goal + offset[joint], limit_Nm: limits_Nm[joint])
  }

  /// All joints at once; lanes beyond the arm's are zero.
  var posture: SIMD8<Double> {
    var posture = SIMD8<Double>.zero
    for joint in joints.indices { posture[joint] = position(joint) }
    return posture
  }

  /// Puts the arm somewhere, at rest unless told otherwise, as no motor could, with its goals there.
  func set(posture: SIMD8<Double>, velocity: SIMD8<Double> = .zero) {
    for joint in joints.indices {
      simulation.set(joints[joint], position: posture[joint], velocity: velocity[joint])
      if goals[joint] != nil { goals[joint] = posture[joint] }
    }
    simulation.settlePositions()
  }
}
