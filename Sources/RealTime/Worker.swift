internal import CRealtime
internal import Glibc
internal import Synchronization

/// A thread of normal priority for work beside the loop: recording, syncing, finishing.
///
/// It runs its work every period, or whenever it is woken, and one last time after `stop` was called, so that what was
/// handed over before the stop is done after it. The loop's priority is not handed on (SCHED_RESET_ON_FORK).
public final class Worker: Sendable {
  private let shared: Shared
  private let thread: UInt64?
  private let joined = Atomic<Bool>(false)

  /// Starts the thread. `name` (15 characters at most) is what `top -H` shows; without a `period` it waits for `wake`.
  ///
  /// Where the system has no room for a thread, the work is done by `wake` and `stop` themselves.
  public init(_ name: String, every period: Nanoseconds?, _ work: @escaping @Sendable () -> Void) {
    let shared = Shared(name: name, period: period, work: work)
    let context = Unmanaged.passRetained(shared)
    var thread: UInt64 = 0
    let error = us_thread_start(
      { if let context = $0 { Unmanaged<Shared>.fromOpaque(context).takeRetainedValue().run() } }, context.toOpaque(),
      &thread)
    if error != 0 { context.release() }
    self.shared = shared
    self.thread = error == 0 ? thread : nil
  }

  deinit { stop() }

  /// Runs the work soon.
  public func wake() {
    if thread != nil { us_gate_post(shared.gate) } else { shared.work() }
  }

  /// Runs the work one last time and returns when that is done. On the worker's own thread it only asks for the end.
  public func stop() {
    guard !joined.exchange(true, ordering: .relaxed) else { return }
    shared.stopping.store(true, ordering: .releasing)
    guard let thread else { return shared.work() }
    us_gate_post(shared.gate)
    if UInt64(pthread_self()) == thread { pthread_detach(pthread_self()) } else { _ = us_thread_join(thread) }
  }

  private final class Shared: @unchecked Sendable {
    // Unchecked: the gate is made to be posted from any thread; everything else is constant.
    let name: String
    let period: Nanoseconds?
    let work: @Sendable () -> Void
    let gate = us_gate_make()
    let stopping = Atomic<Bool>(false)

    init(name: String, period: Nanoseconds?, work: @escaping @Sendable () -> Void) {
      self.name = name
      self.period = period
      self.work = work
    }

    deinit { us_gate_free(gate) }

    func run() {
      ThreadUsage.nameThread(name)
      while true {
        let last = stopping.load(ordering: .acquiring)
        work()
        if last { return }
        let pause = period ?? .seconds(3600)
        _ = us_gate_wait_until(gate, us_monotonic_ns() + pause.count)
      }
    }
  }
}
