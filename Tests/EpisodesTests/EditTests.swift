import Foundation
import RealTime
import Testing

@testable import Episodes

/// Edits of a dataset's list: each can be undone, and no log changes.
@Suite struct EditTests {
  /// Episodes `s-e0001`… of ten ticks each, as a session leaves them.
  private func dataset(_ folder: String, _ count: Int, session: String = "s", seed: UInt64 = 5) throws -> Dataset {
    let dataset = try Dataset.create(folder, durable: false)
    let ring = Ring<TickRecord>(capacity: 256, blank: TickRecord())
    let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session(session))
    var random = SplitMix64(seed: seed)
    for episode in 1...count {
      for tick in 0..<10 { ring.push(Samples.plausible(UInt64(tick), episode: UInt32(episode), &random)) }
      ring.push(TickRecord())
      recorder.drainOnce()
      recorder.finish(UInt32(episode), EpisodeEnd(label: episode % 3 == 0 ? .failure : .success))
      recorder.drainOnce()
    }
    return dataset
  }

  private func logs(_ scratch: Scratch, _ folder: String) throws -> [String: [UInt8]] {
    var logs: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: scratch.file(folder)) where name.hasSuffix(".mcap")
    {
      logs[name] = try scratch.bytes("\(folder)/\(name)")
    }
    return logs
  }

  @Test func `delete, relabel and filter change the list alone, and undo takes each back`() throws {
    let scratch = try Scratch()
    let dataset = try dataset(scratch.file("a"), 9)
    let (before, logsBefore) = (dataset.episodes, try logs(scratch, "a"))
    #expect(try dataset.delete(dataset.select("2,4-5")).episodes == 3)
    #expect(dataset.episodes.map(\.number) == [1, 3, 6, 7, 8, 9])
    #expect(try dataset.relabel(dataset.select("2"), label: .success, task: "another").episodes == 1)
    #expect(dataset.episodes[1].label == .success && dataset.episodes[1].task == "another")
    let successes = dataset.episodes.filter { $0.label == .success }.map(\.id)
    #expect(try dataset.filter(keeping: successes).episodes == 2)
    #expect(dataset.episodes.map(\.number) == [1, 3, 7, 8])
    // What was deleted is neither lost nor found again.
    #expect(try dataset.problems() == [])
    #expect(throws: DatasetError.self) { try dataset.episode(before[1].id) }
    let read = try Dataset.open(dataset.folder)
    #expect(read.episodes == dataset.episodes && read.edits.count == 3)
    #expect(try read.undo()?.episodes == 2)
    #expect(try read.undo()?.words.contains("label success") == true)
    #expect(try read.undo()?.episodes == 3)
    #expect(try read.undo() == nil)
    #expect(read.episodes == before)
    #expect(try logs(scratch, "a") == logsBefore)
  }

  @Test func `undo leaves alone what was recorded since`() throws {
    let scratch = try Scratch()
    let dataset = try dataset(scratch.file("a"), 3)
    let other = try self.dataset(scratch.file("b"), 1, session: "t")
    try dataset.delete(dataset.select("1"))
    try FileManager.default.copyItem(atPath: other.path(of: other.episodes[0]), toPath: scratch.file("a/t-e0001.mcap"))
    try dataset.append(other.episodes[0])
    _ = try dataset.undo()
    #expect(dataset.episodes.map(\.id) == ["s-e0001", "s-e0002", "s-e0003", "t-e0001"])
  }

  @Test func `split parts every episode once, the same way for the same seed, and copies no log`() throws {
    let scratch = try Scratch()
    let dataset = try dataset(scratch.file("a"), 20)
    let parts = dataset.parts([0.8, 0.2], seed: 1)
    #expect(parts.map(\.count) == [16, 4])
    #expect(Set(parts[0] + parts[1]) == Set(dataset.episodes.map(\.id)))
    #expect(dataset.parts([0.8, 0.2], seed: 1) == parts && dataset.parts([0.8, 0.2], seed: 2) != parts)
    let part = try Dataset.gather([(dataset, parts[1])], into: scratch.file("b"))
    #expect(part.episodes.map(\.id) == parts[1])
    #expect(try part.problems() == [])
    let links = try FileManager.default.attributesOfItem(atPath: part.path(of: part.episodes[0]))[.referenceCount]
    #expect(links as? Int == 2)
  }

  @Test func `merge takes an episode that several hold once, and refuses two of one name`() throws {
    let scratch = try Scratch()
    let first = try dataset(scratch.file("a"), 3)
    let second = try dataset(scratch.file("b"), 2, session: "t")
    let both = try Dataset.gather(
      [(first, first.episodes.map(\.id)), (second, second.episodes.map(\.id)), (first, [first.episodes[0].id])],
      into: scratch.file("c"))
    #expect(both.episodes.count == 5)
    #expect(try both.problems() == [])
    // The same name and number of ticks, but other ticks: the loop's clock began elsewhere.
    let impostor = try dataset(scratch.file("d"), 1, seed: 6)
    #expect(throws: DatasetError.duplicate(id: "s-e0001", folder: impostor.folder)) {
      try Dataset.gather([(first, ["s-e0001"]), (impostor, ["s-e0001"])], into: scratch.file("e"))
    }
  }

  @Test func `episodes are named by id, by place and by range; anything else is refused`() throws {
    let scratch = try Scratch()
    let dataset = try dataset(scratch.file("a"), 4)
    #expect(try dataset.select("s-e0002, 4,2-3") == ["s-e0002", "s-e0004", "s-e0003"])
    for wrong in ["0", "5", "3-2", "1-9", "x", "1-2-3", "-1"] {
      #expect(throws: DatasetError.self, "\(wrong)") { try dataset.select(wrong) }
    }
    #expect(throws: DatasetError.self) { try dataset.delete(["s-e0001", "nobody"]) }
    #expect(dataset.episodes.count == 4 && dataset.edits.isEmpty)
  }
}
