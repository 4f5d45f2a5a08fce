import Foundation
import RealTime
import ServoBus
import Twin

/// The repository, from where this file stands.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The servo that everything here is tested with, from its real file.
func sts3215() throws -> ServoModel {
  try ServoModel.load(path: repository.appending(path: "hardware/servos/sts3215.yaml").path)
}

/// Joints that are where they were put, and go at once where they are driven.
final class PuppetMechanism: Mechanism {
  var positions = [Double](repeating: 0, count: 6)
  var velocities = [Double](repeating: 0, count: 6)
  var duties = [Double](repeating: 0, count: 6)
  var goals = [Double?](repeating: nil, count: 6)
  var shares = [Double](repeating: 0, count: 6)

  var jointCount: Int { positions.count }
  func position(_ joint: Int) -> Double { positions[joint] }
  func velocity(_ joint: Int) -> Double { velocities[joint] }
  func duty(_ joint: Int) -> Double { duties[joint] }
  func drive(_ joint: Int, toward goal: Double?, torqueShare: Double) {
    goals[joint] = goal
    shares[joint] = torqueShare
    if let goal, torqueShare > 0 { positions[joint] = goal }
  }
}

/// Six emulated servos behind a memory link, on virtual time.
final class VirtualArm {
  let time = SimulatedTime()
  let mechanism = PuppetMechanism()
  let link = MemoryLink(name: "virtual")
  let servos: EmulatedBus

  init(_ model: ServoModel, seed: UInt64 = 1) {
    let setups = (1...6).map { ServoSetup(id: UInt8($0)) }
    servos = EmulatedBus(model: model, servos: setups, mechanism: mechanism, seed: seed)
    link.onWrite = { [servos, time] in servos.receive($0, at: time.now) }
    link.onWait = { [servos, time, link] deadline in
      let next = servos.nextReplyEnd ?? deadline
      time.advance(to: min(next, deadline))
      servos.transmit(until: time.now) { link.deliver($0) }
    }
  }

  func bus(_ model: ServoModel) -> ServoBus {
    ServoBus(port: .memory(link), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .simulated(time))
  }
}
