internal import Synchronization

/// A folder of episodes: one log a file, and a manifest that says which of them count.
///
///     FOLDER/dataset.json          the manifest, replaced in one step with every change
///     FOLDER/<episode id>.mcap     a log each
///     FOLDER/<episode id>.mcap.torn  what a mended log was before
///     FOLDER/discarded/            logs that the person threw away; nothing is ever deleted
///
/// Any number of processes may read; changes take a lock on the folder and begin from what the disk says.
public final class Dataset: Sendable {
  /// The folder.
  public let folder: String
  /// False where nothing needs to survive a power cut: on virtual time.
  public let isDurable: Bool
  private let manifest: Mutex<Manifest>

  private init(folder: String, manifest: Manifest, durable: Bool) {
    self.folder = folder
    self.manifest = Mutex(manifest)
    isDurable = durable
  }

  /// Makes an empty dataset in a folder that has none.
  public static func create(_ folder: String, durable: Bool = true) throws(DatasetError) -> Dataset {
    let folder = tidy(folder)
    let manifest = Manifest(name: Folder.name(of: folder))
    do throws(LogError) {
      try Folder.create(folder)
      let path = "\(folder)/\(Manifest.fileName)"
      guard !Folder.exists(path) else { throw .exists(file: path) }
      try manifest.write(folder, durable: durable)
    } catch { throw .log(error) }
    return Dataset(folder: folder, manifest: manifest, durable: durable)
  }

  /// Opens a dataset. What `problems` finds wrong does not keep it from being used.
  public static func open(_ folder: String, durable: Bool = true) throws(DatasetError) -> Dataset {
    let folder = tidy(folder)
    return Dataset(folder: folder, manifest: try Manifest.read(folder), durable: durable)
  }

  /// Opens the dataset of a folder, or makes one there. A folder of other things is not taken over: a slip in a path would
  /// strew logs among them.
  public static func openOrCreate(_ folder: String, durable: Bool = true) throws(DatasetError) -> Dataset {
    if Folder.exists("\(tidy(folder))/\(Manifest.fileName)") { return try open(folder, durable: durable) }
    // What the system itself leaves on a fresh disk is nobody's.
    let names = ((try? Folder.names(in: folder)) ?? []).filter { !$0.hasPrefix(".") && $0 != "lost+found" }
    if let example = names.first(where: { $0.hasSuffix(".mcap") }) ?? names.first {
      throw .foreign(folder: folder, example: example)
    }
    return try create(folder, durable: durable)
  }

  private static func tidy(_ folder: String) -> String {
    folder.count > 1 && folder.hasSuffix("/") ? tidy(String(folder.dropLast())) : folder
  }

  // MARK: Reading

  /// The episodes in the order in which they were added.
  public var episodes: [EpisodeEntry] { current.episodes.filter { !$0.isHidden } }

  /// The manifest as last read or written, with what is hidden.
  var current: Manifest { manifest.withLock { $0 } }

  /// An episode by its id.
  public func episode(_ id: String) throws(DatasetError) -> EpisodeEntry {
    let all = episodes
    guard let entry = all.first(where: { $0.id == id }) else {
      throw .unknownEpisode(id: id, folder: folder, known: all.count)
    }
    return entry
  }

  /// Where an episode's log is.
  public func path(of entry: EpisodeEntry) -> String { "\(folder)/\(entry.file)" }

  /// Opens an episode's log.
  public func read(_ entry: EpisodeEntry) throws(LogError) -> EpisodeReader { try EpisodeReader.open(path(of: entry)) }

  /// Whether training must never see the episode of this id: one in ten, decided by the id alone, so that it is the
  /// same in every copy, merge and split of the data, for ever.
  public static func isHeldOut(_ id: String) -> Bool { StableHash.of(id.utf8) % 10 == 0 }

  /// Changes when any episode, its data or its label changes: what a policy was trained on.
  public var digest: String {
    var hash = StableHash()
    for entry in episodes { hash.add("\(entry.id)\n\(entry.checksum)\n\(entry.label.rawValue)\n".utf8) }
    return Hexadecimal.text(hash.value, digits: 16)
  }

  /// What the folder holds that the manifest does not account for.
  public func problems() throws(DatasetError) -> [DatasetProblem] {
    var problems: [DatasetProblem] = []
    do throws(LogError) {
      let listed = Dictionary(current.episodes.map { ($0.file, $0) }, uniquingKeysWith: { first, _ in first })
      let names = try Folder.names(in: folder)
      for name in names where name.hasSuffix(".mcap") {
        let path = "\(folder)/\(name)"
        let file = try LogFile.open(reading: path)
        if let entry = listed[name], try file.size() == entry.bytes { continue }
        if file.isLocked() {
          problems.append(.beingRecorded(file: path))
        } else if try LogState.of(file) != .finished {
          problems.append(.torn(file: path))
        } else {
          problems.append(listed[name] == nil ? .unlisted(file: path) : .changed(file: path))
        }
      }
      let present = Set(names)
      for entry in episodes where !present.contains(entry.file) {
        problems.append(.missing(id: entry.id, file: path(of: entry)))
      }
    } catch { throw .log(error) }
    return problems
  }

  // MARK: Changing

  /// Adds an episode whose log stands in the folder.
  public func append(_ entry: EpisodeEntry) throws(DatasetError) {
    try change { manifest throws(DatasetError) in
      guard !manifest.episodes.contains(where: { $0.id == entry.id }) else {
        throw .duplicate(id: entry.id, folder: folder)
      }
      manifest.episodes.append(entry)
    }
  }

  /// Gives an episode another label; its log keeps the one it was recorded with.
  public func relabel(_ id: String, _ label: EpisodeLabel) throws(DatasetError) { try relabel([id], label: label) }

  /// Lists an episode anew whose log was changed.
  func replace(_ entry: EpisodeEntry) throws(DatasetError) {
    try change { manifest throws(DatasetError) in
      guard let index = manifest.episodes.firstIndex(where: { $0.id == entry.id }) else {
        throw .unknownEpisode(id: entry.id, folder: folder, known: manifest.episodes.count)
      }
      manifest.episodes[index] = entry
    }
  }

  /// Takes the folder's lock, starts from the manifest on the disk, and replaces it by the changed one.
  func change(_ body: (inout Manifest) throws(DatasetError) -> Void) throws(DatasetError) {
    let lock: LogFile
    do throws(LogError) {
      lock = try LogFile.open(reading: folder)
      try lock.lockWaiting()
    } catch { throw .log(error) }
    var changed = try Manifest.read(folder)
    try body(&changed)
    do { try changed.write(folder, durable: isDurable) } catch { throw .log(error) }
    manifest.withLock { $0 = changed }
    withExtendedLifetime(lock) {}
  }

  /// Reads the manifest again: another process may have added episodes.
  public func reload() throws(DatasetError) {
    let read = try Manifest.read(folder)
    manifest.withLock { $0 = read }
  }
}

/// Whether a log is whole.
enum LogState: Equatable {
  case finished, unfinished, foreign

  static func of(_ file: LogFile) throws(LogError) -> LogState {
    do { return try LogIndex.read(file) == nil ? .unfinished : .finished } catch {
      switch error {
      case .notMCAP: return .foreign
      case .malformed, .tooLarge: return .unfinished
      default: throw error
      }
    }
  }
}

/// Names bytes: the same text for the same bytes, and by all odds another for others.
public enum Fingerprint {
  /// Sixteen hexadecimal digits.
  public static func of(_ bytes: some Sequence<UInt8>) -> String { Hexadecimal.text(StableHash.of(bytes), digits: 16) }
}

/// FNV-1a with 64 bits and a final mix (so that the last digits depend on every character). It never changes: held-out
/// episodes are chosen by it.
struct StableHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  }

  var value: UInt64 {
    var mixed = (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return mixed ^ (mixed >> 33)
  }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash = StableHash()
    hash.add(bytes)
    return hash.value
  }
}
