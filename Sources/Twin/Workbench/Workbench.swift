// The bench on which arms are set up: two arms clamped to its edge, their cables, and a hand that does as it is told.
//
//     host bytes ─▶ EmulatedBus ─▶ ArmMechanism ─▶ MuJoCo        HandCommand ─▶ cables, hand ─▶ joints
//
// Units: rad, N m, ns. Torque: only servo bytes switch it on; a servo whose cable is out is limp.
public import Arm
internal import Foundation
public import RealTime

/// A world for the set-up verbs: `setup-motors`, `calibrate`, `ports`. Deterministic, driven only by calls.
///
///     var options = WorkbenchOptions()
///     options.isFresh = true                      // a box of servos: id 1 each, none plugged in
///     let bench = try Workbench(options)
///     bench.obey(plugTheGripper)
///
/// Nothing is in the arms' way (they hang free of the table, as one holds an arm to calibrate it), and they do not collide
/// with themselves. Not for tasks: `TwinWorld` is.
public final class Workbench: ServedWorld {
  /// One step of physics and firmware.
  public static let step = Nanoseconds.milliseconds(2)

  /// The follower's servos and their wire.
  public let follower: EmulatedBus
  /// The leader's servos and their wire.
  public let leader: EmulatedBus
  /// The world's time: the last step that was made, on the caller's clock.
  public private(set) var now: Nanoseconds

  private let arms: [ArmMechanism]
  private var guides: [Guide]
  private var outgoing: [[UInt8]] = []
  private var steps = 0

  private static let names = ["follower", "leader"]
  /// How people leave an arm: folded, upper arm leaning back.
  private static let folded = SIMD8<Double>(0, -1.70, 1.60, 0.75, 0, 0, 0, 0)
  private static let settlingSteps = 1500

  /// A bench with both arms folded and limp.
  public init(_ options: WorkbenchOptions, hardware: Hardware? = nil) throws(TwinError) {
    let files = try TwinFiles(hardware)
    let scene = try SceneModel(path: "\(files.scenes)/workbench/scene.xml")
    arms = [try ArmMechanism(Simulation(scene)), try ArmMechanism(Simulation(scene))]
    guides = [Guide(arms[0], seed: options.seed), Guide(arms[1], seed: ~options.seed)]
    var buses: [EmulatedBus] = []
    for (index, arm) in [options.follower, options.leader].enumerated() {
      let name = Self.names[index]
      let bus = try files.bus(arm, mechanism: arms[index], seed: options.seed &+ UInt64(index)) {
        Self.prepare(&$0, joint: $1, arm: name, options)
      }
      bus.supply_V = options.supplies_V[name] ?? bus.supply_V
      if options.isFresh { for servo in bus.servos { servo.connect(false) } }
      buses.append(bus)
    }
    (follower, leader) = (buses[0], buses[1])
    now = options.start
    for arm in arms {
      arm.set(posture: Self.folded)
      for _ in 0..<Self.settlingSteps { arm.simulation.step() }
    }
  }

  /// What stands in a servo's EEPROM before anybody touched it.
  private static func prepare(_ setup: inout ServoSetup, joint: String, arm: String, _ options: WorkbenchOptions) {
    if options.isFresh {
      setup.id = 1
      setup.homingOffset = 0
      setup.limits = 0...4095
      // Feetech ships a return delay of 250 steps of 2 µs.
      setup.eeprom = ["return_delay": 250]
      setup.bitsPerSecond = options.freshBitsPerSecond
    }
    for oddity in options.oddities where oddity.arm == arm && oddity.joint == joint {
      if let register = oddity.register { setup.eeprom[register] = oddity.value } else { setup.isSealed = true }
    }
  }

  /// From now on the caller's clock shows `time` at the world's present moment.
  public func begin(at time: Nanoseconds) { now = time }

  /// Goes on to `time` in whole steps; what is left of a step waits for the next call.
  public func advance(to time: Nanoseconds) {
    while now + Self.step <= time {
      for index in arms.indices {
        bus(index).update(at: now)
        if guides[index].push(arms[index], step: steps) { finish(Self.names[index]) }
        arms[index].simulation.step()
      }
      steps += 1
      now += Self.step
    }
  }

  /// A hand command in JSON; anything else (a session's announcement) is left aside.
  public func hear(_ announcement: UnsafeRawBufferPointer) {
    if let command = HandCommand(announcement) { obey(command) }
  }

  /// Begins to do what the hand is told; cables go at once.
  public func obey(_ command: HandCommand) {
    guard let index = Self.names.firstIndex(of: command.arm) else { return }
    if let plug = command.plug {
      for (joint, servo) in bus(index).servos.enumerated() {
        servo.connect(plug.contains("all") || plug.contains(ArmMechanism.jointNames[joint]))
      }
    }
    if command.letGo == true { guides[index].letGo() }
    if let goals = command.move { guides[index].move(arms[index], to: goals) }
    if command.sweep == true { guides[index].sweep(arms[index]) }
    if guides[index].isIdle { finish(command.arm) }
  }

  /// Whether the hand at an arm has nothing left to do.
  public func isIdle(_ arm: String) -> Bool { Self.names.firstIndex(of: arm).map { guides[$0].isIdle } ?? true }

  /// The arms' true joint angles, in rad.
  public var postures: (follower: SIMD8<Double>, leader: SIMD8<Double>) { (arms[0].posture, arms[1].posture) }

  /// Hands over what was sent since the last call, oldest first.
  public func drain(_ body: (TwinChannel, UnsafeRawBufferPointer) -> Void) {
    for datagram in outgoing { datagram.withUnsafeBytes { body(.pedal, $0) } }
    outgoing.removeAll()
  }

  private func bus(_ index: Int) -> EmulatedBus { index == 0 ? follower : leader }

  private func finish(_ arm: String) { outgoing.append(Array("{\"done\": \"\(arm)\"}".utf8)) }
}
