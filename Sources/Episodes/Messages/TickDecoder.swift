internal import Arm
internal import RealTime

/// Puts the messages of a log together into ticks again, bit for bit as they were pushed.
struct TickDecoder {
  private let layout: JointStateLayout
  private let joints: Int
  /// The places behind the last joint.
  private let beyond: SIMDMask<SIMD8<Int32>>
  /// The topic of each channel, by the channel's number; nil for channels of other programs.
  private var topics: [Topic?] = []
  private var schemas: [UInt16: SchemaRecord] = [:]
  /// The tick to which each JointState of `pending` belongs; nil where none came.
  private var sequences: (follower: UInt32?, leader: UInt32?, command: UInt32?, leaderCommand: UInt32?)
  private var pending = TickRecord()
  /// The tick before; nil at the beginning and after a jump.
  private var last: TickLayout.Trace?

  init(joints names: [String]) {
    layout = JointStateLayout(names: names)
    joints = names.count
    beyond = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .>= Int32(names.count)
  }

  mutating func learn(_ schema: SchemaRecord) { schemas[schema.id] = schema }

  /// Notes which topic a channel carries. A topic of ours with another layout than this version's is refused.
  mutating func learn(_ channel: ChannelRecord) throws(Malformed) {
    guard let topic = Topic.allCases.first(where: { $0.name == channel.topic }) else { return }
    let schema = schemas[channel.schema]
    guard channel.encoding == "cdr", schema?.name == topic.schema.name,
      topic != .tick || schema?.text == topic.schema.text
    else {
      throw Malformed(
        what: """
          the messages on \(topic.name) are of another version than this program's \(topic.schema.name); the program that \
          recorded them is named under 'versions' in the log's \(SessionInfo.recordName) and reads them
          """)
    }
    while topics.count <= Int(channel.id) { topics.append(nil) }
    topics[Int(channel.id)] = topic
  }

  /// Takes a message in; true when it completed a tick, which then stands in `record`.
  @inline(__always)
  mutating func take(_ message: MessageView, into record: inout TickRecord) throws(Malformed) -> Bool {
    guard Int(message.channel) < topics.count, let topic = topics[Int(message.channel)] else { return false }
    var none = JointVector.zero
    switch topic {
    case .follower:
      try layout.read(message.data, position: &pending.follower.position, velocity: &pending.follower.velocity)
      sequences.follower = message.sequence
    case .leader:
      try layout.read(message.data, position: &pending.leader.position, velocity: &pending.leader.velocity)
      sequences.leader = message.sequence
    case .command:
      try layout.read(message.data, position: &pending.command, velocity: &none)
      sequences.command = message.sequence
    case .leaderCommand:
      try layout.read(message.data, position: &pending.leaderCommand, velocity: &none)
      sequences.leaderCommand = message.sequence
    case .tick:
      try complete(message)
      record = pending
      return true
    }
    return false
  }

  /// Forgets what came before: the stream jumped.
  mutating func reset() {
    forgetStates()
    last = nil
  }

  /// JointStates that wait belong to one tick.
  private mutating func forgetStates() { sequences = (nil, nil, nil, nil) }

  private mutating func complete(_ message: MessageView) throws(Malformed) {
    let data = message.data
    guard data.count >= TickLayout.lists, data.load(UInt32.self, at: 0) == 0x100 else {
      throw Malformed(what: "a tick is shorter than its own fields, or of another encoding")
    }
    guard let source = Source(rawValue: data.load(UInt8.self, at: TickLayout.source)),
      let asked = Source(rawValue: data.load(UInt8.self, at: TickLayout.asked))
    else {
      throw Malformed(what: "a tick names a source that does not exist")
    }
    blankAbsent(message.sequence)
    pending.source = source
    pending.memory.source = asked
    pending.follower.load = data.load(lanes: JointVector.self, at: TickLayout.followerLoad)
    pending.leader.load = data.load(lanes: JointVector.self, at: TickLayout.leaderLoad)
    pending.gateScore = Float(bitPattern: data.load(UInt32.self, at: TickLayout.gateScore))
    pending.gateThreshold = Float(bitPattern: data.load(UInt32.self, at: TickLayout.gateThreshold))
    pending.missed = data.load(UInt32.self, at: TickLayout.missed)
    pending.episode = data.load(UInt32.self, at: TickLayout.episode)
    pending.policy = data.load(UInt32.self, at: TickLayout.policy)
    pending.phases.sense = data.load(Int32.self, at: TickLayout.phases)
    pending.phases.decide = data.load(Int32.self, at: TickLayout.phases + 4)
    pending.phases.constrain = data.load(Int32.self, at: TickLayout.phases + 8)
    pending.phases.act = data.load(Int32.self, at: TickLayout.phases + 12)
    pending.phases.record = data.load(Int32.self, at: TickLayout.phases + 16)
    pending.verdict.limits = Limits(rawValue: data.load(UInt16.self, at: TickLayout.limits))
    pending.verdict.fault = data.load(UInt16.self, at: TickLayout.fault)
    pending.request = data.load(UInt8.self, at: TickLayout.request)
    pending.state = data.load(UInt8.self, at: TickLayout.state)
    pending.memory.anchor = data.load(lanes: JointVector.self, at: TickLayout.anchor)
    pending.memory.age = data.load(lanes: SIMD8<UInt8>.self, at: TickLayout.age)
    pending.memory.steps = TickMemory.Steps(rawValue: data.load(UInt16.self, at: TickLayout.steps))
    pending.decides = data.load(UInt8.self, at: TickLayout.decides) != 0
    var lists = Lists(data)
    try readTimes(data, &lists)
    try readLists(&lists)
    try readPadding(data, &lists)
    last = TickLayout.Trace(pending)
  }

  private mutating func readTimes(_ data: Bytes, _ lists: inout Lists) throws(Malformed) {
    pending.tick = data.load(UInt64.self, at: TickLayout.tick)
    let scheduled = data.load(Int64.self, at: TickLayout.scheduled)
    let began = scheduled &+ data.load(Int64.self, at: TickLayout.late)
    pending.scheduled = Nanoseconds(scheduled)
    pending.began = Nanoseconds(began)
    let age = data.load(Int64.self, at: TickLayout.environmentAge)
    pending.environment.time = Nanoseconds(TickLayout.time(of: age, at: began))
    var far = try lists.length(atMost: 16, of: 8)
    pending.follower.time = lists.times(data.load(lanes: SIMD8<Int32>.self, at: TickLayout.followerAge), began, &far)
    pending.leader.time = lists.times(data.load(lanes: SIMD8<Int32>.self, at: TickLayout.leaderAge), began, &far)
    guard far == 0 else { throw Malformed(what: "a tick's ages and its far ages do not agree") }
  }

  /// What a list leaves out is worked out from this tick and the one before. Where that one is lost it is not known.
  private mutating func readLists(_ lists: inout Lists) throws(Malformed) {
    let unknown = JointVector(repeating: .nan)
    pending.environment.values = SIMD16(repeating: .nan)
    let features = try lists.length(atMost: 16, of: 4)
    for feature in 0..<features { pending.environment.values[feature] = lists.float() }
    let before = last?.leads(to: pending.tick) == true ? last : nil
    pending.memory.goal = try lists.vector() ?? before?.command ?? unknown
    pending.memory.step = try lists.vector() ?? before?.step ?? unknown
    pending.policyWish = try lists.vector() ?? unknown
    pending.personWish = try lists.vector() ?? unknown
    pending.wish = try lists.vector() ?? TickLayout.impliedWish(pending)
  }

  /// What was not known has no message: its joints' places hold NaN.
  private mutating func blankAbsent(_ sequence: UInt32) {
    let unknown = JointVector(repeating: .nan)
    if sequences.follower != sequence {
      pending.follower.position = unknown
      pending.follower.velocity = unknown
    }
    if sequences.leader != sequence {
      pending.leader.position = unknown
      pending.leader.velocity = unknown
    }
    if sequences.command != sequence { pending.command = unknown }
    if sequences.leaderCommand != sequence { pending.leaderCommand = unknown }
    forgetStates()
  }

  private mutating func readPadding(_ data: Bytes, _ lists: inout Lists) throws(Malformed) {
    let count = try lists.length(atMost: 6 * (8 - joints), of: 4)
    guard lists.isAtEnd, count == 0 || count == 6 * (8 - joints) else {
      throw Malformed(what: "a tick has another size than its session's joints give")
    }
    if count > 0 { return readPaddingLanes(&lists) }
    let zeros = data.load(UInt8.self, at: TickLayout.zeros)
    pending.follower.position = padded(pending.follower.position, zeros, 0)
    pending.follower.velocity = padded(pending.follower.velocity, zeros, 1)
    pending.leader.position = padded(pending.leader.position, zeros, 2)
    pending.leader.velocity = padded(pending.leader.velocity, zeros, 3)
    pending.command = padded(pending.command, zeros, 4)
    pending.leaderCommand = padded(pending.leaderCommand, zeros, 5)
  }

  @inline(__always)
  private func padded(_ vector: JointVector, _ zeros: UInt8, _ bit: UInt8) -> JointVector {
    vector.replacing(with: zeros >> bit & 1 == 1 ? 0 : .nan, where: beyond)
  }

  private mutating func readPaddingLanes(_ lists: inout Lists) {
    for lane in joints..<8 {
      pending.follower.position[lane] = lists.float()
      pending.follower.velocity[lane] = lists.float()
      pending.leader.position[lane] = lists.float()
      pending.leader.velocity[lane] = lists.float()
      pending.command[lane] = lists.float()
      pending.leaderCommand[lane] = lists.float()
    }
  }
}

/// Walks through the lists at a tick's end. Lengths are checked against what is there before anything is taken.
private struct Lists {
  private let data: Bytes
  private var at = TickLayout.lists
  /// Where the list whose length was read last ends.
  private var end = TickLayout.lists

  init(_ data: Bytes) { self.data = data }

  var isAtEnd: Bool { end == data.count }

  /// The length of the next list, all of which is there.
  @inline(__always)
  mutating func length(atMost limit: Int, of size: Int) throws(Malformed) -> Int {
    guard at == end, data.count - at >= 4 else { throw Malformed(what: "a tick ends inside its lists") }
    let count = Int(data.load(UInt32.self, at: at))
    at += 4
    guard count <= limit, data.count - at >= count * size else {
      throw Malformed(what: "a tick has a list of \(count) where at most \(limit) fit")
    }
    end = at + count * size
    return count
  }

  @inline(__always)
  mutating func float() -> Float {
    defer { at += 4 }
    return Float(bitPattern: data.load(UInt32.self, at: at))
  }

  /// A list of one number a joint; nil where it is empty.
  @inline(__always)
  mutating func vector() throws(Malformed) -> JointVector? {
    switch try length(atMost: 8, of: 4) {
    case 0: return nil
    case 8:
      defer { at += 32 }
      return data.load(lanes: JointVector.self, at: at)
    default: throw Malformed(what: "a tick has a list that is neither empty nor of 8 joints")
    }
  }

  /// The moments that had these ages at `began`; takes those that say so from the list of far ages, of which `far` are
  /// left. One more than there are counts below zero.
  @inline(__always)
  mutating func times(_ ages: SIMD8<Int32>, _ began: Int64, _ far: inout Int) -> SIMD8<Int64> {
    let wide = SIMD8<Int64>(truncatingIfNeeded: ages)
    let near = SIMD8<Int64>(repeating: began) &- wide
    var times = near.replacing(with: Nanoseconds.never.count, where: wide .== Int64(TickLayout.never))
    guard any(ages .== TickLayout.far) else { return times }
    for joint in 0..<8 where ages[joint] == TickLayout.far {
      far -= 1
      guard far >= 0 else { continue }
      times[joint] = began &- data.load(Int64.self, at: at)
      at += 8
    }
    return times
  }
}
