// The fixed-rate loop:
//
//     Dispatch timer (its own serial queue) ── fires 200 µs early ──▶ gate
//     loop thread: wait at the gate ─▶ sleep to the absolute deadline ─▶ (spin) ─▶ tick ─▶ again
//
// Measured beside the other way, in which the handler raises its own thread and sleeps to the deadline itself (SCHED_FIFO 80,
// ten ABBA blocks, two runs on two busy cores, µs):
//
//                     200 Hz: p50, p99, p99.9            1 kHz: p50, p99, p99.9
//     handed over     40–43   77–82       300–774         27–34  58–61    92–268
//     in place        34–37   2144–2206   2305–2307       17–18  244–255  317–326
//
// In place the wake hangs on Dispatch's own threads, which nobody can raise.
//
// The early firing brings the core out of idle before the deadline; the thread wakes by the deadline even when Dispatch
// is late. One thread for the loop's whole life, the only one that may run at SCHED_FIFO.

internal import CRealtime
@preconcurrency import Dispatch
internal import Synchronization

/// A thread that runs a closure at a fixed rate until it says stop.
public final class RateLoop: Sendable {
  /// How the loop runs.
  public struct Configuration: Sendable {
    /// From one beat to the next.
    public var period: Nanoseconds
    /// How long before the deadline Dispatch calls.
    public var early: Nanoseconds = .microseconds(200)
    /// The last stretch before the deadline that is spun away instead of slept; 0 spares the core.
    public var spin: Nanoseconds = .zero
    /// SCHED_FIFO priority that is asked for.
    public var priority: Int32 = 80
    /// For how long the machine has been suspended since it booted, or less than 0 where that cannot be told; a test says
    /// something else.
    public var suspended: @Sendable () -> Int64 = { us_suspended_ns() }
    /// Right before each beat, on the loop's thread: a test sleeps here.
    var oversleep: @Sendable () -> Void = {}
    /// The CPU to stay on, if any.
    public var cpu = LoopCPU.standard

    /// A loop of `period`.
    public init(period: Nanoseconds) { self.period = period }
  }

  /// What `top -H` and `/proc` call the loop's thread.
  public static let threadName = "loop"

  private let configuration: Configuration
  private let queue = DispatchQueue(label: "understudy.loop")
  private let running = Mutex<Running?>(nil)

  private struct Running: @unchecked Sendable {
    // Unchecked: three handles that `wait` alone uses up.
    let timer: any DispatchSourceTimer
    let gate: OpaquePointer
    let thread: UInt64
  }

  /// A loop that is not running yet.
  public init(_ configuration: Configuration) { self.configuration = configuration }

  /// Runs `tick` once a period on the loop's own thread until it returns false; returns when that thread has ended.
  ///
  /// `started` is called on that thread before the first beat, with what the kernel granted.
  public func run(
    started: @escaping @Sendable ([Grant]) -> Void, tick: @escaping @Sendable (Beat) -> Bool
  ) throws(RateLoopError) {
    try start(started: started, tick: tick)
    wait()
  }

  /// What the kernel grants such a loop: asked by one that ends at its first beat.
  public static func grants(of configuration: Configuration) throws(RateLoopError) -> [Grant] {
    let answers = Mutex<[Grant]>([])
    try RateLoop(configuration).run(started: { given in answers.withLock { $0 = given } }, tick: { _ in false })
    return answers.withLock { $0 }
  }

  /// Like `run`, but returns at once; `wait` waits for the end.
  public func start(
    started: @escaping @Sendable ([Grant]) -> Void, tick: @escaping @Sendable (Beat) -> Bool
  ) throws(RateLoopError) {
    guard let gate = us_gate_make() else { throw .thread(errno: 12) }
    let timer = DispatchSource.makeTimerSource(flags: .strict, queue: queue)
    let body = Body(configuration: configuration, gate: gate, timer: timer, started: started, tick: tick)
    timer.setEventHandler { @Sendable in body.post() }
    timer.activate()  // it fires once the thread has set it

    var thread: UInt64 = 0
    let context = Unmanaged.passRetained(body)
    let error = us_thread_start(
      { if let context = $0 { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() } }, context.toOpaque(),
      &thread)
    if error != 0 {
      context.release()
      timer.cancel()
      queue.sync {}
      us_gate_free(gate)
      throw .thread(errno: error)
    }
    let started = Running(timer: timer, gate: gate, thread: thread)
    running.withLock { $0 = started }
  }

  /// Returns when the loop's thread has ended; at once if it never began.
  public func wait() {
    let ended = running.withLock { running -> Running? in
      defer { running = nil }
      return running
    }
    guard let ended else { return }
    _ = us_thread_join(ended.thread)
    ended.timer.cancel()
    queue.sync {}  // the last firing may still hold the gate
    us_gate_free(ended.gate)
  }

  /// What the loop's thread holds.
  private final class Body: @unchecked Sendable {
    // Unchecked: `post` touches the gate alone, which is made for two threads; the rest belongs to the loop's thread.
    let configuration: Configuration
    let gate: OpaquePointer
    let started: @Sendable ([Grant]) -> Void
    let tick: @Sendable (Beat) -> Bool
    private let timer: any DispatchSourceTimer

    init(
      configuration: Configuration, gate: OpaquePointer, timer: any DispatchSourceTimer,
      started: @escaping @Sendable ([Grant]) -> Void, tick: @escaping @Sendable (Beat) -> Bool
    ) {
      self.configuration = configuration
      self.gate = gate
      self.timer = timer
      self.started = started
      self.tick = tick
    }

    func post() { us_gate_post(gate) }

    func run() {
      ThreadUsage.nameThread(RateLoop.threadName)
      started(Grant.askForLoopThread(priority: configuration.priority, cpu: configuration.cpu))
      // Beat 0 comes only now that this thread has its priority: without it the first beats could come late.
      let ahead = Nanoseconds.milliseconds(2)
      let origin = Nanoseconds(us_monotonic_ns()) + ahead
      timer.schedule(
        deadline: .now() + .nanoseconds(Int((ahead - configuration.early).count)),
        repeating: .nanoseconds(Int(configuration.period.count)), leeway: .nanoseconds(0))
      var schedule = BeatSchedule(origin: origin, period: configuration.period)
      var slept = configuration.suspended()
      while true {
        let due = schedule.due
        // Posts of periods already over must not shorten this wait; each is swallowed until the deadline is near.
        while Nanoseconds(us_monotonic_ns()) < due - configuration.early - configuration.early {
          _ = us_gate_wait_until(gate, due.count)
        }
        us_sleep_until_ns((due - configuration.spin).count)
        while us_monotonic_ns() < due.count {}
        configuration.oversleep()
        let began = Nanoseconds(us_monotonic_ns())
        // The loop's clock stands still while the machine is suspended; the arm did not. Its periods are missed ones.
        let suspended = configuration.suspended()
        if suspended >= 0 {
          if slept >= 0, suspended - slept > 10_000_000 {
            schedule.miss(UInt32(clamping: (suspended - slept) / configuration.period.count))
          }
          slept = suspended
        }
        guard tick(schedule.begin(at: began)) else { return }
        schedule.end(at: Nanoseconds(us_monotonic_ns()))
      }
    }
  }
}

/// Why a loop could not start.
public enum RateLoopError: Error, CustomStringConvertible {
  /// The kernel gave no thread.
  case thread(errno: Int32)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .thread(let errno):
      "The control loop's thread could not be started (errno \(errno)); close other programs and try again."
    }
  }
}
