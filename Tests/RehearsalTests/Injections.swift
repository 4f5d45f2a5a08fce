import Arm
import Control
import Foundation
import RealTime
import Rehearsal
import ServoBus
import Session
import Testing
import Twin

/// More that goes wrong, a line each; `FaultTests` asserts the same of all of them.
extension Mishap {
  static let injections = [
    Mishap(
      testDescription: "a servo's supply breaks for a moment", fault: .torqueLost, within: 200,
      happens: { $0.world.follower.servos[3].powerOn() }, mend: { _ in }, lasts: false, keepsTorque: false),
    Mishap(
      testDescription: "another master switches a servo off", fault: .torqueLost, within: 200,
      happens: { try $0.write(0, to: \.torqueEnable, of: 0) }, mend: { _ in }, lasts: false, keepsTorque: false),
    Mishap(
      testDescription: "an encoder says the same for ever", fault: .lag, within: 150,
      happens: { $0.world.follower.servos[0].encoderSticks = true },
      mend: { $0.world.follower.servos[0].encoderSticks = false }, lasts: false),
    Mishap(
      testDescription: "an encoder jumps by an eighth of a turn", fault: .lag, within: 2,
      happens: { $0.world.follower.servos[3].encoderJump_ticks = 512 }, mend: { _ in }, lasts: false),
    Mishap(
      testDescription: "a servo draws too much current and lets go", fault: .servo, within: 230,
      happens: { try $0.allow(current: 0, of: 1) }, mend: { try $0.allow(current: 500, of: 1) }, lasts: false,
      keepsTorque: false),
    Mishap(
      testDescription: "a servo lets go for heat and has cooled before it is asked", fault: .torqueLost, within: 50,
      happens: { $0.tripUnseen(0) }, mend: { _ in }, lasts: false),
    Mishap(
      testDescription: "a servo's torque limit is zero", fault: .torqueLost, within: 50,
      happens: { try $0.write(0, to: \.torqueLimit, of: 4) }, mend: { _ in }, lasts: false),
    Mishap(
      testDescription: "too much voltage", fault: .servo, within: 2,
      happens: { $0.world.follower.supply_V = 14.8 }, mend: { $0.world.follower.supply_V = 12 }),
    Mishap(
      testDescription: "the bus runs at half its speed", fault: .followerStale, within: 12,
      happens: { $0.world.follower.bitsPerSecond = 500_000 },
      mend: { $0.world.follower.bitsPerSecond = 1_000_000 }),
    Mishap(
      testDescription: "the line is stuck at 0xFF", fault: .followerStale, within: 9,
      happens: { session in
        session.world.follower.faults.silent = 0x3F
        session.links.follower.interject { [unowned session] in
          session.world.follower.faults.silent == 0 ? [] : [UInt8](repeating: 0xFF, count: 64)
        }
      },
      mend: { $0.world.follower.faults.silent = 0 }),
    Mishap(
      testDescription: "the environment sends nonsense", fault: .environmentStale, driver: .seeingPolicy, within: 25,
      happens: { session in
        session.arrives = { channel in
          if channel == .environment { session.host.take(environmentDatagram: Data("{\"t\": 1, \"features\"".utf8)) }
          return channel != .environment
        }
      },
      mend: { session in session.arrives = { _ in true } }),
    Mishap(
      testDescription: "the environment's clock jumps ahead", fault: .environmentStale, driver: .seeingPolicy,
      within: 5,
      happens: { session in
        session.arrives = { channel in
          guard channel == .environment else { return true }
          let time = session.time.now.count + 3_600_000_000_000
          session.host.take(
            environmentDatagram: Data(
              "{\"t\": \(time), \"features\": {\"cup.x\": 0.2, \"cup.y\": 0, \"cup.z\": 0.018}}".utf8))
          return false
        }
      },
      mend: { session in session.arrives = { _ in true } }),
    Mishap(
      testDescription: "the policy takes 40 % of a period to decide", fault: .policySlow, within: 12,
      happens: { $0.time.inference = .milliseconds(4) }, mend: { $0.time.inference = .zero }, lasts: false),
    Mishap(
      testDescription: "the policy takes five periods to decide", fault: .policySlow, within: 12,
      happens: { $0.time.inference = .milliseconds(50) }, mend: { $0.time.inference = .zero }, lasts: false),
    Mishap(
      testDescription: "the policy takes 120 ms to decide", fault: .policySlow, within: 4,
      happens: { $0.time.inference = .milliseconds(120) }, mend: { $0.time.inference = .zero }, lasts: false),
    Mishap(
      testDescription: "the thread stands still for 120 ms behind its tick", fault: .gap, within: 3,
      happens: { session in
        var isSlow = true
        session.afterTick = { [unowned session] _ in
          if isSlow { session.time.advance(to: session.time.now + .milliseconds(120)) }
          isSlow = false
        }
      }, mend: { _ in }, lasts: false),
    Mishap(
      testDescription: "the loop sleeps for 500 ms", fault: .gap, within: 1, happens: { $0.miss(50) }, mend: { _ in },
      lasts: false),
  ]
}

extension VirtualSession {
  /// Sets what a follower's servo calls too much current, in its unit of 6.5 mA; it lets go after 2 s of more.
  func allow(current: Int32, of place: Int) throws {
    try write(0, to: \.lock, of: place)
    try write(current, to: \.protectionCurrent, of: place)
  }

  /// A follower's servo lets go between two ticks, and none of its replies will ever say so.
  func tripUnseen(_ place: Int) {
    let servo = world.follower.servos[place]
    for temperature_degC in [80, 30] {
      servo.temperature_degC = Double(temperature_degC)
      world.advance(to: world.now + TwinWorld.step)
    }
  }
}

extension MemoryLink {
  /// From now on these bytes arrive before what the servos answer, whenever the host waits.
  func interject(_ bytes: @escaping () -> [UInt8]) {
    let wait = onWait
    onWait = { [unowned self] deadline in
      bytes().withUnsafeBytes { deliver($0) }
      wait(deadline)
    }
  }
}
