import Foundation
import RealTime
import ServoBus
import Twin

/// Joints that follow their goals as fast as they may turn, and can be blocked; no inertia.
final class PuppetMechanism: Mechanism {
  var positions = [Double](repeating: 0, count: 6)
  var velocities = [Double](repeating: 0, count: 6)
  var duties = [Double](repeating: 0, count: 6)
  var goals = [Double?](repeating: nil, count: 6)
  var shares = [Double](repeating: 0, count: 6)
  var isBlocked = false

  var jointCount: Int { positions.count }
  func position(_ joint: Int) -> Double { positions[joint] }
  func velocity(_ joint: Int) -> Double { velocities[joint] }
  func duty(_ joint: Int) -> Double { duties[joint] }
  func drive(_ joint: Int, toward goal: Double?, torqueShare: Double) {
    goals[joint] = goal
    shares[joint] = torqueShare
    if let goal, torqueShare > 0, !isBlocked { positions[joint] = goal }
  }
}

/// Six servos on a wire, spoken to with plain bytes.
final class ServoRig {
  let model: ServoModel
  let mechanism = PuppetMechanism()
  let bus: EmulatedBus
  var now = Nanoseconds.zero

  init(seed: UInt64 = 1, _ change: (inout [ServoSetup]) -> Void = { _ in }) throws {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    model = try ServoModel.load(path: repository.appending(path: "hardware/servos/sts3215.yaml").path)
    var setups = (1...6).map { ServoSetup(id: UInt8($0)) }
    change(&setups)
    bus = EmulatedBus(model: model, servos: setups, mechanism: mechanism, seed: seed)
  }

  var r: ServoModel.Registers { model.registers }
  func servo(_ id: Int) -> EmulatedServo { bus.servos[id - 1] }

  /// Sends bytes and takes all that is answered.
  @discardableResult
  func say(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { bus.receive($0, at: now) }
    now += bus.wireTime(bytes.count)
    var heard: [UInt8] = []
    while let end = bus.nextReplyEnd {
      now = end
      bus.transmit(until: now) { heard += $0 }
    }
    return heard
  }

  @discardableResult
  func say(_ packet: FeetechPacket) -> [UInt8] { say(packet.bytes) }

  func write(_ value: Int32, to register: Register, of id: UInt8 = 1) { say(.write(value, to: register, of: id)) }

  /// The value of a register as the wire gives it.
  func read(_ register: Register, of id: UInt8 = 1) -> Int32? {
    let reply = say(.read(address: register.address, count: register.width, of: id))
    guard reply.count == Int(register.width) + 6 else { return nil }
    return register.decode(reply[5..<(reply.count - 1)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// Lets physics steps of 2 ms go by.
  func run(seconds: Double, _ each: () -> Void = {}) {
    for _ in 0..<Int((seconds / 0.002).rounded()) {
      now += .milliseconds(2)
      bus.update(at: now)
      each()
    }
  }
}
