// What the tick asks of a bus: every servo's block now, one servo's slow registers through the time that is left.

public import RealTime

/// A sync read under way.
struct Cycle: BitwiseCopyable, Sendable {
  /// What was asked for, and how many bytes of it to tell old answers from new.
  var block: RegisterBlock?
  var length: UInt8 = 0
  var postedAt = Nanoseconds.never
  /// Bit n: servo n was asked and has not answered.
  var pending: UInt8 = 0
  /// Bit n: servo n was asked once more, alone.
  var repeated: UInt8 = 0
  /// The same since everybody who is missing was last asked.
  var round: UInt8 = 0
  /// The one that is being asked so; 0 for none.
  var asking: UInt8 = 0
  /// The replies were waited for together; else each by itself.
  var isRested = false
  /// When the last reply came is known.
  var isTimed = true
  /// Whether everybody had answered when the last cycle ended.
  var isComplete = true
  /// For how many cycles each servo has not answered.
  var missing = SIMD8<UInt32>(repeating: 0)
}

/// A single read through spare wire time.
struct Spare: BitwiseCopyable, Sendable {
  var replies = [8 of ServoReply](repeating: .never)
  /// The servo that was asked, −1 for none.
  var index = -1
  var block = RegisterBlock(address: 0, count: 0)
  var length: UInt8 = 0
  /// Nobody is asked before.
  var quietUntil = Nanoseconds.never
}

extension ServoBus {
  /// Asks every servo for a block, and returns at once. What is left of earlier replies is dropped.
  public mutating func post(_ block: RegisterBlock) {
    // First: a spare reading that did not come puts its length in doubt, and this cycle must not ask for the same.
    takeSpare()
    sequence &+= 1
    cycle.block = block
    cycle.repeated = 0
    cycle.round = 0
    cycle.asking = 0
    cycle.pending = isLost ? 0 : UInt8(truncatingIfNeeded: 1 << ids.count - 1)
    let now = clock.now
    guard let length = lengths.choose(wanted: block.count, at: block.address, end: end, now: now) else {
      // So much was lost that no answer could be told from an old one: this reading is lost too.
      cycle.length = 0
      return
    }
    cycle.length = length
    var request = FeetechPacket.syncReadHead(address: block.address, count: length)
    // Some firmware stays silent once the servo before it did not answer. Who is known to be missing is asked last.
    for i in ids.indices where cycle.missing[i] == 0 { request.append(ids[i]) }
    for i in ids.indices where cycle.missing[i] != 0 { request.append(ids[i]) }
    request.seal()
    begin(request, parameters: Int(length), now: now)
    for id in ids { parser.allow(id) }
    cycle.postedAt = clock.now
    if isLost { cycle.pending = 0 }
  }

  /// Takes replies until all have come or `deadline` has passed; then a missing one has cost this reading. The deadline is
  /// for waiting: what is in by the time that this thread looks counts, however late it looks.
  public mutating func collect(until deadline: Nanoseconds) {
    var heard = clock.now
    var pause = firstPause(before: deadline)
    if let last = rest(until: deadline) {
      heard = last
      pause = patience
    }
    var gap = Self.gap
    while cycle.length > 0 {
      // Read before the port is, or a thread that stands still in between would miss what came meanwhile.
      let now = clock.now
      if now >= deadline || now > heard + Self.gap { isDrained = false }
      while nextReply() {
        heard = readAt
        keep(at: heard)
        if cycle.asking == 0 { pause = patience }
      }
      guard cycle.pending != 0, !isLost, !isFlooded, now < deadline else { break }
      // Whoever was asked alone and has answered leaves the bus free.
      let isFree = cycle.asking != 0 && cycle.asking & cycle.pending == 0
      let silence = pause.map { heard + (isFree ? gap : $0) } ?? deadline
      if now < silence {
        _ = wait(until: min(silence, deadline))
      } else if repeatOne(before: deadline) {
        if isFree { gap = .zero }
        pause = patience
        heard = clock.now
      } else {
        // Nobody is left to ask. With much time on hand they are all asked again, without it what is late may still come.
        cycle.round = 0
        cycle.asking = 0
        pause = clock.now + Self.nextRound < deadline ? Self.nextRound : nil
        heard = clock.now
      }
    }
    endCycle()
  }

  /// How long nothing has to be heard before somebody is asked alone. Where nobody at all has answered, and before
  /// everybody did, it is rather this machine that is late, and whoever speaks now cuts answers off that are on their way:
  /// then as long as there is still time to ask all of them.
  private func firstPause(before deadline: Nanoseconds) -> Nanoseconds? {
    guard let patience, cycle.isComplete, deadline < cycle.postedAt + Self.nextRound else { return patience }
    let reserve = Nanoseconds(Int64(ids.count) * Self.single.count)
    return max(patience, deadline - cycle.postedAt - patience - reserve)
  }

  /// What it takes to ask one servo alone, rather more.
  private static var single: Nanoseconds { .microseconds(250) }
  /// What is left of a sync read follows within so much behind an answer; after that the line is free.
  private static var gap: Nanoseconds { .microseconds(300) }
  /// No tick has as much time to wait.
  private static var nextRound: Nanoseconds { .milliseconds(10) }

  /// The newest reply of servo number `index` (in the order of `ids`), however old.
  public func reply(_ index: Int) -> ServoReply { replies[index] }

  /// Which `post` was the newest, counted from 1: a reply is of this tick if its `sequence` is the same.
  public var newestSequence: UInt32 { sequence }

  /// Keeps the reply that the parser has just found.
  mutating func keep(at now: Nanoseconds) {
    guard let block = cycle.block, let index = ids.firstIndex(of: parser.id) else { return }
    replies[index] = reply(to: block, at: now, sequence)
    statuses[index] = parser.status
    statistics.repliesByServo[index] &+= 1
    if !cycle.isRested { turnaround.servos[index].add(now - cycle.postedAt) }
    cycle.missing[index] = 0
    cycle.pending &= ~(1 << UInt8(index))
  }

  func reply(to block: RegisterBlock, at now: Nanoseconds, _ sequence: UInt32) -> ServoReply {
    var payload = SIMD16<UInt8>.zero
    for i in 0..<Int(block.count) { payload[i] = parser.parameter(i) }
    return ServoReply(
      payload: payload, address: block.address, count: block.count, statusBits: parser.status, receivedAt: now,
      sequence: sequence)
  }

  /// Asks the next missing servo alone. One that was missing for several cycles is not worth the time.
  private mutating func repeatOne(before deadline: Nanoseconds) -> Bool {
    guard let block = cycle.block, cycle.length > 0, let patience, clock.now + patience < deadline else { return false }
    for i in ids.indices where cycle.pending & ~cycle.round & (1 << UInt8(i)) != 0 && cycle.missing[i] < 3 {
      cycle.asking = 1 << UInt8(i)
      cycle.round |= cycle.asking
      cycle.repeated |= cycle.asking
      statistics.retries[i] &+= 1
      let request = FeetechPacket.read(address: block.address, count: cycle.length, of: ids[i])
      parser.expect(parameters: Int(cycle.length), to: request, late: lengths.open(now: clock.now))
      for j in ids.indices where cycle.pending & (1 << UInt8(j)) != 0 { parser.allow(ids[j]) }
      send(request)
      return true
    }
    return false
  }

  /// Counts what did not come.
  private mutating func endCycle() {
    let now = clock.now
    cycle.isComplete = cycle.pending == 0
    if cycle.pending | cycle.repeated != 0, cycle.length > 0 {
      lengths.doubt(cycle.length, now: now)
      if let block = cycle.block, cycle.length < 32 {
        unanswered[Int(cycle.length)] = UnansweredCycle(sequence: sequence, block: block, pending: cycle.pending)
      }
    }
    if cycle.pending == 0 {
      guard !isLost else { return }
      turnaround.cycle.add(now - cycle.postedAt)
      if cycle.repeated == 0, cycle.isTimed { answers.took(now - cycle.postedAt, length: cycle.length) }
      return
    }
    quietUntil = now + ReplyLengths.lateness
    for i in ids.indices where cycle.pending & (1 << UInt8(i)) != 0 {
      statistics.timeouts[i] &+= 1
      cycle.missing[i] &+= 1
      statistics.longestGap_ticks[i] = max(statistics.longestGap_ticks[i], cycle.missing[i])
    }
    cycle.pending = 0
  }
}

/// Through spare wire time: after the tick's writes and before the next tick nobody uses the bus.
extension ServoBus {
  /// Asks servo number `index` for a block and returns at once; the reply is taken when the next request is posted.
  public mutating func postSpare(_ block: RegisterBlock, of index: Int) {
    guard ids.indices.contains(index), !isLost else { return }
    takeSpare()
    // Where replies are missing, somebody may still be speaking.
    guard cycle.isComplete else { return }
    // After one that did not come the wire is left alone for a while: it may have no time to spare.
    let now = clock.now
    guard now >= spare.quietUntil,
      let length = lengths.choose(wanted: block.count, at: block.address, end: end, now: now)
    else { return }
    begin(.read(address: block.address, count: length, of: ids[index]), parameters: Int(length), now: now)
    parser.allow(ids[index])
    spare.index = index
    spare.block = block
    spare.length = length
  }

  /// Waits for the reply to `postSpare`; only where there is time for it, before the loop.
  mutating func awaitSpare(until deadline: Nanoseconds) {
    while spare.index >= 0, !isLost, clock.now < deadline {
      if nextReply() { keepSpare() } else { _ = wait(until: deadline) }
    }
    takeSpare()
  }

  /// What servo number `index` last said through spare wire time.
  public func spareReply(_ index: Int) -> ServoReply { spare.replies[index] }

  /// Takes the reply that was asked for through spare time, if it has come.
  mutating func takeSpare() {
    guard spare.index >= 0 else { return }
    if nextReply() { return keepSpare() }
    statistics.spareTimeouts[spare.index] &+= 1
    lengths.doubt(spare.length, now: clock.now)
    spare.quietUntil = clock.now + ReplyLengths.lateness
    spare.index = -1
  }

  private mutating func keepSpare() {
    let index = spare.index
    spare.index = -1
    spare.replies[index] = reply(to: spare.block, at: readAt, sequence)
    statuses[index] = parser.status
    statistics.repliesByServo[index] &+= 1
  }
}
