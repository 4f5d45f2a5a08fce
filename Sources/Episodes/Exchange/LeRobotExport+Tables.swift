internal import Foundation

/// From the gathered tables to the files: one script for DuckDB, then the JSON.
extension LeRobotExport {
  func write(_ tables: FrameTables, in work: URL, _ program: DuckDB) throws(ExchangeError) {
    let layout = tables.layout
    let lines = JSONEncoder()
    lines.outputFormatting = [.withoutEscapingSlashes]
    do {
      let manager = FileManager.default
      for file in 0..<tables.files {
        for kind in file == 0 ? ["data", "meta/episodes"] : ["data"] {
          let path = work.appending(path: LeRobotLayout.path(kind, file: file)).deletingLastPathComponent()
          try manager.createDirectory(at: path, withIntermediateDirectories: true)
        }
      }
      var episodes = Data()
      for episode in tables.episodes { episodes += try lines.encode(episode) + Data("\n".utf8) }
      try episodes.write(to: work.appending(path: Self.episodesName))
      var tasks = Data()
      for (index, task) in tables.tasks.enumerated() {
        tasks += try lines.encode(Task(task_index: index, task: task)) + Data("\n".utf8)
      }
      try tasks.write(to: work.appending(path: Self.tasksName))
    } catch { throw .file(path: work.path, reason: error.localizedDescription) }

    var statistics: [String: [String: [Double]]] = [:]
    var text = Data()
    try program.run(script(tables), in: work, doing: "writing Parquet") { text += $0 }
    do {
      // One row of JSON: a list for each statistic of each feature.
      let row = try JSONDecoder().decode([String: [Double]].self, from: text)
      for feature in layout.features {
        for name in LeRobotLayout.statistics {
          statistics[feature.name, default: [:]][name] = row["stats/\(feature.name)/\(name)"]
        }
      }
      let info = layout.info(
        fps: tables.fps, robot: robot, episodes: tables.episodes.count, frames: tables.count,
        tasks: tables.tasks.count, fileSize_MB: fileSize_MB)
      try JSONSerialization.data(withJSONObject: info, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        .write(to: work.appending(path: "meta/info.json"))
      try JSONSerialization.data(
        withJSONObject: statistics, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      ).write(to: work.appending(path: "meta/stats.json"))
      lines.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try lines.encode(tables.sidecar).write(to: work.appending(path: LeRobotLayout.sidecar))
      for name in [FrameTables.framesName, Self.episodesName, Self.tasksName] {
        try FileManager.default.removeItem(at: work.appending(path: name))
      }
    } catch { throw .file(path: work.path, reason: "\(error)") }
  }

  private static let episodesName = "episodes.ndjson"
  private static let tasksName = "tasks.ndjson"

  private struct Task: Encodable {
    let task_index: Int
    let task: String
  }

  /// Every name in it is the layout's own; people's words come from the files that it reads.
  private func script(_ tables: FrameTables) -> String {
    let layout = tables.layout
    var columns = ["file", "episode_index", "frame_index", "index", "task_index"].map { "'\($0)': 'BIGINT'" }
    columns.append("'intervention': 'BOOLEAN'")
    for feature in layout.features where feature.isVector { columns += feature.columns.map { "'\($0)': 'FLOAT'" } }
    let selected = layout.features.map { "\($0.sql) AS \"\($0.name)\"" }.joined(separator: ", ")
    let features = layout.huggingFace.replacing("'", with: "''")
    // One thread: two or more wait for each other more than they work (half the processor time, and no later).
    var script = """
      SET threads = 1;
      CREATE TABLE frames AS SELECT *, (frame_index / \(tables.fps)::DOUBLE)::FLOAT AS timestamp
      FROM read_csv('\(FrameTables.framesName)', header = false, columns = {\(columns.joined(separator: ", "))});

      """
    for file in 0..<tables.files {
      script += """
        COPY (SELECT \(selected) FROM frames WHERE file = \(file) ORDER BY "index")
        TO '\(LeRobotLayout.path("data", file: file))'
        (FORMAT parquet, COMPRESSION snappy, KV_METADATA {huggingface: '\(features)'});

        """
    }
    let measured = Self.measures(layout)
    let size = LeRobotLayout.chunkSize
    script += """
      COPY (SELECT task_index, task FROM read_json('\(Self.tasksName)', format = 'newline_delimited',
        columns = {'task_index': 'BIGINT', 'task': 'VARCHAR'}))
      TO 'meta/tasks.parquet' (FORMAT parquet, COMPRESSION snappy, KV_METADATA {pandas: '\(LeRobotLayout.pandas)'});
      CREATE TABLE episodes AS SELECT * FROM read_json('\(Self.episodesName)', format = 'newline_delimited',
        columns = {'episode_index': 'BIGINT', 'tasks': 'VARCHAR[]', 'length': 'BIGINT', 'file': 'BIGINT',
          'dataset_from_index': 'BIGINT', 'dataset_to_index': 'BIGINT'});
      COPY (SELECT episode_index, tasks, length, file // \(size) AS "data/chunk_index", file % \(size) AS "data/file_index",
        dataset_from_index, dataset_to_index, measured.* EXCLUDE (key),
        0::BIGINT AS "meta/episodes/chunk_index", 0::BIGINT AS "meta/episodes/file_index"
        FROM episodes JOIN (SELECT episode_index AS key, \(measured) FROM frames GROUP BY key) AS measured
        ON key = episode_index ORDER BY episode_index)
      TO '\(LeRobotLayout.path("meta/episodes", file: 0))' (FORMAT parquet, COMPRESSION snappy);
      COPY (SELECT \(measured) FROM frames) TO '/dev/stdout' (FORMAT json);

      """
    return script
  }

  /// Each statistic of each feature as a list over its columns: exact, quantiles by linear interpolation. All quantiles
  /// of a column are asked for in the same words, so that DuckDB gathers and sorts it once.
  private static func measures(_ layout: LeRobotLayout) -> String {
    let places = ["q01": 1, "q10": 2, "q50": 3, "q90": 4, "q99": 5]
    var parts: [String] = []
    for feature in layout.features {
      for name in LeRobotLayout.statistics {
        let values = feature.columns.map { column in
          let value = feature.dtype == "bool" ? "\"\(column)\"::INT::DOUBLE" : "\"\(column)\"::DOUBLE"
          return switch name {
          case "min", "max": "\(name)(\(value))"
          case "mean": "avg(\(value))"
          case "std": "stddev_pop(\(value))"
          default: "quantile_cont(\(value), [0.01, 0.1, 0.5, 0.9, 0.99])[\(places[name] ?? 0)]"
          }
        }
        let list = name == "count" ? "[count(*)]::BIGINT[]" : "[\(values.joined(separator: ", "))]"
        parts.append("\(list) AS \"stats/\(feature.name)/\(name)\"")
      }
    }
    return parts.joined(separator: ",\n")
  }
}
