internal import Foundation
public import RealTime

/// What must be known to understand a log years later, besides the ticks: written at the front of every episode.
///
/// ```swift
/// var session = SessionInfo(id: "2026-07-31T10-15-30", activity: "record", joints: ["shoulder_pan", …])
/// session.files.append(SessionFile(name: "rig.yaml", text: rigText))
/// ```
public struct SessionInfo: Sendable, Equatable {
  /// Names the session for ever; episode ids begin with it. Letters, digits, `-`, `_` and `.`.
  public var id: String
  /// `teleoperate`, `record`, `run`, `correct` or `evaluate`.
  public var activity: String
  /// The task in the words that a policy is asked for later, e.g. "insert the stylus into the cup".
  public var task = ""
  /// Who held the leader.
  public var person = ""
  /// The arm's joints in the order of `TickRecord`'s vectors; 1 to 8.
  public var joints: [String]
  /// What the places of `EnvironmentReading.values` mean; at most 16.
  public var environmentFeatures: [String] = []
  /// The rate of the loop and of decisions.
  public var loop_Hz: Double = 0
  /// The rate at which sources decide anew.
  public var decision_Hz: Double = 0
  /// Seeds all that is random in the session.
  public var seed: UInt64 = 0
  /// What the log's times are the loop's clock plus: wall time minus monotonic time at the session's start; zero on
  /// virtual time, so that the same seed gives the same bytes.
  public var clockOffset: Nanoseconds = .zero
  /// True where time was simulated.
  public var isSimulated = false
  /// The policy that was loaded at the start; empty for none.
  public var policyDigest = ""
  /// Program, compiler, libraries: name → version.
  public var versions: [String: String] = [:]
  /// Machine, kernel, processor, ports.
  public var host: [String: String] = [:]
  /// What the real-time set-up asked for and whether it was granted.
  public var grants: [String: String] = [:]
  /// Rig, calibrations, arm files: their texts as they were.
  public var files: [SessionFile] = []

  /// A session of these joints; everything else may be filled in afterwards.
  public init(id: String, activity: String, joints: [String]) {
    self.id = id
    self.activity = activity
    self.joints = joints
  }

  /// An id from the time of day (UTC) and four hexadecimal digits, so that two sessions never share one.
  public static func makeID(wallTime: Nanoseconds, salt: UInt64) -> String {
    let seconds = TimeInterval(wallTime.count / 1_000_000_000)
    let format = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().timeSeparator(.omitted)
      .time(includingFractionalSeconds: false)
    let stamp = Date(timeIntervalSince1970: seconds).formatted(format)
    let digits = String(salt & 0xFFFF, radix: 16)
    return "\(stamp)-\(String(repeating: "0", count: 4 - digits.count))\(digits)"
  }
}

/// A text that belongs to a session: it becomes an attachment of each log.
public struct SessionFile: Sendable, Equatable {
  /// Its name inside the log, e.g. `calibration/follower.json`.
  public var name: String
  /// All of it.
  public var text: String

  /// A text by name.
  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  var mediaType: String {
    switch name.split(separator: ".").last {
    case "json": "application/json"
    case "yaml", "yml": "application/yaml"
    default: "text/plain"
    }
  }
}

extension SessionInfo {
  static let recordName = "understudy.session"

  /// Plain texts under plain keys, so that any MCAP tool shows them.
  var metadata: MetadataRecord {
    MetadataRecord(
      name: Self.recordName,
      values: [
        "id": id, "activity": activity, "task": task, "operator": person, "joints": FlatJSON.list(joints),
        "environment_features": FlatJSON.list(environmentFeatures), "loop_Hz": loop_Hz.description,
        "decision_Hz": decision_Hz.description, "seed": String(seed), "clock_offset_ns": String(clockOffset.count),
        "clock": isSimulated ? "simulated" : "monotonic", "policy_digest": policyDigest,
        "versions": FlatJSON.map(versions), "host": FlatJSON.map(host), "grants": FlatJSON.map(grants),
      ])
  }

  /// A session from its metadata record; the files come as attachments.
  init(_ record: MetadataRecord) throws(Malformed) {
    let values = record.values
    func value(_ key: String) throws(Malformed) -> String {
      guard let text = values[key] else { throw Malformed(what: "its session record has no '\(key)'") }
      return text
    }
    func number<T: LosslessStringConvertible>(_ key: String) throws(Malformed) -> T {
      guard let number = T(try value(key)) else { throw Malformed(what: "its session record's '\(key)' is no number") }
      return number
    }
    self.init(
      id: try value("id"), activity: try value("activity"), joints: try FlatJSON.list(value("joints"), "joints"))
    task = try value("task")
    person = try value("operator")
    environmentFeatures = try FlatJSON.list(value("environment_features"), "environment_features")
    loop_Hz = try number("loop_Hz")
    decision_Hz = try number("decision_Hz")
    seed = try number("seed")
    clockOffset = Nanoseconds(try number("clock_offset_ns"))
    isSimulated = try value("clock") == "simulated"
    policyDigest = try value("policy_digest")
    versions = try FlatJSON.map(value("versions"), "versions")
    host = try FlatJSON.map(value("host"), "host")
    grants = try FlatJSON.map(value("grants"), "grants")
    if let problem { throw Malformed(what: problem) }
  }

  /// What keeps this session from being recorded, if anything.
  var problem: String? {
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    if id.isEmpty || id.hasPrefix(".") || !id.allSatisfy(allowed.contains) {
      return "the session's id '\(id)' has other characters than letters, digits, '-', '_' and '.'"
    }
    if !(1...8).contains(joints.count) { return "a session has 1 to 8 joints, not \(joints.count)" }
    if environmentFeatures.count > EnvironmentReading.capacity {
      return
        "a session has at most \(EnvironmentReading.capacity) environment features, not \(environmentFeatures.count)"
    }
    return nil
  }
}

/// Lists and maps of texts as one line of JSON, keys in order.
enum FlatJSON {
  static func list(_ list: [String]) -> String { text(list) }
  static func map(_ map: [String: String]) -> String { text(map) }

  static func list(_ text: String, _ key: String) throws(Malformed) -> [String] { try value(text, key) }
  static func map(_ text: String, _ key: String) throws(Malformed) -> [String: String] { try value(text, key) }

  private static func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts always encode; the fallback keeps a type that some day does not from ending a recording.
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }

  private static func value<T: Decodable>(_ text: String, _ key: String) throws(Malformed) -> T {
    do { return try JSONDecoder().decode(T.self, from: Data(text.utf8)) } catch {
      throw Malformed(what: "its session record's '\(key)' is not the JSON that was expected")
    }
  }
}
