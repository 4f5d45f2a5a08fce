internal import Episodes
internal import Foundation
internal import Glibc
internal import RealTime

/// How fast episodes are written, read, verified and exported, and what a frame takes on the disk; LeRobot's writer beside.
public struct EpisodesBenchmark: Sendable {
  /// Frames of the export; half an hour at 50 Hz is about as many.
  public var frames = 100_000
  /// Whether LeRobot's own writer is measured beside it (`.deps/lerobot-data`, from `make peers`).
  public var peers = false

  /// The default.
  public init() {}

  static let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]

  /// Measures in a folder of its own, which goes again.
  public func run() throws -> Benchmark {
    var benchmark = Benchmark("episodes")
    let folder = FileManager.default.temporaryDirectory.appending(path: "understudy-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let dataset = try Dataset.create(folder.appending(path: "dataset").path, durable: false)
    var records: [TickRecord] = []
    for tick in 0..<20_000 {
      var record = Self.record(UInt64(tick))
      if let last = records.last {
        record.memory.goal = last.command
        record.memory.step = last.command - last.memory.goal
      }
      records.append(record)
    }

    // Written as a session writes: through the ring, plain while it happens; then finished.
    let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
    var session = SessionInfo(id: "bench", activity: "record", joints: Self.joints)
    session.environmentFeatures = ["cup.x", "cup.y", "cup.z"]
    session.loop_Hz = 50
    session.decision_Hz = 50
    session.task = "bench"
    let recorder = try Recorder(ring: ring, dataset: dataset, session: session)
    let episodes = max(1, frames / records.count)
    var processor = 0.0
    for episode in 1...episodes {
      for (n, record) in records.enumerated() {
        var record = record
        record.episode = UInt32(episode)
        ring.push(record)
        if n % 2048 == 2047 || n == records.count - 1 {
          let busy = Self.processorSeconds()
          recorder.drainOnce()
          processor += Self.processorSeconds() - busy
        }
      }
      recorder.finish(UInt32(episode), EpisodeEnd(label: .success))
      ring.push(TickRecord())
      recorder.drainOnce()
    }
    recorder.stop()
    let count = episodes * records.count
    benchmark.rows.append(
      .init("write, ring to file", "million records/s", Double(count) / processor * 1e-6, goal: .atLeast(1)))
    benchmark.rows.append(
      .init("recorder's processor at 200 Hz", "% of a core", processor / Double(count) * 200 * 100, goal: .atMost(2)))
    let bytes = dataset.episodes.reduce(0) { $0 + $1.bytes }
    benchmark.rows.append(
      .init("on disk, pair of 6 joints", "bytes/frame", Double(bytes) / Double(count), goal: .atMost(250)))

    let seen = try reading(dataset, &benchmark)
    let opening = try Self.time { _ = try Inspection(of: URL(filePath: dataset.folder)) }
    benchmark.rows.append(.init("inspect \(seen) ticks", "s", opening, goal: .atMost(1)))
    benchmark.rows.append(
      .init(
        "verify 100000 ticks", "s", try Self.verifying(100_000, in: folder.appending(path: "verify")), goal: .atMost(1))
    )
    try hour(folder.appending(path: "hour").path, &benchmark)

    var export = LeRobotExport()
    export.units = .radians
    let target = folder.appending(path: "lerobot").path
    let exporting = try Self.time { _ = try export.run(dataset, to: target) }
    var theirs: Double?
    if peers {
      theirs = LeRobotWriter.seconds(frames: 2000).map { $0 * Double(count) / 2000 }
      if theirs == nil {
        benchmark.notes.append("LeRobot is not installed: `make peers` puts it into .deps/lerobot-data.")
      }
    }
    benchmark.rows.append(
      .init(
        "export of \(count) frames", "s", exporting, beside: "LeRobot 0.6.1's writer", theirs,
        goal: theirs == nil ? .atMost(3) : .ratioAtMost(0.05)))
    if theirs != nil {
      benchmark.notes.append(
        "LeRobot's writer took 2000 frames of the same size in 10 episodes; its time is scaled up.")
    }
    let importing = try Self.time {
      _ = try LeRobotImport().run(target, to: folder.appending(path: "back").path)
    }
    benchmark.rows.append(.init("import of \(count) frames", "s", importing))
    benchmark.notes.append(
      "Writing keeps one core busy: its rate is by processor time, so that a shared machine does not count.")
    return benchmark
  }

  /// Every tick of a dataset: the best of some passes by the clock, and what it takes of a core. Returns how many ticks.
  private func reading(_ dataset: Dataset, _ benchmark: inout Benchmark) throws -> Int {
    var record = TickRecord()
    var seen = 0
    var (elapsed, busy) = (Double.infinity, Double.infinity)
    for _ in 0..<5 {
      seen = 0
      var seconds = 0.0
      let processor = try Self.processorTime {
        seconds = try Self.time {
          for entry in dataset.episodes {
            let reader = try dataset.read(entry)
            while try reader.next(into: &record) { seen += 1 }
          }
        }
      }
      (elapsed, busy) = (min(elapsed, seconds), min(busy, processor))
    }
    benchmark.rows += [
      .init("read, by the clock", "million records/s", Double(seen) / elapsed * 1e-6, goal: .atLeast(2)),
      .init("read, by processor time", "million records/s", Double(seen) / busy * 1e-6),
    ]
    benchmark.notes.append(
      "Reading decodes on one core and opens the next chunk on another: \(ProcessInfo.processInfo.activeProcessorCount) "
        + "cores here; on one, the rate by processor time holds.")
    return seen
  }

  static func time(_ body: () throws -> Void) rethrows -> Double {
    let began = TickClock.monotonic.now
    try body()
    return (TickClock.monotonic.now - began).seconds
  }

  private static func processorTime(_ body: () throws -> Void) rethrows -> Double {
    let began = processorSeconds()
    try body()
    return processorSeconds() - began
  }

  /// Processor time of this process.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A tick as an arm gives it: smooth motion in encoder steps, with a real loop's jitter.
  static func record(_ tick: UInt64, rate_Hz: Int = 50) -> TickRecord {
    var random = SplitMix64(seed: tick)
    var record = TickRecord()
    let t = Double(tick) / Double(rate_Hz)
    record.tick = tick
    record.scheduled = Nanoseconds(Int64(tick) * (1_000_000_000 / Int64(rate_Hz)))
    record.began = record.scheduled + Nanoseconds(Int64(random.uniform(4_000...60_000)))
    record.decides = true
    record.source = .person
    record.memory.source = .person
    record.memory.age = .zero
    record.memory.anchor = .zero
    record.memory.steps = [.constrained, .closes]
    record.follower.load = .zero
    record.leader.load = .zero
    record.follower.velocity = .zero
    record.follower.position = .zero
    record.leader.position = .zero
    record.command = .zero
    for joint in 0..<6 {
      let step = 2 * Double.pi / 4096
      func angle(_ t: Double) -> Double { 0.6 * sin(0.7 * t + Double(joint)) + 0.05 * sin(5 * t) }
      let noise = random.uniform(-0.7...0.7)
      record.follower.position[joint] = Float((angle(t - 0.04) / step + noise).rounded() * step)
      record.leader.position[joint] = Float((angle(t) / step + noise).rounded() * step)
      record.follower.velocity[joint] = Float((cos(0.7 * t + Double(joint)) * 273).rounded() * step)
      record.follower.load[joint] = Float((sin(t) * 60).rounded() / 1000)
      let sent = record.began.count + 300_000
      record.follower.time[joint] = sent + 80_000 * Int64(joint) + Int64(random.uniform(0...30_000))
      record.leader.time[joint] = sent + 90_000 * Int64(joint) + Int64(random.uniform(0...30_000))
      record.personWish[joint] = record.leader.position[joint]
      record.wish[joint] = record.leader.position[joint]
      record.command[joint] = record.wish[joint]
    }
    for feature in 0..<3 { record.environment.values[feature] = 0.2 + 0.001 * Float(feature) }
    record.environment.time = Nanoseconds(record.scheduled.count / 40_000_000 * 40_000_000)
    record.phases.sense = Int32(random.uniform(900_000...1_100_000))
    record.phases.decide = Int32(random.uniform(10_000...14_000))
    record.phases.constrain = Int32(random.uniform(1_000...2_000))
    record.phases.act = Int32(random.uniform(20_000...30_000))
    record.phases.record = Int32(random.uniform(300...600))
    return record
  }
}

/// LeRobot's own writer, in the Python that `make peers` installs it into.
enum LeRobotWriter {
  /// The seconds that it takes for so many frames of a six-joint arm; nil where it is not there.
  static func seconds(frames: Int) -> Double? {
    var folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/" {
      let python = folder.appending(path: ".deps/lerobot-data/bin/python").path
      if FileManager.default.isExecutableFile(atPath: python) {
        let output = OtherProgram(python, ["-W", "ignore", "-c", script, "\(frames)"])?.finish()
        return output?.split(separator: "\n").last.flatMap { Double($0) }
      }
      folder.deleteLastPathComponent()
    }
    return nil
  }

  private static let script = """
    import os, sys, tempfile, time
    os.environ["HF_HUB_OFFLINE"] = os.environ["TQDM_DISABLE"] = "1"
    import numpy as np
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    frames, size = int(sys.argv[1]), 200
    vector = lambda n, name: {"dtype": "float32", "shape": (n,), "names": [f"{name}.{k}" for k in range(n)]}
    with tempfile.TemporaryDirectory() as folder:
        dataset = LeRobotDataset.create(
            repo_id="bench/bench", root=folder + "/d", fps=50, robot_type="so_follower", use_videos=False,
            features={"action": vector(6, "a"), "observation.state": vector(6, "s"),
                      "observation.environment_state": vector(3, "v"),
                      "intervention": {"dtype": "bool", "shape": (1,), "names": None}})
        random = np.random.default_rng(1)
        rows = random.normal(size=(frames, 15)).astype(np.float32)
        began = time.monotonic()
        for k in range(frames):
            dataset.add_frame({"action": rows[k, :6], "observation.state": rows[k, 6:12],
                               "observation.environment_state": rows[k, 12:], "intervention": np.array([False]),
                               "task": "bench"})
            if k % size == size - 1:
                dataset.save_episode()
        dataset.finalize()
        print(time.monotonic() - began)
    """
}
