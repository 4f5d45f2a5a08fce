import Foundation
import RealTime
import Testing

@testable import Episodes

@Suite struct RecorderTests {
  /// A recorder on virtual time: everything happens when `drainOnce` is called.
  struct Bench {
    let scratch: Scratch
    let ring = Ring<TickRecord>(capacity: 64, blank: TickRecord())
    let dataset: Dataset
    let recorder: Recorder
    var tick: UInt64 = 0
    var random = SplitMix64(seed: 5)

    init(_ options: Recorder.Options = Recorder.Options()) throws {
      scratch = try Scratch()
      dataset = try Dataset.create(scratch.file("data"), durable: false)
      recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session("s"), options: options)
    }

    /// Runs the loop for `n` ticks of an episode.
    mutating func run(_ n: Int, episode: UInt32, drain: Bool = true) {
      for _ in 0..<n {
        ring.push(Samples.plausible(tick, episode: episode, &random))
        tick += 1
        if drain { recorder.drainOnce() }
      }
    }

    func ids() -> [String] { dataset.episodes.map(\.id) }

    func ticks(_ id: String) throws -> [UInt64] {
      try readAll("\(dataset.folder)/\(id).mcap").map(\.tick)
    }
  }

  @Test func `each tick lands in the episode that it names, whenever the session speaks`() throws {
    var bench = try Bench()
    bench.run(3, episode: 0)
    bench.run(5, episode: 1, drain: false)
    bench.recorder.finish(1, EpisodeEnd(label: .success, notes: "well done"))
    bench.run(4, episode: 1)  // the loop has not heard of it yet
    #expect(bench.ids() == [])
    bench.run(2, episode: 0)
    #expect(bench.ids() == ["s-e0001"])
    bench.run(6, episode: 2)
    bench.run(7, episode: 3)  // follows without a pause
    bench.recorder.finish(3, EpisodeEnd(label: .failure))
    bench.recorder.finish(2, EpisodeEnd())
    bench.run(1, episode: 0)
    #expect(bench.ids() == ["s-e0001", "s-e0002", "s-e0003"])
    #expect(try bench.ticks("s-e0001") == Array(3..<12))
    #expect(try bench.ticks("s-e0002") == Array(14..<20))
    #expect(try bench.ticks("s-e0003") == Array(20..<27))
    #expect(bench.dataset.episodes.map(\.label) == [.success, .unlabelled, .failure])
    let reader = try bench.dataset.read(bench.dataset.episodes[0])
    #expect(reader.isFinished && reader.end == EpisodeEnd(label: .success, notes: "well done"))
    #expect(reader.statistics?.frames == 9)
    #expect(bench.recorder.status.failure == nil && bench.recorder.status.lost == 0)
    #expect(try bench.dataset.problems() == [])
  }

  @Test func `a discarded episode moves aside and its redo takes the number`() throws {
    var bench = try Bench()
    bench.recorder.expect(EpisodeInfo(number: 1))
    bench.run(5, episode: 1)
    bench.recorder.discard(1, reason: "wrong cup")
    bench.run(1, episode: 0)
    var again = EpisodeInfo(number: 1)
    again.attempt = 2
    again.extra = ["round": "1"]
    bench.recorder.expect(again)
    bench.run(6, episode: 1)
    bench.recorder.finish(1, EpisodeEnd(label: .success))
    bench.run(1, episode: 0)
    #expect(bench.ids() == ["s-e0001a2"])
    #expect(bench.dataset.episodes[0].attempt == 2)
    let kept = "\(bench.dataset.folder)/discarded/s-e0001.mcap"
    #expect(try readAll(kept).count == 5)
    #expect(try EpisodeReader.open(kept).end?.notes == "wrong cup")
    #expect(try bench.dataset.read(bench.dataset.episodes[0]).episode == again)
    let outcomes = bench.recorder.takeOutcomes()
    #expect(outcomes == [.discarded(id: "s-e0001", path: kept), .kept(bench.dataset.episodes[0])])
    #expect(bench.recorder.takeOutcomes() == [])
  }

  @Test func `a second redo and a second discard keep every file`() throws {
    var bench = try Bench()
    for _ in 0..<3 {
      bench.run(2, episode: 7)
      bench.recorder.discard(7)
      bench.run(1, episode: 0)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(bench.dataset.folder)/discarded").sorted()
    #expect(names.count == 3 && bench.ids() == [])
  }

  @Test func `a verdict on an episode without ticks says so and harms no other`() throws {
    var bench = try Bench()
    bench.recorder.finish(9, EpisodeEnd(label: .failure))
    bench.recorder.drainOnce()
    #expect(bench.recorder.takeOutcomes() == [.empty(number: 9)])
    bench.run(2, episode: 9)
    bench.recorder.finish(9, EpisodeEnd(label: .success))
    bench.run(1, episode: 0)
    #expect(bench.dataset.episodes.map(\.label) == [.success])
  }

  @Test func `what a full ring refused is counted in the episode that lost it`() throws {
    var bench = try Bench()
    bench.run(1, episode: 1)
    bench.run(100, episode: 1, drain: false)
    bench.run(1, episode: 1)
    bench.recorder.finish(1, EpisodeEnd())
    bench.run(1, episode: 0)
    let entry = try #require(bench.dataset.episodes.first)
    #expect(entry.lost == 37 && entry.frames == 65)  // of 102, 64 fit the ring at once, and one before
    #expect(bench.recorder.status.overflow == 37 && bench.recorder.status.lost == 37)
    let statistics = try #require(try bench.dataset.read(entry).statistics)
    #expect(statistics.gaps == 0 && statistics.frames == 65)
  }

  @Test func `stopping keeps what has no verdict, as unlabelled`() throws {
    var bench = try Bench()
    bench.run(4, episode: 1)
    bench.run(4, episode: 2, drain: false)
    bench.recorder.stop()
    #expect(bench.ids() == ["s-e0001", "s-e0002"])
    #expect(bench.dataset.episodes.map(\.label) == [.unlabelled, .unlabelled])
    #expect(try bench.ticks("s-e0002") == [4, 5, 6, 7])
  }

  @Test func `no file is ever overwritten`() throws {
    var bench = try Bench()
    let taken = "\(bench.dataset.folder)/s-e0001.mcap"
    try Data("precious".utf8).write(to: URL(filePath: taken))
    bench.run(3, episode: 1)
    bench.recorder.finish(1, EpisodeEnd())
    bench.run(1, episode: 0)
    #expect(bench.ids() == ["s-e0001a2"])
    #expect(try String(contentsOfFile: taken, encoding: .utf8) == "precious")
  }

  @Test func `with too little room an episode is not begun, and the reason can be read`() throws {
    var options = Recorder.Options()
    options.minimumFreeBytes = .max
    var bench = try Bench(options)
    bench.run(3, episode: 1)
    #expect(bench.recorder.status.failure == .noRoom(file: bench.dataset.folder))
    bench.recorder.finish(1, EpisodeEnd())
    bench.run(1, episode: 0)
    #expect(bench.recorder.status.lost == 3)
    #expect(
      bench.recorder.takeOutcomes() == [
        .failed(number: 1, path: nil, error: .log(.noRoom(file: bench.dataset.folder)))
      ])
  }

  @Test func `when the disk runs full while it records, the episode ends whole and is finished`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    let ring = Ring<TickRecord>(capacity: 64, blank: TickRecord())
    var options = Recorder.Options()
    options.minimumFreeBytes = 0
    options.reservedFreeBytes = .max
    let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session("s"), options: options)
    var random = SplitMix64(seed: 1)
    for tick in 0..<30 {
      ring.push(Samples.plausible(UInt64(tick), episode: 1, &random))
      recorder.drainOnce()
      if tick == 19 { recorder.syncOnce() }
    }
    #expect(recorder.status.failure == .noRoom(file: dataset.folder))
    recorder.finish(1, EpisodeEnd(label: .success))
    ring.push(TickRecord())
    recorder.drainOnce()
    let entry = try #require(dataset.episodes.first)
    #expect(entry.frames == 20 && entry.lost == 10 && entry.label == .success)
    #expect(try readAll(dataset.path(of: entry)).map(\.tick) == Array(0..<20))
  }

  @Test func `a folder that goes while it records is told at the next sync, and what became of the episode at its end`()
    throws
  {
    for isPutBack in [true, false] {
      var bench = try Bench()
      bench.run(10, episode: 1)
      bench.recorder.syncOnce()
      #expect(bench.recorder.status.failure == nil)
      let (folder, away) = (bench.dataset.folder, bench.scratch.file("renamed"))
      if isPutBack {
        try FileManager.default.moveItem(atPath: folder, toPath: away)
      } else {
        try FileManager.default.removeItem(atPath: folder)
      }
      bench.run(10, episode: 1)
      bench.recorder.syncOnce()
      #expect(bench.recorder.status.failure == .gone(file: "\(folder)/s-e0001.mcap"))
      if isPutBack { try FileManager.default.moveItem(atPath: away, toPath: folder) }
      bench.recorder.finish(1, EpisodeEnd(label: .success))
      bench.run(1, episode: 0)
      if isPutBack {
        #expect(try bench.ticks("s-e0001") == Array(0..<20), "every tick of before, meanwhile and after")
      } else {
        guard case .failed(1, _, let error)? = bench.recorder.takeOutcomes().first else {
          Issue.record("an episode without a file was called kept")
          return
        }
        #expect("\(error)".contains(folder), "\(error)")
      }
    }
  }

  @Test func `a session that cannot be written down is refused at once`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    let ring = Ring<TickRecord>(capacity: 8, blank: TickRecord())
    for session in [Samples.session("../escape"), Samples.session(""), Samples.session(joints: [])] {
      #expect(throws: LogError.self) { try Recorder(ring: ring, dataset: dataset, session: session) }
    }
  }

  @Test func `on its own threads it records, syncs, finishes and stops`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    let ring = Ring<TickRecord>(capacity: 1024, blank: TickRecord())
    var options = Recorder.Options()
    options.syncPeriod = .milliseconds(10)
    let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session("s"), options: options)
    recorder.start()
    var random = SplitMix64(seed: 1)
    for episode in UInt32(1)...3 {
      for tick in 0..<500 {
        while !ring.push(Samples.plausible(UInt64(tick), episode: episode, &random)) { usleep(1000) }
      }
      recorder.finish(episode, EpisodeEnd(label: .success))
      ring.push(TickRecord())
    }
    #expect(recorder.waitUntilSettled(limit: .seconds(30)))
    #expect(dataset.episodes.map(\.frames) == [500, 500, 500])
    recorder.stop()
    #expect(recorder.status.lastSync != .never && recorder.status.written == 1500)
    #expect(try Dataset.open(dataset.folder).episodes.map(\.label) == [.success, .success, .success])
  }
}
