import Arm
import Foundation
import RealTime
import Testing

@testable import Episodes

@Suite struct RoundTripTests {
  @Test(arguments: 1...8)
  func `a tick of random bits comes back bit for bit, open and finished`(joints: Int) throws {
    let scratch = try Scratch()
    var random = SplitMix64(seed: UInt64(joints))
    let names = (1...joints).map { "joint_\(String(repeating: "x", count: $0))" }
    let records = (0..<200).map { Samples.random(UInt64($0) &* 0x1_0000_0001, episode: 1, &random) }
    let path = scratch.file("a.mcap")
    try Samples.writeOpen(path, records, session: Samples.session(joints: names))
    #expect(try readAll(path).map(\.bits) == records.map(\.bits))
    _ = try Finisher.finish(LogFile.open(reading: path))
    #expect(try readAll(path).map(\.bits) == records.map(\.bits))
  }

  /// Ticks whose command, wish and memory hang together as the loop's do.
  private func chain(_ count: Int) -> [TickRecord] {
    var random = SplitMix64(seed: 9)
    var records: [TickRecord] = []
    for tick in 0..<UInt64(count) {
      var record = Samples.plausible(tick, episode: 1, &random)
      record.memory.source = [.person, .policy, .hold][Int(tick / 10 % 3)]
      let last = records.last
      record.memory.goal = last?.command ?? .zero
      record.memory.step = last.map { $0.wish - $0.memory.goal } ?? .zero
      record.wish =
        switch record.memory.source {
        case .person: record.personWish
        case .policy: record.policyWish
        default: record.memory.goal
        }
      record.command = record.memory.goal + (record.wish - record.memory.goal)
      records.append(record)
    }
    return records
  }

  @Test func `a tick says only once what follows from the one before, and every 64th stands for itself`() throws {
    let scratch = try Scratch()
    let records = chain(300)
    let path = scratch.file("a.mcap")
    try Samples.writeOpen(path, records)
    #expect(try readAll(path).map(\.bits) == records.map(\.bits))
    var sizes: [Int] = []
    var stream = try MessageStream(LogFile.open(reading: path))
    while let item = try stream.next() {
      if case .message(let message) = item, message.channel == Topic.tick.channel { sizes.append(message.data.count) }
    }
    for (tick, size) in sizes.enumerated() { #expect(size == sizes[1] + (tick % 64 == 0 ? 64 : 0)) }
  }

  @Test func `where a tick is lost, what the next would take from it is unknown and nothing else is`() throws {
    let records = chain(140)
    var encoder = TickEncoder(joints: Samples.joints, features: 3, clockOffset: .zero)
    var decoder = TickDecoder(joints: Samples.joints)
    for schema in [Schemas.jointState, Schemas.tick] { decoder.learn(schema) }
    for topic in Topic.allCases {
      try decoder.learn(ChannelRecord(id: topic.channel, schema: topic.schema.id, topic: topic.name, encoding: "cdr"))
    }
    var read: [UInt64: TickRecord] = [:]
    for record in records {
      var buffer = ByteBuffer()
      encoder.append(record, to: &buffer)
      guard record.tick != 99 else { continue }
      var at = 0
      while at < buffer.count {
        let size = MCAP.recordHead + Int(buffer.bytes.load(UInt64.self, at: at + 1))
        let message = try #require(MessageView(record: buffer.bytes[at..<(at + size)]))
        var back = TickRecord()
        if try decoder.take(message, into: &back) { read[back.tick] = back }
        at += size
      }
    }
    for var record in records where record.tick != 99 {
      if record.tick == 100 {
        record.memory.goal = JointVector(repeating: .nan)
      }
      // The one after it takes its step from what is not known.
      if record.tick == 100 || record.tick == 101 { record.memory.step = JointVector(repeating: .nan) }
      #expect(read[record.tick]?.bits == record.bits, "tick \(record.tick)")
    }
  }

  @Test func `a log of another version is refused with the version that reads it`() throws {
    let scratch = try Scratch()
    try Samples.writeOpen(scratch.file("a.mcap"), chain(2))
    var bytes = try scratch.bytes("a.mcap")
    let text = Array("control loop, version 2.".utf8)
    let at = try #require(bytes.indices.first { bytes[$0...].starts(with: text) })
    bytes[at + text.count - 2] = UInt8(ascii: "1")
    try scratch.write(bytes, "a.mcap")
    let error = #expect(throws: LogError.self) { try EpisodeReader.open(scratch.file("a.mcap")) }
    #expect(error?.description.contains("another version than this program's understudy_msgs/msg/Tick") == true)
    #expect(error?.description.contains("'versions'") == true)
  }

  @Test func `every Float survives the way through Double, signalling NaNs too`() {
    var random = SplitMix64(seed: 7)
    let corners: [UInt32] = [0, 1, 0x8000_0000, 0x7F80_0000, 0x7F80_0001, 0xFF80_0001, 0x7FC0_0000, 0xFFFF_FFFF]
    for bits in corners + (0..<200_000).map({ _ in UInt32.random(in: .min ... .max, using: &random) }) {
      let back = JointStateLayout.narrowed(JointStateLayout.widened(Float(bitPattern: bits))).bitPattern
      #expect(back == bits)
    }
  }

  @Test func `a joint state has the bytes that ROS 2 gives it`() {
    let layout = JointStateLayout(names: ["a", "bcd"])
    var buffer = ByteBuffer()
    buffer.append(layout.full)
    layout.fill(
      &buffer, at: 0, stamp: 2_000_000_003, position: SIMD8(1, -2, 0, 0, 0, 0, 0, 0),
      velocity: SIMD8(0.5, 4, 0, 0, 0, 0, 0, 0))
    #expect(
      buffer.bytes.array == [
        0, 1, 0, 0,  // little-endian CDR
        2, 0, 0, 0, 3, 0, 0, 0,  // stamp: 2 s and 3 ns
        1, 0, 0, 0, 0, 0, 0, 0,  // frame_id: "" with its NUL, then padding to 4
        2, 0, 0, 0, 2, 0, 0, 0, 97, 0, 0, 0, 4, 0, 0, 0, 98, 99, 100, 0,  // name: "a", "bcd"
        2, 0, 0, 0,  // two positions; the next byte is a multiple of 8 from the header on
        0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0,
        2, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 0, 0, 0, 0, 0, 0, 0x10, 0x40,
        0, 0, 0, 0,  // no effort
      ])
  }

  @Test func `what is not known has no message`() throws {
    let scratch = try Scratch()
    var record = TickRecord()
    record.episode = 1
    try Samples.writeOpen(scratch.file("a.mcap"), [record])
    var stream = try MessageStream(LogFile.open(reading: scratch.file("a.mcap")))
    var channels: [UInt16] = []
    while let item = try stream.next() {
      if case .message(let message) = item { channels.append(message.channel) }
    }
    // The command is zero, which is known; nothing was read, and the leader was not commanded.
    #expect(channels == [Topic.command.channel, Topic.tick.channel])
  }

  @Test func `a session comes back with all it said`() throws {
    let scratch = try Scratch()
    let session = Samples.session()
    var episode = EpisodeInfo(number: 41)
    episode.attempt = 3
    episode.task = "another task"
    episode.policyDigest = "abcd"
    episode.extra = ["round": "2", "scene": "bump, \"hard\""]
    var file = try EpisodeFile.create(scratch.file("a.mcap"), id: "x", session: session, episode: episode)
    try file.flush()
    let reader = try EpisodeReader.open(scratch.file("a.mcap"))
    #expect(reader.session == session)
    #expect(reader.episode == episode)
    #expect(reader.id == "x")
    #expect(try reader.next()?.tick == nil)
  }

  @Test func `every chunk but the first is opened while the one before is read`() throws {
    let scratch = try Scratch()
    var random = SplitMix64(seed: 3)
    let path = scratch.file("a.mcap")
    try Samples.writeOpen(path, (0..<5000).map { Samples.plausible(UInt64($0), episode: 1, &random) })
    _ = try Finisher.finish(LogFile.open(reading: path))
    let chunks = try #require(try LogIndex.read(LogFile.open(reading: path))).chunks.count
    let reader = try EpisodeReader.open(path)
    while try reader.next() != nil {}
    #expect(chunks > 3 && reader.openedAhead >= chunks - 1)
  }

  @Test func `seeking finds the first tick at or after a time`() throws {
    let scratch = try Scratch()
    var random = SplitMix64(seed: 3)
    let records = (0..<5000).map { Samples.plausible(UInt64($0), episode: 1, &random) }
    let path = scratch.file("a.mcap")
    try Samples.writeOpen(path, records)
    for finished in [false, true] {
      if finished { _ = try Finisher.finish(LogFile.open(reading: path)) }
      let reader = try EpisodeReader.open(path)
      #expect(reader.isFinished == finished)
      #expect(reader.frameCount == (finished ? 5000 : nil))
      for target in [4321, 0, 1, 4999, 2500] {
        reader.seek(to: records[target].began)
        #expect(try reader.next()?.tick == UInt64(target))
        #expect(try reader.next()?.tick == (target < 4999 ? UInt64(target + 1) : nil))
      }
      reader.seek(to: records[4999].began + Nanoseconds(1))
      #expect(try reader.next()?.tick == nil)
      reader.seek(to: .never)
      #expect(try reader.next()?.tick == 0)
    }
  }
}

@Suite struct RecordShapeTests {
  private func labels(_ value: Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }

  @Test func `a field that is new in a tick has no place in the log yet`() {
    // When this fails: give the field a place in TickLayout, Schemas.tick, TickEncoder and TickDecoder, and here.
    #expect(
      labels(TickRecord()) == [
        "tick", "scheduled", "began", "missed", "follower", "leader", "environment", "request", "state", "source",
        "verdict", "decides", "episode", "policy", "policyWish", "personWish", "wish", "memory", "command",
        "leaderCommand", "gateScore", "gateThreshold", "phases",
      ])
    #expect(labels(ArmReading()) == ["position", "velocity", "load", "time"])
    #expect(labels(EnvironmentReading()) == ["values", "time"])
    #expect(labels(Verdict()) == ["limits", "fault"])
    #expect(labels(TickMemory()) == ["goal", "step", "anchor", "age", "source", "steps"])
    #expect(labels(PhaseTimes()) == ["sense", "decide", "constrain", "act", "record"])
  }
}
