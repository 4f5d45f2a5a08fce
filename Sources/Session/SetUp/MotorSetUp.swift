// From a box of servos to a chain:
//
//     for each joint, the gripper first:
//       one servo on the wire ─▶ found at whatever id and baud rate ─▶ unlocked ─▶ settings, id, 1 Mbit/s ─▶ read back
//     then the whole chain ─▶ checked
//
// Torque goes off on the servo that is set up; nothing moves. Resumable: what a servo is, it says itself, so a chain that is
// plugged in at the beginning is taken for done, as far as it is.

internal import Arm
internal import RealTime
internal import ServoBus

/// `understudy setup-motors`: gives each servo of an arm its id, the arm's rate and settings.
public struct MotorSetUp {
  let site: ArmPort
  let dialogue: any Dialogue
  /// Joints whose servo is as it must be, with what had to be changed.
  private var done: [String: [String]] = [:]

  /// An arm's servos on a port, and who plugs them in.
  public init(_ site: ArmPort, dialogue: any Dialogue) {
    self.site = site
    self.dialogue = dialogue
  }

  /// Sets up every servo that is not yet; returns what was done.
  public mutating func run() throws(SetUpError) -> MotorSetUpReport {
    try adoptChain()
    let waiting = site.arm.joints.reversed().filter { done[$0.name] == nil }
    for (count, joint) in waiting.enumerated() { try setUp(joint, number: count + 1, of: waiting.count) }
    if !waiting.isEmpty { try checkChain() }
    return MotorSetUpReport(
      arm: site.arm.name, port: site.port,
      servos: site.arm.joints.map { .init(joint: $0.name, id: $0.servoID, changed: done[$0.name] ?? []) })
  }

  // MARK: What is there already

  /// Servos on the wire that already answer to one of this arm's ids at the arm's rate. A single servo with the factory's id
  /// says nothing: every new one has it.
  private mutating func adoptChain() throws(SetUpError) {
    var bus = try site.open()
    let ids = try present(on: &bus)
    let ours = site.arm.joints.filter { ids.contains($0.servoID) }
    guard ids.count > 1 || (ids.count == 1 && ids[0] != factoryID) else { return }
    for joint in ours {
      let record = try site.record(joint.servoID, on: &bus)
      let stray = record.stray(from: site.arm.eeprom(of: joint), bus.model)
      // With the factory's delay it is a new servo beside those that are done.
      if joint.servoID == factoryID, ids.count < site.arm.joints.count, hasFactoryDelay(record) { continue }
      if stray != nil {
        try bus.unlock(joint.servoID)
        try bus.burn(settings: site.arm, for: joint, of: record)
        try bus.lock(joint.servoID)
      }
      done[joint.name] = stray == nil ? [] : ["settings"]
    }
    let strangers = ids.filter { !site.arm.servoIDs.contains($0) }
    if !strangers.isEmpty {
      dialogue.say("Servo \(SetUpError.list(strangers)) is not of this arm, or not set up yet.")
    }
    let names = ours.filter { done[$0.name] != nil }.map(\.name)
    if !names.isEmpty { dialogue.say("Set up already: \(names.joined(separator: ", ")).") }
  }

  private func hasFactoryDelay(_ record: ServoRecord) -> Bool {
    let delay = site.model.registers.returnDelay
    return record.value(delay) == site.model.entries.first { $0.register == delay }?.factory
  }

  private var factoryID: UInt8 { UInt8(site.model.entry(named: "id")?.factory ?? 1) }

  private func present(on bus: inout ServoBus) throws(SetUpError) -> [UInt8] {
    do throws(BusError) { return try bus.discover(listen: .milliseconds(60)) } catch { throw .bus(error) }
  }

  // MARK: One servo

  private mutating func setUp(_ joint: ArmDescription.Joint, number: Int, of count: Int) throws(SetUpError) {
    var trouble: SetUpError?
    while true {
      let question =
        "\(number) of \(count): connect the servo of \(joint.name) to the adapter, alone, and press Enter "
        + "(s skips it, q ends)."
      guard let answer = dialogue.ask(question) else { throw trouble ?? .nobodyToAsk(question) }
      switch answer.lowercased() {
      case "s": return
      case "q": throw .stopped("Stopped before \(joint.name); run `understudy setup-motors` again to go on from there.")
      default: break
      }
      do throws(SetUpError) {
        guard let found = try find(for: joint) else { continue }
        done[joint.name] = try assign(joint, to: found)
        dialogue.say("\(joint.name): id \(joint.servoID), 1 Mbit/s, read back.")
        return
      } catch {
        // Whatever it is, it lies at the wire: the person mends it and presses Enter again.
        if case .port = error { throw error }
        trouble = error
        dialogue.say("\(error)")
      }
    }
  }

  /// A servo that was found, and at which rate.
  private struct Found {
    var record: ServoRecord
    var bitsPerSecond: Int
  }

  /// The one servo on the wire, at whatever rate; nil where the person said that it is the wrong one.
  private func find(for joint: ArmDescription.Joint) throws(SetUpError) -> Found? {
    var isGarbled = false
    // The arm's rate first, which is also the factory's.
    for rate in site.model.baudCodes.keys.sorted(by: >) {
      var bus = try site.open(rate)
      let ids = try present(on: &bus)
      guard let id = ids.first else {
        isGarbled = isGarbled || bus.statistics.strayBytes > 0
        continue
      }
      guard ids.count == 1 else { throw .several(port: site.port, ids: ids) }
      let found = Found(record: try site.record(id, on: &bus), bitsPerSecond: rate)
      return isWanted(found, for: joint) ? found : nil
    }
    throw isGarbled ? .several(port: site.port, ids: []) : .nobody(port: site.port)
  }

  /// A servo that already is another joint's is hardly the one that was asked for.
  private func isWanted(_ found: Found, for joint: ArmDescription.Joint) -> Bool {
    let id = found.record.id
    guard let other = site.arm.joints.first(where: { $0.servoID == id }), other.name != joint.name,
      id != factoryID || done[other.name] != nil
    else { return true }
    let answer = dialogue.ask(
      "This servo has id \(id), which is \(other.name)'s. Type yes to make it \(joint.name)'s, or connect the right one and "
        + "press Enter.")
    return answer?.lowercased() == "yes"
  }

  /// Writes settings, id and rate, in this order: whenever this is interrupted, the servo is found again.
  private func assign(_ joint: ArmDescription.Joint, to found: Found) throws(SetUpError) -> [String] {
    let registers = site.model.registers
    var changed: [String] = []
    do {
      var bus = try site.open(found.bitsPerSecond)
      if found.record.stray(from: site.arm.eeprom(of: joint), site.model) != nil { changed.append("settings") }
      try bus.unlock(found.record.id)
      try bus.burn(settings: site.arm, for: joint, of: found.record)
      var id = found.record.id
      if id != joint.servoID {
        try readdress(Int32(joint.servoID), registers.id, id, on: &bus)
        id = joint.servoID
        changed.append("id \(found.record.id) → \(id)")
      }
      if found.bitsPerSecond != ArmPort.armRate {
        try readdress(site.model.baudCodes[ArmPort.armRate] ?? 0, registers.baudRate, id, on: &bus)
        changed.append("\(found.bitsPerSecond) → \(ArmPort.armRate) bit/s")
      }
    }
    // Anew, at the rate that it must have now.
    var bus = try site.open()
    let record = try site.record(joint.servoID, on: &bus)
    try verify(record, registers.id, Int32(joint.servoID))
    try verify(record, registers.baudRate, site.model.baudCodes[ArmPort.armRate] ?? 0)
    if let stray = record.stray(from: site.arm.eeprom(of: joint), site.model) {
      throw .bus(
        .notKept(
          port: site.port, id: record.id, register: stray.name, expected: stray.expected, received: stray.received))
    }
    try bus.lock(joint.servoID)
    return changed
  }

  /// Sets a register by which a servo is reached. Whether its answer still comes the old way is the firmware's affair: that it
  /// was taken is seen by asking the new way.
  private func readdress(
    _ value: Int32, _ register: Register, _ id: UInt8, on bus: inout ServoBus
  ) throws(SetUpError) {
    do throws(BusError) {
      try bus.write(value, to: register, of: id)
    } catch {
      guard case .noReply = error else { throw .bus(error) }
    }
  }

  private func verify(_ record: ServoRecord, _ register: Register, _ expected: Int32) throws(SetUpError) {
    let received = record.value(register)
    guard received != expected else { return }
    throw .bus(
      .notKept(
        port: site.port, id: record.id, register: site.model.name(of: register), expected: expected, received: received)
    )
  }

  // MARK: The chain

  private func checkChain() throws(SetUpError) {
    let question = "Now connect all servos in a chain and press Enter; they are checked once more (s skips this)."
    while true {
      guard let answer = dialogue.ask(question), answer.lowercased() != "s" else { return }
      do throws(SetUpError) {
        var bus = try site.open()
        let records = try site.records(on: &bus)
        let firmwares = Set(records.map(\.firmware))
        dialogue.say("All \(records.count) servos answer.")
        if firmwares.count > 1 {
          dialogue.say(
            "Their firmware differs (\(firmwares.sorted().joined(separator: ", "))): bring them to one version with "
              + "Feetech's FD program, or they will not start together.")
        }
        return
      } catch {
        if case .port = error { throw error }
        dialogue.say("\(error)")
      }
    }
  }
}

/// What `setup-motors` did.
public struct MotorSetUpReport: Sendable, Codable, CustomStringConvertible {
  /// One servo.
  public struct Servo: Sendable, Codable {
    /// Its joint.
    public var joint: String
    /// Its id.
    public var id: UInt8
    /// What was changed; empty where nothing had to be, or the joint was skipped.
    public var changed: [String]
  }

  /// The arm's file.
  public var arm: String
  /// The port.
  public var port: String
  /// The servos, in the joints' order.
  public var servos: [Servo]

  /// For people.
  public var description: String {
    var table = TextTable(["joint", "id", "changed"], numbers: [1])
    for servo in servos {
      table.add(servo.joint, "\(servo.id)", servo.changed.isEmpty ? "–" : servo.changed.joined(separator: ", "))
    }
    return "\(table)"
  }
}
