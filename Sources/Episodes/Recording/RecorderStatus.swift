public import RealTime

/// What the recorder says about itself, for the page, the terminal and the session that must stop when it fails.
public struct RecorderStatus: Sendable, Equatable {
  /// Why ticks are not being written, if so: a full disk, a failing one. The session decides what to do about it.
  public internal(set) var failure: LogError?
  /// The episode being written; 0 for none.
  public internal(set) var episode: UInt32 = 0
  /// Its ticks that were handed to the system: a killed process keeps these.
  public internal(set) var frames = 0
  /// Ticks of all episodes that were handed to the system.
  public internal(set) var written = 0
  /// Ticks that the ring refused because the recorder had fallen behind.
  public internal(set) var overflow = 0
  /// Ticks of episodes that are in no log: refused by the ring, or not written because of `failure`.
  public internal(set) var lost = 0
  /// When the ring was last drained, on the machine's clock.
  public internal(set) var lastDrain: Nanoseconds = .never
  /// When the last completed sync began, on the machine's clock: what was written before survives a power cut.
  public internal(set) var lastSync: Nanoseconds = .never
  /// How many bytes are free where the dataset is; nil before the first look.
  public internal(set) var freeBytes: Int?
  /// Episodes that wait for their label, for their last tick or to be finished.
  public internal(set) var unfinished = 0

  /// Nothing recorded, nothing wrong.
  public init() {}

  /// How old the last completed sync is; nil before the first.
  public func syncAge(at now: Nanoseconds) -> Nanoseconds? { lastSync == .never ? nil : now - lastSync }
}

/// What became of an episode.
public enum EpisodeOutcome: Sendable, Equatable {
  /// It is in the dataset.
  case kept(EpisodeEntry)
  /// It was thrown away by the person; its log is kept at `path`.
  case discarded(id: String, path: String)
  /// It could not be finished or listed. What was recorded is in `path`, for `understudy recover`; nil where there is
  /// no file.
  case failed(number: UInt32, path: String?, error: DatasetError)
  /// It was finished or discarded without a single tick.
  case empty(number: UInt32)
}
