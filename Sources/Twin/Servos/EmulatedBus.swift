// The servos of one arm on one half-duplex wire.
//
//     receive ─▶ request ─▶ servos ─▶ replies, each with the time of its bytes on the wire ─▶ transmit
//
// A byte takes ten bits' time: 10 µs at 1 Mbit/s. A servo begins to answer after its return delay and a turnaround of
// one byte's time; in a sync read each waits for the one before it. Time is the caller's: real or simulated.
public import RealTime
public import ServoBus

/// Firmware of all servos of an arm, and the wire they share. Deterministic: the same calls and seed, the same bytes.
///
///     let bus = EmulatedBus(model: model, servos: (1...6).map { ServoSetup(id: $0) }, mechanism: arm, seed: 7)
///     bus.receive(request, at: now)
///     while let time = bus.nextReplyEnd { … advance to `time` …; bus.transmit(until: time) { link.deliver($0) } }
///
/// One simplification: a host that speaks while servos answer silences them and is heard itself; on a real wire both
/// would be garbled. (In real time the twin may be scheduled late, and would see collisions that never were.)
public final class EmulatedBus {
  /// The servos, in the order of the mechanism's joints.
  public let servos: [EmulatedServo]
  /// What goes wrong.
  public var faults = WireFaults()
  /// The rate at which the host speaks; servos set to another hear nothing.
  public var bitsPerSecond = 1_000_000
  /// The supply without load.
  public var supply_V = 12.0
  /// How often the host spoke while servos were answering.
  public private(set) var collisions = 0

  let model: ServoModel
  var random: SplitMix64
  private var assembler = RequestAssembler()
  private var heard: Nanoseconds = .never
  private var updated: Nanoseconds?

  // Reply bytes in the order of the wire, and their times; emptied in one go, so nothing grows.
  private var outgoing: [UInt8] = []
  private var bursts: [Burst] = []
  private var sent = 0
  private var nextBurst = 0

  /// Bytes that follow each other without a gap.
  private struct Burst {
    let begin: Nanoseconds
    let from: Int
    let to: Int
  }

  /// Servos set up as `servos` says, one for each joint of the mechanism, powered on with torque off.
  public init(model: ServoModel, servos: [ServoSetup], mechanism: any Mechanism, seed: UInt64) {
    self.model = model
    self.servos = servos.enumerated().map {
      EmulatedServo(model: model, setup: $0.element, joint: $0.offset, mechanism: mechanism)
    }
    random = SplitMix64(seed: seed)
    outgoing.reserveCapacity(4096)
    bursts.reserveCapacity(64)
  }

  /// The wire time of `count` bytes.
  public func wireTime(_ count: Int) -> Nanoseconds {
    Nanoseconds(Int64(count) * 10_000_000_000 / Int64(bitsPerSecond))
  }

  /// Host bytes that begin on the wire at `time`.
  public func receive(_ bytes: UnsafeRawBufferPointer, at time: Nanoseconds) {
    silence(from: time)
    let begin = max(time, heard)
    // A request that stopped half-way is forgotten; 20 ms, since a pseudo-terminal may hand it over in pieces.
    if begin - heard > .milliseconds(20) { assembler.reset() }
    heard = begin + wireTime(bytes.count)
    if faults.echoes { speak(bytes, from: begin) }
    for (i, byte) in bytes.enumerated() where assembler.push(byte) {
      if faults.dropRequest > 0, random.uniform() < faults.dropRequest { continue }
      assembler.withRequest { carryOut($0, endedAt: begin + wireTime(i + 1)) }
    }
  }

  /// When the next reply byte will be complete.
  public var nextByte: Nanoseconds? {
    guard nextBurst < bursts.count else { return nil }
    return bursts[nextBurst].begin + wireTime(sent - bursts[nextBurst].from + 1)
  }

  /// When the reply that is next, or under way, will be complete.
  public var nextReplyEnd: Nanoseconds? { nextBurst < bursts.count ? end(bursts[nextBurst]) : nil }

  /// Hands over the reply bytes that are complete by `time`, in one piece.
  public func transmit(until time: Nanoseconds, _ body: (UnsafeRawBufferPointer) -> Void) {
    let from = sent
    while nextBurst < bursts.count {
      let burst = bursts[nextBurst]
      let complete = (time - burst.begin).count / wireTime(1).count
      sent = burst.from + max(sent - burst.from, min(Int(max(complete, 0)), burst.to - burst.from))
      guard sent == burst.to else { break }
      nextBurst += 1
    }
    if sent > from { outgoing.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[from..<sent])) } }
    if nextBurst == bursts.count { forget() }
  }

  /// Once a physics step: every servo watches itself, moves its profile and drives its joint.
  public func update(at time: Nanoseconds) {
    // No step is longer than the servos' own: a world that stood still does not make up for it.
    let step_s = min(updated.map { (time - $0).seconds } ?? 0, 0.02)
    updated = time
    // A supply of 0.1 Ω sags under everybody's current.
    let voltage_V = supply_V - 0.1 * servos.reduce(0) { $0 + $1.current_A }
    for servo in servos { servo.update(step_s: step_s, supply_V: voltage_V) }
  }

  /// Power off and on: torque off, RAM lost.
  public func cyclePower() { for servo in servos { servo.powerOn() } }

  /// Puts bytes on the wire, not before `begin` and not before what is on it already; when they end.
  @discardableResult
  func speak(_ bytes: UnsafeRawBufferPointer, from begin: Nanoseconds) -> Nanoseconds {
    let burst = Burst(
      begin: bursts.last.map { max(begin, end($0)) } ?? begin, from: outgoing.count, to: outgoing.count + bytes.count)
    outgoing.append(contentsOf: bytes)
    bursts.append(burst)
    return end(burst)
  }

  private func end(_ burst: Burst) -> Nanoseconds { burst.begin + wireTime(burst.to - burst.from) }

  /// What is not complete by `time` will never be.
  private func silence(from time: Nanoseconds) {
    guard let last = bursts.last, end(last) > time else { return }
    collisions += 1
    while let burst = bursts.last, end(burst) > time {
      bursts.removeLast()
      let complete = Int(max(0, (time - burst.begin).count / wireTime(1).count))
      let kept = max(sent, burst.from + complete)
      outgoing.removeLast(outgoing.count - max(kept, burst.from))
      if kept > burst.from {
        bursts.append(Burst(begin: burst.begin, from: burst.from, to: kept))
        break
      }
    }
    nextBurst = min(nextBurst, bursts.count)
    if sent == outgoing.count { forget() }
  }

  private func forget() {
    outgoing.removeAll(keepingCapacity: true)
    bursts.removeAll(keepingCapacity: true)
    sent = 0
    nextBurst = 0
  }
}
