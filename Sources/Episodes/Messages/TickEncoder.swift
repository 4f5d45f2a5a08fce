internal import Arm
internal import RealTime

/// Turns the ticks of one session into the messages of a log: a JointState for each arm that was read or commanded,
/// then the Tick, all with the tick's number and time. Templates are laid out once; a tick costs copies and stores.
struct TickEncoder {
  private let layout: JointStateLayout
  private let brief: [[UInt8]]
  private let full: [[UInt8]]
  private let tick: [UInt8]
  /// From the loop's clock to the log's.
  private let clockOffset: Int64
  private let joints: Int
  private let features: Int
  /// The tick before.
  private var last: TickLayout.Trace?

  /// Where the message's own bytes begin in its record.
  private static let data = MCAP.recordHead + MCAP.messageHead

  /// For a session of these joints and so many environment features.
  init(joints names: [String], features: Int, clockOffset: Nanoseconds) {
    let layout = JointStateLayout(names: names)
    self.layout = layout
    joints = names.count
    self.features = features
    self.clockOffset = clockOffset.count
    let states: [Topic] = [.follower, .leader, .command, .leaderCommand]
    brief = states.map { Self.record($0, layout.brief) }
    full = states.map { Self.record($0, layout.full) }
    tick = Self.record(.tick, TickLayout.template)
  }

  /// A message record of zeros around `payload`.
  private static func record(_ topic: Topic, _ payload: [UInt8]) -> [UInt8] {
    var buffer = ByteBuffer()
    let start = buffer.begin(.message)
    buffer.append(topic.channel)
    buffer.append(UInt32(0))
    buffer.append(UInt64(0))
    buffer.append(UInt64(0))
    buffer.append(payload)
    buffer.end(start)
    return buffer.bytes.array
  }

  /// Appends the messages of one tick.
  mutating func append(_ record: borrowing TickRecord, to buffer: inout ByteBuffer) {
    let time = UInt64(clamping: record.began.count &+ clockOffset)
    let sequence = UInt32(truncatingIfNeeded: record.tick)
    let now = Int64(truncatingIfNeeded: time)
    append(.follower, record.follower, sequence, time, to: &buffer)
    append(.leader, record.leader, sequence, time, to: &buffer)
    append(.command, record.command, nil, sequence, time, stamp: now, to: &buffer)
    append(.leaderCommand, record.leaderCommand, nil, sequence, time, stamp: now, to: &buffer)
    appendTick(record, sequence, time, to: &buffer)
    last = TickLayout.Trace(record)
  }

  @inline(__always)
  private func append(
    _ topic: Topic, _ reading: ArmReading, _ sequence: UInt32, _ time: UInt64, to buffer: inout ByteBuffer
  ) {
    let newest = reading.time.max()
    let stamp = newest == Nanoseconds.never.count ? 0 : max(0, newest &+ clockOffset)
    let velocity = isUnknown(reading.velocity) ? nil : reading.velocity
    append(topic, reading.position, velocity, sequence, time, stamp: stamp, to: &buffer)
  }

  @inline(__always)
  private func append(
    _ topic: Topic, _ position: JointVector, _ velocity: JointVector?, _ sequence: UInt32, _ time: UInt64,
    stamp: Int64, to buffer: inout ByteBuffer
  ) {
    if velocity == nil, isUnknown(position) { return }
    let start = buffer.count
    buffer.append(velocity == nil ? brief[topic.rawValue] : full[topic.rawValue])
    stampRecord(&buffer, start, sequence, time)
    layout.fill(&buffer, at: start + Self.data, stamp: stamp, position: position, velocity: velocity)
  }

  @inline(__always)
  private func stampRecord(_ buffer: inout ByteBuffer, _ start: Int, _ sequence: UInt32, _ time: UInt64) {
    buffer.store(sequence, at: start + MCAP.recordHead + 2)
    buffer.store(time, at: start + MCAP.recordHead + 6)
    buffer.store(time, at: start + MCAP.recordHead + 14)
  }

  private func appendTick(
    _ record: borrowing TickRecord, _ sequence: UInt32, _ time: UInt64, to buffer: inout ByteBuffer
  ) {
    let start = buffer.count
    buffer.append(tick)
    stampRecord(&buffer, start, sequence, time)
    let at = start + Self.data
    let began = record.began.count
    buffer.store(record.tick, at: at + TickLayout.tick)
    buffer.store(record.scheduled.count, at: at + TickLayout.scheduled)
    buffer.store(began &- record.scheduled.count, at: at + TickLayout.late)
    let age = TickLayout.age(of: record.environment.time.count, at: began)
    buffer.store(age, at: at + TickLayout.environmentAge)
    buffer.store(lanes: record.follower.load, at: at + TickLayout.followerLoad)
    buffer.store(lanes: record.leader.load, at: at + TickLayout.leaderLoad)
    buffer.store(lanes: record.memory.anchor, at: at + TickLayout.anchor)
    buffer.store(record.gateScore.bitPattern, at: at + TickLayout.gateScore)
    buffer.store(record.gateThreshold.bitPattern, at: at + TickLayout.gateThreshold)
    buffer.store(record.missed, at: at + TickLayout.missed)
    buffer.store(record.episode, at: at + TickLayout.episode)
    buffer.store(record.policy, at: at + TickLayout.policy)
    buffer.store(record.phases.sense, at: at + TickLayout.phases)
    buffer.store(record.phases.decide, at: at + TickLayout.phases + 4)
    buffer.store(record.phases.constrain, at: at + TickLayout.phases + 8)
    buffer.store(record.phases.act, at: at + TickLayout.phases + 12)
    buffer.store(record.phases.record, at: at + TickLayout.phases + 16)
    buffer.store(record.verdict.limits.rawValue, at: at + TickLayout.limits)
    buffer.store(record.verdict.fault, at: at + TickLayout.fault)
    buffer.store(record.request, at: at + TickLayout.request)
    buffer.store(record.state, at: at + TickLayout.state)
    buffer.store(record.source.rawValue, at: at + TickLayout.source)
    buffer.store(UInt8(record.decides ? 1 : 0), at: at + TickLayout.decides)
    buffer.store(lanes: record.memory.age, at: at + TickLayout.age)
    buffer.store(record.memory.steps.rawValue, at: at + TickLayout.steps)
    buffer.store(record.memory.source.rawValue, at: at + TickLayout.asked)
    appendAges(record, at, to: &buffer)
    appendLists(record, to: &buffer)
    appendPadding(record, at, to: &buffer)
    buffer.end(start)
  }

  /// The ages at their places, and behind them those that need more room.
  @inline(__always)
  private func appendAges(_ record: borrowing TickRecord, _ at: Int, to buffer: inout ByteBuffer) {
    let began = record.began.count
    let far = buffer.count
    buffer.append(UInt32(0))
    let follower = ages(of: record.follower.time, began, far: &buffer)
    buffer.store(lanes: follower, at: at + TickLayout.followerAge)
    let leader = ages(of: record.leader.time, began, far: &buffer)
    buffer.store(lanes: leader, at: at + TickLayout.leaderAge)
    buffer.store(UInt32((buffer.count - far - 4) / 8), at: far)
  }

  @inline(__always)
  private func ages(of times: SIMD8<Int64>, _ began: Int64, far: inout ByteBuffer) -> SIMD8<Int32> {
    var ages = SIMD8<Int32>(repeating: TickLayout.never)
    for joint in 0..<8 where times[joint] != Nanoseconds.never.count {
      let age = began &- times[joint]
      let short = Int32(truncatingIfNeeded: age)
      if Int64(short) == age, short != TickLayout.never, short != TickLayout.far {
        ages[joint] = short
      } else {
        ages[joint] = TickLayout.far
        far.append(age)
      }
    }
    return ages
  }

  /// What the reader cannot work out.
  @inline(__always)
  private func appendLists(_ record: borrowing TickRecord, to buffer: inout ByteBuffer) {
    let values = record.environment.values
    var named = 16
    while named > features, values[named - 1].bitPattern == Float.nan.bitPattern { named -= 1 }
    buffer.append(UInt32(named))
    for feature in 0..<named { buffer.append(values[feature].bitPattern) }
    var repeats = (goal: false, step: false)
    if let last, last.leads(to: record.tick) {
      repeats = (record.memory.goal.hasBits(of: last.command), record.memory.step.hasBits(of: last.step))
    }
    append(record.memory.goal, unless: repeats.goal, to: &buffer)
    append(record.memory.step, unless: repeats.step, to: &buffer)
    let unknown = JointVector(repeating: .nan)
    append(record.policyWish, unless: record.policyWish.hasBits(of: unknown), to: &buffer)
    append(record.personWish, unless: record.personWish.hasBits(of: unknown), to: &buffer)
    append(record.wish, unless: record.wish.hasBits(of: TickLayout.impliedWish(record)), to: &buffer)
  }

  @inline(__always)
  private func append(_ vector: JointVector, unless isImplied: Bool, to buffer: inout ByteBuffer) {
    buffer.append(UInt32(isImplied ? 0 : 8))
    if !isImplied { buffer.append(lanes: vector) }
  }

  /// What the JointStates have no place for. It is nothing but zeros or NaNs as a rule, which takes a bit each.
  @inline(__always)
  private func appendPadding(_ record: borrowing TickRecord, _ at: Int, to buffer: inout ByteBuffer) {
    let count = buffer.count
    buffer.append(UInt32(0))
    guard joints < 8 else { return }
    let vectors = (
      record.follower.position, record.follower.velocity, record.leader.position, record.leader.velocity,
      record.command, record.leaderCommand
    )
    let kinds = (
      padding(of: vectors.0), padding(of: vectors.1), padding(of: vectors.2), padding(of: vectors.3),
      padding(of: vectors.4), padding(of: vectors.5)
    )
    if let a = kinds.0, let b = kinds.1, let c = kinds.2, let d = kinds.3, let e = kinds.4, let f = kinds.5 {
      buffer.store(a | b << 1 | c << 2 | d << 3 | e << 4 | f << 5, at: at + TickLayout.zeros)
      return
    }
    buffer.store(UInt32(6 * (8 - joints)), at: count)
    for lane in joints..<8 {
      buffer.append(vectors.0[lane].bitPattern)
      buffer.append(vectors.1[lane].bitPattern)
      buffer.append(vectors.2[lane].bitPattern)
      buffer.append(vectors.3[lane].bitPattern)
      buffer.append(vectors.4[lane].bitPattern)
      buffer.append(vectors.5[lane].bitPattern)
    }
  }

  /// 1 where all places beyond the last joint are 0, 0 where they are plain NaNs, nil for anything else.
  @inline(__always)
  private func padding(of vector: JointVector) -> UInt8? {
    let first = vector[joints].bitPattern
    for lane in joints..<8 where vector[lane].bitPattern != first { return nil }
    return first == 0 ? 1 : first == Float.nan.bitPattern ? 0 : nil
  }

  /// Whether every joint holds the plain NaN that means "not known"; such a vector is left out of the log.
  @inline(__always)
  private func isUnknown(_ vector: JointVector) -> Bool {
    let plain = Float.nan.bitPattern
    for joint in 0..<joints where vector[joint].bitPattern != plain { return false }
    return true
  }
}
