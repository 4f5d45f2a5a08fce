internal import RealTime

/// An episode that is being recorded: plain records, appended as they come. A process that is killed leaves all that
/// was flushed; what is missing then, the index and the compression, `Finisher` adds later.
struct EpisodeFile: ~Copyable {
  let file: LogFile
  let id: String
  /// Ticks that are in the file.
  private(set) var frames = 0
  private(set) var size = 0
  /// Ticks that a failed `flush` had to give up.
  private(set) var dropped = 0
  private var encoder: TickEncoder
  private var buffer = ByteBuffer(capacity: 1 << 18)
  private var buffered = 0

  private init(_ file: LogFile, id: String, encoder: TickEncoder) {
    self.file = file
    self.id = id
    self.encoder = encoder
  }

  /// Makes the file (there must be none of its name) and writes all that is known before the first tick.
  static func create(_ path: String, id: String, session: SessionInfo, episode: EpisodeInfo) throws(LogError)
    -> EpisodeFile
  {
    let file = try LogFile.create(path)
    let encoder = TickEncoder(
      joints: session.joints, features: session.environmentFeatures.count, clockOffset: session.clockOffset)
    var log = EpisodeFile(file, id: id, encoder: encoder)
    log.writeFront(session, episode)
    do { try log.flush() } catch {
      // Nothing of an episode is in it; a file of that name would only look like one that was torn.
      Folder.remove(path)
      throw error
    }
    return log
  }

  private mutating func writeFront(_ session: SessionInfo, _ episode: EpisodeInfo) {
    buffer.append(MCAP.magic)
    let header = buffer.begin(.header)
    buffer.append(text: "ros2")
    buffer.append(text: MCAP.library)
    buffer.end(header)
    session.metadata.append(to: &buffer)
    episode.metadata(id: id).append(to: &buffer)
    for file in session.files {
      AttachmentRecord(name: file.name, mediaType: file.mediaType, text: file.text).append(to: &buffer)
    }
    Schemas.jointState.append(to: &buffer)
    Schemas.tick.append(to: &buffer)
    for topic in Topic.allCases {
      ChannelRecord(id: topic.channel, schema: topic.schema.id, topic: topic.name, encoding: "cdr")
        .append(to: &buffer)
    }
  }

  /// Encodes a tick; it is in the file after the next `flush`.
  mutating func append(_ record: TickRecord) {
    encoder.append(record, to: &buffer)
    buffered += 1
  }

  /// How many bytes wait for `flush`.
  var waiting: Int { buffer.count }

  /// Hands everything to the system. If that fails the file keeps what it had before, whole.
  mutating func flush() throws(LogError) {
    defer {
      buffer.removeAll()
      buffered = 0
    }
    guard buffer.count > 0 else { return }
    do { try file.append(buffer, at: size) } catch {
      dropped += buffered
      throw error
    }
    size += buffer.count
    frames += buffered
  }
}
