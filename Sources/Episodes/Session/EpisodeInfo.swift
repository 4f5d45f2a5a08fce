/// How an episode ended, in the eyes of the person or of the evaluation.
public enum EpisodeLabel: String, Sendable, Codable, CaseIterable {
  /// The task was done.
  case success
  /// It was not.
  case failure
  /// Nobody said; also what a recovered episode gets that ended with its process.
  case unlabelled
}

/// What is known of an episode when it begins: written at the front of its log, after the session.
public struct EpisodeInfo: Sendable, Equatable {
  /// The number that its ticks carry (`TickRecord.episode`), from 1.
  public var number: UInt32
  /// Counts the redoings of a number, from 1.
  public var attempt = 1
  /// The task, where it is another than the session's.
  public var task: String?
  /// The policy that drives, where one does: the digest of its files.
  public var policyDigest = ""
  /// Anything else that belongs to it: round, scene, disturbance.
  public var extra: [String: String] = [:]

  /// Episode `number` in its first attempt.
  public init(number: UInt32) { self.number = number }
}

/// How an episode ended: the last thing in its log.
public struct EpisodeEnd: Sendable, Equatable {
  /// The person's verdict.
  public var label: EpisodeLabel = .unlabelled
  /// Free words.
  public var notes = ""
  /// Ticks that were to be recorded and are not in the log: the ring overflowed, or the disk was full.
  public var lost = 0
  /// Anything else that is known only now, such as what happened on the buses.
  public var extra: [String: String] = [:]

  /// An end with a label.
  public init(label: EpisodeLabel = .unlabelled, notes: String = "", lost: Int = 0, extra: [String: String] = [:]) {
    self.label = label
    self.notes = notes
    self.lost = lost
    self.extra = extra
  }
}

extension EpisodeInfo {
  static let recordName = "understudy.episode"

  func metadata(id: String) -> MetadataRecord {
    var values = [
      "id": id, "number": String(number), "attempt": String(attempt), "policy_digest": policyDigest,
      "extra": FlatJSON.map(extra),
    ]
    values["task"] = task
    return MetadataRecord(name: Self.recordName, values: values)
  }

  init(_ record: MetadataRecord) throws(Malformed) {
    guard let number = record.values["number"].flatMap(UInt32.init) else {
      throw Malformed(what: "its episode record has no number")
    }
    self.init(number: number)
    attempt = record.values["attempt"].flatMap(Int.init) ?? 1
    task = record.values["task"]
    policyDigest = record.values["policy_digest"] ?? ""
    extra = try FlatJSON.map(record.values["extra"] ?? "{}", "extra")
  }
}

extension EpisodeEnd {
  static let recordName = "understudy.episode_end"

  var metadata: MetadataRecord {
    MetadataRecord(
      name: Self.recordName,
      values: [
        "label": label.rawValue, "notes": notes, "lost_ticks": String(lost), "extra": FlatJSON.map(extra),
      ])
  }

  init(_ record: MetadataRecord) throws(Malformed) {
    guard let label = record.values["label"].flatMap(EpisodeLabel.init) else {
      throw Malformed(what: "its end has no label that is known")
    }
    self.init(
      label: label, notes: record.values["notes"] ?? "", lost: record.values["lost_ticks"].flatMap(Int.init) ?? 0,
      extra: try FlatJSON.map(record.values["extra"] ?? "{}", "extra"))
  }
}
