import Foundation
import RealTime
import Testing

@testable import Episodes

@Suite struct DatasetTests {
  /// Records episodes of these lengths into a dataset.
  static func fill(_ dataset: Dataset, _ lengths: [Int], session: String = "s", seed: UInt64 = 1) throws {
    let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
    let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session(session))
    var random = SplitMix64(seed: seed)
    for (index, length) in lengths.enumerated() {
      for tick in 0..<length { ring.push(Samples.plausible(UInt64(tick), episode: UInt32(index + 1), &random)) }
      recorder.finish(UInt32(index + 1), EpisodeEnd(label: index % 2 == 0 ? .success : .failure))
      recorder.drainOnce()
    }
    recorder.stop()
  }

  @Test func `which episodes are held out never changes`() {
    // Literal on purpose: if one of these fails, held-out data of every existing dataset leaks into training.
    let heldOut = (0..<60).filter { Dataset.isHeldOut("2026-07-31T101530Z-3fa2-e\(String(10_000 + $0).dropFirst())") }
    #expect(heldOut == [4, 6, 7, 18, 44, 50, 59])
    #expect(StableHash.of("".utf8) == 0xEFD0_1F60_BA99_2926)
    #expect(StableHash.of("a".utf8) == 0x82A2_A958_A9BE_CE5B)
  }

  @Test func `about one in ten is held out`() {
    let share = Double((0..<20_000).count { Dataset.isHeldOut("session-e\($0)") }) / 20_000
    #expect(abs(share - 0.1) < 0.01)
  }

  @Test func `a dataset opens again with what was added, also by another`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data/"))
    let other = try Dataset.open(scratch.file("data"))
    try Self.fill(dataset, [30, 20])
    try Self.fill(other, [10], session: "t")
    try dataset.reload()
    #expect(dataset.episodes.map(\.id) == ["s-e0001", "s-e0002", "t-e0001"])
    #expect(try Dataset.open(scratch.file("data")).episodes == dataset.episodes)
    let entry = try dataset.episode("s-e0002")
    #expect(entry.frames == 20 && entry.label == .failure && entry.session == "s" && entry.number == 2)
    #expect(abs(entry.duration_s - 0.19) < 1e-3)
    #expect(try dataset.read(entry).session == Samples.session("s"))
    let digest = dataset.digest
    try dataset.relabel("s-e0002", .success)
    #expect(try Dataset.open(scratch.file("data")).episode("s-e0002").label == .success)
    #expect(dataset.digest != digest)
    #expect(throws: DatasetError.duplicate(id: "s-e0001", folder: dataset.folder)) {
      try dataset.append(dataset.episode("s-e0001"))
    }
    #expect(throws: DatasetError.unknownEpisode(id: "x", folder: dataset.folder, known: 3)) { try dataset.episode("x") }
  }

  @Test func `what the manifest does not account for is named, with the mend`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try Self.fill(dataset, [30, 20, 10])
    let folder = dataset.folder
    try FileManager.default.removeItem(atPath: "\(folder)/s-e0001.mcap")
    let second = try Data(contentsOf: URL(filePath: "\(folder)/s-e0002.mcap"))
    try second.dropLast(100).write(to: URL(filePath: "\(folder)/s-e0002.mcap"))
    try Samples.writeOpen("\(folder)/new.mcap", RecoveryTests.records(5))
    var recording = try EpisodeFile.create(
      "\(folder)/now.mcap", id: "now", session: Samples.session(), episode: EpisodeInfo(number: 1))
    try recording.flush()
    let opened = try Dataset.open(folder)
    #expect(
      try opened.problems() == [
        .torn(file: "\(folder)/new.mcap"), .beingRecorded(file: "\(folder)/now.mcap"),
        .torn(file: "\(folder)/s-e0002.mcap"), .missing(id: "s-e0001", file: "\(folder)/s-e0001.mcap"),
      ])
    #expect(try opened.problems()[0].description.contains("`understudy recover \(folder)/new.mcap`"))
    let reports = try opened.recover()
    #expect(reports.map(\.frames) == [5, 20])
    #expect(opened.episodes.map(\.id) == ["s-e0001", "s-e0002", "s-e0003", "2026-07-31T101530Z-3fa2-e0001"])
    #expect(try opened.episode("s-e0002").label == .failure, "the manifest's word stands")
    #expect(
      try opened.problems() == [
        .beingRecorded(file: "\(folder)/now.mcap"), .missing(id: "s-e0001", file: "\(folder)/s-e0001.mcap"),
      ])
    #expect(recording.frames == 0)
  }

  @Test func `a mended log is listed as it is now, and keeps its label only where nothing is gone`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try Self.fill(dataset, [4000])
    let listed = try dataset.episode("s-e0001"), log = dataset.path(of: listed)
    #expect(listed.label == .success && !listed.recovered)
    let whole = try Data(contentsOf: URL(filePath: log))
    try whole.dropLast(100).write(to: URL(filePath: log))
    let first = try dataset.recover(log)
    let mended = try Dataset.open(dataset.folder).episode("s-e0001")
    #expect(first.frames == 4000 && first.withdrawnLabel == nil)
    #expect(mended.recovered && mended.label == .success && mended.frames == 4000)
    #expect(mended.bytes == (try Data(contentsOf: URL(filePath: log))).count)
    // Now ticks go too, and with them what the person judged.
    try whole.prefix(whole.count / 2).write(to: URL(filePath: log))
    let second = try dataset.recover(log)
    let cut = try Dataset.open(dataset.folder).episode("s-e0001")
    #expect(second.frames < 4000 && cut.frames == second.frames && cut.label == .unlabelled && cut.recovered)
    #expect(second.withdrawnLabel == .success && second.description.contains("its label success"))
    let size = try Data(contentsOf: URL(filePath: log)).count, reader = try dataset.read(cut)
    #expect(cut.bytes == size && cut.checksum == Hexadecimal.text(UInt64(reader.checksum), digits: 8))
    #expect(try dataset.problems().isEmpty)
    // A copy beside it is no second episode, and does not take its place.
    let copy = "\(dataset.folder)/copy.mcap"
    try FileManager.default.copyItem(atPath: log, toPath: copy)
    #expect(throws: DatasetError.copied(id: "s-e0001", folder: dataset.folder, file: copy)) {
      try dataset.recover(copy)
    }
    #expect(try dataset.episode("s-e0001") == cut)
    try FileManager.default.removeItem(atPath: copy)
    // Put back from a backup, it is another file than the one listed.
    try whole.write(to: URL(filePath: log))
    #expect(try dataset.problems() == [.changed(file: log)])
    _ = try dataset.recover()
    #expect(try dataset.problems().isEmpty && dataset.episode("s-e0001").frames == 4000)
  }

  @Test func `a lost manifest is made anew from the logs`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try Self.fill(dataset, [30, 20])
    try FileManager.default.removeItem(atPath: scratch.file("data/dataset.json"))
    let again = try Dataset.create(scratch.file("data"))
    #expect(again.episodes == [])
    _ = try again.recover()
    #expect(again.episodes == dataset.episodes)
  }

  @Test func `a folder or manifest that is none is refused with a reason`() throws {
    let scratch = try Scratch()
    #expect(throws: DatasetError.notADataset(folder: scratch.path)) { try Dataset.open(scratch.path) }
    let good = #"{"format": "understudy-dataset", "version": 1, "name": "x", "episodes": []}"#
    try scratch.write(good.utf8, "dataset.json")
    #expect(try Dataset.open(scratch.path).episodes == [])
    for (bad, says) in [
      ("", "not the JSON"), ("[]", "another type"), (#"{"format": "understudy-dataset"}"#, "'version' is missing"),
      (good.replacing("understudy-dataset", with: "lerobot"), "its format is 'lerobot'"),
      (good.replacing("1", with: "2"), "version 2"),
    ] {
      try scratch.write(bad.utf8, "dataset.json")
      let error = #expect(throws: DatasetError.self) { try Dataset.open(scratch.path) }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }

  @Test func `a folder of other things is not taken for a new dataset`() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch.file("home"), withIntermediateDirectories: true)
    try scratch.write([], "home/.hidden")
    try scratch.write(Array("mine".utf8), "home/thesis.txt")
    #expect(throws: DatasetError.foreign(folder: scratch.file("home"), example: "thesis.txt")) {
      try Dataset.openOrCreate(scratch.file("home"))
    }
    #expect(try scratch.bytes("home/thesis.txt") == Array("mine".utf8))
    try FileManager.default.removeItem(atPath: scratch.file("home/thesis.txt"))
    #expect(try Dataset.openOrCreate(scratch.file("home")).episodes.isEmpty)
    // Logs without their list are a dataset that lost it.
    try FileManager.default.removeItem(atPath: scratch.file("home/dataset.json"))
    try scratch.write(MCAP.magic, "home/a.mcap")
    let error = #expect(throws: DatasetError.self) { try Dataset.openOrCreate(scratch.file("home")) }
    #expect(error?.description.contains("understudy recover") == true)
  }

  @Test func `a manifest cannot point outside its folder`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try Self.fill(dataset, [3])
    let path = scratch.file("data/dataset.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for name in ["../secret.mcap", "/etc/passwd", "", ".hidden"] {
      try text.replacing("\"file\" : \"s-e0001.mcap\"", with: "\"file\" : \"\(name)\"")
        .write(toFile: path, atomically: true, encoding: .utf8)
      #expect(throws: DatasetError.self) { try Dataset.open(dataset.folder) }
    }
  }
}
