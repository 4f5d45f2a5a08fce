// One shot: tasks that differ in what no feature tells, each to be learned from one demonstration.
//
//     datasets with a task key ─▶ TaskDemonstrations ─▶ ┌ GoalFrame ─▶ goal-conditioned policy ─┐
//                                                       └ AdaptiveTraining (MAML, joint) ───────┴▶ MetaPolicy
//     one demonstration ─▶ MetaPolicy.adapt ─▶ an ordinary policy
//
// Units: m, rad; networks see standardised numbers. Torque: nothing here moves an arm.
public import Arm
public import Episodes

/// A person's decisions of many episodes, sorted by task.
public struct TaskDemonstrations {
  /// One episode's rows.
  public struct Episode: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// Its task's key.
    public let task: String
    /// Its rows in `frames`.
    public let rows: Range<Int>
  }

  /// How many features the rig's policies see; further columns say where tool and objects are.
  public let policyFeatures: Int
  /// The points whose places are known: `tool`, then objects.
  public let points: [String]
  /// Episodes with rows.
  public private(set) var episodes: [Episode] = []
  private var demonstrations: Demonstrations
  private let rig: Rig

  /// No rows yet.
  public init(rig: Rig) throws(FeatureError) {
    var wide = rig
    let places = ["tool.x", "tool.y", "tool.z"] + rig.environmentNames
    wide.policy.features += places.filter { !rig.policy.features.contains($0) }
    policyFeatures = rig.policy.features.count
    self.rig = rig
    var points = ["tool"]
    for name in rig.environmentNames where name.hasSuffix(".x") {
      let point = String(name.dropLast(2))
      if rig.environmentNames.contains("\(point).y") { points.append(point) }
    }
    self.points = points
    demonstrations = Demonstrations(try Demonstrations.Columns(rig: wide))
  }

  /// The rows of all episodes.
  public var frames: Frames { demonstrations.frames }

  /// Adds a dataset's successful episodes.
  public mutating func add(_ dataset: Dataset) throws(DemonstrationsError) {
    for entry in dataset.episodes where entry.label == .success {
      let reader: EpisodeReader
      do throws(LogError) { reader = try dataset.read(entry) } catch {
        throw .unreadable(episode: entry.id, dataset: dataset.folder, error)
      }
      try add(reader, id: entry.id, task: entry.task)
    }
  }

  /// Adds the episode of a log, whatever its label.
  public mutating func add(_ reader: EpisodeReader, id: String, task: String) throws(DemonstrationsError) {
    try reader.session.check(rig, episode: id)
    var records: [TickRecord] = []
    do throws(LogError) { while let record = try reader.next() { records.append(record) } } catch {
      let folder = reader.path.lastIndex(of: "/").map { String(reader.path[..<$0]) } ?? "."
      throw .unreadable(episode: id, dataset: folder, error)
    }
    add(records, id: id, task: task)
  }

  /// Adds an episode's records.
  public mutating func add(_ records: [TickRecord], id: String, task: String) {
    let before = demonstrations.frames.count
    demonstrations.add(records, episode: episodes.count)
    let after = demonstrations.frames.count
    if after > before { episodes.append(Episode(id: id, task: task, rows: before..<after)) }
  }

  /// The episodes of each task that was shown at least twice, tasks in the order of their keys.
  func families() -> [(key: String, episodes: [Episode])] {
    Dictionary(grouping: episodes, by: \.task).filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// How many rows at an episode's end are taken for its end: a fifth of a second at 25 Hz.
  static let endRows = 5

  /// A column's mean over an episode's end.
  func end(_ episode: Episode, _ column: Int) -> Double {
    let rows = episode.rows.suffix(Self.endRows)
    return rows.reduce(0) { $0 + value($1, column) } / Double(rows.count)
  }

  /// A row's value in a column.
  func value(_ row: Int, _ column: Int) -> Double {
    Double(demonstrations.frames.features[row * demonstrations.frames.featureWidth + column])
  }

  /// The column of a name.
  func column(_ name: String) -> Int? { demonstrations.frames.featureNames.firstIndex(of: name) }
}
