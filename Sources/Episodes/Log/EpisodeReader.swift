public import RealTime

/// Reads the log of an episode: its session first, then its ticks as they were pushed, bit for bit.
///
/// ```swift
/// let reader = try EpisodeReader.open("demo/2026-07-31T101530Z-3fa2-e0001.mcap")
/// try reader.forEach { tick in … }
/// ```
///
/// Works on finished logs and on torn ones, where it ends at the last whole tick and says so in `ending`. Memory is
/// bounded whatever the file says. One reader belongs to one thread.
public final class EpisodeReader {
  /// The log's file.
  public let path: String
  /// What was true of the whole session.
  public let session: SessionInfo
  /// What was known when the episode began.
  public let episode: EpisodeInfo
  /// Names the episode for ever.
  public let id: String
  /// Label and notes; known from the start in a finished log, else when the reading has come to them.
  public private(set) var end: EpisodeEnd?
  /// The log's own figures, if it is finished and they are of this version.
  public let statistics: EpisodeStatistics?
  /// How many ticks a finished log has; nil in others.
  public let frameCount: Int?

  private var stream: MessageStream
  private var decoder: TickDecoder
  private let index: LogIndex?
  private let dataStart: Int
  private var notBefore = Nanoseconds(.min)

  private init(
    _ front: LogFront, _ index: LogIndex?, stream: consuming MessageStream, end: EpisodeEnd?,
    _ statistics: EpisodeStatistics?
  ) {
    path = stream.file.path
    session = front.session
    episode = front.episode
    id = front.id
    dataStart = front.dataStart
    decoder = front.decoder
    let channel = index?.channels.first { $0.topic == Topic.tick.name }
    frameCount = channel.map { Int(clamping: index?.messageCounts[$0.id] ?? 0) }
    self.index = index
    self.end = end
    self.statistics = statistics
    self.stream = stream
  }

  /// Opens a log and reads what stands before its ticks.
  public static func open(_ path: String) throws(LogError) -> EpisodeReader {
    let file = try LogFile.open(reading: path)
    let index = try LogIndex.read(file)
    var stream = try MessageStream(file)
    let front = try LogFront.read(&stream)
    var end: EpisodeEnd?
    var statistics: EpisodeStatistics?
    if let index {
      (end, statistics) = try readBack(index, &stream, joints: front.session.joints.count)
      stream.readAhead(index.chunks)
      stream.seek(to: front.dataStart)
    }
    return EpisodeReader(front, index, stream: stream, end: end, statistics)
  }

  /// Whether the log was ended, indexed and compressed.
  public var isFinished: Bool { index != nil }

  /// Whether the log was mended once.
  public var wasRecovered: Bool { index?.metadata["understudy.recovery"] != nil }

  /// How many chunks of a finished log were open already when the reading came to them.
  var openedAhead: Int { stream.openedAhead }

  /// CRC-32 of a finished log's data; 0 in others.
  var checksum: UInt32 { index?.checksum ?? 0 }

  /// After the last tick: whether the log ended as it should, or where it is torn.
  public var tornAt: Int? {
    guard index == nil, case .open(let offset)? = stream.ending else { return nil }
    return offset
  }

  /// The next tick into `record`; false at the end. The fast way: nothing is copied twice.
  public func next(into record: inout TickRecord) throws(LogError) -> Bool {
    while let item = try stream.next() {
      switch item {
      case .message(let message):
        do {
          if try decoder.take(message, into: &record), record.began >= notBefore { return true }
        } catch {
          throw .malformed(file: path, offset: stream.itemOffset, what: error.what)
        }
      case .record(.metadata, let record) where end == nil:
        if let metadata = try? MetadataRecord(record.body), metadata.name == EpisodeEnd.recordName {
          end = try? EpisodeEnd(metadata)
        }
      case .record: break
      }
    }
    return false
  }

  /// The next tick, or nil at the end.
  public func next() throws(LogError) -> TickRecord? {
    var record = TickRecord()
    return try next(into: &record) ? record : nil
  }

  /// Hands over every tick that is left.
  public func forEach<E: Error>(_ body: (TickRecord) throws(E) -> Void) throws {
    var record = TickRecord()
    while try next(into: &record) { try body(record) }
  }

  /// Goes to the first tick that began at `time` (on the loop's clock) or later. A finished log opens one chunk for it.
  public func seek(to time: Nanoseconds) {
    decoder.reset()
    notBefore = time
    let target = UInt64(clamping: time.count &+ session.clockOffset.count)
    stream.seek(to: index?.chunks.first { $0.lastTime >= target }?.offset ?? dataStart)
  }

  private static func readBack(
    _ index: LogIndex, _ stream: inout MessageStream, joints: Int
  ) throws(LogError) -> (EpisodeEnd?, EpisodeStatistics?) {
    var end: EpisodeEnd?
    var statistics: EpisodeStatistics?
    if let at = index.metadata[EpisodeEnd.recordName] {
      stream.seek(to: at)
      if case .record(.metadata, let record)? = try stream.next() {
        end = (try? MetadataRecord(record.body)).flatMap { try? EpisodeEnd($0) }
      }
    }
    if let at = index.attachments[EpisodeStatistics.fileName] {
      stream.seek(to: at)
      if case .record(.attachment, let record)? = try stream.next(),
        let text = (try? AttachmentRecord(record.body))?.text
      {
        statistics = EpisodeStatistics(json: text, joints: joints)
      }
    }
    return (end, statistics)
  }
}

/// What stands before the first message of a log.
struct LogFront {
  let session: SessionInfo
  let episode: EpisodeInfo
  let id: String
  let decoder: TickDecoder
  /// Where the first message or chunk begins.
  let dataStart: Int

  /// Reads up to the first message, and sets the stream back to it.
  static func read(_ stream: inout MessageStream) throws(LogError) -> LogFront {
    var parts = Parts()
    var dataStart = stream.itemOffset
    reading: while let item = try stream.next() {
      dataStart = stream.itemOffset
      switch item {
      case .message: break reading
      case .record(let opcode, let record):
        do { try parts.learn(opcode, record.body) } catch {
          throw .malformed(file: stream.file.path, offset: record.offset, what: error.what)
        }
      }
    }
    let ended = stream.ending != nil
    if ended { dataStart = stream.size }
    stream.seek(to: dataStart)
    do { return try parts.front(dataStart) } catch { throw .notAnEpisode(file: stream.file.path, what: error.what) }
  }

  private struct Parts {
    var metadata: [String: MetadataRecord] = [:]
    var files: [SessionFile] = []
    var schemas: [SchemaRecord] = []
    var channels: [ChannelRecord] = []

    mutating func learn(_ opcode: Opcode, _ body: Bytes) throws(Malformed) {
      switch opcode {
      case .metadata:
        let record = try MetadataRecord(body)
        metadata[record.name] = record
      case .attachment:
        let attachment = try AttachmentRecord(body)
        if let text = attachment.text { files.append(SessionFile(name: attachment.name, text: text)) }
      case .schema: schemas.append(try SchemaRecord(body))
      case .channel: channels.append(try ChannelRecord(body))
      default: break
      }
    }

    func front(_ dataStart: Int) throws(Malformed) -> LogFront {
      guard let sessionRecord = metadata[SessionInfo.recordName], let episodeRecord = metadata[EpisodeInfo.recordName]
      else { throw Malformed(what: "it has no \(SessionInfo.recordName) and \(EpisodeInfo.recordName) at its front") }
      var session = try SessionInfo(sessionRecord)
      session.files = files
      var decoder = TickDecoder(joints: session.joints)
      for schema in schemas { decoder.learn(schema) }
      for channel in channels { try decoder.learn(channel) }
      guard let id = episodeRecord.values["id"] else { throw Malformed(what: "its episode record has no id") }
      return LogFront(
        session: session, episode: try EpisodeInfo(episodeRecord), id: id, decoder: decoder, dataStart: dataStart)
    }
  }
}
