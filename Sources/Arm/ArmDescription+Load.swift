extension ArmDescription {
  /// How many joints a `JointVector` has room for.
  public static var largestJointCount: Int { JointVector.scalarCount }

  /// Reads `hardware/arms/NAME.yaml`.
  public static func load(_ name: String, from hardware: Hardware? = nil) throws(ConfigurationError) -> ArmDescription {
    let folder = if let hardware { hardware } else { try Hardware.find() }
    return try ArmDescription(ConfigurationMap(reading: folder.file(name, kind: .arms), variables: [:]), name: name)
  }

  /// Reads an arm file's text; `file` is the name that errors carry.
  init(text: String, file: String, name: String) throws(ConfigurationError) {
    try self.init(ConfigurationMap(text: text, file: file), name: name)
  }

  private init(_ map: ConfigurationMap, name: String) throws(ConfigurationError) {
    try map.allow(only: [
      "arm", "servo", "role", "mount_height_m", "eeprom", "joints", "tool", "gripper", "reference",
    ])
    guard try map.text("arm") == name else { throw map.wrong("arm", "the file's name, \(name)") }
    guard let role = Role(rawValue: try map.text("role")) else { throw map.wrong("role", "follower or leader") }
    self.name = name
    self.role = role
    servo = try map.text("servo")
    mountHeight_m = try map.number("mount_height_m", in: 0...10)
    eeprom = try map.registers("eeprom")

    let jointMaps = try map.maps("joints")
    guard jointMaps.count <= Self.largestJointCount else {
      throw map.wrong("joints", "a list of at most \(Self.largestJointCount) joints")
    }
    joints = []
    for jointMap in jointMaps {
      let joint = try Joint(jointMap)
      if joints.contains(where: { $0.name == joint.name }) {
        throw jointMap.wrong("name", "a name that no other joint has")
      }
      if joints.contains(where: { $0.servoID == joint.servoID }) {
        throw jointMap.wrong("servo_id", "an address that no other servo has")
      }
      joints.append(joint)
    }

    let toolMap = try map.map("tool")
    try toolMap.allow(only: ["joint", "position_m", "quaternion_wxyz"])
    tool = Tool(
      joint: try Self.joint(named: "joint", of: toolMap, in: joints), position_m: try toolMap.vector("position_m"),
      quaternion_wxyz: try toolMap.quaternion("quaternion_wxyz"))

    if map.has("gripper") {
      let gripperMap = try map.map("gripper")
      try gripperMap.allow(only: ["joint", "torque_share", "eeprom"])
      gripper = Gripper(
        joint: try Self.joint(named: "joint", of: gripperMap, in: joints),
        torqueShare: try gripperMap.number("torque_share", in: 0...1), eeprom: try gripperMap.registers("eeprom"))
    }

    if map.has("reference") {
      let referenceMap = try map.map("reference")
      try referenceMap.allow(only: ["pose_rad", "says"])
      reference = Reference(
        pose: try referenceMap.perJoint("pose_rad", arm: self, in: -3.2...3.2), says: try referenceMap.text("says"))
    }
  }

  private static func joint(
    named key: String, of map: ConfigurationMap, in joints: [Joint]
  ) throws(ConfigurationError) -> Int {
    let name = try map.text(key)
    guard let index = joints.firstIndex(where: { $0.name == name }) else {
      throw map.wrong(key, "one of the joints \(joints.map(\.name).joined(separator: ", "))")
    }
    return index
  }
}

extension ArmDescription.Joint {
  fileprivate init(_ map: ConfigurationMap) throws(ConfigurationError) {
    try map.allow(only: [
      "name", "servo_id", "direction", "zero", "range_rad", "turn", "rest_rad", "position_m", "quaternion_wxyz",
    ])
    name = try map.text("name")
    servoID = UInt8(try map.integer("servo_id", in: 0...253))
    direction = try map.integer("direction", in: -1...1)
    guard direction != 0 else { throw map.wrong("direction", "1 or -1") }
    guard let zero = ArmDescription.Zero(rawValue: try map.text("zero")) else {
      throw map.wrong("zero", "middle or lower")
    }
    self.zero = zero
    let range = try map.numbers("range_rad", count: 2)
    // Within one turn of the encoder around its middle; ticks could not tell more apart.
    guard range[0] < range[1], range[0] > -.pi, range[1] < .pi else {
      throw map.wrong("range_rad", "[lower, upper] with lower < upper, both within ±π")
    }
    lower_rad = range[0]
    upper_rad = range[1]
    isFullTurn = map.has("turn")
    if isFullTurn {
      guard try map.text("turn") == "full", zero == .middle else {
        throw map.wrong("turn", "full, at a joint whose zero is middle")
      }
    }
    if map.has("rest_rad") {
      let rest = try map.number("rest_rad")
      guard (range[0]...range[1]).contains(rest) else { throw map.wrong("rest_rad", "within range_rad") }
      rest_rad = rest
    }
    position_m = try map.vector("position_m")
    quaternion_wxyz = try map.quaternion("quaternion_wxyz")
  }
}

extension ConfigurationMap {
  /// Values by register name; none where the key is missing.
  func registers(_ key: String) throws(ConfigurationError) -> [String: Int32] {
    guard has(key) else { return [:] }
    let map = try map(key)
    var values: [String: Int32] = [:]
    for name in map.keys { values[name] = Int32(try map.integer(name, in: 0...65535)) }
    return values
  }

  /// Three numbers.
  func vector(_ key: String) throws(ConfigurationError) -> SIMD3<Double> { SIMD3(try numbers(key, count: 3)) }

  /// Four numbers of length 1 (to the digits of a file), made exactly so.
  func quaternion(_ key: String) throws(ConfigurationError) -> SIMD4<Double> {
    let q = SIMD4(try numbers(key, count: 4))
    let length = (q * q).sum().squareRoot()
    guard abs(length - 1) < 1e-3 else { throw wrong(key, "a unit quaternion w, x, y, z") }
    return q / length
  }
}
