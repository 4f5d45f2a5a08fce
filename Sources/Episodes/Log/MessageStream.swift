/// What a log holds, with the chunks opened: messages, and the records between them.
enum LogItem {
  case message(MessageView)
  /// Schema, channel, metadata, attachment; also those inside chunks.
  case record(Opcode, RecordView)
}

/// Walks through a log in the order in which it was written, whether finished or torn.
struct MessageStream: ~Copyable {
  private var records: RecordStream
  /// The records of the chunk that was opened last, and how many of their bytes were handed over.
  private var chunk = ByteBuffer()
  private var chunkAt = 0
  /// Where its record lies in the file; the end is nil where `chunk` is not all of it.
  private var chunkOffset = 0
  private var chunkEnd: Int?
  private var zstd = ZstdDecompressor()
  private var ahead: ChunkAhead?
  /// Where the record in the file begins that held the last item: the item itself, or its chunk.
  private(set) var itemOffset = MCAP.magic.count
  /// True after the data section: what follows are indexes.
  private var dataEnded = false

  init(_ file: LogFile) throws(LogError) { records = try RecordStream.open(file) }

  var file: LogFile { records.file }
  var size: Int { records.size }
  var ending: LogEnding? { records.ending }

  /// From now on opens chunks before they are come to, on another core.
  mutating func readAhead(_ chunks: [LogIndex.Chunk]) {
    if chunks.count > 1 { ahead = ChunkAhead(file, chunks) }
  }

  /// Goes on from a record at `offset`. The chunk that was opened last is not opened again.
  mutating func seek(to offset: Int) {
    dataEnded = false
    if let chunkEnd, offset == chunkOffset {
      records.seek(to: chunkEnd)
      itemOffset = offset
      chunkAt = 0
      ahead?.begin(after: offset)
    } else {
      records.seek(to: offset)
      chunkAt = chunk.count
    }
  }

  /// The next message or record of the data section; nil at the end, which `ending` describes.
  mutating func next() throws(LogError) -> LogItem? {
    while true {
      if chunkAt < chunk.count {
        if let item = try nextInChunk() { return item }
        continue
      }
      if try takeAhead() { continue }
      guard let record = try records.next() else { return nil }
      itemOffset = record.offset
      guard !dataEnded, let opcode = Opcode(rawValue: record.opcode) else { continue }
      switch opcode {
      case .message:
        guard let message = MessageView(record: record.whole) else {
          throw malformed(record.offset, "a message is shorter than its own head")
        }
        return .message(message)
      case .chunk: try open(record)
      case .schema, .channel, .metadata, .attachment: return .record(opcode, record)
      case .dataEnd: dataEnded = true
      case .header, .footer, .messageIndex, .chunkIndex, .attachmentIndex, .statistics, .metadataIndex, .summaryOffset:
        break
      }
    }
  }

  /// Goes on after a record that `next` found damaged; returns how many bytes of the file it has. For mending only.
  mutating func skipDamaged() -> Int {
    forgetChunk()
    return records.position - itemOffset
  }

  /// The messages of a chunk whose record was cut off: as much as can be had of them. For mending only.
  mutating func openTornChunk(at offset: Int) throws(LogError) {
    let tail = try Tail.read(file, from: offset, size: size)
    guard tail.bytes.count > MCAP.recordHead, tail.bytes.load(UInt8.self, at: 0) == Opcode.chunk.rawValue else {
      return
    }
    guard let head = try? ChunkHead(tail.bytes.suffix(from: MCAP.recordHead), torn: true) else { return }
    guard head.uncompressedSize <= MCAP.largestRecord else { return }
    forgetChunk()
    chunkOffset = offset
    switch head.compression {
    case "": chunk.append(head.records)
    case "zstd": zstd.appendPrefix(head.records, to: &chunk, limit: head.uncompressedSize)
    default: return
    }
    trimToWholeRecords()
  }

  private mutating func open(_ record: RecordView) throws(LogError) {
    let head: ChunkHead
    do { head = try ChunkHead(record.body, torn: false) } catch { throw malformed(record.offset, error.what) }
    forgetChunk()
    do { try head.open(into: &chunk, &zstd, limit: MCAP.largestRecord) } catch {
      chunk.removeAll()
      switch error {
      case .malformed(let what): throw malformed(record.offset, what)
      case .compression: throw .compression(file: file.path, offset: record.offset, name: head.compression)
      case .tooLarge:
        throw .tooLarge(
          file: file.path, offset: record.offset, bytes: UInt64(head.uncompressedSize), limit: MCAP.largestRecord)
      }
    }
    begin(record.offset, end: record.offset + record.whole.count)
  }

  /// How many chunks were open already when they were come to.
  var openedAhead: Int { ahead?.taken ?? 0 }

  /// Goes into the chunk that comes next, if it is open already.
  private mutating func takeAhead() throws(LogError) -> Bool {
    guard let ahead, !dataEnded, records.ending == nil else { return false }
    // Between two chunks lie the indexes of the first one's messages.
    try records.skipMessageIndexes()
    let offset = records.position
    guard let length = ahead.take(at: offset, &chunk) else { return false }
    itemOffset = offset
    records.seek(to: offset + length)
    begin(offset, end: offset + length)
    return true
  }

  private mutating func begin(_ offset: Int, end: Int) {
    chunkAt = 0
    chunkOffset = offset
    chunkEnd = end
    ahead?.begin(after: offset)
  }

  private mutating func forgetChunk() {
    chunk.removeAll()
    chunkAt = 0
    chunkEnd = nil
  }

  private mutating func nextInChunk() throws(LogError) -> LogItem? {
    let left = chunk.bytes.suffix(from: chunkAt)
    guard let size = Self.wholeRecord(left) else {
      throw malformed(chunkOffset, "a chunk ends in the middle of a record")
    }
    let whole = left[0..<size]
    chunkAt += size
    guard let opcode = Opcode(rawValue: whole.load(UInt8.self, at: 0)) else { return nil }
    switch opcode {
    case .message:
      guard let message = MessageView(record: whole) else {
        throw malformed(chunkOffset, "a message is shorter than its own head")
      }
      return .message(message)
    case .schema, .channel: return .record(opcode, RecordView(whole: whole, offset: chunkOffset))
    default: throw malformed(chunkOffset, "a chunk holds a record of kind \(opcode.rawValue)")
    }
  }

  private mutating func trimToWholeRecords() {
    var end = 0
    while let size = Self.wholeRecord(chunk.bytes.suffix(from: end)) { end += size }
    chunk.truncate(to: end)
  }

  /// The size of the record at the beginning of `bytes`, if all of it is there.
  @inline(__always)
  private static func wholeRecord(_ bytes: Bytes) -> Int? {
    guard bytes.count >= MCAP.recordHead else { return nil }
    let length = bytes.load(UInt64.self, at: 1)
    guard length <= UInt64(bytes.count - MCAP.recordHead) else { return nil }
    return MCAP.recordHead + Int(length)
  }

  private func malformed(_ offset: Int, _ what: String) -> LogError {
    .malformed(file: file.path, offset: offset, what: what)
  }
}

/// The end of a torn file, read in one piece.
private struct Tail: ~Copyable {
  private var buffer = ByteBuffer()
  var bytes: Bytes { buffer.bytes }

  private init() {}

  static func read(_ file: LogFile, from offset: Int, size: Int) throws(LogError) -> Tail {
    var tail = Tail()
    let code = tail.buffer.append(min(size - offset, MCAP.largestRecord), of: file.descriptor, at: offset)
    guard code == 0 else { throw .system(file.path, "reading", code) }
    return tail
  }
}
