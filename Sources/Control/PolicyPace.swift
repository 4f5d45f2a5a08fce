internal import RealTime

/// Whether a policy decides in time.
///
/// One slow inference says little: any program may be interrupted in the midst of it, and ticks that come late by less than
/// 100 ms are made up for. Three in a row are the policy's own; and one that alone makes a gap is at least its cause.
struct PolicyPace: BitwiseCopyable {
  private var slow = 0
  /// Slow inferences in a row that are too many.
  private static var most: Int { @_noAllocation @_noLocks get { 3 } }
  /// What the watchdog and the tick call a gap.
  private static var gap: Nanoseconds { @_noAllocation @_noLocks get { .milliseconds(100) } }

  /// Counts an inference that took `time`; true where the policy is too slow. The count then begins anew.
  @_noAllocation @_noLocks
  mutating func isTooSlow(_ time: Nanoseconds, budget: Nanoseconds) -> Bool {
    slow = time > budget ? slow + 1 : 0
    guard slow >= Self.most || time >= Self.gap else { return false }
    slow = 0
    return true
  }
}
