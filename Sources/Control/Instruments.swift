// Where a tick's time goes, counted in fixed buckets: written by the control thread without waiting, read by anyone.
//
//     |◀──────────────────────── period ────────────────────────▶|
//           due ──wake──▶ began ─sense─ decide ─constrain─ act ─ record ─▶ … ─▶ began
//
// Nothing here allocates or locks after init.

public import RealTime
internal import Synchronization

/// The loop's instruments: how late ticks begin, how far apart, and how long each part of them takes.
public final class Instruments: Sendable {
  /// From when the loop meant to wake to when it did.
  public let wake = Histogram()
  /// From one tick's begin to the next one's; a missed period shows as a long one.
  public let period = Histogram()
  /// Asking the buses and waiting for their replies.
  public let sense = Histogram()
  /// Choosing the source and asking it.
  public let decide = Histogram()
  /// The envelope.
  public let constrain = Histogram()
  /// Writing to the buses.
  public let act = Histogram()
  /// The record into its ring, the snapshot for whoever looks.
  public let record = Histogram()
  /// Decide, constrain and act together.
  public let compute = Histogram()

  private let first = Atomic<Int64>(Nanoseconds.never.count)

  /// Nothing counted yet.
  public init() {}

  /// When the first tick began; `never` before it.
  public var firstTick: Nanoseconds { Nanoseconds(first.load(ordering: .relaxed)) }

  /// A tick begins: the one before began at `before`, `never` for none.
  func begin(_ beat: Beat, before: Nanoseconds) {
    wake.add(beat.wakeLatency)
    if before > .never { period.add(beat.began - before) } else { first.store(beat.began.count, ordering: .relaxed) }
  }

  /// Each with its name in `--json`, on the page and in the log, in the order of a tick.
  public var all: [(name: String, histogram: Histogram)] {
    [
      ("wake", wake), ("period", period), ("sense", sense), ("decide", decide), ("constrain", constrain), ("act", act),
      ("record", record),
    ]
  }

  /// What each of them says now.
  public var spreads: [Spread] { all.map { Spread($0.name, $0.histogram) } }

  /// One instrument in numbers: microseconds.
  public struct Spread: Sendable, Codable, Equatable {
    /// Which one.
    public var name: String
    /// How often it was counted.
    public var count: UInt64
    /// The median.
    public var p50_us: Double
    /// The 99th percentile.
    public var p99_us: Double
    /// The 99.9th percentile.
    public var p999_us: Double
    /// The largest.
    public var max_us: Double

    /// What a histogram says now.
    public init(_ name: String, _ histogram: Histogram) {
      self.name = name
      count = histogram.count
      p50_us = histogram.percentile(0.5).microseconds
      p99_us = histogram.percentile(0.99).microseconds
      p999_us = histogram.percentile(0.999).microseconds
      max_us = histogram.max.microseconds
    }
  }
}
