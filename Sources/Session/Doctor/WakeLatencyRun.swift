public import RealTime

/// How late the loop's thread wakes when it has nothing else to do: the machine's share of every tick.
public struct WakeLatencyRun: Sendable {
  /// begun − scheduled of every beat, in nanoseconds, oldest first.
  public private(set) var latencies_ns: [Int64]
  /// Periods that went by unserved.
  public private(set) var missed: Int
  /// What the kernel gave the loop's thread.
  public private(set) var grants: [Grant]

  /// Fast enough that five seconds hold five times a thousand beats, so that 99.9 % means something.
  static let doctorRate_Hz = 1000
  /// What a loop can be asked for: 1 Mbit/s carries no more than the first.
  private static let rates_Hz = [250, 200, 100, 50]

  /// Runs the product's own loop for so long.
  public init(rate_Hz: Int, seconds: Double) throws(RateLoopError) {
    try self.init(.init(period: Nanoseconds(1_000_000_000 / Int64(rate_Hz))), seconds: seconds)
  }

  /// The same of a loop that is configured otherwise.
  init(_ loop: RateLoop.Configuration, seconds: Double) throws(RateLoopError) {
    let beats = max(1, Int(seconds / loop.period.seconds))
    let notes = Notes(capacity: beats)
    try RateLoop(loop).run(
      started: {
        notes.grants = $0
        notes.began = TickClock.monotonic.now
      },
      tick: { beat in
        // Until it has its priority, a new thread waits like any other: what it missed by then is not the loop's lateness.
        guard beat.due >= notes.began else { return true }
        notes.missed += notes.count > 0 ? Int(beat.missed) : 0
        notes.latencies[notes.count] = beat.wakeLatency.count
        notes.count += 1
        return notes.count < beats && Int(beat.index) < 2 * beats
      })
    latencies_ns = Array(notes.latencies[..<notes.count])
    missed = notes.missed
    grants = notes.grants
  }

  /// What the loop's thread writes down, allocated before it begins.
  private final class Notes: @unchecked Sendable {
    // Unchecked: the loop's thread writes, and whoever began it reads after that thread has ended.
    let latencies: UnsafeMutableBufferPointer<Int64>
    var count = 0
    var missed = 0
    var grants: [Grant] = []
    /// When the thread had what it asked for.
    var began = Nanoseconds.never

    init(capacity: Int) {
      latencies = .allocate(capacity: capacity)
      latencies.initialize(repeating: 0)
    }

    deinit { latencies.deallocate() }
  }

  /// The latency, in nanoseconds, that a share of the beats does not exceed.
  public func percentile(_ share: Double) -> Int64 { Self.percentile(share, of: latencies_ns.sorted()) }

  /// The same of sorted latencies; 0 of none.
  static func percentile(_ share: Double, of sorted: [Int64]) -> Int64 {
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
  }

  /// The verdict: a rate is good where 999 of 1000 beats begin within a fifth of its period: replies have until
  /// its middle.
  func finding(loop_Hz: Int) -> Finding {
    let p999_ms = Double(percentile(0.999)) * 1e-6
    let figures =
      "p50 \(Figures.short(Double(percentile(0.5)) * 1e-6)), p99 \(Figures.short(Double(percentile(0.99)) * 1e-6)), "
      + "p99.9 \(Figures.short(p999_ms)), max \(Figures.short(Double(percentile(1)) * 1e-6)) ms"
    let good = Self.rates_Hz.first { p999_ms <= 200 / Double($0) }
    let verdict = good.map { "good for \($0) Hz" } ?? "too late for 50 Hz"
    let status: Finding.Status = (good ?? 0) >= min(loop_Hz, Self.rates_Hz[0]) ? .ok : good == nil ? .fail : .warn
    return Finding(
      "wake latency", status, "\(verdict): \(figures)",
      mend: "end other programs, grant what is refused above, and see `understudy bench loop`")
  }
}
