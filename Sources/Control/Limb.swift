public import Arm
public import Episodes
public import RealTime
public import ServoBus

/// One arm on one bus, in radians: its newest reading, the age of each joint's, and its torque.
///
/// Torque comes on only with goal = present, and only after every servo has said that it holds that goal: a sync write
/// has no answer, and a lost one would send the arm to wherever its last goal was. So, one write a tick:
///
///     (bounds of the servos; who reads on and does nothing: off, read back) ─▶ goal = present ─▶ read back
///         ─▶ (alarm kept: those off for a tick; leader: torque limit 0) ─▶ torque on ─▶ read back ─▶ follow
///
/// A servo that let go by itself may say so for a moment only, and go on reading `torque_enable` 1; what brings it back is off
/// and on. So that is done with every joint that raised an alarm, and with every one that reads 1 while its motor does nothing
/// (Present_Load is PWM duty): one that would work loses nothing by it, since it bears nothing.
///
/// Torque that was switched off is read back too, and switched off again where a servo missed it.
public struct Limb: ~Copyable {
  /// Where the arm is on the way to torque and back.
  public enum Torque: BitwiseCopyable, Sendable {
    /// Limp.
    case off
    /// Some servo may have let go by itself, or missed a write: torque is brought on anew, from where the arm is.
    case doubted
    /// The goal is where the arm is; torque comes when every servo says that it holds it.
    case aligned
    /// Who reads on and does nothing was switched off, and has to say so; then the goal comes.
    case clearing
    /// Servos that keep an alarm were switched off, for one tick; torque comes next.
    case renewing
    /// The torque limit has been lowered; torque comes next.
    case limited
    /// Torque was switched on; every servo has to say so.
    case enabling
    /// The arm follows its goal.
    case on
    /// Torque was switched off; every servo has to say so.
    case releasing
  }

  var bus: ServoBus
  private let slow: SlowRegisters
  let scale: ArmScale
  let registers: ServoModel.Registers
  private let block: RegisterBlock
  let fullTorque: Int32
  private let loadUnit: Float
  let joints: Int
  let bounds: ServoBounds?
  /// How many of the servos' own limits have been written since torque was last off or in doubt.
  var bound = 0
  private var raw = SIMD8<Int32>(repeating: 0)
  var ramp: Int32 = 0
  /// The goals that were sent last.
  var newest: SIMD8<Int32>?
  /// Who read torque on, on this way to it.
  var readsOn = SIMD8<Int32>(repeating: 0)
  /// What every servo has to confirm, and whether all of them just did.
  var expected = SIMD8<Int32>(repeating: 0)
  var confirmed = false
  var tries: Int32 = 0
  /// Readings that ticks asked for.
  private var asked = 0
  private var statuses = SIMD8<UInt8>(repeating: 0)
  /// What they were since torque last came: a servo that let go stays limp until its torque is switched.
  var raised = SIMD8<UInt8>(repeating: 0)

  /// What the servos said of supply, heat and current when they were last asked.
  public private(set) var health = ArmHealth()
  /// Whose slow registers are asked for next.
  private var next = 0
  private let startsLimp: Bool
  /// The newest reading of each joint.
  public private(set) var reading = ArmReading()
  /// How many ticks ago each joint's reading came; joints that the arm does not have are always fresh.
  public private(set) var age: SIMD8<Int32>
  /// Whether the arm holds itself.
  public internal(set) var torque: Torque

  /// An arm whose servos were checked by the set-up path.
  ///
  /// With `startsLimp` its torque, which an earlier process may have left on, goes off in the first ticks: for a leader,
  /// which a person is about to move. A follower that still holds goes on holding until it is enabled. `bounds` are written
  /// anew each time torque is brought on.
  public init(bus: consuming ServoBus, scale: ArmScale, startsLimp: Bool = false, bounds: ServoBounds? = nil) {
    self.startsLimp = startsLimp
    torque = startsLimp ? .releasing : .off
    slow = SlowRegisters(bus.model)
    registers = bus.model.registers
    block = RegisterBlock(from: registers.presentPosition, through: registers.presentLoad)
    let load = bus.model.entries.first { $0.register == bus.model.registers.presentLoad }
    let torque = bus.model.entries.first { $0.register == bus.model.registers.torqueLimit }
    loadUnit = Float(load?.scale ?? 0.001)
    fullTorque = Int32(1 / (torque?.scale ?? 0.001))
    self.bus = bus
    self.bounds = bounds
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

  /// Puts the request for this tick's reading on the wire; on the way to torque and back, for what has to be confirmed.
  public mutating func ask() {
    asked += joints
    switch torque {
    // While the servos' own limits are written nobody needs to know where the arm is.
    case .off where bound == 1, .doubted where bound == 1: bus.post(RegisterBlock(registers.torqueEnable))
    case .off, .doubted, .renewing, .limited, .on: bus.post(block)
    case .aligned: bus.post(RegisterBlock(registers.goalPosition))
    case .clearing, .enabling, .releasing: bus.post(RegisterBlock(registers.torqueEnable))
    }
  }

  /// Takes in what came by the deadline. A reply that is missing leaves that joint's last reading, one tick older; one that
  /// answers an earlier tick is a reading of that age.
  public mutating func collect(until deadline: Nanoseconds) {
    bus.collect(until: deadline)
    takeHealth()
    var velocity = SIMD8<Int32>(repeating: 0)
    var newer = SIMDMask<SIMD8<Int32>>(repeating: false)
    var agreeing = 0
    for joint in 0..<joints {
      let reply = bus.reply(joint)
      if age[joint] < Self.unknown { age[joint] += 1 }
      let behind = Int32(bitPattern: bus.newestSequence &- reply.sequence)
      guard reply.sequence != 0, behind < age[joint] else { continue }
      statuses[joint] = reply.statusBits
      raised[joint] |= reply.statusBits
      guard let position = reply.value(of: registers.presentPosition) else {
        let value = reply.value(of: torque == .aligned ? registers.goalPosition : registers.torqueEnable)
        if behind == 0, value == expected[joint] { agreeing += 1 }
        if behind == 0, bound == 1 { readsOn[joint] = value == 1 ? 1 : 0 }
        continue
      }
      raw[joint] = position
      velocity[joint] = reply.value(of: registers.presentVelocity) ?? 0
      reading.load[joint] = Float(reply.value(of: registers.presentLoad) ?? 0) * loadUnit
      reading.time[joint] = reply.receivedAt.count
      age[joint] = behind
      newer[joint] = true
    }
    confirmed = agreeing == joints
    guard any(newer) else { return }
    reading.position.replace(with: scale.radians(raw), where: newer)
    reading.velocity.replace(with: scale.radiansPerSecond(velocity), where: newer)
  }

  /// Whether every joint has answered at least once.
  public var isKnown: Bool { all(age .< Self.unknown) }

  /// Through the wire time that is left once the tick has written: supply, heat and current of one servo after the other.
  public mutating func askHealth() {
    bus.postSpare(slow.block, of: next)
    next = next + 1 < joints ? next + 1 : 0
  }

  /// Takes in what came of it; the reply was found when this tick's request was posted.
  private mutating func takeHealth() {
    let asked = next > 0 ? next - 1 : joints - 1
    let reply = bus.spareReply(asked)
    guard reply.receivedAt != health.time[asked] else { return }
    slow.read(reply, of: asked, into: &health)
    raised[asked] |= reply.statusBits
  }

  /// Puts another bus in the place of this one, which stays in `exchange`: while an adapter is unplugged one that is lost,
  /// and then the one that was opened anew. Servos may have lost power meanwhile: torque is brought on anew.
  public mutating func take(_ exchange: BusExchange) {
    guard var other = exchange.bus.take() else { return }
    other.goOn(from: &bus)
    swap(&bus, &other)
    exchange.bus = consume other
    statuses = .zero
    raised = .zero
    confirmed = false
    torque = startsLimp ? .releasing : torque == .off ? .off : .doubted
    exchange.isDone.store(true, ordering: .releasing)
  }

  /// What happened on the bus.
  public var statistics: BusStatistics { bus.statistics }

  /// Status bits that each joint's servo has set since torque last came.
  public var raisedStatus: SIMD8<UInt8> { raised }

  /// Whether the port is gone.
  public var isLost: Bool { bus.isLost }

  /// Whether torque was asked for and some servo has not confirmed its goal or its torque for half a second.
  public var refusesTorque: Bool { torque != .on && torque != .releasing && tries > Self.mostTries }

  /// The status bits that each joint's servo set in its newest reply.
  public var status: SIMD8<UInt8> { statuses }

  /// Breaks off the way to torque and back, and writes nothing: in a stop the arm neither stiffens nor falls.
  public mutating func pause() {
    tries = 0
    if bound < 3 { bound = 0 }
    if torque != .off, torque != .on { torque = .doubted }
  }

  /// After a stop: a servo may have dropped its torque or lost its goal meanwhile.
  public mutating func doubt() {
    bound = 0
    if torque != .off { torque = .doubted }
  }

  /// The last goals once more, where the arm follows them.
  mutating func repeatGoal() {
    if torque == .on, let newest { bus.syncWrite(newest, to: registers.goalPosition) }
  }

  static var mostTries: Int32 { 50 }

  /// Whether torque is on at its full limit.
  public func isFullyPowered(rampTicks: Int32) -> Bool { torque == .on && ramp >= rampTicks }

  /// What the bus owed since it was opened, and what of it came.
  public var replies: ReplyCount {
    ReplyCount(asked: asked, errors: bus.statistics.errors, late: Int(clamping: bus.statistics.lateReplies))
  }
}
