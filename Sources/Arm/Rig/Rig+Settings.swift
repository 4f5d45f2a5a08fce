// The rig file's parts that are lists of numbers: limits, start, environment, policy.

extension Rig.EnvelopeSettings {
  init(_ map: ConfigurationMap, arm: ArmDescription) throws(ConfigurationError) {
    try map.allow(only: [
      "velocity_rad_s", "acceleration_rad_s2", "lag_rad", "stale_ticks", "load_share", "load_s", "hand_guiding_m_s",
      "floor_m", "box_m",
    ])
    // Ten times what these servos can do: beyond is a slip of the pen, not a limit.
    velocity_rad_s = try map.perJoint("velocity_rad_s", arm: arm, in: 0.01...60)
    acceleration_rad_s2 = try map.perJoint("acceleration_rad_s2", arm: arm, in: 0.1...1000)
    lag_rad = try map.perJoint("lag_rad", arm: arm, in: 0.01...3)
    stale_ticks = try map.integer("stale_ticks", in: 1...100)
    // The servo lets go by itself after 2 s above 80 % (its factory setting): the arm stops before.
    load_share = map.has("load_share") ? try map.number("load_share", in: 0.1...1) : 0.75
    load_s = map.has("load_s") ? try map.number("load_s", in: 0.1...60) : 1.5
    // ISO 10218's reduced speed is the default, and the most.
    handGuiding_m_s = map.has("hand_guiding_m_s") ? try map.number("hand_guiding_m_s", in: 0.01...0.25) : 0.25
    floor_m = map.has("floor_m") ? try map.number("floor_m") : nil
    guard map.has("box_m") else { return }
    let box = try map.map("box_m")
    try box.allow(only: ["lower", "upper"])
    let corners = Rig.Box(lower: SIMD3(try box.vector("lower")), upper: SIMD3(try box.vector("upper")))
    guard all(corners.lower .< corners.upper) else { throw box.wrong("upper", "above lower in x, y and z") }
    box_m = corners
  }
}

extension Rig.EnvironmentSettings {
  init(_ map: ConfigurationMap) throws(ConfigurationError) {
    try map.allow(only: ["socket", "features", "stale_ms"])
    socket = try map.text("socket")
    features = try map.texts("features")
    guard features.count <= SIMD16<Float>.scalarCount, Set(features).count == features.count else {
      throw map.wrong("features", "a list of at most \(SIMD16<Float>.scalarCount) different names")
    }
    stale_ms = try map.integer("stale_ms", in: 1...60_000)
  }
}

extension Rig.StartSettings {
  init(_ map: ConfigurationMap, arm: ArmDescription) throws(ConfigurationError) {
    try map.allow(only: ["pose_rad", "jitter_rad", "lift_m"])
    pose = try map.perJoint("pose_rad", arm: arm, in: -4...4)
    for (index, joint) in arm.joints.enumerated()
    where !(Float(joint.lower_rad)...Float(joint.upper_rad)).contains(pose[index]) {
      throw try map.map("pose_rad").wrong(joint.name, "within \(joint.lower_rad)…\(joint.upper_rad) rad")
    }
    lift_m = map.has("lift_m") ? try map.number("lift_m", in: 0...0.3) : 0
    jitter_rad = try map.perJoint("jitter_rad", arm: arm, in: 0...1)
    // Whatever the gripper holds, it goes on holding.
    if let gripper = arm.gripper, !map.isMap("jitter_rad") { jitter_rad[gripper.joint] = 0 }
  }
}

extension Rig.PolicySettings {
  init(_ map: ConfigurationMap, arm: ArmDescription) throws(ConfigurationError) {
    try map.allow(only: ["features", "actions", "lead_ms", "settle_ms"])
    features = try map.texts("features")
    actions = try map.texts("actions")
    settle_ms = map.has("settle_ms") ? try map.integer("settle_ms", in: 0...1000) : 0
    lead_ms = map.has("lead_ms") ? try map.integer("lead_ms", in: 0...500) : 0
    let strangers = actions.filter { arm.index(of: $0) == nil }
    guard strangers.isEmpty, !actions.isEmpty, Set(actions).count == actions.count else {
      throw map.wrong("actions", "a list of different joints out of \(arm.jointNames.joined(separator: ", "))")
    }
  }
}

extension ConfigurationMap {
  /// One number for all joints, or a mapping from each joint to its own; 0 in lanes without a joint.
  func perJoint(
    _ key: String, arm: ArmDescription, in range: ClosedRange<Double>
  ) throws(ConfigurationError) -> JointVector {
    guard isMap(key) else {
      let value = Float(try number(key, in: range))
      return arm.vector { _ in value }
    }
    let map = try map(key)
    try map.allow(only: arm.jointNames)
    var values = JointVector.zero
    for (index, joint) in arm.joints.enumerated() { values[index] = Float(try map.number(joint.name, in: range)) }
    return values
  }
}
