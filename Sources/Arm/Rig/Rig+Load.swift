public import Foundation

extension Rig {
  /// Reads a rig by name (`hardware/rigs/NAME.yaml`) or by path (anything with a slash or ending in `.yaml`).
  ///
  /// `variables` are what `${NAME}` and `${NAME:-default}` in its texts mean: the process's environment, unless a test says
  /// otherwise.
  public static func load(
    _ nameOrPath: String, hardware: Hardware? = nil,
    variables: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> Rig {
    let isPath = nameOrPath.contains("/") || nameOrPath.hasSuffix(".yaml")
    let path = isPath ? URL(filePath: nameOrPath) : nil
    let folder = if let hardware { hardware } else { try Hardware.find(near: path, environment: variables) }
    if let path {
      guard FileManager.default.fileExists(atPath: path.path) else {
        throw .notFound(
          kind: "rig file", name: nameOrPath, place: FileManager.default.currentDirectoryPath,
          available: folder.names(of: .rigs))
      }
      return try Rig(ConfigurationMap(reading: path, variables: variables), url: path, hardware: folder)
    }
    let url = try folder.file(nameOrPath, kind: .rigs)
    return try Rig(ConfigurationMap(reading: url, variables: variables), url: url, hardware: folder)
  }

  /// Reads a rig's text; `url` names it in errors.
  init(text: String, url: URL, hardware: Hardware, variables: [String: String]) throws(ConfigurationError) {
    try self.init(
      ConfigurationMap(text: text, file: url.relativePath, variables: variables), url: url, hardware: hardware)
  }

  private init(_ map: ConfigurationMap, url: URL, hardware: Hardware) throws(ConfigurationError) {
    try map.allow(only: [
      "rig", "loop_Hz", "decision_Hz", "spin_us", "loop_cpu", "bus", "pairs", "tool", "envelope", "environment",
      "pedal", "announce", "start", "episode", "policy",
    ])
    name = url.deletingPathExtension().lastPathComponent
    file = map.file
    self.hardware = hardware
    guard try map.text("rig") == name else { throw map.wrong("rig", "the file's name, \(name)") }
    loop_Hz = try map.integer("loop_Hz", in: 10...1000)
    decision_Hz = try map.integer("decision_Hz", in: 1...1000)
    guard loop_Hz.isMultiple(of: decision_Hz) else {
      throw map.contradiction(
        "decision_Hz", "\(decision_Hz) decisions a second do not divide \(loop_Hz) ticks; choose a divisor of loop_Hz.")
    }
    spin_us = map.has("spin_us") ? try map.integer("spin_us", in: 0...500_000 / loop_Hz) : 0
    loopCPU = map.has("loop_cpu") ? try map.integer("loop_cpu", in: 0...1023) : nil
    busSpin_us = Self.usualBusSpin_us
    if map.has("bus") {
      let bus = try map.map("bus")
      try bus.allow(only: ["spin_us"])
      busSpin_us = try bus.integer("spin_us", in: 0...500)
    }
    pairs = try Self.pairs(map, hardware: hardware)
    let arm = pairs[0].follower.arm
    if map.has("tool") {
      let tool = try map.map("tool")
      try tool.allow(only: ["position_m"])
      tool_m = try tool.vector("position_m")
    }
    envelope = try EnvelopeSettings(map.map("envelope"), arm: arm)
    environment = map.has("environment") ? try EnvironmentSettings(map.map("environment")) : nil
    if map.has("pedal") {
      let pedal = try map.map("pedal")
      try pedal.allow(only: ["socket", "device", "hold_to_run_ms"])
      guard pedal.has("socket") || pedal.has("device") || pedal.has("hold_to_run_ms") else {
        throw pedal.wrong(
          "socket",
          "a datagram socket, a `device` such as /dev/input/by-id/…-event-kbd, or `hold_to_run_ms` for the page's button"
        )
      }
      pedalSocket = pedal.has("socket") ? try pedal.text("socket") : nil
      pedalDevice = pedal.has("device") ? try pedal.text("device") : nil
      holdToRun_ms = pedal.has("hold_to_run_ms") ? try pedal.integer("hold_to_run_ms", in: 50...5000) : nil
    }
    if map.has("announce") {
      let announce = try map.map("announce")
      try announce.allow(only: ["socket"])
      announceSocket = try announce.text("socket")
    }
    start = map.has("start") ? try StartSettings(map.map("start"), arm: arm) : nil
    let episode = try map.map("episode")
    try episode.allow(only: ["limit_s"])
    episodeLimit_s = try episode.number("limit_s", in: 0.1...3600)
    let policyMap = try map.map("policy")
    policy = try PolicySettings(policyMap, arm: arm)
    try refuseOutside(map)
    do {
      _ = try featurePlan()
    } catch {
      throw policyMap.contradiction("features", error.description)
    }
  }

  /// A pose that the envelope never lets the arm come to would keep it waiting for ever.
  private func refuseOutside(_ map: ConfigurationMap) throws(ConfigurationError) {
    let arm = pairs[0].follower.arm
    let workspace = Workspace(envelope, arm: arm), kinematics = kinematics()
    for (what, pose) in [("start pose", start?.pose), ("arm's rest pose", arm.rest)] {
      guard let pose else { continue }
      let tool = kinematics.pose(pose).position_m
      let depth = workspace.depth(tool)
      guard depth < 0.002 else { continue }
      let isFloor = envelope.floor_m != nil && tool.z - workspace.lower.z == depth
      throw try map.map("envelope").contradiction(
        isFloor ? "floor_m" : "box_m",
        "the tool would be \(Int((2 - depth * 1000).rounded(.up))) mm too \(isFloor ? "low" : "far out") in the \(what); "
          + "change this or that pose.")
    }
  }

  private static func pairs(
    _ map: ConfigurationMap, hardware: Hardware
  ) throws(ConfigurationError) -> [Pair] {
    var pairs: [Pair] = []
    var ports: [String] = []
    for pairMap in try map.maps("pairs") {
      try pairMap.allow(only: ["name", "follower", "leader"])
      let name = try pairMap.text("name")
      if pairs.contains(where: { $0.name == name }) { throw pairMap.wrong("name", "a name that no other pair has") }
      var pair = Pair(name: name, follower: try Side(pairMap.map("follower"), role: .follower, hardware: hardware))
      if pairMap.has("leader") {
        let leader = try Side(pairMap.map("leader"), role: .leader, hardware: hardware)
        guard leader.arm.jointNames == pair.follower.arm.jointNames else {
          throw pairMap.contradiction(
            "leader", "\(leader.arm.name) has other joints than \(pair.follower.arm.name); choose a matching leader.")
        }
        pair.leader = leader
      }
      for (key, side) in [("follower", pair.follower), ("leader", pair.leader)] {
        guard let side else { continue }
        if ports.contains(side.port) {
          throw pairMap.contradiction(key, "the port \(side.port) is used twice; give each arm its own.")
        }
        ports.append(side.port)
      }
      pairs.append(pair)
    }
    return pairs
  }
}

extension Rig.Side {
  fileprivate init(
    _ map: ConfigurationMap, role: ArmDescription.Role, hardware: Hardware
  ) throws(ConfigurationError) {
    try map.allow(only: ["arm", "port", "calibration"])
    let name = try map.text("arm")
    guard hardware.names(of: .arms).contains(name) else {
      throw map.wrong("arm", "one of \(hardware.names(of: .arms).joined(separator: ", "))")
    }
    arm = try ArmDescription.load(name, from: hardware)
    guard arm.role == role else { throw map.wrong("arm", "a \(role.rawValue) arm") }
    port = try map.text("port")
    calibration = try map.text("calibration")
    folder = hardware.root.deletingLastPathComponent()
  }
}
