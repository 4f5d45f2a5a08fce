import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// The keys that people expect while they record.
@Suite struct RecordingTests {
  private func recording(
    _ folder: URL, _ adjust: (inout SessionPlan) -> Void
  ) throws -> (VirtualSession, Dataset, Tape) {
    let session = try Bench.session(nil, mirrors: false)
    let tape = try Tape(session)
    let dataset = try Dataset.create(folder.path, durable: false)
    var description = SessionDescription(activity: .record)
    description.person = "Ada"
    try session.record(into: dataset, description, firstEpisode: 1)
    session.host.notes = "a new gripper"
    session.begin(.record, adjust)
    // Nobody is there; something holds the leader up once the host has let it go.
    session.step(10)
    try session.holdLeader()
    return (session, dataset, tape)
  }

  private func begins(_ session: VirtualSession, _ number: UInt32) -> Bool {
    session.step(most: 1500) { snapshot in
      if snapshot.record.episode == 0, !snapshot.isMoving { session.conductor?.hear(.start) }
      return snapshot.record.episode == number
    }
  }

  @Test func `a pause holds the arm and stays in the log as what it is`() throws {
    try Bench.withFolder { folder in
      let (session, dataset, tape) = try recording(folder) { $0.episodes = 1 }
      #expect(begins(session, 1))
      session.step(50)
      session.conductor?.hear(.pause)
      session.step(70)
      #expect(session.host.snapshot.state == .holding && session.host.snapshot.record.episode == 1)
      session.conductor?.hear(.pause)
      session.step(50)
      #expect(session.host.snapshot.state == .teleoperating)
      session.conductor?.hear(.success)
      try session.run(limit: .seconds(60))
      #expect(tape.trouble == "")
      let entry = try #require(dataset.episodes.first)
      #expect(entry.label == .success && entry.person == "Ada" && entry.notes == "a new gripper")
      var sources: [Source: Int] = [:]
      try dataset.read(entry).forEach { (record: TickRecord) in sources[record.source, default: 0] += 1 }
      #expect((67...72).contains(sources[.hold] ?? 0) && (sources[.person] ?? 0) > 90, "\(sources)")
    }
  }

  @Test func `finished logs that are removed while the session runs are named at its end`() throws {
    try Bench.withFolder { folder in
      let (session, dataset, _) = try recording(folder) { $0.episodes = 2 }
      #expect(begins(session, 1))
      session.step(50)
      session.conductor?.hear(.success)
      #expect(begins(session, 2))
      let first = try #require(dataset.episodes.first)
      let conductor = try #require(session.conductor)
      #expect(SessionReport(activity: .record, conductor: conductor, host: session.host).missingLogs.isEmpty)
      try FileManager.default.removeItem(at: folder)
      session.step(20)
      session.conductor?.hear(.success)
      try session.run(limit: .seconds(60))
      let report = SessionReport(activity: .record, conductor: conductor, host: session.host)
      #expect(report.missingLogs == [dataset.path(of: first)])
      #expect(report.description.contains("recorded, and gone since") && report.description.contains(first.file))
    }
  }

  @Test func `an episode ends unlabelled by key or by time, and the next begins by itself after the reset interval`()
    throws
  {
    try Bench.withFolder { folder in
      let (session, dataset, tape) = try recording(folder) {
        $0.episodes = 3
        $0.recordingLimit = .seconds(0.8)
        $0.resetInterval = .seconds(0.5)
      }
      // Nobody presses start.
      #expect(session.step(most: 1500) { $0.record.episode == 1 })
      session.step(20)
      session.conductor?.hear(.finish)
      #expect(session.step(most: 200) { $0.record.episode == 2 })
      try session.run(limit: .seconds(60))
      #expect(tape.trouble == "")
      #expect(dataset.episodes.map(\.label) == [.unlabelled, .unlabelled, .unlabelled])
      #expect(
        dataset.episodes[0].frames < 40 && dataset.episodes.dropFirst().allSatisfy { (78...90).contains($0.frames) })
    }
  }

  @Test func `a discarded episode is redone under its number, and its log is kept apart`() throws {
    try Bench.withFolder { folder in
      let (session, dataset, _) = try recording(folder) { $0.episodes = 1 }
      #expect(begins(session, 1))
      session.step(30)
      session.conductor?.hear(.discard)
      #expect(session.step(most: 20) { $0.record.episode == 0 })
      #expect(begins(session, 1))
      session.step(30)
      session.conductor?.hear(.failure)
      try session.run(limit: .seconds(60))
      #expect(dataset.episodes.map(\.attempt) == [2] && dataset.episodes.map(\.label) == [.failure])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/discarded").count == 1)
    }
  }

  @Test func `a word that comes after the last verdict is about no episode`() throws {
    try Bench.withFolder { folder in
      let (session, dataset, _) = try recording(folder) { $0.episodes = 1 }
      #expect(begins(session, 1))
      session.step(30)
      session.conductor?.hear(.success)
      session.conductor?.hear(.failure)
      session.step(1)
      session.conductor?.hear(.failure)
      try session.run(limit: .seconds(60))
      #expect(session.conductor?.outcomes.map(\.label) == [.success])
      #expect(dataset.episodes.map(\.label) == [.success])
    }
  }

  @Test func `an episode that a fault cut short is kept, and recorded once more`() throws {
    try Bench.withFolder { folder in
      let (session, dataset, _) = try recording(folder) { $0.episodes = 1 }
      #expect(begins(session, 1))
      session.step(50)
      session.world.follower.faults.silent = 1 << 2
      #expect(session.step(most: 100) { $0.state == .protectiveStop })
      session.world.follower.faults.silent = 0
      #expect(session.step(most: 500) { $0.isAtRest })
      session.step(5)
      #expect(session.conductor?.outcomes.count == 1)
      session.conductor?.hear(.acknowledge)
      #expect(begins(session, 2))
      session.step(50)
      session.conductor?.hear(.success)
      try session.run(limit: .seconds(60))
      #expect(dataset.episodes.map(\.label) == [.unlabelled, .success])
    }
  }

  @Test func `resuming counts what is there and goes on behind it`() throws {
    try Bench.withFolder { folder in
      let fresh = try RecordingCourse(folder.path + "/none", episodes: 5, first: nil, resume: true)
      #expect(fresh.episodes == 5 && fresh.first == 1)
      let (session, _, _) = try recording(folder) {
        $0.episodes = 2; $0.resetInterval = .seconds(0.1); $0.recordingLimit = .seconds(0.3)
      }
      try session.run(limit: .seconds(60))
      let more = try RecordingCourse(folder.path, episodes: 5, first: nil, resume: true)
      #expect(more.episodes == 3 && more.first == 3)
      #expect(try RecordingCourse(folder.path, episodes: 2, first: nil, resume: true).first == nil)
      #expect(try RecordingCourse(folder.path, episodes: 2, first: 9, resume: false).first == 9)
    }
  }
}
