internal import CRealtime
public import RealTime
internal import Synchronization

/// Writes down what the tick leaves in its ring, an episode a file, while it happens.
///
///     control thread ─▶ Ring<TickRecord> ─▶ drain, every 5 ms ─▶ write(2)      a kill loses what was not drained yet
///                                           sync, every 0.5 s ─▶ fdatasync     a power cut what was not synced yet
///     session ─▶ expect · finish · discard ─▶ finish, when told ─▶ index, compress, list in the dataset
///
/// Which episode a tick belongs to stands in the tick: a file is made when the ring first shows a number, and is
/// complete when it shows another, or 0. So calls from the session, which know nothing of how far the ring is drained,
/// cannot put a tick into the wrong episode. Between two episodes of the same number (a redo) there must be ticks of
/// another, or 0.
///
/// ```swift
/// recorder.expect(EpisodeInfo(number: 3))      // before the loop begins it; optional
/// …                                            // the loop runs, its ticks say 3
/// recorder.finish(3, EpisodeEnd(label: .success))  // at any time from then on
/// ```
///
/// In real time `start` makes three threads of normal priority. On virtual time the owner calls `drainOnce` instead,
/// and everything, finishing included, happens in that call.
public final class Recorder: Sendable {
  /// How often, and how careful.
  public struct Options: Sendable {
    /// Between two drains.
    public var drainPeriod = Nanoseconds.milliseconds(5)
    /// Between two syncs.
    public var syncPeriod = Nanoseconds.milliseconds(500)
    /// With less than this an episode is not begun: finishing the last one needs room too.
    public var minimumFreeBytes = 256 << 20
    /// With less than this while an episode is recorded, it ends there, whole, and is finished with what is left.
    public var reservedFreeBytes = 64 << 20

    /// As a robot wants it.
    public init() {}
  }

  let ring: Ring<TickRecord>
  let dataset: Dataset
  let session: SessionInfo
  let options: Options
  /// Sees every tick before it is written, on the drain's thread.
  let observer: (@Sendable (TickRecord) -> Void)?
  /// What only the drain touches.
  let drain: Mutex<Drain>
  /// The episodes that are not done with.
  let slots = Mutex<[EpisodeSlot]>([])
  let current = Mutex<RecorderStatus>(RecorderStatus())
  let outcomes = Mutex<[EpisodeOutcome]>([])
  /// Where finished episodes were put.
  let kept = Mutex<[String]>([])
  private let workers = Mutex<Workers>(Workers())

  private struct Workers {
    var drain: Worker?
    var sync: Worker?
    var finish: Worker?
  }

  /// A recorder of one session into a dataset. Throws where the session cannot be written down. `observer` sees every tick
  /// that leaves the ring, in or outside an episode, on the thread that writes: it must be quick.
  public init(
    ring: Ring<TickRecord>, dataset: Dataset, session: SessionInfo, options: Options = Options(),
    observer: (@Sendable (TickRecord) -> Void)? = nil
  ) throws(LogError) {
    if let problem = session.problem { throw .notAnEpisode(file: dataset.folder, what: problem) }
    self.ring = ring
    self.dataset = dataset
    self.session = session
    self.options = options
    self.observer = observer
    drain = Mutex(Drain())
  }

  deinit { stop() }

  // MARK: Life

  /// Begins to drain, sync and finish on threads of its own.
  public func start() {
    workers.withLock { workers in
      guard workers.drain == nil else { return }
      workers.finish = Worker("finish", every: nil) { [weak self] in self?.finishSettled() }
      workers.sync = Worker("sync", every: options.syncPeriod) { [weak self] in self?.syncOnce() }
      workers.drain = Worker("record", every: options.drainPeriod) { [weak self] in self?.drainRing() }
    }
  }

  /// Writes everything that is in the ring, ends what is open, finishes all (without a verdict: unlabelled), and
  /// returns when the dataset has it. The loop must have stopped pushing.
  public func stop() {
    let running = workers.withLock { workers in
      defer { workers = Workers() }
      return workers
    }
    running.drain?.stop()
    drainRing()
    closeEpisode()
    slots.withLock { slots in
      for index in slots.indices where slots[index].verdict == nil { slots[index].verdict = .keep(EpisodeEnd()) }
    }
    running.finish?.stop()
    finishSettled()
    running.sync?.stop()
  }

  /// Does in place what the threads would do: for virtual time, after every few ticks.
  public func drainOnce() {
    drainRing()
    finishSettled()
  }

  // MARK: What the session says

  /// Tells what is known of an episode before its first tick.
  public func expect(_ episode: EpisodeInfo) {
    slots.withLock { slots in
      // An attempt that never began is replaced.
      slots.removeAll { $0.number == episode.number && $0.log == nil && $0.verdict == nil }
      slots.append(EpisodeSlot(number: episode.number, info: episode))
    }
  }

  /// Keeps episode `number`, which the loop has begun, as soon as its last tick has come.
  public func finish(_ number: UInt32, _ end: EpisodeEnd) { decide(number, .keep(end)) }

  /// Throws episode `number` away, which the loop has begun, as soon as its last tick has come: its log goes to the
  /// folder `discarded`.
  public func discard(_ number: UInt32, reason: String = "") {
    decide(number, .discard(EpisodeEnd(notes: reason)))
  }

  private func decide(_ number: UInt32, _ verdict: EpisodeSlot.Verdict) {
    slots.withLock { slots in
      if let index = slots.firstIndex(where: { $0.number == number && $0.verdict == nil }) {
        slots[index].verdict = verdict
      } else {
        slots.append(EpisodeSlot(number: number, info: nil, verdict: verdict))
      }
    }
    wakeFinisher()
  }

  func wakeFinisher() { workers.withLock { $0.finish }?.wake() }

  // MARK: What it says

  /// How it is doing.
  public var status: RecorderStatus {
    var status = current.withLock { $0 }
    status.overflow = ring.overflow
    status.unfinished = slots.withLock { $0.count { $0.log != nil || $0.verdict != nil } }
    return status
  }

  /// What became of episodes since this was last asked, in the order in which they were done.
  public func takeOutcomes() -> [EpisodeOutcome] {
    outcomes.withLock { outcomes in
      defer { outcomes = [] }
      return outcomes
    }
  }

  /// Waits until every episode that was finished or discarded is done with; false when that takes longer than `limit`.
  /// Not for the control thread, and not on virtual time, where nothing is ever pending.
  public func waitUntilSettled(limit: Nanoseconds) -> Bool {
    let deadline = TickClock.monotonic.now + limit
    while slots.withLock({ $0.contains { $0.verdict != nil } }) {
      guard TickClock.monotonic.now < deadline else { return false }
      us_sleep_until_ns((TickClock.monotonic.now + .milliseconds(2)).count)
    }
    return true
  }
}

/// An episode on its way from its first tick to the dataset.
struct EpisodeSlot: Sendable {
  enum Verdict: Sendable { case keep(EpisodeEnd), discard(EpisodeEnd) }

  /// The file of an episode: being written, then complete.
  struct Log: Sendable {
    let id: String
    let path: String
    /// Nil where no file could be made.
    let file: LogFile?
    var error: LogError?
    var size = 0
    var frames = 0
    var lost = 0
    var isComplete = false
  }

  let number: UInt32
  let info: EpisodeInfo?
  var verdict: Verdict?
  /// Nil before the first tick.
  var log: Log?

  init(number: UInt32, info: EpisodeInfo?, verdict: Verdict? = nil) {
    self.number = number
    self.info = info
    self.verdict = verdict
  }
}
