import Foundation
import RealTime
import Testing

@testable import Episodes

/// Hostile bytes for the readers inside a log and beside it, in memory: a typed error is as good as an answer. Each is
/// given `FuzzTests.bytes`, in a process of its own whose memory is counted.
@Suite struct MessageFuzzTests {
  /// Message records of plausible and of wild ticks.
  static func messages() -> [[UInt8]] {
    var random = SplitMix64(seed: 30)
    let session = Samples.session()
    var encoder = TickEncoder(joints: session.joints, features: 3, clockOffset: session.clockOffset)
    var buffer = ByteBuffer()
    for tick in 0..<UInt64(40) {
      encoder.append(Samples.plausible(tick, episode: 1, &random), to: &buffer)
      encoder.append(Samples.random(tick + 1000, episode: 1, &random), to: &buffer)
    }
    var messages: [[UInt8]] = []
    var at = 0
    while at < buffer.count {
      let size = MCAP.recordHead + Int(buffer.bytes.load(UInt64.self, at: at + 1))
      messages.append(buffer.bytes[at..<(at + size)].array)
      at += size
    }
    return messages
  }

  static func decoder() throws -> TickDecoder {
    var decoder = TickDecoder(joints: Samples.joints)
    decoder.learn(Schemas.jointState)
    decoder.learn(Schemas.tick)
    for topic in Topic.allCases {
      try decoder.learn(
        ChannelRecord(id: topic.channel, schema: topic.schema.id, topic: topic.name, encoding: "cdr"))
    }
    return decoder
  }

  @Test func `mutated messages never crash the decoder`() async {
    await #expect(processExitsWith: .success) {
      var random = SplitMix64(seed: 31)
      let messages = MessageFuzzTests.messages()
      var decoder = try MessageFuzzTests.decoder()
      var record = TickRecord()
      var (read, ticks, refused) = (0, 0, 0)
      while read < FuzzTests.bytes {
        var bytes = try #require(messages.randomElement(using: &random))
        for _ in 0..<Int.random(in: 0...3, using: &random) { FuzzTests.mutate(&bytes, &random) }
        read += bytes.count
        var buffer = ByteBuffer(capacity: bytes.count)
        buffer.append(bytes)
        guard let message = MessageView(record: buffer.bytes) else { continue }
        do throws(Malformed) { if try decoder.take(message, into: &record) { ticks += 1 } } catch {
          precondition(!error.what.isEmpty)
          refused += 1
        }
      }
      #expect(ticks > 1000 && refused > 1000, "\(ticks) ticks, \(refused) refused")
      let megabytes = try FuzzTests.peakMegabytes()
      #expect(megabytes < 200)
    }
  }

  @Test func `mutated manifests are refused or read, whatever they say`() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let dataset = try Dataset.create(scratch.file("data"), durable: false)
      try DatasetTests.fill(dataset, [3, 3, 3])
      try dataset.relabel("s-e0002", .success)
      let good = try scratch.bytes("data/dataset.json")
      var random = SplitMix64(seed: 32)
      var (read, accepted, refused) = (0, 0, 0)
      while read < FuzzTests.bytes {
        var bytes = good
        for _ in 0..<Int.random(in: 1...4, using: &random) { FuzzTests.mutate(&bytes, &random) }
        read += bytes.count
        do throws(DatasetError) {
          _ = try Manifest.parse(Data(bytes), "dataset.json")
          accepted += 1
        } catch {
          precondition(!error.description.isEmpty)
          refused += 1
        }
      }
      #expect(accepted > 100 && refused > 100, "\(accepted) read, \(refused) refused")
      let megabytes = try FuzzTests.peakMegabytes()
      #expect(megabytes < 200)
    }
  }

  @Test func `mutated JSON in a log or of another program is refused or read`() async {
    await #expect(processExitsWith: .success) {
      var random = SplitMix64(seed: 33)
      var statistics = EpisodeStatistics(joints: 6)
      for tick in 0..<UInt64(200) { statistics.add(Samples.plausible(tick, episode: 1, &random)) }
      statistics.endEpisode()
      let session = Samples.session().metadata
      let keys = session.values.keys.sorted()
      let texts = [Array(statistics.json.utf8), Array(FuzzTests.info.utf8)]
      var sum = EpisodeStatistics(joints: 6)
      var (read, accepted, refused) = (0, 0, 0)
      while read < FuzzTests.bytes {
        let kind = Int.random(in: 0...2, using: &random)
        guard kind < 2 else {
          // The lists and maps inside a session's metadata.
          var values = session.values
          let key = keys[Int.random(in: keys.indices, using: &random)]
          var bytes = Array(((values[key] ?? "") + String(repeating: " ", count: 65)).utf8)
          FuzzTests.mutate(&bytes, &random)
          read += bytes.count
          values[key] = String(decoding: bytes, as: UTF8.self)
          do {
            _ = try SessionInfo(MetadataRecord(name: session.name, values: values))
            accepted += 1
          } catch { refused += 1 }
          continue
        }
        var bytes = texts[kind]
        for _ in 0..<Int.random(in: 1...4, using: &random) { FuzzTests.mutate(&bytes, &random) }
        read += bytes.count
        if kind == 0 {
          guard let found = EpisodeStatistics(json: String(decoding: bytes, as: UTF8.self), joints: 6) else {
            refused += 1
            continue
          }
          accepted += 1
          // What a file claims is added up with the others', and told.
          if accepted % 1000 == 0 { sum = EpisodeStatistics(joints: 6) }
          sum.merge(found)
          _ = (sum.wakeLatency_ns.percentile(0.99), sum.rate_Hz, sum.personShare)
        } else {
          do {
            _ = try LeRobotCatalogue.Columns(info: Data(bytes), of: "x")
            accepted += 1
          } catch { refused += 1 }
        }
      }
      #expect(accepted > 100 && refused > 100, "\(accepted) read, \(refused) refused")
      let megabytes = try FuzzTests.peakMegabytes()
      #expect(megabytes < 200)
    }
  }
}
