import Foundation
import RealTime
import Testing

@testable import Episodes

/// Programs that nobody here wrote read our logs: PyPI's `mcap` checks every checksum and index, `mcap-ros2-support`
/// decodes every message by the schema in the file.
@Suite struct JudgeTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Reads a log in every way that the packages offer and prints what it found, one JSON object.
  static let judge = """
    import json, sys
    from mcap.reader import make_reader
    from mcap.stream_reader import StreamReader
    from mcap_ros2.decoder import DecoderFactory

    path, finished = sys.argv[1], sys.argv[2] == "finished"
    result = {"records": {}, "topics": {}, "ticks": [], "follower": [], "attachments": {}, "metadata": {}}
    with open(path, "rb") as stream:
        try:
            for record in StreamReader(stream, validate_crcs=True).records:
                name = type(record).__name__
                result["records"][name] = result["records"].get(name, 0) + 1
        except Exception as error:
            if finished: raise
            result["stopped"] = type(error).__name__
    if finished:
        with open(path, "rb") as stream:
            reader = make_reader(stream, decoder_factories=[DecoderFactory()], validate_crcs=True)
            summary = reader.get_summary()
            result["chunks"] = len(summary.chunk_indexes)
            result["messages"] = summary.statistics.message_count
            result["counts"] = {str(k): v for k, v in summary.statistics.channel_message_counts.items()}
            for index in summary.chunk_indexes:
                assert len(index.message_index_offsets) > 0
            for schema, channel, message, ros in reader.iter_decoded_messages():
                topic = result["topics"].setdefault(channel.topic, {"schema": schema.name, "count": 0})
                topic["count"] += 1
                if channel.topic == "/understudy/tick":
                    implied = {1: ros.person_wish, 2: ros.policy_wish}.get(ros.asked, ros.before)
                    result["ticks"].append([ros.tick, ros.scheduled_ns + ros.late_ns, message.log_time, ros.source,
                                            (list(ros.wish) or list(implied))[0]])
                if channel.topic == "/follower/joint_states":
                    stamp = ros.header.stamp.sec * 10**9 + ros.header.stamp.nanosec
                    result["follower"].append([list(ros.name), ros.position[5], len(ros.velocity), stamp])
            for attachment in reader.iter_attachments():
                result["attachments"][attachment.name] = attachment.data.decode()
            for metadata in reader.iter_metadata():
                result["metadata"][metadata.name] = dict(metadata.metadata)
            middle = result["ticks"][len(result["ticks"]) // 2]
            first = next(iter(reader.iter_messages(topics=["/understudy/tick"], start_time=middle[2])))
            result["seek"] = first[2].log_time
    print(json.dumps(result))
    """

  struct Verdict: Decodable {
    struct Topic: Decodable {
      let schema: String
      let count: Int
    }
    struct Follower: Decodable {
      let names: [String], gripper: Double, velocities: Int, stamp: UInt64
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        names = try container.decode([String].self)
        gripper = try container.decode(Double.self)
        velocities = try container.decode(Int.self)
        stamp = try container.decode(UInt64.self)
      }
    }
    struct Tick: Decodable {
      let tick: UInt64, began: Int64, logTime: UInt64, source: UInt8, wish: Double
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        tick = try container.decode(UInt64.self)
        began = try container.decode(Int64.self)
        logTime = try container.decode(UInt64.self)
        source = try container.decode(UInt8.self)
        wish = try container.decode(Double.self)
      }
    }
    let records: [String: Int]
    let topics: [String: Topic]
    let ticks: [Tick]
    let follower: [Follower]
    let attachments: [String: String]
    let metadata: [String: [String: String]]
    let chunks: Int?
    let messages: Int?
    let seek: UInt64?
    let stopped: String?
  }

  static func ask(_ path: String, finished: Bool) throws -> Verdict {
    let python = root.appending(path: ".deps/venv/bin/python")
    try #require(
      FileManager.default.isExecutableFile(atPath: python.path),
      "the judges are not installed: python3 -m venv .deps/venv && .deps/venv/bin/pip install mcap mcap-ros2-support")
    let process = Process()
    process.executableURL = python
    process.arguments = ["-c", judge, path, finished ? "finished" : "open"]
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(String(decoding: complaint, as: UTF8.self))")
    return try JSONDecoder().decode(Verdict.self, from: data)
  }

  static func records(_ n: Int) -> [TickRecord] {
    var random = SplitMix64(seed: 11)
    return (0..<n).map { Samples.plausible(UInt64($0), episode: 1, &random) }
  }

  @Test func `mcap and ROS 2 decoders read every message of a finished log`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    let records = Self.records(3000)
    try Samples.writeOpen(path, records)
    _ = try Finisher.finish(LogFile.open(reading: path))
    try check(Self.ask(path, finished: true), records, Samples.session())
  }

  @Test func `a log that was cut off and mended is as good`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    let records = Self.records(3000)
    try Samples.writeOpen(path, records)
    let bytes = try scratch.bytes("a.mcap")
    try scratch.write(bytes.dropLast(777), "a.mcap")
    let report = try Recovery.mend(path)
    #expect(report.frames == 2999)
    let verdict = try Self.ask(path, finished: true)
    try check(verdict, Array(records.prefix(2999)), Samples.session())
    #expect(verdict.metadata["understudy.recovery"]?["discarded_bytes"] == String(report.discardedBytes))
  }

  @Test func `a log that is still open reads as a stream of whole records`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    try Samples.writeOpen(path, Self.records(50))
    let verdict = try Self.ask(path, finished: false)
    #expect(verdict.records["Message"] == 200)
    #expect(verdict.stopped == "EndOfFile")
  }

  private func check(_ verdict: Verdict, _ records: [TickRecord], _ session: SessionInfo) throws {
    #expect(verdict.records["Footer"] == 1 && verdict.records["DataEnd"] == 1)
    #expect((verdict.chunks ?? 0) >= 2)
    for topic in ["/follower/joint_states", "/leader/joint_states", "/follower/command"] {
      #expect(verdict.topics[topic]?.schema == "sensor_msgs/msg/JointState")
      #expect((verdict.topics[topic]?.count ?? 0) >= records.count)
    }
    #expect(verdict.topics["/leader/command"] == nil)
    #expect(verdict.topics["/understudy/tick"]?.schema == "understudy_msgs/msg/Tick")
    try #require(verdict.ticks.count == records.count)
    let offset = session.clockOffset.count
    for (tick, record) in zip(verdict.ticks, records) {
      #expect(tick.tick == record.tick && tick.began == record.began.count && tick.source == record.source.rawValue)
      #expect(tick.logTime == UInt64(record.began.count + offset))
      #expect(Float(tick.wish) == record.wish[0])
    }
    for (state, record) in zip(verdict.follower, records) {
      #expect(state.names == session.joints && Float(state.gripper) == record.follower.position[5])
      #expect(state.velocities == 0)
      let newest = (0..<6).map { record.follower.time[$0] }.max() ?? 0
      #expect(state.stamp == UInt64(newest + offset))
    }
    for file in session.files { #expect(verdict.attachments[file.name] == file.text) }
    #expect(verdict.attachments[EpisodeStatistics.fileName] != nil)
    #expect(verdict.metadata["understudy.session"] == session.metadata.values)
    let middle = verdict.ticks[records.count / 2].logTime
    #expect(verdict.seek == middle)
  }
}
