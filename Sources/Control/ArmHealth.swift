public import RealTime
public import ServoBus
public import Synchronization

/// What an arm's servos say of themselves besides where they are; NaN until they were asked. Lane n is joint n.
///
/// One servo is asked a tick, so a value is up to as many ticks old as the arm has joints.
public struct ArmHealth: BitwiseCopyable, Sendable {
  /// The supply at each servo, V.
  public var voltage_V = SIMD8<Float>(repeating: .nan)
  /// Heat, °C.
  public var temperature_degC = SIMD8<Float>(repeating: .nan)
  /// Motor current, A.
  public var current_A = SIMD8<Float>(repeating: .nan)
  /// The lowest supply since the start, V.
  public var lowestVoltage_V = SIMD8<Float>(repeating: .nan)
  /// The greatest heat since the start, °C.
  public var highestTemperature_degC = SIMD8<Float>(repeating: .nan)
  /// When each servo said so.
  public var time = [8 of Nanoseconds](repeating: .never)

  /// Nothing known.
  public init() {}
}

/// One arm in a snapshot.
public struct ArmSnapshot: BitwiseCopyable, Sendable {
  /// What happened on its bus since the start.
  public var bus = BusStatistics()
  /// Supply, heat and current.
  public var health = ArmHealth()
  /// Status bits that each joint's servo has set since torque last came.
  public var status = SIMD8<UInt8>(repeating: 0)
  /// Whether its port is gone.
  public var isLost = false

  init(
    bus: BusStatistics = BusStatistics(), health: ArmHealth = ArmHealth(), status: SIMD8<UInt8> = .zero,
    isLost: Bool = false
  ) {
    self.bus = bus
    self.health = health
    self.status = status
    self.isLost = isLost
  }
}

/// The registers behind `ArmHealth`: one block, and what a raw step of each is worth.
struct SlowRegisters: Sendable {
  let block: RegisterBlock
  private let voltage, temperature, current: Register
  private let volt, degree, ampere: Float

  init(_ model: ServoModel) {
    voltage = model.registers.presentVoltage
    temperature = model.registers.presentTemperature
    current = model.registers.presentCurrent
    block = RegisterBlock(from: voltage, through: current)
    func scale(_ register: Register) -> Float {
      Float(model.entries.first { $0.register == register }?.scale ?? 1)
    }
    (volt, degree, ampere) = (scale(voltage), scale(temperature), scale(current))
  }

  func read(_ reply: ServoReply, of joint: Int, into health: inout ArmHealth) {
    health.time[joint] = reply.receivedAt
    health.voltage_V[joint] = Float(reply.value(of: voltage) ?? 0) * volt
    health.temperature_degC[joint] = Float(reply.value(of: temperature) ?? 0) * degree
    health.current_A[joint] = Float(reply.value(of: current) ?? 0) * ampere
    // `min` of NaN and a number is the number.
    health.lowestVoltage_V[joint] = Float.minimum(health.lowestVoltage_V[joint], health.voltage_V[joint])
    health.highestTemperature_degC[joint] = Float.maximum(
      health.highestTemperature_degC[joint], health.temperature_degC[joint])
  }
}

/// A bus on its way into the tick, and the one that it replaces on its way out: opening and closing are slow, so both
/// happen outside.
public final class BusExchange: @unchecked Sendable {
  // Unchecked: the sender writes `bus` before it sends the request and reads it after `isDone`; the tick in between.
  /// The bus to use; afterwards the one that was used before.
  public var bus: ServoBus?
  /// Whether it is the leader's.
  public let isLeader: Bool
  /// The tick has made the exchange.
  public let isDone = Atomic(false)

  /// Offers a bus.
  public init(bus: consuming ServoBus, isLeader: Bool) {
    self.bus = consume bus
    self.isLeader = isLeader
  }
}
