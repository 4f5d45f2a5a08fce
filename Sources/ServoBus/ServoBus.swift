// One bus: a serial port, the servos on it, and what they said last.
//
//     post  ──▶ request ─────────────▶ servo 1 … servo n
//     collect ◀── reply ◀── reply ◀──┘   (until all came, or the deadline; who is missing is asked once more, alone)
//     syncWrite ──▶ goals ───────────▶ servo 1 … servo n   (no reply)
//     postSpare ──▶ request ─────────▶ servo k             (its reply is found before the next post)
//
// Split-phase: post on every bus first, then collect on every bus, so that their wire times overlap. Half duplex at
// 1 Mbit/s, 10 µs a byte: positions of six servos take 0.62 ms, six goals 0.26 ms.
//
// Units: raw servo values (ticks and the like; `Arm` makes them radians), nanoseconds of the bus's clock.
// Torque: nothing here switches it. Closing the bus leaves the servos as they are, with torque on where it was on.
public import RealTime
internal import Synchronization

/// The servos on one port. Set-up calls wait and throw `BusError`; the tick's calls do neither, and do not allocate:
/// a reply that did not come is an older `reply(_:)`, a port that is gone is `isLost`.
public struct ServoBus: ~Copyable, Sendable {
  /// What the servos are.
  public let model: ServoModel
  /// Who is on the bus, in the order of joints; at most eight.
  public let ids: [UInt8]
  /// What happened so far.
  public internal(set) var statistics = BusStatistics()
  /// How long replies took.
  public private(set) var turnaround: BusTurnaround
  /// The adapter was unplugged or the other end closed. Stays true: open the port anew.
  public internal(set) var isLost = false
  /// The error byte of each servo's newest reply, whatever was asked.
  public internal(set) var statuses = SIMD8<UInt8>(repeating: 0)
  /// How long a bus is silent when the rest of a sync read will not come: then the missing servos are asked one by one.
  /// Nil: they are not. A plan that was measured (`BusPlan`) sets it to what this adapter needs.
  public var patience: Nanoseconds? = .milliseconds(1)
  /// For how long a cycle looks for its last reply without sleeping, about when it should come (`ServoBus+Rest.swift`): it
  /// is seen sooner by a waking-up, for that much CPU time at most. Zero sleeps there too; nil waits for each reply as it
  /// comes. In a cycle that waited for all of them, `receivedAt` is when they were read together.
  public var spin: Nanoseconds?

  /// Behind the last register.
  let end: UInt8
  let port: SerialPort
  let clock: TickClock
  var parser = ReplyParser()
  /// Set-up requests wait until then: an answer to an earlier one may still come.
  var quietUntil = Nanoseconds.never
  var lengths = ReplyLengths()
  private let scratch: ReadBuffer
  /// Never used. What holds an atomic stays where it lies: without one each call of a method that changes nothing began with
  /// a copy of the whole bus, 2.8 kB, a dozen times a tick.
  private let staysInPlace = Atomic(true)
  /// The part of `scratch` that the parser has not seen.
  private var unread = 0..<0
  /// When that was read.
  private(set) var readAt = Nanoseconds.never
  /// How many bytes came since the last request.
  private var heard = 0
  /// The last read took all there was: nothing more is worth a call before a wait, or before so much time has passed.
  var isDrained = false

  // Of the tick's cycle; `ServoBus+Cycle.swift`.
  var replies = [8 of ServoReply](repeating: .never)
  var sequence: UInt32 = 0
  var cycle = Cycle()
  var spare = Spare()
  /// Cycles that were not answered in full, by the length that they asked for.
  var unanswered = [32 of UnansweredCycle](repeating: UnansweredCycle())
  var answers = AnswerTimes()

  /// A bus on an open port.
  public init(port: consuming SerialPort, model: ServoModel, ids: [UInt8], clock: TickClock) {
    precondition(ids.count <= 8, "a bus has at most eight servos")
    self.port = port
    self.model = model
    self.ids = ids
    self.clock = clock
    end = model.entries.map { $0.register.address + $0.register.width }.max() ?? 128
    turnaround = BusTurnaround(servos: ids.count)
    scratch = ReadBuffer()
  }

  /// A bus whose adapter is unplugged, to hold the place of one until it is back.
  public static func absent(model: ServoModel, ids: [UInt8], clock: TickClock) -> ServoBus {
    let nowhere = MemoryLink(name: "unplugged")
    nowhere.isConnected = false
    var bus = ServoBus(port: .memory(nowhere), model: model, ids: ids, clock: clock)
    bus.isLost = true
    return bus
  }

  /// Takes over what another bus counted: this one goes on in its place. Nothing is freed.
  public mutating func goOn(from other: inout ServoBus) {
    statistics = other.statistics
    swap(&turnaround, &other.turnaround)
    // The sequence goes on too: what was read before is old.
    sequence = other.sequence
  }

  /// The port's name, for messages.
  public var portName: String { port.name }

  /// Sets one register of every servo, lane n for servo n, without an answer.
  public mutating func syncWrite(_ values: SIMD8<Int32>, to register: Register) {
    var packet = FeetechPacket.syncWriteHead(address: register.address, width: register.width)
    for i in ids.indices {
      packet.append(ids[i])
      packet.append(register.encode(values[i]), width: register.width)
    }
    packet.seal()
    statistics.syncWrites &+= 1
    send(packet)
  }

  /// Takes what came meanwhile, and sends a request whose replies have `parameters` bytes.
  mutating func begin(_ packet: FeetechPacket, parameters: Int) {
    takeSpare()
    begin(packet, parameters: parameters, now: clock.now)
  }

  /// The same, with nothing to take and the time known.
  mutating func begin(_ packet: FeetechPacket, parameters: Int, now: Nanoseconds) {
    heard = 0
    isDrained = false
    while nextReply() { dropReply() }
    heard = 0
    // Whoever still answers an earlier request of this length cannot be told from who answers this one.
    if parameters < 32 { unanswered[parameters].pending = 0 }
    parser.expect(parameters: parameters, to: packet, late: lengths.open(now: now))
    statistics.transactions &+= 1
    send(packet)
  }

  /// The reply that the parser has just found came too late for the request that it answers.
  mutating func dropReply() {
    statistics.replies &-= 1
    statistics.strayBytes &+= UInt64(parser.length)
    takeLate()
  }

  /// Puts a packet on the wire.
  mutating func send(_ packet: FeetechPacket) {
    guard !isLost else { return }
    isDrained = false
    switch packet.withBytes({ port.write($0) }) {
    case .lost: isLost = true
    case .bytes(let count): if count != packet.count { statistics.shortWrites &+= 1 }
    }
  }

  /// Goes through what has come up to the next valid reply, which then stands in `parser`; false: there is none yet.
  mutating func nextReply() -> Bool {
    while !unread.isEmpty || fill() {
      let event = parser.push(scratch.bytes[unread.lowerBound])
      unread = (unread.lowerBound + 1)..<unread.upperBound
      switch event {
      case .none: break
      case .damaged:
        if let index = ids.firstIndex(of: parser.id) { statistics.checksumErrors[index] &+= 1 }
      case .foreign: statistics.foreignReplies &+= 1
      case .late: takeLate()
      case .echo:
        statistics.echoes &+= 1
        statistics.strayBytes &-= UInt64(parser.length)
      case .reply:
        statistics.replies &+= 1
        statistics.strayBytes &-= UInt64(parser.length)
        return true
      }
    }
    return false
  }

  /// Whether more came since the request than any request's replies and any driver's buffer hold.
  var isFlooded: Bool { heard > 8192 }

  /// Sleeps until more may have come; false: the deadline has passed or the port is gone.
  mutating func wait(until deadline: Nanoseconds) -> Bool {
    guard !isLost, clock.now < deadline else { return false }
    if port.wait(until: deadline) == .lost { isLost = true }
    isDrained = false
    return !isLost
  }

  /// Reads what the port has, once the last read is used up.
  ///
  /// A line that never falls silent must not hold up the tick: after more bytes than a port can keep, the rest waits.
  private mutating func fill() -> Bool {
    guard !isFlooded, !isDrained else { return false }
    switch port.read(into: scratch.bytes) {
    case .lost:
      isLost = true
      return false
    case .bytes(let count):
      readAt = clock.now
      unread = 0..<count
      heard += count
      isDrained = count < scratch.bytes.count
      // Every byte is stray until a reply claims it.
      statistics.strayBytes &+= UInt64(count)
      return count > 0
    }
  }
}

/// Where the port's bytes land: allocated once, so that reading allocates nothing. A class, because the optimiser of
/// Swift 6.3 fails on a non-copyable struct with a deinit inside another module's value.
final class ReadBuffer: @unchecked Sendable {
  // Unchecked: it belongs to the one bus that owns it, and moves with it.
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
  deinit { bytes.deallocate() }
}
