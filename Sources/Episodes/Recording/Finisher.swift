internal import Foundation

/// Rewrites a log into its finished form beside itself and puts that into its place in one step. Until that step the
/// log stands as it was, so nothing that goes wrong here, a full disk or a kill, costs anything but the try.
struct Finisher {
  /// What went into the finished log.
  struct Result {
    let session: SessionInfo
    let episode: EpisodeInfo
    let id: String
    let end: EpisodeEnd
    let statistics: EpisodeStatistics
    /// Of the finished file.
    let bytes: Int
    let checksum: UInt32
    /// The bytes after the last whole record that could not be kept, and why.
    let discarded: Int
    let reason: String
  }

  /// Rewrites `source` into the new file `target`, with `end` where the log itself has none. `mending`: damage ends the
  /// log there instead of the rewriting.
  static func rewrite(
    _ source: LogFile, to target: String, end: EpisodeEnd = EpisodeEnd(), mending: Bool, durable: Bool = true
  ) throws(LogError) -> Result {
    var stream = try MessageStream(source)
    let front = try LogFront.read(&stream)
    stream.seek(to: MCAP.magic.count)
    Folder.remove(target)
    var copy = Copy(
      writer: IndexedWriter(try LogFile.create(target)), decoder: front.decoder, joints: front.session.joints.count)
    do {
      let damage = try copy.run(&stream, mending: mending)
      let end = try copy.close(damage, end)
      let file = copy.writer.file
      if durable { try file.sync() }
      return Result(
        session: front.session, episode: front.episode, id: front.id, end: end, statistics: copy.statistics,
        bytes: try file.size(), checksum: copy.checksum, discarded: damage?.bytes ?? 0, reason: damage?.reason ?? "")
    } catch {
      Folder.remove(target)
      throw error
    }
  }

  /// Finishes a whole log in its place.
  static func finish(
    _ source: LogFile, end: EpisodeEnd = EpisodeEnd(), durable: Bool = true
  ) throws(LogError) -> Result {
    let temporary = source.path + ".finishing"
    let result = try rewrite(source, to: temporary, end: end, mending: false, durable: durable)
    try Folder.replace(source.path, with: temporary)
    if durable { try Folder.sync(Folder.parent(of: source.path)) }
    return result
  }
}

/// What of a log was left out, and why.
private struct Damage {
  /// Where the first of it began.
  let offset: Int
  var bytes: Int
  let reason: String

  static func + (first: Damage?, other: Damage) -> Damage {
    guard var both = first else { return other }
    both.bytes += other.bytes
    return both
  }
}

/// One pass over a log: every message and record goes into the new file, and is counted.
private struct Copy: ~Copyable {
  var writer: IndexedWriter
  private var decoder: TickDecoder
  private(set) var statistics: EpisodeStatistics
  private(set) var checksum: UInt32 = 0
  private var end: EpisodeEnd?
  private var record = TickRecord()

  init(writer: consuming IndexedWriter, decoder: TickDecoder, joints: Int) {
    self.writer = writer
    self.decoder = decoder
    statistics = EpisodeStatistics(joints: joints)
  }

  /// Copies all there is. Returns what was left out, if anything: where a record is damaged, the record; where the log
  /// was cut off, what is not whole at its end.
  mutating func run(_ stream: inout MessageStream, mending: Bool) throws(LogError) -> Damage? {
    var damage: Damage?
    while true {
      do {
        try copyItems(&stream)
        break
      } catch {
        guard mending else { throw error }
        switch error {
        case .malformed(_, let offset, let what):
          damage = damage + Damage(offset: offset, bytes: stream.skipDamaged(), reason: what)
        case .tooLarge(_, let offset, _, _):
          return damage + Damage(offset: offset, bytes: stream.size - offset, reason: "no record can be as large")
        default: throw error
        }
      }
    }
    guard case .open(let offset)? = stream.ending, offset < stream.size else { return damage }
    guard mending else { throw .torn(file: stream.file.path, offset: offset) }
    try stream.openTornChunk(at: offset)
    try copyItems(&stream)
    return damage
      + Damage(offset: offset, bytes: stream.size - offset, reason: "the last record was cut off at byte \(offset)")
  }

  private mutating func copyItems(_ stream: inout MessageStream) throws(LogError) {
    while let item = try stream.next() {
      do {
        switch item {
        case .message(let message):
          if try decoder.take(message, into: &record) { statistics.add(record) }
          try writer.append(message)
        case .record(let opcode, let view): try copy(opcode, view.body)
        }
      } catch let malformed as Malformed {
        throw .malformed(file: stream.file.path, offset: stream.itemOffset, what: malformed.what)
      } catch let error as LogError {
        throw error
      } catch {
        throw .malformed(file: stream.file.path, offset: stream.itemOffset, what: "\(error)")
      }
    }
  }

  private mutating func copy(_ opcode: Opcode, _ body: Bytes) throws {
    switch opcode {
    case .schema: writer.append(try SchemaRecord(body))
    case .channel: writer.append(try ChannelRecord(body))
    case .metadata:
      let metadata = try MetadataRecord(body)
      if metadata.name == EpisodeEnd.recordName { end = try EpisodeEnd(metadata) } else { try writer.append(metadata) }
    case .attachment:
      // Figures are counted anew, and a log has them once.
      let attachment = try AttachmentRecord(body)
      if attachment.name != EpisodeStatistics.fileName { try writer.append(attachment) }
    default: break
    }
  }

  /// Adds what only the end knows.
  mutating func close(_ damage: Damage?, _ otherwise: EpisodeEnd) throws(LogError) -> EpisodeEnd {
    statistics.endEpisode()
    if let damage {
      try writer.append(
        MetadataRecord(
          name: "understudy.recovery",
          values: ["discarded_bytes": String(damage.bytes), "offset": String(damage.offset), "reason": damage.reason]))
    }
    let ending = end ?? otherwise
    try writer.append(ending.metadata)
    try writer.append(
      AttachmentRecord(name: EpisodeStatistics.fileName, mediaType: "application/json", text: statistics.json))
    checksum = try writer.finish()
    return ending
  }
}

extension EpisodeStatistics {
  /// The attachment in a finished log.
  static let fileName = "statistics.json"

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// From a log's attachment; nil of another version, for other joints, or with figures that no log can have.
  init?(json: String, joints: Int) {
    guard let statistics = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)),
      statistics.version == Self.version, statistics.joints.count == joints, statistics.isPlausible
    else { return nil }
    self = statistics
  }
}
