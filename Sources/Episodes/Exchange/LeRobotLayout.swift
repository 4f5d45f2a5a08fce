internal import Foundation

/// LeRobotDataset v3.0 as a state-only arm needs it: names, types and the blobs that its readers insist on.
///
///     meta/info.json                                  features, rate, totals
///     meta/stats.json                                 min max mean std count q01 q10 q50 q90 q99 of each feature
///     meta/tasks.parquet                              task_index by task; task is a pandas index
///     meta/episodes/chunk-000/file-000.parquet        an episode a row, with its own statistics
///     meta/understudy.json                            ours: ids, labels, notes, units; LeRobot passes it over
///     data/chunk-000/file-000.parquet                 a frame a row
struct LeRobotLayout {
  /// A column of a data file.
  struct Feature {
    let name: String
    /// As info.json names it: float32, int64 or bool.
    let dtype: String
    let names: [String]?
    /// The scalar columns of the frame table that make it up.
    let columns: [String]
    var isVector: Bool { names != nil }

    /// The whole feature as DuckDB makes it from the scalar columns.
    var sql: String { isVector ? "array_value(\(columns.joined(separator: ", ")))" : columns[0] }
  }

  static let version = "v3.0"
  static let chunkSize = 1000
  static let dataPath = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
  static let statistics = ["min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"]
  static let sidecar = "meta/understudy.json"

  let features: [Feature]

  init(joints: [String], environment: [String]) {
    let motors = joints.map { $0 + ".pos" }
    func columns(_ letter: String, _ names: [String]) -> [String] { names.indices.map { "\(letter)\($0)" } }
    var features = [
      Feature(name: "action", dtype: "float32", names: motors, columns: columns("a", motors)),
      Feature(name: "observation.state", dtype: "float32", names: motors, columns: columns("s", motors)),
    ]
    if !environment.isEmpty {
      features.append(
        Feature(
          name: "observation.environment_state", dtype: "float32", names: environment,
          columns: columns("v", environment)))
    }
    features.append(Feature(name: "intervention", dtype: "bool", names: nil, columns: ["intervention"]))
    features.append(Feature(name: "timestamp", dtype: "float32", names: nil, columns: ["timestamp"]))
    for name in ["frame_index", "episode_index", "index", "task_index"] {
      features.append(Feature(name: name, dtype: "int64", names: nil, columns: [name]))
    }
    self.features = features
  }

  /// Where the n-th file of a kind stands: a thousand to a folder.
  static func path(_ kind: String, file: Int) -> String {
    func three(_ n: Int) -> String { String(repeating: "0", count: max(0, 3 - "\(n)".count)) + "\(n)" }
    return "\(kind)/chunk-\(three(file / chunkSize))/file-\(three(file % chunkSize)).parquet"
  }

  /// What `datasets` keeps in each data file: without it, it guesses.
  var huggingFace: String {
    let parts = features.map { feature in
      let value = #"{"dtype": "\#(feature.dtype)", "_type": "Value"}"#
      return feature.isVector
        ? #""\#(feature.name)": {"feature": \#(value), "length": \#(feature.columns.count), "_type": "List"}"#
        : #""\#(feature.name)": \#(value)"#
    }
    return #"{"info": {"features": {\#(parts.joined(separator: ", "))}}}"#
  }

  /// What pandas needs to see the task as the table's index; without it LeRobot takes the number for the task.
  static let pandas = """
    {"index_columns": ["task"], "column_indexes": [{"name": null, "field_name": null, "pandas_type": "unicode", \
    "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}], "columns": [{"name": "task_index", "field_name": \
    "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}, {"name": "task", "field_name": \
    "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": null}], "attributes": {}, "creator": \
    {"library": "understudy", "version": "1"}, "pandas_version": "2.3.3"}
    """

  /// info.json's text.
  func info(
    fps: Int, robot: String, episodes: Int, frames: Int, tasks: Int, fileSize_MB: Int
  ) -> [String: Any] {
    var described: [String: Any] = [:]
    for feature in features {
      described[feature.name] = [
        "dtype": feature.dtype, "shape": [feature.columns.count], "names": feature.names as Any? ?? NSNull(),
      ]
    }
    return [
      "codebase_version": Self.version, "fps": fps, "features": described, "total_episodes": episodes,
      "total_frames": frames, "total_tasks": tasks, "chunks_size": Self.chunkSize,
      "data_files_size_in_mb": fileSize_MB, "video_files_size_in_mb": 200, "data_path": Self.dataPath,
      "video_path": NSNull(), "robot_type": robot, "splits": ["train": "0:\(episodes)"],
    ]
  }
}

/// What LeRobot has no place for, kept beside it so that a dataset comes back as it went.
struct LeRobotSidecar: Codable {
  struct Episode: Codable {
    var id: String
    var session: String
    var number: UInt32
    var attempt: Int
    var activity: String
    var person: String
    var label: EpisodeLabel
    var notes: String
    var policyDigest: String
    /// No policy drove in it: then nobody intervened, and a person did it all.
    var byHand: Bool
    /// How many frames it has here: where LeRobot changed the dataset since, episodes are told apart by it.
    var frames: Int
  }

  var format = "understudy-lerobot"
  var version = 1
  var units: LeRobotUnits
  /// `executed` or `wished`.
  var action: String
  var episodes: [Episode] = []
}
