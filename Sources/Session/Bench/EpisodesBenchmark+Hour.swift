internal import Arm
internal import Episodes
internal import Foundation
internal import RealTime

extension EpisodesBenchmark {
  /// One episode of an hour at 200 Hz, recorded as a session records it: how long a person waits for it afterwards.
  func hour(_ folder: String, _ benchmark: inout Benchmark) throws {
    let ticks = 720_000
    let dataset = try Dataset.create(folder, durable: false)
    let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
    var session = SessionInfo(id: "hour", activity: "record", joints: Self.joints)
    session.environmentFeatures = ["cup.x", "cup.y", "cup.z"]
    session.loop_Hz = 200
    session.decision_Hz = 50
    let recorder = try Recorder(ring: ring, dataset: dataset, session: session)
    var before = TickRecord()
    for tick in 0..<ticks {
      var record = Self.record(UInt64(tick), rate_Hz: 200)
      record.memory.goal = before.command
      record.memory.step = before.command - before.memory.goal
      record.episode = 1
      before = record
      ring.push(record)
      if tick % 2048 == 2047 { recorder.drainOnce() }
    }
    recorder.finish(1, EpisodeEnd(label: .success))
    ring.push(TickRecord())
    let finishing = Self.time {
      recorder.drainOnce()
      recorder.stop()
    }
    guard let entry = dataset.episodes.first, entry.frames == ticks else {
      throw HostError.refused("There was no room for an hour's log in \(folder); name a folder with 2 GB with TMPDIR=.")
    }
    let opening = try Self.time { _ = try dataset.read(entry) }
    var random = SplitMix64(seed: 1)
    var seeking = 0.0
    for _ in 0..<50 {
      let wanted = Nanoseconds(Int64(random.uniform(0...Double(ticks - 1))) * 5_000_000)
      let took = try Self.time {
        let reader = try dataset.read(entry)
        reader.seek(to: wanted)
        guard let found = try reader.next(), found.began >= wanted, found.began < wanted + .milliseconds(10) else {
          throw HostError.refused("A log of an hour does not lead to the tick that was sought in it; run `make test`.")
        }
      }
      seeking = max(seeking, took)
    }
    let inspecting = try Self.time { _ = try Inspection(of: URL(filePath: folder)) }
    benchmark.rows += [
      .init("an hour at 200 Hz: opening", "s", opening, goal: .atMost(1)),
      .init("an hour at 200 Hz: opening and seeking, worst of 50", "s", seeking, goal: .atMost(1)),
      .init("an hour at 200 Hz: inspect", "s", inspecting, goal: .atMost(1)),
      .init("an hour at 200 Hz: finishing it", "s", finishing),
      .init("an hour at 200 Hz: on disk", "bytes/frame", Double(entry.bytes) / Double(ticks), goal: .atMost(250)),
    ]
  }
}
