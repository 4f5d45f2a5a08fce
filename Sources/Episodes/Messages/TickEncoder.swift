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

  /// Where the message's own bytes begin in its record.
  private static let data = MCAP.recordHead + MCAP.messageHead

  init(joints names: [String], clockOffset: Nanoseconds) {
    let layout = JointStateLayout(names: names)
    self.layout = layout
    joints = names.count
    self.clockOffset = clockOffset.count
    let states: [Topic] = [.follower, .leader, .command, .leaderCommand]
    brief = states.map { Self.record($0, layout.brief) }
    full = states.map { Self.record($0, layout.full) }
    tick = Self.record(.tick, TickLayout.template(joints: names.count))
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
  func append(_ record: borrowing TickRecord, to buffer: inout ByteBuffer) {
    let time = UInt64(clamping: record.began.count &+ clockOffset)
    let sequence = UInt32(truncatingIfNeeded: record.tick)
    let now = Int64(truncatingIfNeeded: time)
    append(.follower, record.follower, sequence, time, to: &buffer)
    append(.leader, record.leader, sequence, time, to: &buffer)
    append(.command, record.command, nil, sequence, time, stamp: now, to: &buffer)
    append(.leaderCommand, record.leaderCommand, nil, sequence, time, stamp: now, to: &buffer)
    appendTick(record, sequence, time, to: &buffer)
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
    buffer.store(began, at: at + TickLayout.began)
    let environmentAge = TickLayout.age(of: SIMD8(repeating: record.environment.time.count), at: began)
    buffer.store(environmentAge[0], at: at + TickLayout.environmentAge)
    buffer.store(lanes: TickLayout.age(of: record.follower.time, at: began), at: at + TickLayout.followerAge)
    buffer.store(lanes: TickLayout.age(of: record.leader.time, at: began), at: at + TickLayout.leaderAge)
    buffer.store(lanes: record.environment.values, at: at + TickLayout.environment)
    buffer.store(lanes: record.follower.load, at: at + TickLayout.followerLoad)
    buffer.store(lanes: record.leader.load, at: at + TickLayout.leaderLoad)
    buffer.store(lanes: record.policyWish, at: at + TickLayout.policyWish)
    buffer.store(lanes: record.personWish, at: at + TickLayout.personWish)
    buffer.store(lanes: record.wish, at: at + TickLayout.wish)
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
    buffer.store(lanes: record.memory.goal, at: at + TickLayout.before)
    buffer.store(lanes: record.memory.step, at: at + TickLayout.beforeStep)
    buffer.store(lanes: record.memory.anchor, at: at + TickLayout.anchor)
    buffer.store(lanes: record.memory.age, at: at + TickLayout.age)
    buffer.store(record.memory.source.rawValue, at: at + TickLayout.asked)
    buffer.store(record.memory.steps.rawValue, at: at + TickLayout.steps)
    guard joints < 8 else { return }
    var padding = at + TickLayout.padding
    for lane in joints..<8 {
      buffer.store(record.follower.position[lane].bitPattern, at: padding)
      buffer.store(record.follower.velocity[lane].bitPattern, at: padding + 4)
      buffer.store(record.leader.position[lane].bitPattern, at: padding + 8)
      buffer.store(record.leader.velocity[lane].bitPattern, at: padding + 12)
      buffer.store(record.command[lane].bitPattern, at: padding + 16)
      buffer.store(record.leaderCommand[lane].bitPattern, at: padding + 20)
      padding += 24
    }
  }

  /// Whether every joint holds the plain NaN that means "not known"; such a vector is left out of the log.
  @inline(__always)
  private func isUnknown(_ vector: JointVector) -> Bool {
    let plain = Float.nan.bitPattern
    for joint in 0..<joints where vector[joint].bitPattern != plain { return false }
    return true
  }
}
