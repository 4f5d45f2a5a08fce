import Foundation
import Glibc
import RealTime
import TestSupport
import Testing

@testable import Episodes

/// What the kernel itself does to a recording process. Each runs in a child.
@Suite struct KillTests {
  /// What the child knew when it died, through a file that it wrote in one piece.
  struct Marker {
    let pushed: Int
    let written: Int

    init(_ scratch: Scratch) throws {
      let words = try String(contentsOfFile: scratch.file("marker"), encoding: .utf8).split(separator: " ")
      pushed = try #require(words.first.flatMap { Int($0) })
      written = try #require(words.last.flatMap { Int($0) })
    }
  }

  @Test func `a killed recorder loses no tick that it wrote, and no more than the last 20 ms`() async throws {
    var random = SplitMix64(seed: 4)
    var losses: [Int] = []
    for _ in 0..<5 * effort {
      let scratch = try Scratch()
      let path = scratch.path
      let ticks = Int.random(in: 50...300, using: &random)
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, ticks = ticks as Int] in
        let dataset = try Dataset.create("\(path)/data")
        let ring = Ring<TickRecord>(capacity: 1024, blank: TickRecord())
        let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session("s"))
        recorder.start()
        var random = SplitMix64(seed: 1)
        // A kilohertz, so that a tick is a millisecond.
        for tick in 0..<ticks {
          ring.push(Samples.plausible(UInt64(tick), episode: 1, &random))
          usleep(1000)
        }
        try "\(ticks) \(recorder.status.written)".write(toFile: "\(path)/marker", atomically: false, encoding: .utf8)
        kill(getpid(), SIGKILL)
      }
      let marker = try Marker(scratch)
      let dataset = try Dataset.open(scratch.file("data"))
      let log = "\(dataset.folder)/s-e0001.mcap"
      #expect(try dataset.problems() == [.torn(file: log)])
      let report = try #require(try dataset.recover().first)
      #expect(report.frames >= marker.written)
      #expect(try readAll(log).map(\.tick) == Array(0..<UInt64(report.frames)))
      #expect(dataset.episodes.map(\.label) == [.unlabelled] && dataset.episodes[0].recovered)
      losses.append(marker.pushed - report.frames)
    }
    // On a machine with other work a single drain may come late; half of them coming late would be a fault of ours.
    #expect(losses.sorted()[losses.count / 2] <= 20, "ticks of 1 ms lost in each kill: \(losses)")
  }

  @Test func `a full disk ends the episode whole, and the session can read why`() async throws {
    let scratch = try Scratch()
    let path = scratch.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      // The kernel refuses to let any file grow past this, as a full disk would: a part of a write, then an error.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 200_001, rlim_max: 200_001)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let dataset = try Dataset.create("\(path)/data")
      let ring = Ring<TickRecord>(capacity: 64, blank: TickRecord())
      let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session("s"))
      var random = SplitMix64(seed: 1)
      for episode in UInt32(1)...2 {
        let ticks = episode == 1 ? 50 : 400
        for tick in 0..<ticks {
          ring.push(Samples.plausible(UInt64(tick), episode: episode, &random))
          recorder.drainOnce()
        }
        recorder.finish(episode, EpisodeEnd(label: .success))
      }
      precondition(recorder.status.failure == .noRoom(file: "\(path)/data/s-e0002.mcap"))
      ring.push(TickRecord())
      recorder.drainOnce()
      precondition(dataset.episodes.count == 2)
    }
    let dataset = try Dataset.open(scratch.file("data"))
    #expect(dataset.episodes.map(\.label) == [.success, .success])
    let entry = try #require(dataset.episodes.last)
    #expect(entry.frames > 100 && entry.frames + entry.lost == 400)
    #expect(try readAll(dataset.path(of: entry)).map(\.tick) == Array(0..<UInt64(entry.frames)))
    #expect(try readAll(dataset.path(of: dataset.episodes[0])).count == 50)
    #expect(try dataset.problems() == [])
  }

  @Test func `no room for the finished form leaves the recorded one, whole and recoverable`() async throws {
    let scratch = try Scratch()
    let path = scratch.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      let dataset = try Dataset.create("\(path)/data")
      let ring = Ring<TickRecord>(capacity: 256, blank: TickRecord())
      let recorder = try Recorder(ring: ring, dataset: dataset, session: Samples.session("s"))
      var random = SplitMix64(seed: 1)
      for tick in 0..<200 { ring.push(Samples.plausible(UInt64(tick), episode: 1, &random)) }
      recorder.drainOnce()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 20_000, rlim_max: 20_000)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      recorder.finish(1, EpisodeEnd(label: .success))
      ring.push(TickRecord())
      recorder.drainOnce()
      guard case .failed(1, .some, .log(.noRoom)) = recorder.takeOutcomes().first else { exit(9) }
      precondition(dataset.episodes.isEmpty)
    }
    let dataset = try Dataset.open(scratch.file("data"))
    let report = try #require(try dataset.recover().first)
    #expect(report.frames == 200 && report.discardedBytes == 0)
    #expect(dataset.episodes.map(\.frames) == [200])
  }
}
