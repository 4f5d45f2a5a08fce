internal import Arm
internal import Control
internal import Episodes
internal import Foundation
internal import Glibc
internal import Policy
internal import RealTime

/// What training beside a running loop costs the loop, and how long a person waits for the policy that comes of it.
///
/// Blocks with and without the training child take turns (ABAB), so that what else the machine does falls on both alike. The
/// child is the session's own: `understudy train --idle` on 20 000 frames.
public struct RoundBenchmark: Sendable {
  /// Periods a second.
  public var rate_Hz = 100
  /// How long one block.
  public var seconds = 60.0
  /// Pairs of blocks.
  public var pairs = 5
  /// Frames that the next policy is trained on.
  public var frames = 20_000

  /// The default: ten blocks of a minute.
  public init() {}

  /// Measures in a folder of its own, which goes again. `progress` gets a sentence now and then.
  public func run(progress: (String) -> Void) throws -> Benchmark {
    var benchmark = Benchmark("rounds")
    let folder = FileManager.default.temporaryDirectory.appending(path: "understudy-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let rig = try Rig.load("twin-insert")
    progress("writing \(frames) frames")
    let corrections = try Corrections(rig, frames: frames, folder: folder.appending(path: "corrections"))
    benchmark.rows.append(
      .init(
        "last corrected frame to armed policy, \(frames) frames", "s",
        try roundTrip(rig, corrections, folder, progress), goal: .atMost(15)))

    // As a session does: the child keeps off the loop's CPU.
    let granted = Grant.askForProcess() + (LoopCPU.standard.map { [LoopCPU.keepOthersOff($0)] } ?? [])
    var grants: [Grant] = []
    var alone: [[Int64]] = []
    var beside: [[Int64]] = []
    func measure() throws -> [Int64] {
      let run = try WakeLatencyRun(rate_Hz: rate_Hz, seconds: seconds)
      grants = granted + run.grants
      return run.latencies_ns
    }
    for pair in 1...max(1, pairs) {
      progress("pair \(pair) of \(pairs): without training")
      alone.append(try measure())
      progress("pair \(pair) of \(pairs): beside training")
      // Counted in epochs it says at the end of each that it runs.
      let child = trainer(rig, ["--epochs", "1000000"])
      defer { child.end() }
      child.begin(
        datasets: [corrections.folder], output: folder.appending(path: "never-\(pair)"), parent: nil, seed: 1)
      try wait(for: child, atMost: 60) { if case .running(let share) = $0 { share > 0 } else { false } }
      beside.append(try measure())
      guard case .running = child.state else { throw HostError.refused("The training child ended by itself.") }
    }
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)] {
      func at(_ blocks: [[Int64]]) -> Double {
        Double(WakeLatencyRun.percentile(share, of: blocks.joined().sorted())) * 1e-3
      }
      var row = Benchmark.Row(
        "wake latency \(name) beside training", "µs", at(beside), beside: "no training", at(alone),
        goal: name == "p99" ? .ratioAtMost(1.1) : nil)
      if name == "p99" { row.interval = LoopBenchmark.interval(share, beside, alone) }
      benchmark.rows.append(row)
    }
    let refused = grants.filter { !$0.granted }.map(\.name)
    if !refused.isEmpty {
      benchmark.notes.append("Not granted: \(refused.joined(separator: ", ")); see `understudy doctor`.")
    }
    return benchmark
  }

  private func trainer(_ rig: Rig, _ arguments: [String]) -> ChildTrainer {
    ChildTrainer(
      executable: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath(),
      arguments: ["--rig", rig.file] + arguments)
  }

  /// Waits as a session does: a look every 4 ms.
  private func wait(
    for child: ChildTrainer, atMost seconds: Double, until condition: (TrainingState) -> Bool
  ) throws {
    let clock = TickClock.monotonic
    let end = clock.now + .seconds(seconds)
    while !condition(child.state) {
      if case .failed(let why) = child.state { throw HostError.refused(why) }
      if case .killed(let why) = child.state { throw HostError.refused(why) }
      guard clock.now < end else { throw HostError.refused("Training took longer than \(Int(seconds)) s.") }
      usleep(4000)
    }
  }

  /// From the last frame in the ring to a policy that was checked and could be handed to the tick.
  private func roundTrip(
    _ rig: Rig, _ corrections: Corrections, _ folder: URL, _ progress: (String) -> Void
  ) throws -> Double {
    progress("one round trip")
    let settings = try ControlPlan(rig, leaderMirrors: false).settings
    let clock = TickClock.monotonic
    let child = trainer(rig, [])
    let output = folder.appending(path: "round-1")
    let began = clock.now
    corrections.finish()
    child.begin(datasets: [corrections.folder], output: output, parent: nil, seed: 1)
    try wait(for: child, atMost: 600) { $0 == .finished }
    let verdict = CandidateCheck.judge(try Policy.load(output).description)
    let loaded = try PolicySource.Loaded(
      output, arm: rig.pairs[0].follower.arm, rig: rig, settings: settings, generation: 1)
    let seconds = (clock.now - began).seconds
    guard case .promoted = verdict, loaded.generation == 1 else {
      throw HostError.refused("The policy of the round trip was not promoted: \(verdict)")
    }
    return seconds
  }

  /// A dataset as a correction session leaves it: one log for each two seconds of a person, the last still open.
  private final class Corrections {
    private static let decisions = 50
    let folder: URL
    private let recorder: Recorder
    private let last: UInt32

    init(_ rig: Rig, frames: Int, folder: URL) throws {
      self.folder = folder
      let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
      var session = SessionInfo(
        id: "bench", activity: "correct", joints: rig.pairs[0].follower.arm.jointNames)
      session.environmentFeatures = rig.environmentNames
      session.loop_Hz = Double(rig.loop_Hz)
      session.decision_Hz = Double(rig.decision_Hz)
      recorder = try Recorder(ring: ring, dataset: try Dataset.create(folder.path, durable: false), session: session)
      last = UInt32(max(1, frames / Self.decisions))
      let ticks = Self.decisions * rig.loop_Hz / rig.decision_Hz
      for episode in 1...last {
        for tick in 0..<ticks {
          var record = EpisodesBenchmark.record(UInt64(episode) * 1000 + UInt64(tick))
          record.episode = episode
          ring.push(record)
        }
        recorder.drainOnce()
        if episode < last { recorder.finish(episode, EpisodeEnd(label: .success)) }
      }
    }

    func finish() {
      recorder.finish(last, EpisodeEnd(label: .success))
      recorder.stop()
    }
  }
}
