import Foundation
import Glibc
import RealTime
import TestSupport
import Testing

@testable import Episodes

/// Damaged and hostile files: they are refused with a reason or read in part, and never take more memory than the
/// largest record.
@Suite struct FuzzTests {
  /// What each kind of reader is given: ten megabytes, in `make fuzz` 10⁹ bytes.
  static let bytes = 10_000_000 * effort

  /// A small log, open and finished.
  static func logs() throws -> [[UInt8]] {
    let scratch = try Scratch()
    try Samples.writeOpen(scratch.file("a.mcap"), RecoveryTests.records(30))
    let open = try scratch.bytes("a.mcap")
    _ = try Finisher.finish(LogFile.open(reading: scratch.file("a.mcap")))
    return [open, try scratch.bytes("a.mcap")]
  }

  /// Reads a file in every way; a typed error is as good as an answer.
  static func read(_ scratch: Scratch, _ bytes: [UInt8]) throws {
    try scratch.write(bytes, "a.mcap")
    let path = scratch.file("a.mcap")
    do {
      let reader = try EpisodeReader.open(path)
      var record = TickRecord()
      var ticks = 0
      while try reader.next(into: &record) { ticks += 1 }
      reader.seek(to: Nanoseconds(1_100_000_000))
      _ = try reader.next(into: &record)
      #expect(ticks <= bytes.count)
    } catch {
      #expect(!error.description.isEmpty)
    }
    do { _ = try Recovery.mend(path) } catch { #expect(!error.description.isEmpty) }
    for name in scratch.names { try FileManager.default.removeItem(atPath: scratch.file(name)) }
  }

  @Test func `mutated logs never crash a reader and stay within its memory`() async {
    // In a process of its own, whose memory nobody else uses.
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let logs = try FuzzTests.logs()
      var random = SplitMix64(seed: 20)
      var read = 0
      while read < FuzzTests.bytes {
        var bytes = try #require(logs.randomElement(using: &random))
        for _ in 0..<Int.random(in: 1...8, using: &random) { FuzzTests.mutate(&bytes, &random) }
        read += bytes.count
        try FuzzTests.read(scratch, bytes)
      }
      let megabytes = try FuzzTests.peakMegabytes()
      #expect(megabytes < 500, "the largest record is 64 MB, and a few buffers of that size are in use at a time")
    }
  }

  /// One change: a byte, a length, a removed or doubled stretch, noise, or a cut.
  static func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    guard bytes.count > 64 else { return }
    let at = Int.random(in: 0..<bytes.count - 32, using: &random)
    let length = Int.random(in: 1...32, using: &random)
    switch UInt8.random(in: 0..<7, using: &random) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[at] = .random(in: .min ... .max, using: &random)
    case 2:
      let extremes: [UInt64] = [.max, 1 << 63, 1 << 32, 0xFFFF_FFFF, 0, 64 << 20, UInt64(bytes.count)]
      let value = extremes.randomElement(using: &random) ?? 0
      for byte in 0..<8 { bytes[at + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte))) }
    case 3: bytes.removeSubrange(at..<at + length)
    case 4: bytes.insert(contentsOf: bytes[at..<at + length], at: at)
    case 5: for offset in at..<at + length { bytes[offset] = .random(in: .min ... .max, using: &random) }
    default: bytes.removeLast(Int.random(in: 0..<min(bytes.count / 2, 4096), using: &random))
    }
  }

  @Test func `noise behind the magic bytes is refused`() throws {
    let scratch = try Scratch()
    var random = SplitMix64(seed: 21)
    for _ in 0..<200 * effort {
      let noise = (0..<Int.random(in: 0..<600, using: &random)).map { _ in UInt8.random(in: 0...20, using: &random) }
      try Self.read(scratch, MCAP.magic + noise)
    }
  }

  /// Files that each claim something which cannot be.
  static let liars: [(String, [UInt8])] = {
    func little(_ value: UInt64, _ n: Int) -> [UInt8] {
      (0..<n).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    func record(_ opcode: UInt8, _ body: [UInt8], length: UInt64? = nil) -> [UInt8] {
      [opcode] + little(length ?? UInt64(body.count), 8) + body
    }
    func chunk(size: UInt64, _ compression: String, _ content: [UInt8], length: UInt64? = nil) -> [UInt8] {
      let text = little(UInt64(compression.utf8.count), 4) + Array(compression.utf8)
      return record(
        6, little(0, 16) + little(size, 8) + little(0, 4) + text + little(length ?? UInt64(content.count), 8) + content)
    }
    let map = little(0xFFFF_FFFF, 4)
    return [
      ("a record longer than any file", record(5, [], length: .max)),
      ("a record that ends one byte too late", record(5, Array(repeating: 0, count: 30), length: 31)),
      ("a message without a head", record(5, [1, 0])),
      ("a chunk of 16 exabytes", chunk(size: .max, "zstd", [0x28, 0xB5, 0x2F, 0xFD])),
      ("a chunk of 64 MB in four bytes", chunk(size: 64 << 20, "zstd", [0x28, 0xB5, 0x2F, 0xFD])),
      ("a chunk with more than its record", chunk(size: 8, "", [1, 2, 3], length: 1 << 40)),
      ("a chunk that ends inside a record", chunk(size: 12, "", [5] + little(100, 8) + [0, 0, 0])),
      ("a chunk in a chunk", chunk(size: 9, "", [6] + little(0, 8))),
      ("a chunk in lz4", chunk(size: 9, "lz4", [1, 2, 3])),
      ("metadata with a map of 4 GB", record(12, little(1, 4) + [97] + map)),
      ("an attachment of 16 exabytes", record(9, little(0, 16) + little(0, 8) + little(.max, 8))),
      ("a text that is not UTF-8", record(12, little(2, 4) + [0xFF, 0xFE] + little(0, 4))),
      ("a footer that points outside", record(2, little(1 << 50, 16) + little(0, 4)) + MCAP.magic),
      ("a footer that points at itself", record(2, little(8, 16) + little(0, 4)) + MCAP.magic),
    ]
  }()

  @Test(arguments: liars)
  func `a file that lies is refused with a reason`(_ name: String, _ bytes: [UInt8]) throws {
    let scratch = try Scratch()
    try scratch.write(MCAP.magic + bytes, "a.mcap")
    let error = #expect(throws: LogError.self) { try EpisodeReader.open(scratch.file("a.mcap")) }
    #expect(error?.description.contains("a.mcap") == true)
    try Self.read(scratch, MCAP.magic + bytes)
  }

  @Test func `a damaged chunk in the middle costs that chunk`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    let records = RecoveryTests.records(4000)
    try Samples.writeOpen(path, records)
    _ = try Finisher.finish(LogFile.open(reading: path))
    let index = try #require(try LogIndex.read(LogFile.open(reading: path)))
    #expect(index.chunks.count > 3)
    var bytes = try scratch.bytes("a.mcap")
    for offset in 200..<260 { bytes[index.chunks[1].offset + offset] ^= 0x55 }
    try scratch.write(bytes, "a.mcap")
    let reader = try EpisodeReader.open(path)
    #expect(throws: LogError.self) { while try reader.next() != nil {} }
    let report = try Recovery.mend(path)
    let ticks = try readAll(path).map(\.tick)
    #expect(report.reason.contains("damaged") && report.frames == ticks.count)
    let missing = Set(0..<UInt64(4000)).subtracting(ticks).sorted()
    #expect(
      missing.first ?? 0 > 500 && missing.count < 1200
        && missing.last == (missing.first ?? 0) + UInt64(missing.count) - 1)
    #expect(try EpisodeReader.open(path).statistics?.lostTicks == missing.count)
    #expect(try scratch.bytes("a.mcap.torn") == bytes)
  }

  @Test func `manifests of noise are refused`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try DatasetTests.fill(dataset, [3, 3])
    let good = try scratch.bytes("data/dataset.json")
    var random = SplitMix64(seed: 22)
    for _ in 0..<200 * effort {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&bytes, &random) }
      try scratch.write(bytes, "data/dataset.json")
      do {
        let opened = try Dataset.open(dataset.folder)
        _ = try Inspection.of(opened).description
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  /// What LeRobot 0.6 writes of an arm with three features beside it, shortened.
  static let info = """
    {"codebase_version": "v3.0", "fps": 30, "total_episodes": 2, "total_frames": 60, "features": {
    "action": {"dtype": "float32", "shape": [2], "names": ["a.pos", "b.pos"]},
    "observation.state": {"dtype": "float32", "shape": [2], "names": ["a.pos", "b.pos"]},
    "observation.environment_state": {"dtype": "float32", "shape": [3], "names": null},
    "observation.images.top": {"dtype": "video", "shape": [480, 640, 3], "names": {"axes": ["h", "w", "c"]}},
    "intervention": {"dtype": "bool", "shape": [1], "names": null}}}
    """

  @Test func `what another program says of its dataset is believed only where it can be`() throws {
    let good = try LeRobotCatalogue.Columns(info: Data(Self.info.utf8), of: "x")
    #expect(good.fps == 30 && good.joints == ["a", "b"] && good.environment == ["env.0", "env.1", "env.2"])
    #expect(good.hasIntervention && good.notes.count == 1)
    for (old, new) in [
      ("\"shape\": [3]", "\"shape\": [-3]"), ("\"shape\": [3]", "\"shape\": [4000000000]"),
      ("\"shape\": [3]", "\"shape\": []"), ("\"fps\": 30", "\"fps\": 1e300"), ("\"fps\": 30", "\"fps\": 0.5"),
      ("\"fps\": 30", "\"fps\": -30"), ("\"float32\", \"shape\": [2]", "\"string\", \"shape\": [2]"),
    ] {
      let text = Self.info.replacing(old, with: new)
      let error = #expect(throws: ExchangeError.self, "\(new)") {
        try LeRobotCatalogue.Columns(info: Data(text.utf8), of: "x")
      }
      #expect(error?.description.hasPrefix("x does not hold") == true, "\(new)")
    }
    var random = SplitMix64(seed: 23)
    var refused = 0
    for _ in 0..<2000 * effort {
      var bytes = Array(Self.info.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&bytes, &random) }
      do { _ = try LeRobotCatalogue.Columns(info: Data(bytes), of: "x") } catch {
        #expect(!error.description.isEmpty)
        refused += 1
      }
    }
    #expect(refused > 500 * effort)
  }

  /// The most memory that this process ever had.
  static func peakMegabytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) / 1024
  }
}
