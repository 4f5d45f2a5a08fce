public import RealTime

/// What a tick's bus traffic takes on these adapters and servos, measured, beside what the loop's rate leaves for it.
///
///     period ├── read every servo ──┤ decide ├ goals ┤ one servo's slow registers ┤ …
///            ├────── budget ────────────────┤
///
/// Measured as the tick does it: both buses asked, then both collected. A machine that is busy elsewhere is not the bus's
/// fault, so up to eight rounds are tried; the first that fits counts, or else the best. A bus that is too slow is so in
/// every cycle, and refused; where no more than one cycle in ten takes too long, the loop may begin, with a warning.
public struct BusPlan: Sendable, Codable, Equatable {
  /// Servos on each bus.
  public var servos: [Int] = []
  /// Ticks a second.
  public var rate_Hz = 0
  /// Reading all of them: the median of the cycles of a round, ms.
  public var read_p50_ms = 0.0
  /// The 90th percentile.
  public var read_p90_ms = 0.0
  /// The 99th percentile.
  public var read_p99_ms = 0.0
  /// The longest.
  public var read_max_ms = 0.0
  /// Writing goals: wire time at 10 µs a byte, ms; both buses write at once.
  public var write_ms = 0.0
  /// One servo's slow registers: median, ms.
  public var spare_p50_ms = 0.0
  /// The 99th percentile.
  public var spare_p99_ms = 0.0
  /// For how long a tick waits for readings, ms.
  public var budget_ms = 0.0
  /// Cycles in a round.
  public var cycles = 0
  /// Replies that did not come within 50 ms, of all.
  public var lost = 0

  /// The period, ms.
  public var period_ms: Double { 1000 / Double(max(rate_Hz, 1)) }
  /// Reading, writing and slow registers together, ms.
  public var total_ms: Double { read_p99_ms + write_ms + spare_p99_ms }
  /// Whether readings come in time and the rest fits behind them.
  public var fits: Bool { read_p99_ms <= budget_ms && total_ms <= period_ms }
  /// Whether they do in nine cycles of ten: readings that come late now and then are used with their age.
  public var fitsMostly: Bool { read_p90_ms <= budget_ms && read_p90_ms + write_ms + spare_p50_ms <= period_ms }
  /// The fastest rate at which it would, Hz, in whole tens.
  public var fastestRate_Hz: Int {
    let share = budget_ms / period_ms
    let needed_ms = max(read_p99_ms / share, total_ms)
    return max(10, Int(1000 / needed_ms / 10) * 10)
  }

  /// Measures, and sets each bus's patience to what its adapter needs.
  public static func measure(
    follower: inout ServoBus, leader: inout ServoBus?, rate_Hz: Int, budget: Nanoseconds, cycles: Int = 200
  ) -> BusPlan {
    var best: BusPlan?
    for _ in 0..<8 {
      let plan = round(follower: &follower, leader: &leader, rate_Hz: rate_Hz, budget: budget, cycles: cycles)
      if plan.read_p99_ms < best?.read_p99_ms ?? .infinity { best = plan }
      if plan.fits { return plan }
    }
    return best ?? BusPlan()
  }

  private static func round(
    follower: inout ServoBus, leader: inout ServoBus?, rate_Hz: Int, budget: Nanoseconds, cycles: Int
  ) -> BusPlan {
    let registers = follower.model.registers
    let block = RegisterBlock(from: registers.presentPosition, through: registers.presentLoad)
    let slow = RegisterBlock(from: registers.presentVoltage, through: registers.presentCurrent)
    let clock = follower.clock
    let reads = Histogram()
    let spares = Histogram()
    let before = follower.statistics.errors + (leader?.statistics.errors ?? 0)
    follower.patience = nil
    leader?.patience = nil
    for cycle in 0..<cycles {
      let began = clock.now
      follower.post(block)
      leader?.post(block)
      follower.collect(until: began + .milliseconds(50))
      leader?.collect(until: began + .milliseconds(50))
      reads.add(clock.now - began)
      guard cycle % 4 == 0 else { continue }
      let asked = clock.now
      follower.postSpare(slow, of: cycle / 4 % max(1, follower.ids.count))
      follower.awaitSpare(until: asked + .milliseconds(50))
      spares.add(clock.now - asked)
    }
    // Whoever is silent for twice as long as reading everybody takes will not answer by himself; never less than a
    // millisecond, since USB carries packets in frames of that length, and never so long that no time to ask is left. The
    // median: slower cycles are this machine's, and a plan made while it was busy must not forbid to ask again.
    let twice = reads.percentile(0.5) + reads.percentile(0.5)
    let patience = min(Nanoseconds(budget.count / 2), max(.milliseconds(1), twice))
    follower.patience = patience
    leader?.patience = patience
    var plan = BusPlan()
    plan.servos = [follower.ids.count] + (leader == nil ? [] : [leader?.ids.count ?? 0])
    plan.rate_Hz = rate_Hz
    plan.cycles = cycles
    plan.read_p50_ms = reads.percentile(0.5).milliseconds
    plan.read_p90_ms = reads.percentile(0.9).milliseconds
    plan.read_p99_ms = reads.percentile(0.99).milliseconds
    plan.read_max_ms = reads.max.milliseconds
    plan.spare_p50_ms = spares.percentile(0.5).milliseconds
    plan.spare_p99_ms = spares.percentile(0.99).milliseconds
    let goals = follower.ids.map { (id: $0, value: Int32(0)) }
    plan.write_ms = Double(FeetechPacket.syncWrite(goals, to: registers.goalPosition).count) * 0.01
    plan.budget_ms = budget.milliseconds
    plan.lost = follower.statistics.errors + (leader?.statistics.errors ?? 0) - before
    return plan
  }
}

extension BusPlan: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    let arms = servos.map { "\($0)" }.joined(separator: " + ")
    return
      "bus plan at \(rate_Hz) Hz: reading \(arms) servos p50 \(Self.ms(read_p50_ms)), p99 \(Self.ms(read_p99_ms)), "
      + "max \(Self.ms(read_max_ms)) of \(Self.ms(budget_ms)) ms; goals \(Self.ms(write_ms)) ms; one servo's supply, heat "
      + "and current p99 \(Self.ms(spare_p99_ms)) ms; in all \(Self.ms(total_ms)) of \(Self.ms(period_ms)) ms"
      + (lost > 0 ? "; \(lost) of \(cycles * servos.reduce(0, +)) replies lost or damaged" : "")
      + (fits ? "" : ". Not always in time: this machine is busy elsewhere, or the line is noisy (`understudy doctor`)")
  }

  /// Why it is refused, and what to do; `rig` is the file to change.
  public func refusal(rig: String) -> String {
    let arms = servos.map { "\($0)" }.joined(separator: " + ")
    return
      "Reading \(arms) servos takes \(Self.ms(read_p50_ms)) ms, one time in ten \(Self.ms(read_p90_ms)), in a hundred "
      + "\(Self.ms(read_p99_ms)) (of \(cycles) cycles), and a tick's whole "
      + "traffic \(Self.ms(total_ms)) ms; at \(rate_Hz) Hz there are \(Self.ms(budget_ms)) and \(Self.ms(period_ms)) ms: "
      + "set loop_Hz to \(fastestRate_Hz) or less in \(rig), the servos' return_delay to 0 (`understudy setup-motors`), or "
      + "an FTDI adapter's latency timer to 1 ms (`understudy doctor --rig …` shows it)."
  }

  /// Two decimals.
  private static func ms(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
