/// What a log holds, with the chunks opened: messages, and the records between them.
enum LogItem {
  case message(MessageView)
  /// Schema, channel, metadata, attachment; also those inside chunks.
  case record(Opcode, RecordView)
}

/// Walks through a log in the order in which it was written, whether finished or torn.
struct MessageStream: ~Copyable {
  private var records: RecordStream
  private var chunk = ByteBuffer()
  private var chunkAt = 0
  private var chunkOffset = 0
  private var zstd = ZstdDecompressor()
  /// Where the record in the file begins that held the last item: the item itself, or its chunk.
  private(set) var itemOffset = MCAP.magic.count
  /// True after the data section: what follows are indexes.
  private var dataEnded = false

  init(_ file: LogFile) throws(LogError) { records = try RecordStream.open(file) }

  var file: LogFile { records.file }
  var size: Int { records.size }
  var ending: LogEnding? { records.ending }

  /// Goes on from a record at `offset`.
  mutating func seek(to offset: Int) {
    records.seek(to: offset)
    chunk.removeAll()
    chunkAt = 0
    dataEnded = false
  }

  /// The next message or record of the data section; nil at the end, which `ending` describes.
  mutating func next() throws(LogError) -> LogItem? {
    while true {
      if chunkAt < chunk.count {
        if let item = try nextInChunk() { return item }
        continue
      }
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
    chunk.removeAll()
    chunkAt = 0
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
    chunk.removeAll()
    chunkAt = 0
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
    guard head.uncompressedSize <= MCAP.largestRecord else {
      throw .tooLarge(
        file: file.path, offset: record.offset, bytes: UInt64(head.uncompressedSize), limit: MCAP.largestRecord)
    }
    chunk.removeAll()
    chunkAt = 0
    chunkOffset = record.offset
    switch head.compression {
    case "":
      chunk.append(head.records)
      guard head.crc == 0 || chunk.bytes.crc32() == head.crc else {
        throw malformed(record.offset, "a chunk does not match its checksum")
      }
    case "zstd":
      guard zstd.append(head.records, to: &chunk, limit: head.uncompressedSize) else {
        throw malformed(record.offset, "a compressed chunk is damaged")
      }
    default: throw .compression(file: file.path, offset: record.offset, name: head.compression)
    }
    guard chunk.count == head.uncompressedSize else {
      throw malformed(record.offset, "a chunk says \(head.uncompressedSize) bytes and holds \(chunk.count)")
    }
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

/// What stands before a chunk's records.
private struct ChunkHead {
  let uncompressedSize: Int
  let crc: UInt32
  let compression: String
  let records: Bytes

  /// `torn`: the records may be fewer bytes than announced.
  init(_ body: Bytes, torn: Bool) throws(Malformed) {
    var cursor = Cursor(body)
    _ = try cursor.take(UInt64.self)
    _ = try cursor.take(UInt64.self)
    uncompressedSize = Int(clamping: try cursor.take(UInt64.self))
    crc = try cursor.take(UInt32.self)
    compression = try cursor.text()
    let size = try cursor.take(UInt64.self)
    let left = UInt64(body.count - cursor.at)
    records = try cursor.take(torn ? min(size, left) : size)
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
