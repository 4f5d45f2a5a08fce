internal import Arm
internal import RealTime

/// Puts the messages of a log together into ticks again, bit for bit as they were pushed.
struct TickDecoder {
  private let layout: JointStateLayout
  private let joints: Int
  private let tickSize: Int
  /// The topic of each channel, by the channel's number; nil for channels of other programs.
  private var topics: [Topic?] = []
  private var schemas: [UInt16: SchemaRecord] = [:]
  /// The tick to which each JointState of `pending` belongs; nil where none came.
  private var sequences: (follower: UInt32?, leader: UInt32?, command: UInt32?, leaderCommand: UInt32?)
  private var pending = TickRecord()

  init(joints names: [String]) {
    layout = JointStateLayout(names: names)
    joints = names.count
    tickSize = TickLayout.template(joints: names.count).count
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
        what: "the messages on \(topic.name) have another schema than this version's \(topic.schema.name)")
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

  /// Forgets JointStates that wait for their tick: the stream jumped.
  mutating func reset() { sequences = (nil, nil, nil, nil) }

  private mutating func complete(_ message: MessageView) throws(Malformed) {
    let data = message.data
    guard data.count == tickSize, data.load(UInt32.self, at: 0) == 0x100,
      data.load(UInt32.self, at: TickLayout.paddingCount) == UInt32(TickLayout.paddings(joints: joints))
    else { throw Malformed(what: "a tick has another size or encoding than its session's joints give") }
    guard let source = Source(rawValue: data.load(UInt8.self, at: TickLayout.source)),
      let asked = Source(rawValue: data.load(UInt8.self, at: TickLayout.asked))
    else {
      throw Malformed(what: "a tick names a source that does not exist")
    }
    blankAbsent(message.sequence)
    readPadding(data)
    readTimes(data)
    pending.environment.values = data.load(lanes: SIMD16<Float>.self, at: TickLayout.environment)
    pending.follower.load = data.load(lanes: JointVector.self, at: TickLayout.followerLoad)
    pending.leader.load = data.load(lanes: JointVector.self, at: TickLayout.leaderLoad)
    pending.policyWish = data.load(lanes: JointVector.self, at: TickLayout.policyWish)
    pending.personWish = data.load(lanes: JointVector.self, at: TickLayout.personWish)
    pending.wish = data.load(lanes: JointVector.self, at: TickLayout.wish)
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
    pending.source = source
    pending.memory.goal = data.load(lanes: JointVector.self, at: TickLayout.before)
    pending.memory.step = data.load(lanes: JointVector.self, at: TickLayout.beforeStep)
    pending.memory.anchor = data.load(lanes: JointVector.self, at: TickLayout.anchor)
    pending.memory.age = data.load(lanes: SIMD8<UInt8>.self, at: TickLayout.age)
    pending.memory.source = asked
    pending.memory.steps = TickMemory.Steps(rawValue: data.load(UInt16.self, at: TickLayout.steps))
    pending.decides = data.load(UInt8.self, at: TickLayout.decides) != 0
  }

  private mutating func readTimes(_ data: Bytes) {
    pending.tick = data.load(UInt64.self, at: TickLayout.tick)
    pending.scheduled = Nanoseconds(data.load(Int64.self, at: TickLayout.scheduled))
    let began = data.load(Int64.self, at: TickLayout.began)
    pending.began = Nanoseconds(began)
    let environmentAge = data.load(Int64.self, at: TickLayout.environmentAge)
    pending.environment.time = Nanoseconds(TickLayout.time(of: SIMD8(repeating: environmentAge), at: began)[0])
    let follower = data.load(lanes: SIMD8<Int64>.self, at: TickLayout.followerAge)
    pending.follower.time = TickLayout.time(of: follower, at: began)
    let leader = data.load(lanes: SIMD8<Int64>.self, at: TickLayout.leaderAge)
    pending.leader.time = TickLayout.time(of: leader, at: began)
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
    reset()
  }

  private mutating func readPadding(_ data: Bytes) {
    guard joints < 8 else { return }
    var padding = TickLayout.padding
    for lane in joints..<8 {
      pending.follower.position[lane] = Float(bitPattern: data.load(UInt32.self, at: padding))
      pending.follower.velocity[lane] = Float(bitPattern: data.load(UInt32.self, at: padding + 4))
      pending.leader.position[lane] = Float(bitPattern: data.load(UInt32.self, at: padding + 8))
      pending.leader.velocity[lane] = Float(bitPattern: data.load(UInt32.self, at: padding + 12))
      pending.command[lane] = Float(bitPattern: data.load(UInt32.self, at: padding + 16))
      pending.leaderCommand[lane] = Float(bitPattern: data.load(UInt32.self, at: padding + 20))
      padding += 24
    }
  }
}
