internal import Dispatch
internal import Synchronization

/// A piece of work that runs beside whoever asked for it, at normal priority. Never for the control thread.
///
/// ```swift
/// let errand = Errand { next.open() }   // begins on another core, if one is free
/// decode(present)
/// errand.wait()                         // now it is done
/// ```
///
/// Work that no thread has begun yet is done by `wait` itself. So nobody waits for a pool whose threads all wait, and on
/// one core it costs what it would cost without.
public final class Errand: Sendable {
  private let body: @Sendable () -> Void
  private let begun = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)

  /// Begins as soon as a thread is free.
  public init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    DispatchQueue.global().async { @Sendable [self] in runOnce() }
  }

  /// Returns when the work is done; what it wrote can then be read.
  public func wait() {
    runOnce()
    done.wait()
    done.signal()
  }

  private func runOnce() {
    guard !begun.exchange(true, ordering: .relaxed) else { return }
    body()
    done.signal()
  }
}
