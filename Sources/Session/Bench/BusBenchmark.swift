internal import Arm
internal import CRealtime
internal import Foundation
internal import RealTime
internal import ServoBus

/// How long it takes to ask a whole arm, and a pair, for positions, velocities and loads: on a twin's pseudo-terminals,
/// which are paced as the wire would be. Nothing moves.
public struct BusBenchmark: Sendable {
  /// Cycles a second.
  public var rate_Hz = 200
  /// How long one arm, then the pair, is asked.
  public var seconds = 5.0
  /// Whether other people's clients are measured too, on the same twin, by turns.
  public var peers = false

  /// The default.
  public init() {}

  /// Starts a twin of its own in a temporary folder, measures, and ends it.
  public func run() throws -> Benchmark {
    // Short: a socket's address holds 107 bytes.
    let folder = FileManager.default.temporaryDirectory.appending(path: "understudy-bench-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "understudy-twin")
    guard let twin = OtherProgram(program.path, ["--dir", folder.path, "--no-person", "--json"]),
      twin.firstLine() != nil
    else {
      throw HostError.refused("No twin could be started from \(program.path); build it with `make build`.")
    }
    defer { withExtendedLifetime(twin) {} }
    let arm = try ArmDescription.load("so101-follower")
    let model = try ServoModel.load(path: Hardware.find().file(arm.servo, kind: .servos).path)
    // As the loop's thread does; priority is not asked for, since the peers have none.
    _ = us_timer_slack_self()
    func bus(_ name: String, spin_us: Int = Rig.usualBusSpin_us) throws -> ServoBus {
      var bus = ServoBus(
        port: try SerialPort.open("\(folder.path)/\(name)"), model: model, ids: arm.servoIDs, clock: .monotonic)
      bus.spin = .microseconds(Int64(spin_us))
      return bus
    }
    var follower = try bus("follower")
    var leader = try bus("leader")
    let block = RegisterBlock(from: model.registers.presentPosition, through: model.registers.presentLoad)
    let wire = try Self.wireTime_us(&follower, block)
    let alone = cycles { deadline in
      follower.post(block)
      follower.collect(until: deadline)
    }
    follower.spin = .microseconds(Int64(BusPeers.otherSpin_us))
    let spinning = cycles { deadline in
      follower.post(block)
      follower.collect(until: deadline)
    }
    follower.spin = leader.spin
    let pair = cycles { deadline in
      follower.post(block)
      leader.post(block)
      follower.collect(until: deadline)
      leader.collect(until: deadline)
    }
    let lost = follower.statistics.timeouts.wrappedSum() &+ leader.statistics.timeouts.wrappedSum()
    var benchmark = Benchmark("bus")
    benchmark.rows = [
      .init("one arm's cycle p50", "µs", alone.wall(0.5), beside: "the wire alone", wire, goal: .ratioAtMost(1.25)),
      .init("one arm's cycle p99", "µs", alone.wall(0.99)),
      .init(
        "a pair's cycle p50", "µs", pair.wall(0.5), beside: "one arm's cycle", alone.wall(0.5), goal: .ratioAtMost(1.3)),
      .init("a pair's cycle p99", "µs", pair.wall(0.99)),
      .init(
        "one arm's cycle, CPU p50", "µs", alone.cpu(0.5), beside: "spin_us \(BusPeers.otherSpin_us)",
        spinning.cpu(0.5), goal: .atMost(60)),
      .init(
        "replies lost", "of \((alone.count + spinning.count + 2 * pair.count) * arm.joints.count)", Double(lost)),
    ]
    if peers {
      _ = consume follower
      _ = consume leader
      try BusPeers(folder: folder, rate_Hz: rate_Hz).measure(into: &benchmark) { try bus("follower", spin_us: $0) }
    }
    benchmark.notes.append(
      "On a twin's pseudo-terminals, replies paced at 1 Mbit/s; the wire alone is request, replies and the servos' delay. "
        + "Ours sleeps until the replies should be there, and then until they are (bus.spin_us \(Rig.usualBusSpin_us))."
    )
    return benchmark
  }

  /// 10 µs a byte: the request, a reply from each servo, and the time that each waits before it answers.
  private static func wireTime_us(_ bus: inout ServoBus, _ block: RegisterBlock) throws(BusError) -> Double {
    let request = FeetechPacket.syncRead(block, of: bus.ids).count
    let replies = bus.ids.count * (FeetechPacket.overhead + Int(block.count))
    let registers = bus.model.registers
    let unit_us = (bus.model.entries.first { $0.register == registers.returnDelay }?.scale ?? 2e-6) * 1e6
    let delays = try bus.readAll(registers.returnDelay).reduce(0) { $0 + Double($1) * unit_us }
    return Double(request + replies) * 10 + delays
  }

  private struct Times {
    var wall_ns: [Int64] = []
    var cpu_ns: [Int64] = []
    var count: Int { wall_ns.count }
    func wall(_ share: Double) -> Double { Double(WakeLatencyRun.percentile(share, of: wall_ns.sorted())) * 1e-3 }
    func cpu(_ share: Double) -> Double { Double(WakeLatencyRun.percentile(share, of: cpu_ns.sorted())) * 1e-3 }
  }

  /// Cycle after cycle at the rate, each with until the end of its period.
  private func cycles(_ body: (Nanoseconds) -> Void) -> Times {
    var times = Times()
    let period = Nanoseconds(1_000_000_000 / Int64(rate_Hz))
    var next = TickClock.monotonic.now + period
    for _ in 0..<max(1, Int(Double(rate_Hz) * seconds)) {
      us_sleep_until_ns(next.count)
      let began = TickClock.monotonic.now
      let used = us_thread_cpu_ns()
      body(began + period)
      times.cpu_ns.append(us_thread_cpu_ns() - used)
      let ended = TickClock.monotonic.now
      times.wall_ns.append((ended - began).count)
      while next <= ended { next += period }
    }
    return times
  }
}
