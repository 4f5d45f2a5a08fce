import Foundation
import Glibc
import RealTime
import TestSupport
import Testing

@testable import Episodes

@Suite struct RecoveryTests {
  static func records(_ n: Int, _ seed: UInt64 = 1) -> [TickRecord] {
    var random = SplitMix64(seed: seed)
    return (0..<n).map { Samples.plausible(UInt64($0), episode: 1, &random) }
  }

  /// Where each message ends, counted by hand: opcode, eight bytes of length, content.
  static func messageEnds(_ bytes: [UInt8]) -> [(end: Int, isTick: Bool)] {
    var ends: [(Int, Bool)] = []
    var at = 8
    while at + 9 <= bytes.count {
      let length = (0..<8).reduce(0) { $0 | Int(bytes[at + 1 + $1]) << (8 * $1) }
      guard at + 9 + length <= bytes.count else { break }
      if bytes[at] == 5 { ends.append((at + 9 + length, bytes[at + 9] == 5)) }
      at += 9 + length
    }
    return ends
  }

  static func messages(_ path: String) throws -> [[UInt8]] {
    var stream = try MessageStream(LogFile.open(reading: path))
    var messages: [[UInt8]] = []
    while let item = try stream.next() {
      if case .message(let message) = item { messages.append(message.whole.array) }
    }
    return messages
  }

  @Test func `a log cut at any byte of its last 64 KB, or megabyte in make fuzz, reads up to the last whole message`()
    throws
  {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    let window = effort > 1 ? 1 << 20 : 1 << 16
    let records = Self.records(window / 800)
    try Samples.writeOpen(path, records)
    let bytes = try scratch.bytes("a.mcap")
    let ends = Self.messageEnds(bytes)
    let first = bytes.count - window
    #expect(first > 8192, "the log is long enough that its front stays whole")
    for cut in stride(from: bytes.count, through: first, by: -1) {
      #expect(truncate(path, off_t(cut)) == 0)
      let whole = ends.count { $0.end <= cut }
      let ticks = ends.count { $0.end <= cut && $0.isTick }
      var stream = try MessageStream(LogFile.open(reading: path))
      var seen = 0
      while let item = try stream.next() {
        if case .message = item { seen += 1 }
      }
      #expect(seen == whole, "cut at \(cut)")
      if cut % (window / 700) == 0 {
        #expect(try readAll(path).map(\.bits) == records.prefix(ticks).map(\.bits), "cut at \(cut)")
      }
    }
  }

  @Test func `mending keeps every whole message, the original, and says what is gone`() throws {
    var random = SplitMix64(seed: 2)
    for round in 0..<40 * effort {
      let scratch = try Scratch()
      let path = scratch.file("a.mcap")
      let records = Self.records(60, UInt64(round))
      try Samples.writeOpen(path, records)
      let bytes = try scratch.bytes("a.mcap")
      let cut = Int.random(in: bytes.count - 60_000...bytes.count, using: &random)
      try scratch.write(bytes.prefix(cut), "a.mcap")
      let expected = try Self.messages(path)
      let ends = Self.messageEnds(bytes).filter { $0.end <= cut }
      let report = try Recovery.mend(path)
      #expect(try Self.messages(path) == expected)
      #expect(report.frames == ends.count { $0.isTick })
      #expect(report.discardedBytes == cut - (ends.last?.end ?? 0))
      #expect(report.original == path + ".torn")
      #expect(try scratch.bytes("a.mcap.torn") == Array(bytes.prefix(cut)))
      #expect(scratch.names == ["a.mcap", "a.mcap.torn"])
      let reader = try EpisodeReader.open(path)
      #expect(reader.isFinished && reader.wasRecovered == (report.discardedBytes > 0))
      #expect(reader.end == EpisodeEnd())
      #expect(try Recovery.mend(path).original == nil, "mending what is whole changes nothing")
    }
  }

  @Test func `a process killed while it finished a log leaves the label too`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    try Samples.writeOpen(path, Self.records(10))
    var end = ByteBuffer()
    EpisodeEnd(label: .failure, notes: "dropped it", lost: 3).metadata.append(to: &end)
    try scratch.write(scratch.bytes("a.mcap") + end.bytes.array, "a.mcap")
    try scratch.write(Array("half a file".utf8), "a.mcap.finishing")
    let report = try Recovery.mend(path)
    #expect(report.discardedBytes == 0 && report.frames == 10 && report.entry?.label == .failure)
    #expect(report.entry?.notes == "dropped it" && report.entry?.lost == 3)
    #expect(scratch.names == ["a.mcap", "a.mcap.torn"])
  }

  @Test func `where nothing can be saved the file stays as it is, and the report says so`() throws {
    let whole = try Scratch()
    try Samples.writeOpen(whole.file("a.mcap"), Self.records(1))
    let bytes = try whole.bytes("a.mcap")
    let front = (Self.messageEnds(bytes).first?.end ?? 0) - 300
    for cut in [0, 5, 8, 9, 40, 500, front / 2] {
      let scratch = try Scratch()
      try scratch.write(bytes.prefix(cut), "a.mcap")
      let report = try Recovery.mend(scratch.file("a.mcap"))
      #expect(report.entry == nil && report.frames == 0 && !report.hasEpisode)
      #expect(report.description.contains("nothing could be saved"))
      #expect(scratch.names == ["a.mcap"])
      #expect(try scratch.bytes("a.mcap") == Array(bytes.prefix(cut)))
    }
  }

  @Test func `zeros at the end, as a power cut leaves them, are cut off`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    let records = Self.records(20)
    try Samples.writeOpen(path, records)
    try scratch.write(scratch.bytes("a.mcap") + [UInt8](repeating: 0, count: 4096), "a.mcap")
    let report = try Recovery.mend(path)
    #expect(report.frames == 20 && report.discardedBytes == 4096)
    #expect(try readAll(path).map(\.bits) == records.map(\.bits))
  }

  @Test func `a finished log whose copy was cut short keeps what its chunks hold`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    let records = Self.records(4000)
    try Samples.writeOpen(path, records)
    _ = try Finisher.finish(LogFile.open(reading: path))
    let bytes = try scratch.bytes("a.mcap")
    for share in [0.35, 0.6, 0.9, 0.999] {
      let name = "cut-\(share).mcap"
      try scratch.write(bytes.prefix(Int(Double(bytes.count) * share)), name)
      let report = try Recovery.mend(scratch.file(name))
      let read = try readAll(scratch.file(name))
      #expect(read.count == report.frames && read.map(\.bits) == records.prefix(read.count).map(\.bits))
      // zstd gives back a torn chunk block by block, so little of the share is missing.
      #expect(Double(read.count) > Double(records.count) * (share - 0.25))
    }
  }

  @Test func `a log that is being recorded is left alone`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.mcap")
    var file = try EpisodeFile.create(path, id: "a", session: Samples.session(), episode: EpisodeInfo(number: 1))
    file.append(Self.records(1)[0])
    try file.flush()
    #expect(throws: LogError.inUse(file: path)) { try Recovery.mend(path) }
    #expect(file.frames == 1)
  }

  @Test func `what is no MCAP file stays as it is`() throws {
    let scratch = try Scratch()
    try scratch.write(Array("I am a letter to my aunt.".utf8), "a.mcap")
    #expect(throws: LogError.notMCAP(file: scratch.file("a.mcap"))) { try Recovery.mend(scratch.file("a.mcap")) }
    #expect(scratch.names == ["a.mcap"])
  }
}
