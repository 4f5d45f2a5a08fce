public import Episodes
internal import Foundation

/// What `understudy edit-dataset` does, and says that it did.
public struct DatasetEditing: Sendable, Encodable, CustomStringConvertible {
  /// What was done, a line each.
  public private(set) var lines: [String] = []
  /// For people.
  public var description: String { lines.joined(separator: "\n") }

  /// Which episodes a filter keeps; nil and empty are no condition.
  public struct Condition: Sendable {
    /// One of these labels.
    public var labels: [EpisodeLabel] = []
    /// This task, word for word.
    public var task: String?
    /// At least so long.
    public var minimumSeconds: Double?
    /// At most so long.
    public var maximumSeconds: Double?
    /// Some tick commanded by hand.
    public var byHand = false

    /// No condition.
    public init() {}

    func holds(_ entry: EpisodeEntry) -> Bool {
      (labels.isEmpty || labels.contains(entry.label)) && (task.map { entry.task == $0 } ?? true)
        && (minimumSeconds.map { entry.duration_s >= $0 } ?? true)
        && (maximumSeconds.map { entry.duration_s <= $0 } ?? true) && (!byHand || entry.personFrames > 0)
    }
  }

  /// Nothing done yet.
  public init() {}

  /// Takes episodes out of the list.
  public mutating func delete(_ folder: String, _ episodes: String) throws(DatasetError) {
    let dataset = try Dataset.open(folder)
    tell(try dataset.delete(dataset.select(episodes)), dataset)
  }

  /// Gives episodes another label, task or notes.
  public mutating func relabel(
    _ folder: String, _ episodes: String, label: EpisodeLabel?, task: String?, notes: String?
  ) throws(DatasetError) {
    let dataset = try Dataset.open(folder)
    tell(try dataset.relabel(dataset.select(episodes), label: label, task: task, notes: notes), dataset)
  }

  /// Keeps the episodes for which a condition holds.
  public mutating func filter(_ folder: String, _ condition: Condition) throws(DatasetError) {
    let dataset = try Dataset.open(folder)
    tell(try dataset.filter(keeping: dataset.episodes.filter(condition.holds).map(\.id)), dataset)
  }

  /// Undoes the last edit.
  public mutating func undo(_ folder: String) throws(DatasetError) {
    let dataset = try Dataset.open(folder)
    guard let edit = try dataset.undo() else {
      lines.append("\(folder): there is no edit to undo")
      return
    }
    lines.append("\(folder): undone: \(edit.episodes) episode\(edit.episodes == 1 ? "" : "s") \(edit.words)")
    lines.append(summary(dataset))
  }

  /// Parts a dataset into new ones by shares.
  public mutating func split(
    _ folder: String, into parts: [(folder: String, share: Double)], seed: UInt64
  ) throws(DatasetError) {
    let dataset = try Dataset.open(folder)
    try absent(parts.map(\.folder))
    for (part, ids) in zip(parts, dataset.parts(parts.map(\.share), seed: seed)) {
      lines.append(summary(try Dataset.gather([(dataset, ids)], into: part.folder)))
    }
    lines.append("\(folder) is as it was; the new datasets share its logs")
  }

  /// Makes one dataset of several.
  public mutating func merge(_ folders: [String], into folder: String) throws(DatasetError) {
    try absent([folder])
    var parts: [(dataset: Dataset, ids: [String])] = []
    for folder in folders {
      let dataset = try Dataset.open(folder)
      parts.append((dataset, dataset.episodes.map(\.id)))
    }
    lines.append(summary(try Dataset.gather(parts, into: folder)))
  }

  private func absent(_ folders: [String]) throws(DatasetError) {
    for folder in folders where FileManager.default.fileExists(atPath: folder) { throw .log(.exists(file: folder)) }
  }

  private mutating func tell(_ edit: DatasetEdit, _ dataset: Dataset) {
    lines.append("\(dataset.folder): \(edit.episodes) episode\(edit.episodes == 1 ? "" : "s") \(edit.words)")
    lines.append(summary(dataset))
    if edit.episodes > 0 { lines.append("`understudy edit-dataset undo \(dataset.folder)` takes it back") }
  }

  private func summary(_ dataset: Dataset) -> String {
    let episodes = dataset.episodes
    let labels = EpisodeLabel.allCases.compactMap { label in
      let count = episodes.count { $0.label == label }
      return count > 0 ? "\(count) \(label.rawValue)" : nil
    }
    return "\(dataset.folder): \(episodes.count) episodes (\(labels.joined(separator: ", "))), "
      + "\(episodes.reduce(0) { $0 + $1.frames }) ticks"
  }
}
