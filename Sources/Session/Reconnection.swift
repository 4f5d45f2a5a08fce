// An adapter that was unplugged while the loop runs, and comes back:
//
//     connected ── port gone ──▶ the tick gives up its bus (closed here, so that the device may have its name again)
//        ▲                          │
//        │                          ▼
//     the tick takes the bus ◀── opened, servos read and checked ◀── tried twice a second
//
// Meanwhile the arm is in a protective stop, and stays there until a person acknowledges. Torque: nothing here switches it.
// Servos that kept their supply go on holding; those that lost it are limp and have forgotten their RAM, which is found by
// comparing it with what was configured, said, and written again.

internal import Arm
public import Control
internal import Foundation
public import RealTime
internal import ServoBus

/// Watches one arm's port.
final class Reconnection {
  /// What RAM held when the arm was brought up.
  struct Configured: Equatable {
    var acceleration: Int32
    var goalVelocity: Int32
    /// Nil for a leader: mirroring changes it.
    var torqueLimit: Int32?
  }

  private enum Phase {
    case connected
    case lettingGo(BusExchange)
    case absent(nextTry: Nanoseconds)
    case joining(BusExchange)
  }

  private let isLeader: Bool
  private let side: Rig.Side
  private let rig: Rig
  private let servos: ServoModel
  private let clock: TickClock
  private let reopen: Reopen
  private var configured: [Configured?]
  private var phase = Phase.connected
  private var said = ""
  /// Since when the port is gone.
  private(set) var lostAt: Nanoseconds?

  /// Remembers what the servos on `bus` are set to.
  init(
    isLeader: Bool, _ side: Rig.Side, _ rig: Rig, _ servos: ServoModel, _ clock: TickClock,
    _ reopen: @escaping Reopen, _ bus: inout ServoBus
  ) {
    self.isLeader = isLeader
    self.side = side
    self.rig = rig
    self.servos = servos
    self.clock = clock
    self.reopen = reopen
    configured = Self.read(&bus, isLeader)
  }

  private var name: String { isLeader ? "leader" : "follower" }

  /// One step, every few milliseconds: what a person should know, if anything new.
  func step(isLost: Bool, ask: (Request) -> Void) -> String? {
    switch phase {
    case .connected:
      guard isLost else { return nil }
      lostAt = clock.now
      phase = .lettingGo(
        offer(.absent(model: servos, ids: side.arm.servoIDs, clock: clock), ask))
      return "The \(name)'s port \(side.port) is gone; the arm stays in its stop. Plug the adapter in again."
    case .lettingGo(let exchange):
      guard exchange.isDone.load(ordering: .acquiring) else { return nil }
      exchange.bus = nil  // closes the port
      phase = .absent(nextTry: clock.now)
      return nil
    case .absent(let nextTry):
      guard clock.now >= nextTry else { return nil }
      phase = .absent(nextTry: clock.now + .milliseconds(500))
      return tryAgain(ask)
    case .joining(let exchange):
      guard exchange.isDone.load(ordering: .acquiring) else { return nil }
      exchange.bus = nil
      phase = .connected
      lostAt = nil
      return nil
    }
  }

  private func offer(_ bus: consuming ServoBus, _ ask: (Request) -> Void) -> BusExchange {
    let exchange = BusExchange(bus: bus, isLeader: isLeader)
    var request = Request(.exchangeBus)
    request.exchange = UInt(bitPattern: Unmanaged.passUnretained(exchange).toOpaque())
    ask(request)
    return exchange
  }

  /// Opens, compares, checks; the same trouble is said once.
  private func tryAgain(_ ask: (Request) -> Void) -> String? {
    let port: SerialPort
    do throws(PortError) { port = try reopen(side, isLeader) } catch {
      switch error {
      case .missing, .noAdapter: return nil
      default: return once("\(error)")
      }
    }
    var bus = ServoBus(port: port, model: servos, ids: side.arm.servoIDs, clock: clock)
    let forgot = forgetful(Self.read(&bus, isLeader))
    do throws(HostError) { try ArmHost.bringUp(name, side, rig, &bus) } catch { return once("\(error)") }
    configured = Self.read(&bus, isLeader)
    if !clock.isSimulated { bus.spin = .microseconds(Int64(rig.busSpin_us)) }
    phase = .joining(offer(bus, ask))
    said = ""
    guard !forgot.isEmpty else {
      return "The \(name) is back on \(side.port), and its servos are set as they were. Acknowledge to go on."
    }
    return "The \(name) is back on \(side.port). Its supply failed meanwhile: \(forgot.joined(separator: ", ")) had "
      + "forgotten speed and torque limits, which were set again, and may be limp. Acknowledge to go on."
  }

  private func once(_ sentence: String) -> String? {
    defer { said = sentence }
    return sentence == said ? nil : sentence
  }

  /// The joints whose RAM is not what was configured.
  private func forgetful(_ found: [Configured?]) -> [String] {
    zip(side.arm.joints, zip(configured, found)).compactMap { joint, pair in
      guard let before = pair.0, let now = pair.1, before != now else { return nil }
      return "\(joint.name) (servo \(joint.servoID))"
    }
  }

  private static func read(_ bus: inout ServoBus, _ isLeader: Bool) -> [Configured?] {
    let registers = bus.model.registers
    let first = registers.acceleration
    let last = registers.torqueLimit
    var found: [Configured?] = []
    for id in bus.ids {
      guard
        let bytes = try? bus.readBytes(
          address: first.address, count: last.address - first.address + last.width, of: id)
      else {
        found.append(nil)
        continue
      }
      func value(_ register: Register) -> Int32 {
        let at = Int(register.address - first.address)
        return register.decode(bytes[at..<(at + Int(register.width))].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
      found.append(
        Configured(
          acceleration: value(first), goalVelocity: value(registers.goalVelocity),
          torqueLimit: isLeader ? nil : value(last)))
    }
    return found
  }
}

extension ArmHost {
  /// Looks after ports that are gone, every few milliseconds; sentences for the person.
  public func mend(_ snapshot: Snapshot) -> [String] {
    reconnections.enumerated().compactMap { index, one in
      one.step(isLost: index == 0 ? snapshot.follower.isLost : snapshot.leader.isLost) { ask($0) }
    }
  }

  /// For how long the follower's port, or that of a leader, has been gone.
  public func lostFor(now: Nanoseconds) -> Nanoseconds? {
    reconnections.compactMap(\.lostAt).min().map { now - $0 }
  }

  /// The joint that is furthest from its command, beside what the rig allows it.
  func laggard(_ snapshot: Snapshot) -> String {
    let record = snapshot.record
    let limit = rig.envelope.lag_rad
    func share(_ joint: Int) -> Float { abs(record.command[joint] - record.follower.position[joint]) / limit[joint] }
    let joints = pair.follower.arm.joints
    guard let worst = joints.indices.max(by: { share($0) < share($1) }) else { return "" }
    return "Furthest behind is \(joints[worst].name) (servo \(joints[worst].servoID)); it may lag by "
      + "\(Figures.short(Double(limit[worst]))) rad (envelope.lag_rad)."
  }

  /// Which servos had let go without a word.
  public func limpServos(_ snapshot: Snapshot) -> [String] {
    let joints = pair.follower.arm.joints
    return joints.indices.filter { snapshot.limpJoints & 1 << UInt8($0) != 0 }.map {
      "\(joints[$0].name) (servo \(joints[$0].servoID)) gives no effort, though it is off its command; it reports nothing."
    }
  }

  /// What the servos said that stopped the arm: joint, servo, the bit's name and its sentence.
  public func servoFaults(_ snapshot: Snapshot) -> [String] {
    let joints = pair.follower.arm.joints
    return joints.indices.flatMap { index in
      let bits = snapshot.follower.status[index] & settings.alarmBits[index]
      return servos.meanings(ofStatus: bits).map {
        "\(joints[index].name) (servo \(joints[index].servoID)) reports \($0.name): \($0.sentence)"
      }
    }
  }
}
