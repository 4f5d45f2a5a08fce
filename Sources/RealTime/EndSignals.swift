@preconcurrency import Dispatch
internal import Glibc
internal import Synchronization

/// Counts the signals that ask a process to end (SIGINT, SIGTERM, SIGHUP), so that a loop can park the arm first.
///
/// SIGPIPE is ignored for the whole process: a closed terminal must not end a controller in mid-motion.
public final class EndSignals: Sendable {
  private let received = Atomic<Int>(0)
  private let earliest = Atomic<Int32>(0)
  private let sources: [any DispatchSourceSignal]

  /// From here on these signals are counted instead of ending the process.
  public init() {
    let queue = DispatchQueue(label: "understudy.signals")
    sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    signal(SIGPIPE, SIG_IGN)
    for (source, number) in zip(sources, [SIGINT, SIGTERM, SIGHUP]) {
      source.setEventHandler { @Sendable [received = Weak(self)] in received.count(number) }
      source.activate()
    }
  }

  deinit { for source in sources { source.cancel() } }

  /// How many have come.
  public var count: Int { received.load(ordering: .relaxed) }

  /// Which came first; nil before any.
  public var first: Int32? {
    let number = earliest.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  private func add(_ number: Int32) {
    _ = earliest.compareExchange(expected: 0, desired: number, ordering: .relaxed)
    received.wrappingAdd(1, ordering: .relaxed)
  }

  /// The handlers must not keep their owner alive.
  private final class Weak: @unchecked Sendable {
    // Unchecked: a weak reference is read atomically.
    weak var signals: EndSignals?
    init(_ signals: EndSignals) { self.signals = signals }
    func count(_ number: Int32) { signals?.add(number) }
  }
}
