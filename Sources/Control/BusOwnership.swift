internal import Synchronization

/// Who may write to the buses: the control thread, as long as it keeps time, or the watchdog, once it has revoked that.
///
///     control thread   claim ─▶ read, decide ─▶ mayWrite ─▶ write ─▶ release
///     watchdog                                  revoke (latches); with the bus free: write ─▶ giveBack
///
/// One atomic word decides, so of a late control thread and the watchdog never both write, and a control thread that wakes
/// in the middle of its tick finds out before it sends what it had decided long ago.
public final class BusOwnership: Sendable {
  private static let free: UInt8 = 0
  private static let control: UInt8 = 1
  private static let writing: UInt8 = 2
  private static let watchdog: UInt8 = 3
  private static let revoked: UInt8 = 0x80

  private let word = Atomic<UInt8>(0)
  private let signs = Atomic<UInt64>(0)

  /// A bus that nobody has.
  public init() {}

  // MARK: The control thread

  /// Begins a tick. False while the watchdog is writing: this tick is missed.
  public func claim() -> Bool {
    signs.wrappingAdd(1, ordering: .relaxed)
    return change(from: Self.free, to: Self.control)
  }

  /// Asked right before the tick's writes. False: the control thread was too late and must send nothing.
  public func mayWrite() -> Bool {
    word.compareExchange(expected: Self.control, desired: Self.writing, ordering: .acquiringAndReleasing).exchanged
  }

  /// Ends a tick.
  public func release() {
    signs.wrappingAdd(1, ordering: .relaxed)
    _ = word.bitwiseAnd(Self.revoked, ordering: .releasing)
  }

  /// Whether the bus was revoked since the last call.
  public func takeRevocation() -> Bool {
    word.bitwiseAnd(~Self.revoked, ordering: .acquiringAndReleasing).oldValue & Self.revoked != 0
  }

  // MARK: The watchdog

  /// A count that goes on whenever the control thread shows itself; 0 before its first tick.
  public var signsOfLife: UInt64 { signs.load(ordering: .relaxed) }

  /// Takes the bus from a control thread that does not show itself. It finds this out whatever is returned; true: it is
  /// between two ticks, and the bus is the caller's until `giveBack`.
  public func revoke() -> Bool {
    _ = word.bitwiseOr(Self.revoked, ordering: .acquiringAndReleasing)
    return change(from: Self.free, to: Self.watchdog)
  }

  /// The watchdog has written.
  public func giveBack() { _ = word.bitwiseAnd(Self.revoked, ordering: .releasing) }

  /// From one owner to the next, whether or not the bus is revoked.
  private func change(from: UInt8, to: UInt8) -> Bool {
    word.compareExchange(expected: from, desired: to, ordering: .acquiringAndReleasing).exchanged
      || word.compareExchange(
        expected: from | Self.revoked, desired: to | Self.revoked, ordering: .acquiringAndReleasing
      ).exchanged
  }
}
