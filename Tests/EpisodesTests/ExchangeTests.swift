import Arm
import Foundation
import RealTime
import Testing

@testable import Episodes

/// Frames out of ticks, and datasets out to LeRobot's files and in again. That LeRobot itself reads them is judged in
/// `make peers` (Tests/Peers/lerobot_data.py).
@Suite struct ExchangeTests {
  private static func tick(_ n: Int, at ns: Int64) -> TickRecord {
    var record = TickRecord()
    record.tick = UInt64(n)
    record.scheduled = Nanoseconds(ns)
    return record
  }

  private static func cut(_ times: [Int64], fps: Int, whole: (TickRecord) -> Bool = { _ in true }) -> [UInt64] {
    withoutActuallyEscaping(whole) { whole in
      var grid = FrameGrid(fps: fps, isWhole: whole)
      var frames: [UInt64] = []
      for (n, time) in times.enumerated() { grid.add(tick(n, at: time)) { frames.append($0.tick) } }
      grid.end { frames.append($0.tick) }
      return frames
    }
  }

  private static let ms: Int64 = 1_000_000

  @Test func `at the loop's own rate every tick is a frame, at a quarter of it every fourth`() {
    let times = (0..<41).map { 5_000 + $0 * 10 * Self.ms }
    #expect(Self.cut(times, fps: 100) == Array(0...40))
    #expect(Self.cut(times, fps: 25) == Array(stride(from: 0, through: 40, by: 4)))
  }

  @Test func `a rate that divides nothing takes the newest tick that was due`() {
    // Frames at 0, 33.3, 66.7, 100 ms.
    #expect(Self.cut((0...10).map { $0 * 10 * Self.ms }, fps: 30) == [0, 3, 6, 10])
  }

  @Test func `a missed period repeats the tick before it, a long gap is closed`() {
    #expect(Self.cut([0, 10, 40, 50].map { $0 * Self.ms }, fps: 100) == [0, 1, 1, 1, 2, 3])
    #expect(Self.cut([0, 10, 5_000, 5_010].map { $0 * Self.ms }, fps: 100) == [0, 1, 2, 3])
  }

  @Test func `a clock that jumps by years makes no frames up`() {
    #expect(Self.cut([0, 10 * Self.ms, .max / 2, .max / 2 + 10 * Self.ms, 0], fps: 100).count == 5)
  }

  @Test func `ticks in which something is not known are passed over`() {
    let times = (0..<6).map { $0 * 10 * Self.ms }
    #expect(Self.cut(times, fps: 100) { $0.tick >= 2 && $0.tick != 4 } == [2, 3, 3, 5])
  }

  private static func arm() throws -> (ArmDescription, Calibration) {
    let hardware = Hardware(root: JudgeTests.root.appending(path: "hardware"))
    let url = JudgeTests.root.appending(path: "calibration/twin-follower.json")
    return (try ArmDescription.load("so101-follower", from: hardware), try Calibration(reading: url))
  }

  @Test(arguments: [LeRobotUnits.degrees, .normalized])
  func `every encoder tick comes back as the same bits, anything between within a Float of a turn`(
    units: LeRobotUnits
  ) throws {
    let (arm, calibration) = try Self.arm()
    let conversion = try LeRobotConversion(units, arm: arm, calibration: calibration)
    let scale = try ArmScale(arm, calibration)
    for (index, joint) in arm.joints.enumerated() {
      let entry = try #require(calibration[joint.name])
      for tick in entry.rangeMin...entry.rangeMax {
        let radians = scale.radians(SIMD8(repeating: Int32(tick)))[index]
        let value = conversion.value(radians, joint: index)
        let rule: Normalization = index == 5 ? .range0To100 : units == .degrees ? .degrees : .rangeM100To100
        #expect(value == Float(rule.normalize(tick, entry)))
        #expect(conversion.radians(value, joint: index).bitPattern == radians.bitPattern)
      }
      var random = SplitMix64(seed: 3)
      for _ in 0..<200 {
        let radians = Float(random.uniform(Double(scale.lower[index])...Double(scale.upper[index])))
        let back = conversion.radians(conversion.value(radians, joint: index), joint: index)
        #expect(abs(back - radians) < 3e-6)
      }
    }
  }

  /// A dataset of a policy's and a person's ticks, with the twin's arm attached as a session would.
  private static func dataset(_ folder: String, episodes: Int = 3, ticks: Int = 400) throws -> Dataset {
    let dataset = try Dataset.create(folder, durable: false)
    var session = Samples.session()
    let root = JudgeTests.root
    session.files = [
      SessionFile(
        name: "so101-follower.yaml",
        text: try String(contentsOf: root.appending(path: "hardware/arms/so101-follower.yaml"), encoding: .utf8)),
      SessionFile(
        name: "so101-follower-calibration.json",
        text: try String(contentsOf: root.appending(path: "calibration/twin-follower.json"), encoding: .utf8)),
    ]
    let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
    let recorder = try Recorder(ring: ring, dataset: dataset, session: session)
    var random = SplitMix64(seed: 5)
    for episode in 1...episodes {
      for tick in 0..<ticks { ring.push(Samples.plausible(UInt64(tick), episode: UInt32(episode), &random)) }
      recorder.drainOnce()
      recorder.finish(
        UInt32(episode), EpisodeEnd(label: episode == 2 ? .failure : .success, notes: "it's \"fine\"; DROP TABLE 'x'"))
      ring.push(TickRecord())
      recorder.drainOnce()
    }
    recorder.stop()
    return dataset
  }

  @Test func `what goes out in radians comes in again with every bit, label, note and id`() throws {
    let scratch = try Scratch()
    let dataset = try Self.dataset(scratch.file("a"))
    var export = LeRobotExport()
    export.units = .radians
    export.fps = 100
    export.labels = Set(EpisodeLabel.allCases)
    export.fileSize_MB = 0
    let report = try export.run(dataset, to: scratch.file("lerobot"))
    #expect(report.episodes == 3 && report.frames == 1200 && report.files == 3)
    let back = try LeRobotImport().run(scratch.file("lerobot"), to: scratch.file("b"))
    #expect(back.episodes == 3 && back.frames == 1200 && back.notes.isEmpty)
    let other = try Dataset.open(scratch.file("b"))
    for (entry, copy) in zip(dataset.episodes, other.episodes) {
      #expect(entry.id == copy.id && entry.label == copy.label && entry.notes == copy.notes && entry.task == copy.task)
      #expect(entry.personFrames == copy.personFrames)
      let (ticks, copies) = (try readAll(dataset.path(of: entry)), try readAll(other.path(of: copy)))
      try #require(ticks.count == copies.count)
      for (tick, copy) in zip(ticks, copies) {
        for joint in 0..<6 {
          #expect(tick.follower.position[joint].bitPattern == copy.follower.position[joint].bitPattern)
          #expect(tick.command[joint].bitPattern == copy.command[joint].bitPattern)
        }
        for feature in 0..<3 {
          #expect(tick.environment.values[feature].bitPattern == copy.environment.values[feature].bitPattern)
        }
        #expect(tick.source == copy.source)
      }
    }
  }

  @Test func `failures stay at home, and corrections alone become episodes of their own`() throws {
    let scratch = try Scratch()
    let dataset = try Self.dataset(scratch.file("a"), ticks: 1000)
    var export = LeRobotExport()
    let whole = try export.run(dataset, to: scratch.file("whole"))
    #expect(whole.episodes == 2 && whole.fps == 25 && whole.notes.contains { $0.contains("failure") })
    export.onlyInterventions = true
    // The person drives ticks 300 to 599 of each.
    let parts = try export.run(dataset, to: scratch.file("parts"))
    #expect(parts.episodes == 2 && parts.frames == 2 * 75)
    let (arm, calibration) = try Self.arm()
    var reading = LeRobotImport()
    reading.arm = (arm, calibration)
    let back = try reading.run(scratch.file("parts"), to: scratch.file("b"))
    #expect(back.episodes == 2 && back.units == .degrees)
    #expect(try Dataset.open(scratch.file("b")).episodes.allSatisfy { $0.personFrames == $0.frames })
  }

  @Test func `nothing is overwritten, and what cannot be is said in a sentence`() throws {
    let scratch = try Scratch()
    let dataset = try Self.dataset(scratch.file("a"), episodes: 1, ticks: 50)
    var export = LeRobotExport()
    _ = try export.run(dataset, to: scratch.file("out"))
    let before = scratch.names
    #expect(throws: ExchangeError.exists(folder: scratch.file("out"))) {
      try export.run(dataset, to: scratch.file("out"))
    }
    export.fps = 101
    #expect(throws: ExchangeError.rate(asked: 101, loop_Hz: 100)) { try export.run(dataset, to: scratch.file("x")) }
    export.fps = nil
    export.labels = [.failure]
    #expect(throws: ExchangeError.self) { try export.run(dataset, to: scratch.file("x")) }
    #expect(throws: ExchangeError.noCalibration(source: scratch.file("out"), units: .degrees)) {
      try LeRobotImport().run(scratch.file("out"), to: scratch.file("x"))
    }
    #expect(throws: ExchangeError.self) { try LeRobotImport().run(scratch.path, to: scratch.file("x")) }
    #expect(scratch.names == before)
  }

  @Test func `an export that has no room says how much it needs before it writes`() throws {
    let scratch = try Scratch()
    _ = try Self.dataset(scratch.file("a"), episodes: 1, ticks: 50)
    let list = scratch.file("a/dataset.json")
    let text = try String(contentsOfFile: list, encoding: .utf8)
    let large = text.replacing(/"frames"( ?): 50/) { "\"frames\"\($0.1): \(1 << 47)" }
    try #require(large != text)
    try large.write(toFile: list, atomically: true, encoding: .utf8)
    let dataset = try Dataset.open(scratch.file("a"))
    let before = scratch.names
    let error = #expect(throws: ExchangeError.self) { try LeRobotExport().run(dataset, to: scratch.file("out")) }
    guard case .noRoom(let folder, let needed, let free) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(folder == scratch.path && needed == 1000 << 47 && free < needed)
    #expect(scratch.names == before)
  }

  @Test func `a dataset of version 2 is refused with the name of its converter`() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch.file("old/meta"), withIntermediateDirectories: true)
    try scratch.write(Array(#"{"codebase_version": "v2.1", "fps": 30, "features": {}}"#.utf8), "old/meta/info.json")
    #expect(throws: ExchangeError.version(folder: scratch.file("old"), found: "v2.1")) {
      try LeRobotImport().run(scratch.file("old"), to: scratch.file("x"))
    }
    #expect(ExchangeError.version(folder: "old", found: "v2.1").description.contains("convert_dataset_v21_to_v30"))
  }
}
