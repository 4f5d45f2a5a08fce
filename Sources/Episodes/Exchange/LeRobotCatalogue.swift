internal import Foundation

/// What a LeRobot dataset says about itself, and the question that brings its frames.
struct LeRobotCatalogue {
  let source: String
  private let columns: Columns
  /// Names and lengths by episode index.
  let episodes: [Int: Episode]
  /// Names the content: the same files give the same session.
  let fingerprint: String

  var fps: Int { columns.fps }
  var joints: [String] { columns.joints }
  var environment: [String] { columns.environment }
  var hasIntervention: Bool { columns.hasIntervention }
  var notes: [String] { columns.notes }

  /// What info.json says of the frames.
  struct Columns {
    let fps: Int
    let joints: [String]
    let environment: [String]
    let hasIntervention: Bool
    let notes: [String]
  }

  struct Episode: Decodable {
    let episode_index: Int
    let tasks: [String]
    let length: Int
  }

  fileprivate struct Info: Decodable {
    let codebase_version: String
    let fps: Double
    let features: [String: Feature]
  }

  fileprivate struct Feature: Decodable {
    let dtype: String
    let shape: [Int]
    let names: [String]?

    private enum Keys: CodingKey { case dtype, shape, names }

    /// Names are a list, nothing, or by older writers a list in a map: `{"motors": [...]}`.
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      if let list = try? container.decode([String].self, forKey: .names) {
        names = list
      } else {
        names = (try? container.decode([String: [String]].self, forKey: .names))?.values.first
      }
    }
  }

  static let state = "observation.state"
  static let environmentState = "observation.environment_state"
  fileprivate static let known: Set<String> = [
    "action", state, environmentState, "intervention", "timestamp", "frame_index", "episode_index", "index",
    "task_index",
  ]

  init(_ source: String, _ program: DuckDB) throws(ExchangeError) {
    guard let text = FileManager.default.contents(atPath: "\(source)/meta/info.json") else {
      throw .notLeRobot(folder: source, what: "it has no meta/info.json")
    }
    self.source = source
    columns = try Columns(info: text, of: source)
    let statistics = FileManager.default.contents(atPath: "\(source)/meta/stats.json") ?? Data()
    fingerprint = Hexadecimal.text(StableHash.of(text + statistics), digits: 16)
    episodes = try Self.episodes(source, program)
  }

  private static func episodes(_ source: String, _ program: DuckDB) throws(ExchangeError) -> [Int: Episode] {
    var text = Data()
    try program.run(
      """
      COPY (SELECT episode_index, tasks, length FROM read_parquet('meta/episodes/*/*.parquet', union_by_name = true))
      TO '/dev/stdout' (FORMAT json);

      """, in: URL(filePath: source), doing: "reading \(source)/meta/episodes"
    ) { text += $0 }
    var episodes: [Int: Episode] = [:]
    for line in text.split(separator: UInt8(ascii: "\n")) {
      guard let episode = try? JSONDecoder().decode(Episode.self, from: Data(line)) else {
        throw .notLeRobot(folder: source, what: "its list of episodes cannot be read")
      }
      episodes[episode.episode_index] = episode
    }
    return episodes
  }

  /// A line of text a frame, episodes one after another: indexes, intervention, action, state, environment.
  var frames: String {
    var columns = ["episode_index::BIGINT", "frame_index::BIGINT"]
    columns.append(hasIntervention ? "intervention::INT" : "0")
    func list(_ name: String, _ count: Int) -> [String] { (1...count).map { "(\"\(name)\"[\($0)])::FLOAT" } }
    columns += list("action", joints.count) + list(Self.state, joints.count)
    if !environment.isEmpty { columns += list(Self.environmentState, environment.count) }
    return """
      COPY (SELECT \(columns.joined(separator: ", ")) FROM read_parquet('data/*/*.parquet', union_by_name = true)
      ORDER BY episode_index, frame_index) TO '/dev/stdout' (FORMAT csv, HEADER false);

      """
  }

  /// What our export left beside the dataset, if it is ours.
  static func sidecar(_ source: String) -> LeRobotSidecar? {
    guard let text = FileManager.default.contents(atPath: "\(source)/\(LeRobotLayout.sidecar)") else { return nil }
    return try? JSONDecoder().decode(LeRobotSidecar.self, from: text)
  }
}

extension LeRobotCatalogue.Columns {
  /// From the text of an info.json, which anybody may have written.
  init(info text: Data, of source: String) throws(ExchangeError) {
    struct Version: Decodable { let codebase_version: String }
    if let version = try? JSONDecoder().decode(Version.self, from: text), version.codebase_version != "v3.0" {
      throw .version(folder: source, found: version.codebase_version)
    }
    let info: LeRobotCatalogue.Info
    do { info = try JSONDecoder().decode(LeRobotCatalogue.Info.self, from: text) } catch {
      throw .notLeRobot(folder: source, what: "meta/info.json is not what LeRobot 0.6 writes")
    }
    guard let rate = Int(exactly: info.fps), (1...10_000).contains(rate) else {
      throw .feature(folder: source, what: "its rate is \(info.fps) frames a second")
    }
    fps = rate
    joints = try Self.joints(info.features, source)
    let name = LeRobotCatalogue.environmentState
    if let other = info.features[name] {
      guard other.dtype.hasPrefix("float"), other.shape.count == 1, (0...16).contains(other.shape[0]) else {
        throw .feature(folder: source, what: "\(name) is \(other.dtype)\(other.shape); at most 16 numbers fit")
      }
      environment = other.names?.count == other.shape[0] ? other.names ?? [] : (0..<other.shape[0]).map { "env.\($0)" }
    } else {
      environment = []
    }
    hasIntervention = info.features["intervention"]?.dtype == "bool"
    notes = info.features.keys.filter { !LeRobotCatalogue.known.contains($0) }.sorted().map { name in
      let kind = info.features[name]?.dtype ?? ""
      return "left out: \(name) (\(kind))"
        + (kind == "video" || kind == "image" ? ", pictures have no place in a log" : "")
    }
  }

  private static func joints(_ features: [String: LeRobotCatalogue.Feature], _ source: String) throws(ExchangeError)
    -> [String]
  {
    for name in ["action", LeRobotCatalogue.state] {
      guard let feature = features[name] else { throw .feature(folder: source, what: "it has no \(name)") }
      guard feature.dtype.hasPrefix("float"), feature.shape.count == 1, (1...8).contains(feature.shape[0]) else {
        throw .feature(folder: source, what: "\(name) is \(feature.dtype)\(feature.shape), not 1 to 8 numbers")
      }
    }
    guard let action = features["action"], let observed = features[LeRobotCatalogue.state],
      action.shape == observed.shape,
      action.names == observed.names
    else { throw .feature(folder: source, what: "action and \(LeRobotCatalogue.state) are not of the same joints") }
    let names =
      action.names?.count == action.shape[0] ? action.names ?? [] : (0..<action.shape[0]).map { "joint_\($0)" }
    return names.map { $0.hasSuffix(".pos") ? String($0.dropLast(4)) : $0 }
  }
}
