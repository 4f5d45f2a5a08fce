internal import CRealtime

/// Where time comes from: the machine's monotonic clock, or simulated nanoseconds that a test or the twin advances.
///
/// Everything that needs the time is handed one of these, so the same code runs in real time and on virtual time.
public enum TickClock: Sendable {
  /// CLOCK_MONOTONIC.
  case monotonic
  /// Time stands still until its owner moves it.
  case simulated(SimulatedTime)

  /// The present moment on this clock.
  public var now: Nanoseconds {
    switch self {
    case .monotonic: Nanoseconds(us_monotonic_ns())
    case .simulated(let time): time.now
    }
  }

  /// A policy has been asked. In real time that took its time; simulated time stands still while a computer computes, so the
  /// clock is moved by what its owner says that it takes.
  public func passInference() {
    if case .simulated(let time) = self { time.advance(to: time.now + time.inference) }
  }

  /// True where nobody sleeps: work that real time would do beside the loop is done in place.
  public var isSimulated: Bool {
    if case .simulated = self { true } else { false }
  }
}

/// A clock that its owner moves by hand; it belongs to one thread, the one that runs the simulation.
public final class SimulatedTime: @unchecked Sendable {
  // Unchecked: on virtual time host and twin share one thread, so nothing reads this while it changes.
  /// The present moment. It only ever moves forward.
  public private(set) var now: Nanoseconds
  /// What an inference of the computer takes that is simulated; nothing, unless its owner says so.
  public var inference = Nanoseconds.zero

  /// A clock that begins at `start`.
  public init(start: Nanoseconds = .zero) { now = start }

  /// Moves to `time`; a moment already past leaves the clock as it is.
  public func advance(to time: Nanoseconds) {
    if time > now { now = time }
  }
}
