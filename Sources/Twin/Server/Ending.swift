internal import Glibc
internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a flag that a loop asks for between two sleeps.
///
/// Handlers, not a blocked mask: other threads (MuJoCo starts some) do not share the mask, and the system would end the
/// process through them, with its links left behind. Also where the shell ignores SIGINT for background jobs.
struct Ending: ~Copyable {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]
  private var before: [sigaction] = []

  /// From here on the signals only set the flag.
  init() {
    // Touched before a handler may run: the first use of a global is no work for a handler.
    wasSignalled.store(false, ordering: .relaxed)
    for signal in Self.signals {
      var action = sigaction()
      var old = sigaction()
      action.__sigaction_handler.sa_handler = noteSignal
      sigaction(signal, &action, &old)
      before.append(old)
    }
  }

  deinit {
    for (signal, old) in zip(Self.signals, before) { withUnsafePointer(to: old) { _ = sigaction(signal, $0, nil) } }
  }

  /// One of them came.
  var isAsked: Bool { wasSignalled.load(ordering: .relaxed) }
}

private let wasSignalled = Atomic(false)

private func noteSignal(_: Int32) { wasSignalled.store(true, ordering: .relaxed) }
