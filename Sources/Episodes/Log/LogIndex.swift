/// What stands at the end of a finished log: where everything is, so that nothing has to be read through.
struct LogIndex {
  struct Chunk {
    let firstTime: UInt64
    let lastTime: UInt64
    /// The chunk's record.
    let offset: Int
    let length: Int
  }

  private(set) var chunks: [Chunk] = []
  /// Metadata and attachments by name; of several, the last.
  private(set) var metadata: [String: Int] = [:]
  private(set) var attachments: [String: Int] = [:]
  private(set) var messageCounts: [UInt16: UInt64] = [:]
  /// CRC-32 of everything before the end of the data; 0 where the writer did not say.
  private(set) var checksum: UInt32 = 0
  private(set) var channels: [ChannelRecord] = []

  private static let footerSize = MCAP.recordHead + 20

  /// The index of a log, or nil where it was not finished.
  static func read(_ file: LogFile) throws(LogError) -> LogIndex? {
    var stream = try RecordStream.open(file)
    let footerAt = stream.size - MCAP.magic.count - footerSize
    guard footerAt >= MCAP.magic.count else { return nil }
    stream.seek(to: footerAt)
    guard let footer = try stream.next(), footer.opcode == Opcode.footer.rawValue,
      footer.whole.count == footerSize
    else { return nil }
    let summary = footer.body.load(UInt64.self, at: 0)
    guard try stream.next() == nil, stream.ending == .finished, summary >= 8, summary < UInt64(footerAt) else {
      return nil
    }
    var index = LogIndex()
    stream.seek(to: Int(summary) - MCAP.recordHead - 4)
    if let dataEnd = try stream.next(), dataEnd.opcode == Opcode.dataEnd.rawValue, dataEnd.body.count == 4 {
      index.checksum = dataEnd.body.load(UInt32.self, at: 0)
    }
    stream.seek(to: Int(summary))
    while let record = try stream.next() {
      do { try index.learn(record, size: stream.size) } catch {
        throw .malformed(file: file.path, offset: record.offset, what: error.what)
      }
    }
    return index
  }

  private mutating func learn(_ record: RecordView, size: Int) throws(Malformed) {
    var cursor = Cursor(record.body)
    func offset(_ value: UInt64) throws(Malformed) -> Int {
      guard value >= 8, value < UInt64(size) else { throw Malformed(what: "the index points outside the file") }
      return Int(value)
    }
    switch Opcode(rawValue: record.opcode) {
    case .channel: channels.append(try ChannelRecord(record.body))
    case .chunkIndex:
      let first = try cursor.take(UInt64.self)
      let last = try cursor.take(UInt64.self)
      let at = try offset(cursor.take(UInt64.self))
      let length = Int(clamping: try cursor.take(UInt64.self))
      chunks.append(Chunk(firstTime: first, lastTime: last, offset: at, length: length))
    case .metadataIndex:
      let at = try offset(cursor.take(UInt64.self))
      _ = try cursor.take(UInt64.self)
      metadata[try cursor.text()] = at
    case .attachmentIndex:
      let at = try offset(cursor.take(UInt64.self))
      _ = try cursor.take(32)
      attachments[try cursor.text()] = at
    case .statistics:
      _ = try cursor.take(42)
      var counts = Cursor(try cursor.field())
      while !counts.isAtEnd { messageCounts[try counts.take(UInt16.self)] = try counts.take(UInt64.self) }
    default: break
    }
  }
}
