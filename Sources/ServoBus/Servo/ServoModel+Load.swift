internal import Glibc

extension ServoModel {
  /// Reads a servo file. Throws with path, line and key where the file is not what it should be.
  public static func load(path: String) throws(ServoFileError) -> ServoModel {
    try parse(read(path), path: path)
  }

  /// Understands the text of a servo file; `path` is for messages.
  public static func parse(_ text: String, path: String) throws(ServoFileError) -> ServoModel {
    let file = try ServoFile(path: path, text: text)
    try file.allow([
      "servo", "protocol", "model_number", "ticks_per_turn", "baud_codes", "registers", "status_bits",
    ])
    var entries: [Entry] = []
    for item in try file.get("registers").list() {
      let entry = try Self.entry(item)
      if let other = entries.first(where: { $0.name == entry.name || $0.overlaps(entry) }) {
        throw .overlap(path: path, line: item.line, name: entry.name, other: other.name)
      }
      entries.append(entry)
    }
    var bauds: [Int: Int32] = [:]
    for (baud, code) in try file.get("baud_codes").numbered() { bauds[baud] = Int32(try code.integer(0...255)) }
    var bits: [StatusBit] = []
    for (bit, value) in try file.get("status_bits").numbered() {
      try value.allow(["name", "says"])
      bits.append(StatusBit(bit: bit, name: try value.get("name").string(), sentence: try value.get("says").string()))
    }
    return ServoModel(
      name: try file.get("servo").string(),
      wireProtocol: try file.get("protocol").choice(["feetech-sts": .feetechSTS]),
      modelNumber: Int32(try file.get("model_number").integer(0...65535)),
      ticksPerTurn: Int32(try file.get("ticks_per_turn").integer(2...65536)),
      baudCodes: bauds,
      registers: try Registers(entries, in: try file.get("registers")),
      entries: entries.sorted { $0.register.address < $1.register.address },
      statusBits: bits.sorted { $0.bit < $1.bit })
  }

  private static func entry(_ item: ServoFile) throws(ServoFileError) -> Entry {
    try item.allow(["name", "at", "bytes", "store", "access", "sign", "unit", "scale", "factory"])
    var sign = Register.Sign.unsigned
    let width = try item.get("bytes").integer(1...2)
    if let rule = item.find("sign") {
      try rule.allow(["magnitude_bit"])
      sign = .magnitude(bit: UInt8(try rule.get("magnitude_bit").integer(1...(8 * width - 1))))
    }
    let register = Register(
      address: UInt8(try item.get("at").integer(0...127)), width: UInt8(width), sign: sign,
      isPersistent: try item.get("store").choice(["eeprom": true, "ram": false]),
      isWritable: try item.get("access").choice(["r": false, "rw": true]))
    let range = Int(register.range.lowerBound)...Int(register.range.upperBound)
    return Entry(
      name: try item.get("name").string(), register: register,
      unit: try item.find("unit")?.string() ?? "", scale: try item.find("scale")?.number() ?? 1,
      factory: try item.find("factory")?.integer(range).asInt32)
  }

  private static func read(_ path: String) throws(ServoFileError) -> String {
    guard let stream = fopen(path, "r") else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
    // A folder opens but does not read.
    guard ferror(stream) == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ServoModel.Registers {
  fileprivate init(_ entries: [ServoModel.Entry], in list: ServoFile) throws(ServoFileError) {
    func need(_ name: String) throws(ServoFileError) -> Register {
      guard let entry = entries.first(where: { $0.name == name }) else {
        throw .missing(path: list.path, line: list.line, key: "registers: name: \(name)")
      }
      return entry.register
    }
    modelNumber = try need("model_number")
    firmwareMajor = try need("firmware_major")
    firmwareMinor = try need("firmware_minor")
    id = try need("id")
    baudRate = try need("baud_rate")
    returnDelay = try need("return_delay")
    responseLevel = try need("response_level")
    minPosition = try need("min_position")
    maxPosition = try need("max_position")
    homingOffset = try need("homing_offset")
    maxTemperature = try need("max_temperature")
    maxVoltage = try need("max_voltage")
    minVoltage = try need("min_voltage")
    maxTorque = try need("max_torque")
    operatingMode = try need("operating_mode")
    phase = try need("phase")
    positionP = try need("position_p")
    positionI = try need("position_i")
    positionD = try need("position_d")
    protectiveTorque = try need("protective_torque")
    protectionTime = try need("protection_time")
    overloadTorque = try need("overload_torque")
    protectionCurrent = try need("protection_current")
    unloadingCondition = try need("unloading_condition")
    torqueEnable = try need("torque_enable")
    acceleration = try need("acceleration")
    goalPosition = try need("goal_position")
    goalVelocity = try need("goal_velocity")
    torqueLimit = try need("torque_limit")
    lock = try need("lock")
    presentPosition = try need("present_position")
    presentVelocity = try need("present_velocity")
    presentLoad = try need("present_load")
    presentVoltage = try need("present_voltage")
    presentTemperature = try need("present_temperature")
    status = try need("status")
    moving = try need("moving")
    presentCurrent = try need("present_current")
    maximumVelocity = try need("maximum_velocity")
    maximumAcceleration = try need("maximum_acceleration")
    movingVelocity = try need("moving_velocity")
  }
}

extension ServoModel.Entry {
  fileprivate func overlaps(_ other: Self) -> Bool {
    register.address < other.register.address + other.register.width
      && other.register.address < register.address + register.width
  }
}

extension Int {
  fileprivate var asInt32: Int32 { Int32(self) }
}
