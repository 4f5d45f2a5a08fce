/// Mends logs that were cut off or damaged: `understudy recover FILE` or `FOLDER`.
///
/// Everything up to the last whole message, but for records that are damaged, is written into a finished log that
/// takes the file's place in one step; what was there before is kept beside it as `….torn`. A killed process leaves
/// logs like this; so do power cuts and copies that ended early.
public enum Recovery {
  /// What was done to one file.
  public struct Report: Sendable, Equatable, CustomStringConvertible {
    /// The file that was looked at: whole now, or where nothing of an episode was in it, as it was.
    public let file: String
    /// Where the original is kept; nil where nothing was wrong.
    public let original: String?
    /// Whole ticks in the log.
    public let frames: Int
    /// First to last tick.
    public let duration_s: Double
    /// Bytes after the last whole message.
    public let discardedBytes: Int
    /// Why they could not be kept; empty where there are none.
    public let reason: String
    /// What to list in a manifest; nil where nothing of an episode was in the file.
    public let entry: EpisodeEntry?
    /// The label that the manifest had for it and no longer has: it was given to an episode that is not whole any more.
    public fileprivate(set) var withdrawnLabel: EpisodeLabel?

    /// Whether there is an episode in the file now.
    public var hasEpisode: Bool { entry != nil }

    /// What was kept and what was lost.
    public var description: String {
      guard let entry else {
        return "\(file): nothing could be saved: \(reason). It was left as it is; delete it, or move it away"
      }
      guard let original else { return "\(file): whole, \(frames) ticks" }
      let lost = discardedBytes == 0 ? "nothing was lost" : "\(discardedBytes) bytes after them were not: \(reason)"
      let seconds = (duration_s * 10).rounded() / 10
      let label = withdrawnLabel.map {
        "; its label \($0.rawValue) was for the whole of it and is \(entry.label.rawValue) now"
      }
      return "\(file): \(frames) ticks (\(seconds) s) kept, \(lost); the original is \(original)\(label ?? "")"
    }
  }

  /// Mends one log. A whole one is left as it is, and so is one without a single whole tick; one that is being recorded
  /// is refused.
  public static func mend(_ path: String) throws(LogError) -> Report {
    let file = try LogFile.open(reading: path)
    try file.lock()
    let state = try LogState.of(file)
    if state == .foreign, try file.size() >= MCAP.magic.count { throw .notMCAP(file: path) }
    if state == .finished, try isReadable(file) { return try whole(path) }
    let temporary = path + ".recovering"
    let result: Finisher.Result
    do {
      result = try Finisher.rewrite(file, to: temporary, mending: true)
    } catch {
      switch error {
      case .notAnEpisode(_, let what), .malformed(_, _, let what): return try hopeless(path, what)
      case .notMCAP: return try hopeless(path, "it ends before its first record")
      default: throw error
      }
    }
    guard result.statistics.frames > 0 else {
      Folder.remove(temporary)
      return try hopeless(path, "it ends before its first tick")
    }
    let original = try keep(path)
    try Folder.replace(path, with: temporary)
    try Folder.sync(Folder.parent(of: path))
    // A finishing that was killed leaves a part of a copy, which nothing needs any more.
    Folder.remove(path + ".finishing")
    return Report(
      file: path, original: original, frames: result.statistics.frames,
      duration_s: Double(result.statistics.duration_ns) * 1e-9, discardedBytes: result.discarded,
      reason: result.reason,
      entry: EpisodeEntry(result, file: Folder.name(of: path), recovered: true))
  }

  /// Whether every chunk and record of a log opens and matches its checksum.
  private static func isReadable(_ file: LogFile) throws(LogError) -> Bool {
    var stream = try MessageStream(file)
    do {
      while try stream.next() != nil {}
      return true
    } catch {
      switch error {
      case .malformed, .tooLarge: return false
      default: throw error
      }
    }
  }

  private static func whole(_ path: String) throws(LogError) -> Report {
    let reader = try EpisodeReader.open(path)
    let statistics = try reader.figures()
    let result = Finisher.Result(
      session: reader.session, episode: reader.episode, id: reader.id, end: reader.end ?? EpisodeEnd(),
      statistics: statistics, bytes: try LogFile.open(reading: path).size(), checksum: reader.checksum,
      discarded: 0, reason: "")
    return Report(
      file: path, original: nil, frames: statistics.frames, duration_s: Double(statistics.duration_ns) * 1e-9,
      discardedBytes: 0, reason: "",
      entry: EpisodeEntry(result, file: Folder.name(of: path), recovered: reader.wasRecovered))
  }

  /// A file in which no tick can be: its process ended while it was made.
  private static func hopeless(_ path: String, _ reason: String) throws(LogError) -> Report {
    let size = try LogFile.open(reading: path).size()
    return Report(
      file: path, original: nil, frames: 0, duration_s: 0, discardedBytes: size,
      reason: size == 0 ? "it is empty" : reason, entry: nil)
  }

  /// Gives the torn file a name of its own.
  private static func keep(_ path: String) throws(LogError) -> String {
    for n in 1...1000 {
      let name = n == 1 ? "\(path).torn" : "\(path).torn\(n)"
      if Folder.exists(name) { continue }
      try Folder.keep(path, as: name)
      return name
    }
    throw .exists(file: "\(path).torn")
  }
}

extension Dataset {
  /// Mends every torn log of the folder and lists every log that is whole and not in the manifest.
  public func recover() throws(DatasetError) -> [Recovery.Report] {
    var reports: [Recovery.Report] = []
    for problem in try problems() {
      switch problem {
      case .torn(let file), .unlisted(let file), .changed(let file): reports.append(try recover(file))
      case .beingRecorded, .missing: break
      }
    }
    return reports
  }

  /// Mends one log of the folder, by its path, and lists it as it is now.
  ///
  /// The label that the manifest has stands, unless ticks are gone: it was given to the whole episode. Then the log's own
  /// counts, which is `unlabelled` where its end is gone too.
  public func recover(_ path: String) throws(DatasetError) -> Recovery.Report {
    var report: Recovery.Report
    do { report = try Recovery.mend(path) } catch { throw .log(error) }
    try reload()
    guard var entry = report.entry, Folder.exists("\(folder)/\(entry.file)") else { return report }
    guard let listed = current.episodes.first(where: { $0.id == entry.id }) else {
      try append(entry)
      return report
    }
    // A copy of a log that stands where it is listed is not another episode.
    if listed.file != entry.file, Folder.exists(self.path(of: listed)) {
      throw .copied(id: entry.id, folder: folder, file: path)
    }
    if entry.frames >= listed.frames {
      entry.label = listed.label
      entry.notes = listed.notes
    } else if entry.label != listed.label {
      report.withdrawnLabel = listed.label
    }
    entry.task = listed.task
    entry.hidden = listed.hidden
    entry.recovered = entry.recovered || listed.recovered
    if entry != listed { try replace(entry) }
    return report
  }
}
