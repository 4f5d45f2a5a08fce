/// One period of the loop, as the tick sees it.
public struct Beat: BitwiseCopyable, Sendable {
  /// Counts periods from 0; missed ones are counted too, so phase is kept.
  public var index: UInt64
  /// When this period should have begun.
  public var scheduled: Nanoseconds
  /// When it did.
  public var began: Nanoseconds
  /// How many whole periods went by unserved since the beat before, whether that one took too long or the loop woke too
  /// late; while the machine was suspended `index` stood still.
  public var missed: UInt32
  /// When the loop meant to wake: `scheduled`, or before it by the periods that were slept through.
  public var due: Nanoseconds

  /// A beat that was meant for `due`, or for when it is scheduled.
  public init(index: UInt64, scheduled: Nanoseconds, began: Nanoseconds, missed: UInt32, due: Nanoseconds? = nil) {
    self.index = index
    self.scheduled = scheduled
    self.began = began
    self.missed = missed
    self.due = due ?? scheduled
  }

  /// How long after the moment that the loop slept for it woke.
  public var wakeLatency: Nanoseconds { began - due }
}

/// Which period comes next, and which went by unserved: the same counting in real time and on virtual time.
///
///     sleep until schedule.due ─▶ begin(at: now) ─▶ Beat ─▶ tick ─▶ end(at: now) ─▶ again
///
/// A loop that wakes late serves the period that it wakes in, and the beat says in the same tick what was slept through; a
/// tick that takes too long lets the loop sleep to the next period still ahead.
public struct BeatSchedule: BitwiseCopyable, Sendable {
  private let origin: Nanoseconds
  private let period: Nanoseconds
  private var index: UInt64
  private var missed: UInt32 = 0

  /// Periods that are counted from `origin`; the first to be served is `first`.
  public init(origin: Nanoseconds, period: Nanoseconds, first: UInt64 = 0) {
    self.origin = origin
    self.period = period
    index = first
  }

  /// When the next period begins.
  public var due: Nanoseconds { origin + Nanoseconds(Int64(index) * period.count) }

  /// Periods went by that this clock did not see.
  public mutating func miss(_ periods: UInt32) { missed &+= periods }

  /// The loop is awake.
  public mutating func begin(at now: Nanoseconds) -> Beat {
    let due = due
    skip(max(0, (now - due).count / period.count))
    return Beat(index: index, scheduled: self.due, began: now, missed: missed, due: due)
  }

  /// The tick is done: the next deadline is one still ahead.
  public mutating func end(at now: Nanoseconds) {
    let over = (now - due).count
    let periods = max(1, (over + period.count - 1) / period.count)
    missed = 0
    skip(periods - 1)
    index += 1
  }

  private mutating func skip(_ periods: Int64) {
    index += UInt64(periods)
    missed &+= UInt32(clamping: periods)
  }
}
