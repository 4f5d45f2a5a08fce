public import RealTime
internal import Synchronization

/// Notices that the control thread does not come, from another thread, and stops the arm for it.
///
/// A servo without new goals moves to its last one and holds; so an arm whose host stands still does not run away. What it
/// must not do is go on, when the host wakes, with what was decided before. The watchdog latches that: it revokes the bus,
/// and the control thread finds out before its next write and makes a protective stop of it. Where the thread stands between
/// two ticks, the watchdog sends the last goals once more, in case the last write did not get through.
///
///     let watchdog = Watchdog(tick, limit: .milliseconds(100))
///     Worker("watchdog", every: .milliseconds(20)) { watchdog.look(at: clock.now) }
///
/// It runs at normal priority and cannot disturb the loop. Where it does not come either, as in a process that was frozen,
/// it cannot tell whether the control thread alone hangs: that has the time of one more look to show itself, and notices
/// the gap by itself.
public final class Watchdog: @unchecked Sendable {
  // Unchecked: `look` is called by one thread; what others read is atomic; the tick is touched only with its bus in hand.
  private let tick: Tick
  private let limit: Nanoseconds
  private var seen: UInt64 = 0
  private var seenAt = Nanoseconds.never
  private var lookedAt = Nanoseconds.never
  /// The silence that was watched, not slept through.
  private var watched = Nanoseconds.zero
  private var hasActed = false
  private let stalls = Atomic<Int>(0)
  private let silence = Atomic<Int64>(0)

  /// A watchdog that calls `limit` without a sign of life a stall.
  public init(_ tick: Tick, limit: Nanoseconds) {
    self.tick = tick
    self.limit = limit
  }

  /// How many stalls there were.
  public var stallCount: Int { stalls.load(ordering: .relaxed) }

  /// For how long the control thread has not shown itself, as of the last look.
  public var silentFor: Nanoseconds { Nanoseconds(silence.load(ordering: .relaxed)) }

  /// Looks once; called every few milliseconds.
  public func look(at now: Nanoseconds) {
    let signs = tick.ownership.signsOfLife
    guard signs != 0 else { return }
    if signs != seen {
      seen = signs
      seenAt = now
      watched = .zero
      hasActed = false
    } else {
      watched += min(now - lookedAt, Nanoseconds(limit.count / 2))
    }
    lookedAt = now
    silence.store((now - seenAt).count, ordering: .relaxed)
    guard watched >= limit, !hasActed else { return }
    hasActed = true
    stalls.wrappingAdd(1, ordering: .relaxed)
    guard tick.ownership.revoke() else { return }
    tick.repeatGoals()
    tick.ownership.giveBack()
  }
}
