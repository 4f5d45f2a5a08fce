public import Arm
public import Episodes
public import RealTime
public import ServoBus

/// One arm on one bus, in radians: its newest reading, the age of each joint's, and its torque.
///
/// Torque is enabled only with goal = present, over as many ticks as there are writes (one sync write a bus and tick):
/// goal = present, then (for a leader) the torque limit, then torque enable.
public struct Limb: ~Copyable {
  /// Where the arm is on the way to torque and back.
  public enum Torque: BitwiseCopyable, Sendable {
    /// Limp.
    case off
    /// The goal is where the arm is; torque comes next.
    case aligned
    /// The torque limit has been lowered; torque comes next.
    case limited
    /// The arm follows its goal.
    case on
  }

  private var bus: ServoBus
  private let scale: ArmScale
  private let registers: ServoModel.Registers
  private let block: RegisterBlock
  private let fullTorque: Int32
  private let loadUnit: Float
  private let joints: Int
  private var raw = SIMD8<Int32>(repeating: 0)
  private var ramp: Int32 = 0

  /// The newest reading of each joint.
  public private(set) var reading = ArmReading()
  /// How many ticks ago each joint's reading came; joints that the arm does not have are always fresh.
  public private(set) var age: SIMD8<Int32>
  /// Whether the arm holds itself.
  public private(set) var torque = Torque.off
  /// The status bits that any servo set in its newest reply.
  public private(set) var status: UInt8 = 0

  /// An arm whose servos were checked by the set-up path.
  public init(bus: consuming ServoBus, scale: ArmScale) {
    registers = bus.model.registers
    block = RegisterBlock(from: registers.presentPosition, through: registers.presentLoad)
    let load = bus.model.entries.first { $0.register == bus.model.registers.presentLoad }
    let torque = bus.model.entries.first { $0.register == bus.model.registers.torqueLimit }
    loadUnit = Float(load?.scale ?? 0.001)
    fullTorque = Int32(1 / (torque?.scale ?? 0.001))
    self.bus = bus
    self.scale = scale
    joints = scale.count
    age = SIMD8(repeating: 0)
    for joint in 0..<scale.count { age[joint] = Self.unknown }
    // Lanes without a joint stand at zero, for ever fresh: NaN there would stop every sum.
    for lane in scale.count..<8 {
      reading.position[lane] = 0
      reading.velocity[lane] = 0
      reading.load[lane] = 0
    }
  }

  private static var unknown: Int32 { .max / 2 }

  /// Puts the request for this tick's reading on the wire.
  public mutating func ask() { bus.post(block) }

  /// Takes in what came by the deadline. A reply that is missing leaves that joint's last reading, one tick older.
  public mutating func collect(until deadline: Nanoseconds) {
    bus.collect(until: deadline)
    var velocity = SIMD8<Int32>(repeating: 0)
    var fresh = SIMDMask<SIMD8<Int32>>(repeating: false)
    status = 0
    for joint in 0..<joints {
      let reply = bus.reply(joint)
      if age[joint] < Self.unknown { age[joint] += 1 }
      guard reply.sequence == bus.newestSequence, let position = reply.value(of: registers.presentPosition) else {
        continue
      }
      raw[joint] = position
      velocity[joint] = reply.value(of: registers.presentVelocity) ?? 0
      reading.load[joint] = Float(reply.value(of: registers.presentLoad) ?? 0) * loadUnit
      reading.time[joint] = reply.receivedAt.count
      status |= reply.statusBits
      age[joint] = 0
      fresh[joint] = true
    }
    guard any(fresh) else { return }
    reading.position.replace(with: scale.radians(raw), where: fresh)
    reading.velocity.replace(with: scale.radiansPerSecond(velocity), where: fresh)
  }

  /// Whether every joint has answered at least once.
  public var isKnown: Bool { all(age .< Self.unknown) }

  /// Whether the port is gone.
  public var isLost: Bool { bus.isLost }

  /// One write towards `powered`, or the goal once torque is on. With a `share` of full torque as its limit, the limit
  /// rises from nothing to it over `rampTicks`.
  public mutating func act(goal: JointVector, powered: Bool, share: Float? = nil, rampTicks: Int32 = 1) {
    switch torque {
    case .off where powered:
      guard write(reading.position) else { return }
      torque = .aligned
      ramp = 0
    case .aligned where powered && share != nil:
      bus.syncWrite(SIMD8(repeating: 0), to: registers.torqueLimit)
      torque = .limited
    case .aligned where powered, .limited where powered:
      bus.syncWrite(SIMD8(repeating: 1), to: registers.torqueEnable)
      torque = .on
    case .on where powered:
      // While the limit rises, every other write raises it.
      if let share, ramp < rampTicks {
        ramp += 1
        if ramp % 2 == 0 || ramp == rampTicks {
          let limit = share * Float(fullTorque) * Float(ramp) / Float(rampTicks)
          bus.syncWrite(SIMD8(repeating: Int32(limit)), to: registers.torqueLimit)
          return
        }
      }
      write(goal)
    case .off:
      break
    case .aligned, .limited, .on:
      bus.syncWrite(SIMD8(repeating: 0), to: registers.torqueEnable)
      torque = .off
    }
  }

  /// Sends a goal; false, and nothing sent, where it is not finite.
  @discardableResult
  private mutating func write(_ goal: JointVector) -> Bool {
    guard let ticks = scale.ticks(goal) else { return false }
    bus.syncWrite(ticks, to: registers.goalPosition)
    return true
  }

  /// Whether torque is on at its full limit.
  public func isFullyPowered(rampTicks: Int32) -> Bool { torque == .on && ramp >= rampTicks }

  /// Replies that did not come or were damaged since the bus was opened.
  public var errors: Int {
    Int(bus.statistics.timeouts.wrappedSum()) + Int(clamping: bus.statistics.checksumErrors)
  }
}
