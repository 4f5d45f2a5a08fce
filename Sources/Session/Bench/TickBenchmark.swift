internal import Arm
internal import CRealtime
internal import Control
internal import Policy
internal import RealTime
internal import ServoBus

/// What a tick costs its thread when no wire has to be waited for: the whole tick of an SO-101 pair, from request to
/// record, over links that answer at once.
struct TickBenchmark {
  let rate_Hz: Int
  let seconds: Double

  /// While the leader drives, and while an ensemble of five decides at every fourth tick; beside a tick that does nothing,
  /// and the same ticks one after the other, when nothing of them has left the caches.
  func rows() throws -> [Benchmark.Row] {
    let empty = try measure { _ in }.samples
    return try [("the leader drives", false), ("a policy drives", true)].flatMap { name, withPolicy in
      let bench = try PairOnLinks(rate_Hz: rate_Hz)
      bench.enable()
      if withPolicy { try bench.drive(by: Self.policy(bench.arm, rate_Hz: rate_Hz)) } else { bench.teleoperate() }
      let (samples, usage) = try measure(after: bench.drain) { bench.tick.run($0) }
      let hot = bench.run(beats: 4000)
      try bench.check(drives: withPolicy ? .autonomous : .teleoperating)
      func row(_ share: Double, _ goal: Benchmark.Goal?) -> Benchmark.Row {
        func at(_ sorted: [Int64]) -> Double { Double(WakeLatencyRun.percentile(share, of: sorted)) * 1e-3 }
        return Benchmark.Row(
          "tick, CPU p\(Int(share * 100)), \(name)", "µs", at(samples), beside: "an empty tick", at(empty), goal: goal)
      }
      let middle = Double(WakeLatencyRun.percentile(0.5, of: hot)) * 1e-3
      return [
        row(0.5, nil), row(0.99, .atMost(20)),
        Benchmark.Row("tick, CPU p50, \(name), back to back", "µs", middle),
        Benchmark.Row(
          "page faults, \(name)", "of \(samples.count) ticks", Double(usage.minorFaults + usage.majorFaults),
          goal: .atMost(0)),
        Benchmark.Row(
          "involuntary switches, \(name)", "of \(samples.count) ticks", Double(usage.involuntarySwitches)),
      ]
    }
  }

  /// Thread CPU time of each tick in nanoseconds, sorted, and what the kernel did to the thread meanwhile.
  private func measure(
    after: @escaping @Sendable () -> Void = {}, _ body: @escaping @Sendable (Beat) -> Void
  ) throws -> (samples: [Int64], usage: ThreadUsage) {
    let beats = max(100, Int(Double(rate_Hz) * seconds / 2))
    let notes = Notes(capacity: beats)
    try RateLoop(.init(period: Nanoseconds(1_000_000_000 / Int64(rate_Hz)))).run(
      started: { _ in },
      tick: { beat in
        let began = us_thread_cpu_ns()
        body(beat)
        notes.samples[notes.count] = us_thread_cpu_ns() - began
        after()
        notes.count += 1
        if notes.count == beats / 10 { notes.before = ThreadUsage() }
        if notes.count == beats { notes.usage = ThreadUsage() - notes.before }
        return notes.count < beats
      })
    return (notes.samples.dropFirst(beats / 10).sorted(), notes.usage)
  }

  /// Written by the loop's thread, read after it has ended.
  private final class Notes: @unchecked Sendable {
    // Unchecked: `RateLoop.run` returns only after the loop's thread has ended.
    let samples: UnsafeMutableBufferPointer<Int64>
    var count = 0
    var before = ThreadUsage()
    var usage = ThreadUsage()

    init(capacity: Int) {
      samples = .allocate(capacity: capacity)
      samples.initialize(repeating: 0)
    }

    deinit { samples.deallocate() }
  }

  /// Five networks of the size that the standard recipe trains, with weights that hardly move the arm.
  private static func policy(_ arm: ArmDescription, rate_Hz: Int) throws -> PolicySource.Loaded {
    let features = arm.jointNames.map { "joint.\($0)" } + ["tool.x", "tool.y", "tool.z"]
    let description = SampleNetwork.description(
      arm: arm.name, features: features, hidden: [128, 128], actions: arm.jointNames, range: 0.01, ensemble: 5,
      precision: .float32)
    let policy = try Policy(
      description, SampleNetwork.parameters(description, seed: 1), kernels: try Kernels.chosen())
    let plan = PolicySource.Plan(
      features: try FeaturePlan(features, arm: arm), joints: Array(arm.joints.indices),
      representation: .relativeToPresent, chunk: 1, execution: .horizon(1))
    return PolicySource.Loaded(policy: policy, plan: plan, generation: 1)
  }
}

/// A leader and a follower that stand in the middle of their ranges and answer every question at once.
private final class PairOnLinks: @unchecked Sendable {
  // Unchecked: made by one thread, then used by the loop's alone, then by the first again.
  let tick: Tick
  let arm: ArmDescription
  private let channels = TickChannels()
  private let servos: [AnsweringServos]
  private var policy: PolicySource.Loaded?

  init(rate_Hz: Int) throws {
    let hardware = try Hardware.find()
    let arm = try ArmDescription.load("so101-follower", from: hardware)
    let model = try ServoModel.load(path: hardware.file(arm.servo, kind: .servos).path)
    let scale = try ArmScale(arm, Self.calibration(arm))
    let period = Nanoseconds(1_000_000_000 / Int64(rate_Hz))
    var settings = ControlSettings(period: period, decisionTicks: 4)
    settings.mirrors = false
    // With the tool's box, which is most of what the envelope costs.
    let tool = ToolLimits(
      Workspace(lower: SIMD3(-1, -1, -1), upper: SIMD3(1, 1, 1)), Kinematics(arm))
    let envelope = Envelope(
      lower: scale.lower, upper: scale.upper, velocity: JointVector(repeating: 2),
      acceleration: JointVector(repeating: 15), lag: JointVector(repeating: 0.5), staleTicks: 8,
      period: Float(period.seconds), tool: tool)
    let servos = ["follower", "leader"].map { AnsweringServos($0, ids: arm.servoIDs, model: model) }
    self.servos = servos
    func limb(_ place: Int) -> Limb {
      let port = SerialPort.memory(servos[place].link)
      return Limb(bus: ServoBus(port: port, model: model, ids: arm.servoIDs, clock: .monotonic), scale: scale)
    }
    tick = Tick(
      follower: limb(0), leader: limb(1),
      map: LeaderFollowerMap(leader: scale, follower: scale, gripper: nil), envelope: envelope, settings: settings,
      channels: channels, clock: .monotonic)
    self.arm = arm
  }

  /// Torque on, which takes a few ticks; by hand, before the loop begins.
  func enable() {
    channels.requests.push(Request(.enable))
    _ = run(beats: 10)
  }

  /// Ticks without a pause between them; the thread CPU time of each in nanoseconds, sorted.
  func run(beats: Int) -> [Int64] {
    (0..<beats).map { index in
      let now = TickClock.monotonic.now
      let began = us_thread_cpu_ns()
      tick.run(Beat(index: UInt64(index), scheduled: now, began: now, missed: 0))
      defer { drain() }
      return us_thread_cpu_ns() - began
    }.sorted()
  }

  func teleoperate() { channels.requests.push(Request(.teleoperate)) }

  func drive(by policy: PolicySource.Loaded) {
    self.policy = policy
    var load = Request(.loadPolicy)
    load.policy = UInt(bitPattern: Unmanaged.passUnretained(policy).toOpaque())
    load.generation = policy.generation
    for request in [load, Request(.policy)] { channels.requests.push(request) }
  }

  /// The recorder's part.
  func drain() { while channels.records.pop() != nil {} }

  /// A bench that measured a stopped arm would flatter itself.
  func check(drives state: State) throws(HostError) {
    let snapshot = channels.snapshots.load() ?? Snapshot()
    guard snapshot.state == state else {
      let fault = snapshot.fault?.row.map { " (\($0.name))" } ?? ""
      throw .refused(
        "The bench's arm is \(snapshot.state.name)\(fault) instead of \(state.name), so its figures say nothing; "
          + "end other programs and try again.")
    }
  }

  private static func calibration(_ arm: ArmDescription) -> Calibration {
    Calibration(
      joints: arm.joints.map {
        .init(name: $0.name, id: Int($0.servoID), homingOffset: 0, rangeMin: 848, rangeMax: 3247)
      })
  }
}
