// Changes to a dataset after recording: all of them in the manifest, none in a log.
//
//     delete, filter   the entry stays in the manifest, hidden: nobody reads it, `recover` does not bring it back
//     relabel          label, task, notes of the entry; the log keeps those it was recorded with
//     undo             the last edit's entries as they were before; episodes recorded since stay
//     split, merge     a new folder with the same logs under second names (hard links), and a manifest of its own

/// A change that was made to a dataset's list, with all it takes to undo it.
public struct DatasetEdit: Sendable, Equatable, Codable {
  /// What was done, in words.
  public let words: String
  /// The entries that it changed, as they were before.
  let before: [EpisodeEntry]
  /// How many entries it changed.
  public var episodes: Int { before.count }
}

extension Dataset {
  /// Takes episodes out of the list; their logs stay.
  @discardableResult
  public func delete(_ ids: [String]) throws(DatasetError) -> DatasetEdit {
    try edit("deleted", ids) { $0.hidden = true }
  }

  /// Gives episodes another label, task or notes; their logs keep those that they were recorded with.
  @discardableResult
  public func relabel(
    _ ids: [String], label: EpisodeLabel? = nil, task: String? = nil, notes: String? = nil
  ) throws(DatasetError) -> DatasetEdit {
    let words = [label.map { "label \($0.rawValue)" }, task.map { "task “\($0)”" }, notes.map { "notes “\($0)”" }]
    return try edit("relabelled (\(words.compactMap { $0 }.joined(separator: ", ")))", ids) { entry in
      entry.label = label ?? entry.label
      entry.task = task ?? entry.task
      entry.notes = notes ?? entry.notes
    }
  }

  /// Takes every episode out of the list that is not one of `kept`.
  @discardableResult
  public func filter(keeping kept: [String]) throws(DatasetError) -> DatasetEdit {
    let kept = Set(kept)
    return try edit("filtered out", episodes.map(\.id).filter { !kept.contains($0) }) { $0.hidden = true }
  }

  private func edit(
    _ words: String, _ ids: [String], _ body: (inout EpisodeEntry) -> Void
  ) throws(DatasetError) -> DatasetEdit {
    var made: DatasetEdit?
    try change { manifest throws(DatasetError) in
      var before: [EpisodeEntry] = []
      for id in ids {
        guard let index = manifest.episodes.firstIndex(where: { $0.id == id && !$0.isHidden }) else {
          throw .unknownEpisode(id: id, folder: folder, known: manifest.episodes.count { !$0.isHidden })
        }
        before.append(manifest.episodes[index])
        body(&manifest.episodes[index])
      }
      let edit = DatasetEdit(words: words, before: before)
      if !before.isEmpty { manifest.edits = (manifest.edits ?? []) + [edit] }
      made = edit
    }
    return made ?? DatasetEdit(words: words, before: [])
  }

  /// Puts the entries of the last edit back as they were; nil where there is no edit left.
  public func undo() throws(DatasetError) -> DatasetEdit? {
    var undone: DatasetEdit?
    try change { manifest throws(DatasetError) in
      guard let edit = manifest.edits?.popLast() else { return }
      for entry in edit.before {
        guard let index = manifest.episodes.firstIndex(where: { $0.id == entry.id }) else { continue }
        manifest.episodes[index] = entry
      }
      if manifest.edits?.isEmpty == true { manifest.edits = nil }
      undone = edit
    }
    return undone
  }

  /// The edits that can be undone, oldest first.
  public var edits: [DatasetEdit] { current.edits ?? [] }

  /// Makes a dataset of these episodes of one or more others, in a new folder. Logs get a second name there and are not
  /// copied where the file system has hard links. An episode that several hold goes in once.
  public static func gather(
    _ parts: [(dataset: Dataset, ids: [String])], into folder: String, durable: Bool = true
  ) throws(DatasetError) -> Dataset {
    var entries: [EpisodeEntry] = []
    var sources: [(from: String, entry: EpisodeEntry)] = []
    for (dataset, ids) in parts {
      for id in ids {
        let entry = try dataset.episode(id)
        if let other = entries.first(where: { $0.id == id }) {
          guard other.checksum == entry.checksum else { throw .duplicate(id: id, folder: dataset.folder) }
          continue
        }
        entries.append(entry)
        sources.append((dataset.path(of: entry), entry))
      }
    }
    let made = try create(folder, durable: durable)
    do throws(LogError) {
      for (path, entry) in sources { try Folder.share(path, as: "\(made.folder)/\(entry.file)") }
    } catch { throw .log(error) }
    try made.change { manifest throws(DatasetError) in manifest.episodes = entries }
    return made
  }

  /// Shares of a dataset's episodes, by a seeded shuffle: the same seed parts it the same way.
  ///
  /// Shares need not add up to 1; what is left over goes nowhere. Every episode is in at most one part.
  public func parts(_ shares: [Double], seed: UInt64) -> [[String]] {
    // By the hash of seed and id, so that an episode's place does not hang on the others'.
    let order = episodes.map(\.id).sorted {
      let (a, b) = (StableHash.of("\(seed) \($0)".utf8), StableHash.of("\(seed) \($1)".utf8))
      return a == b ? $0 < $1 : a < b
    }
    var parts: [[String]] = []
    var sum = 0.0
    for share in shares {
      let first = Int((sum * Double(order.count)).rounded())
      sum = min(1, sum + max(0, share))
      let chosen = Set(order[first..<max(first, Int((sum * Double(order.count)).rounded()))])
      parts.append(episodes.map(\.id).filter(chosen.contains))
    }
    return parts
  }

  /// The ids that a person means: ids themselves, places in the list from 1, and ranges of places: `3,5-8`.
  public func select(_ text: String) throws(DatasetError) -> [String] {
    let all = episodes
    var chosen: [String] = []
    for word in text.split(separator: ",").map({ $0.trimmingPrefix(" ") }) {
      let word = String(word)
      if all.contains(where: { $0.id == word }) {
        chosen.append(word)
        continue
      }
      let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 1, last >= first,
        last <= all.count
      else { throw .unknownEpisode(id: word, folder: folder, known: all.count) }
      chosen += all[(first - 1)..<last].map(\.id)
    }
    var seen: Set<String> = []
    return chosen.filter { seen.insert($0).inserted }
  }
}
