// Which port is the follower and which the leader. Every STS3215 reports one model number, so the arms are told apart by,
// in this order:
//
//     the adapter, where a rig file names it ─▶ the calibration in the EEPROM ─▶ the supply ─▶ the person moves one arm
//
// or by unplugging them. Nothing is written to a servo.

internal import Arm
internal import Foundation
internal import RealTime
internal import ServoBus

/// A follower and a leader among the ports of a survey, and how they were told.
public struct PairIdentification: Sendable, Codable, CustomStringConvertible {
  /// One arm.
  public struct Side: Sendable, Codable, Equatable {
    /// Its port's path.
    public var port: String
    /// The name of it that a rig file should use.
    public var lastingPath: String
    /// The calibration that its servos hold, if it is known.
    public var calibration: String?
    /// How it was told.
    public var reason: String
  }

  /// The arm that does the work.
  public var follower: Side?
  /// The arm that the person moves.
  public var leader: Side?

  /// Whether both are known.
  public var isComplete: Bool { follower != nil && leader != nil }

  /// For people.
  public var description: String {
    [("follower", follower), ("leader", leader)].compactMap { name, side in
      side.map { "\(name): \($0.port) (\($0.reason))" }
    }.joined(separator: "\n")
  }

  /// What the survey itself tells, asking nobody. `rigs` are lasting names of ports that rig files give to arms.
  init(_ ports: [PortSurvey.Port], rigs: [(port: String, role: ArmDescription.Role, rig: String)] = []) {
    let arms = ports.filter { $0.servos.count > 1 }
    for port in arms {
      if let named = rigs.first(where: { $0.port == port.stablePath }) {
        set(named.role, port, "\(named.rig) names its adapter")
      }
    }
    for port in arms where !has(port) {
      guard let arm = port.arms.first, arm.matching == arm.joints, let role = arm.role.flatMap(ArmDescription.Role.init)
      else { continue }
      set(role, port, "its servos hold the calibration \(arm.calibration)")
    }
    guard arms.count == 2 else { return }
    if follower == nil, leader == nil, let volts = Self.volts(arms[0]), let others = Self.volts(arms[1]),
      abs(volts - others) > 2
    {
      let (high, low) = volts > others ? (arms[0], arms[1]) : (arms[1], arms[0])
      set(
        .follower, high,
        "its supply gives \(Figures.fixed(max(volts, others), 1)) V, the other's \(Figures.fixed(min(volts, others), 1)) V"
      )
      set(.leader, low, "the lower supply of the two")
    }
    complete(arms)
  }

  private static func volts(_ port: PortSurvey.Port) -> Double? {
    let volts = port.servos.compactMap(\.voltage_V)
    return volts.isEmpty ? nil : volts.reduce(0, +) / Double(volts.count)
  }

  /// Of two arms, the one that is not the one is the other.
  mutating func complete(_ arms: [PortSurvey.Port]) {
    guard arms.count == 2, let other = arms.first(where: { !has($0) }), arms.contains(where: has) else { return }
    set(follower == nil ? .follower : .leader, other, "the other one of two")
  }

  private func has(_ port: PortSurvey.Port) -> Bool { follower?.port == port.path || leader?.port == port.path }

  /// The first word on a role counts.
  mutating func set(_ role: ArmDescription.Role, _ port: PortSurvey.Port, _ reason: String) {
    let side = Side(
      port: port.path, lastingPath: port.stablePath ?? port.path, calibration: port.arms.first?.calibration,
      reason: reason)
    switch role {
    case .follower: follower = follower ?? side
    case .leader: leader = leader ?? side
    }
  }
}

extension PortSurvey {
  /// Which arm is which, asking the person where nothing else tells.
  public mutating func identify(asking dialogue: any Dialogue) throws(SetUpError) {
    var found = PairIdentification(ports, rigs: Self.rigs())
    let arms = ports.filter { $0.servos.count > 1 }
    guard !arms.isEmpty else {
      throw .refused(
        "No arm answers on any of these ports, so there is nothing to write a rig for; see `understudy ports`.")
    }
    if !found.isComplete, arms.count == 1, found.follower == nil, found.leader == nil {
      found.set(.follower, arms[0], "the only arm")
    } else if found.follower == nil, found.leader == nil {
      let index = try MotionWatch(arms, Self.model()).whichMoves(
        asking: dialogue, "Nothing tells the arms apart: move the LEADER arm by hand, well back and forth")
      found.set(.leader, arms[index], "it was moved by hand")
      found.complete(arms)
    }
    pair = found
  }

  /// Which arm is which by unplugging: works whatever the servos say.
  public mutating func identify(unplugging dialogue: any Dialogue) throws(SetUpError) {
    var found = PairIdentification([])
    for role in [ArmDescription.Role.follower, .leader] {
      let before = Self.present(ports.map(\.path))
      guard
        dialogue.ask("Unplug the USB cable of the \(role.rawValue.uppercased()) and press Enter (s: there is none).")
          != "s"
      else { continue }
      dialogue.listenAway(milliseconds: 500)
      let gone = before.subtracting(Self.present(ports.map(\.path)))
      guard let path = gone.first, gone.count == 1, let port = ports.first(where: { $0.path == path }) else {
        throw .refused(
          gone.isEmpty
            ? "No port went away: was it the arm's own cable, and was the port among those listed?"
            : "\(gone.sorted().joined(separator: ", ")) went away together; unplug one cable at a time.")
      }
      found.set(role, port, "it was unplugged")
      guard dialogue.ask("It is \(path). Plug it in again and press Enter.") != nil else { continue }
      for _ in 0..<20 where !Self.present([path]).contains(path) { dialogue.listenAway(milliseconds: 250) }
      guard Self.present([path]).contains(path) else {
        throw .refused(
          "\(path) did not come back; plug it into the same socket, or run this again with both plugged in.")
      }
    }
    pair = found
  }

  /// The table of the servos asked: position and id stand at the same addresses in the whole family.
  private static func model() throws(SetUpError) -> ServoModel {
    let hardware: Hardware
    do throws(ConfigurationError) { hardware = try Hardware.find() } catch { throw .configuration(error) }
    do throws(HostError) { return try models(hardware)[0] } catch { throw .refused("\(error)") }
  }

  private static func present(_ named: [String]) -> Set<String> {
    Set(PortInfo.all().map(\.path)).union(named.filter { FileManager.default.fileExists(atPath: $0) })
  }

  /// What rig files say of ports by lasting names. Names such as /dev/ttyACM0 say nothing: they go by the order of plugging in.
  private static func rigs() -> [(port: String, role: ArmDescription.Role, rig: String)] {
    guard let hardware = try? Hardware.find() else { return [] }
    return hardware.names(of: .rigs).compactMap { try? Rig.load($0, hardware: hardware) }.flatMap { rig in
      rig.pairs.flatMap { [$0.follower, $0.leader].compactMap(\.self) }.filter { $0.port.hasPrefix("/dev/serial/") }
        .map { ($0.port, $0.arm.role, rig.name) }
    }
  }
}

extension Dialogue {
  /// Lets time go by; what is said meanwhile is left aside.
  func listenAway(milliseconds: Int) { _ = listen(milliseconds: milliseconds) }
}
