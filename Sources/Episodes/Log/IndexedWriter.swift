/// Writes a finished log: messages in compressed chunks, each followed by its index, and at the end what lets a reader
/// open, seek and sum up without reading all of it.
struct IndexedWriter: ~Copyable {
  let file: LogFile
  private var out = ByteBuffer(capacity: 1 << 20)
  /// Where `out` will stand in the file.
  private var written = 0
  /// Over everything that was written.
  private var checksum: UInt32 = 0
  private var compressor: ZstdCompressor
  private var chunk = ByteBuffer(capacity: (1 << 20) + (1 << 18))
  private var packed = ByteBuffer()
  private var chunkTimes: (first: UInt64, last: UInt64) = (.max, 0)
  /// The newest tick's number.
  private var block: UInt32 = 0
  private var channels: [Channel] = []
  private var schemas: [SchemaRecord] = []
  private var indexes = Indexes()

  /// Chunks are closed at this size: about a thousand ticks, so a seek opens little, and compression has seen enough.
  private static let chunkSize = 1 << 20

  init(_ file: LogFile, compressionLevel: Int32 = 6) {
    self.file = file
    compressor = ZstdCompressor(level: compressionLevel)
    out.append(MCAP.magic)
    let header = out.begin(.header)
    out.append(text: "ros2")
    out.append(text: MCAP.library)
    out.end(header)
  }

  private var position: Int { written + out.count }

  mutating func append(_ schema: SchemaRecord) {
    guard !schemas.contains(where: { $0.id == schema.id }) else { return }
    schemas.append(schema)
    schema.append(to: &out)
  }

  mutating func append(_ channel: ChannelRecord) {
    guard !channels.contains(where: { $0.record.id == channel.id }) else { return }
    channels.append(Channel(channel))
    channel.append(to: &out)
  }

  mutating func append(_ metadata: MetadataRecord) throws(LogError) {
    try closeChunk()
    let start = position
    metadata.append(to: &out)
    indexes.metadata.append((start, position - start, metadata.name))
  }

  mutating func append(_ attachment: AttachmentRecord) throws(LogError) {
    try closeChunk()
    let start = position
    attachment.append(to: &out)
    indexes.attachments.append((start, position - start, attachment))
  }

  /// Adds a message as it is. One whose channel was never declared is left out, as no reader could tell what it is.
  mutating func append(_ message: MessageView) throws(LogError) {
    guard let slot = channels.firstIndex(where: { $0.record.id == message.channel }) else { return }
    if chunk.count >= Self.chunkSize, mayBegin(message, slot) { try closeChunk() }
    if channels[slot].isOurs { block = message.sequence }
    chunkTimes = (min(chunkTimes.first, message.logTime), max(chunkTimes.last, message.logTime))
    channels[slot].entries.append((message.logTime, UInt64(chunk.count)))
    chunk.append(message.whole)
  }

  /// Whether a chunk may begin with this message: it needs none before it to be read. Other programs' messages never
  /// part the messages of a tick; a chunk that they fill is closed in any case.
  private func mayBegin(_ message: MessageView, _ slot: Int) -> Bool {
    if chunk.count >= 8 * Self.chunkSize { return true }
    return channels[slot].isOurs && TickLayout.beginsBlock(message.sequence, after: block)
  }

  private mutating func closeChunk() throws(LogError) {
    guard chunk.count > 0 else { return }
    packed.removeAll()
    guard compressor.append(chunk.bytes, to: &packed) else {
      throw .system(file: file.path, doing: "compressing a chunk of", code: 12)
    }
    let start = position
    let record = out.begin(.chunk)
    out.append(chunkTimes.first)
    out.append(chunkTimes.last)
    out.append(UInt64(chunk.count))
    out.append(chunk.bytes.crc32())
    out.append(text: "zstd")
    out.append(UInt64(packed.count))
    out.append(packed.bytes)
    out.end(record)
    var entry = Indexes.Chunk(
      times: chunkTimes, offset: start, length: position - start, compressed: packed.count, size: chunk.count)
    let indexStart = position
    for slot in channels.indices where !channels[slot].entries.isEmpty {
      entry.messageIndexes.append((channels[slot].record.id, position))
      channels[slot].writeIndex(to: &out)
    }
    entry.messageIndexLength = position - indexStart
    indexes.chunks.append(entry)
    indexes.times = (min(indexes.times.first, chunkTimes.first), max(indexes.times.last, chunkTimes.last))
    chunk.removeAll()
    chunkTimes = (.max, 0)
    try flush()
  }

  private mutating func flush() throws(LogError) {
    try file.append(out, at: written)
    checksum = out.bytes.crc32(checksum)
    written += out.count
    out.removeAll()
  }

  /// Ends the file; returns the checksum of its data. Nothing is on the disk for certain before the file is synced.
  mutating func finish() throws(LogError) -> UInt32 {
    try closeChunk()
    try flush()
    let dataChecksum = checksum
    let dataEnd = out.begin(.dataEnd)
    out.append(dataChecksum)
    out.end(dataEnd)
    try flush()
    checksum = 0
    writeSummary()
    try flush()
    return dataChecksum
  }

  private mutating func writeSummary() {
    let summary = position
    var groups: [(Opcode, Int, Int)] = []
    func group(_ opcode: Opcode, _ start: Int, _ end: Int) {
      if end > start { groups.append((opcode, start, end - start)) }
    }
    var start = position
    for schema in schemas { schema.append(to: &out) }
    group(.schema, start, position)
    start = position
    for channel in channels { channel.record.append(to: &out) }
    group(.channel, start, position)
    start = position
    indexes.writeStatistics(
      schemas: schemas.count, counts: channels.map { ($0.record.id, $0.count) }, to: &out)
    group(.statistics, start, position)
    start = position
    for chunk in indexes.chunks { chunk.write(to: &out) }
    group(.chunkIndex, start, position)
    start = position
    indexes.writeAttachments(to: &out)
    group(.attachmentIndex, start, position)
    start = position
    indexes.writeMetadata(to: &out)
    group(.metadataIndex, start, position)
    let offsets = position
    for (opcode, start, length) in groups {
      let record = out.begin(.summaryOffset)
      out.append(opcode.rawValue)
      out.append(UInt64(start))
      out.append(UInt64(length))
      out.end(record)
    }
    let footer = out.begin(.footer)
    out.append(UInt64(summary))
    out.append(UInt64(offsets))
    out.append(UInt32(0))
    out.end(footer)
    // The checksum covers the summary and the footer up to the checksum itself.
    let end = out.count - 4
    out.store(out.bytes[0..<end].crc32(), at: end)
    out.append(MCAP.magic)
  }

  private struct Channel {
    let record: ChannelRecord
    let isOurs: Bool
    var entries: [(time: UInt64, offset: UInt64)] = []
    private(set) var count: UInt64 = 0

    init(_ record: ChannelRecord) {
      self.record = record
      isOurs = Topic.allCases.contains { $0.name == record.topic }
    }

    /// Writes the index of the chunk that was just closed.
    mutating func writeIndex(to out: inout ByteBuffer) {
      let index = out.begin(.messageIndex)
      out.append(record.id)
      out.append(UInt32(16 * entries.count))
      for entry in entries {
        out.append(entry.time)
        out.append(entry.offset)
      }
      out.end(index)
      count += UInt64(entries.count)
      entries.removeAll(keepingCapacity: true)
    }
  }
}

/// What a finished log says about itself at its end.
private struct Indexes {
  var chunks: [Chunk] = []
  var metadata: [(offset: Int, length: Int, name: String)] = []
  var attachments: [(offset: Int, length: Int, record: AttachmentRecord)] = []
  var times: (first: UInt64, last: UInt64) = (.max, 0)

  struct Chunk {
    let times: (first: UInt64, last: UInt64)
    let offset: Int
    let length: Int
    let compressed: Int
    let size: Int
    var messageIndexes: [(channel: UInt16, offset: Int)] = []
    var messageIndexLength = 0

    func write(to out: inout ByteBuffer) {
      let record = out.begin(.chunkIndex)
      out.append(times.first)
      out.append(times.last)
      out.append(UInt64(offset))
      out.append(UInt64(length))
      out.append(UInt32(10 * messageIndexes.count))
      for (channel, offset) in messageIndexes {
        out.append(channel)
        out.append(UInt64(offset))
      }
      out.append(UInt64(messageIndexLength))
      out.append(text: "zstd")
      out.append(UInt64(compressed))
      out.append(UInt64(size))
      out.end(record)
    }
  }

  func writeStatistics(schemas: Int, counts: [(channel: UInt16, count: UInt64)], to out: inout ByteBuffer) {
    let record = out.begin(.statistics)
    out.append(counts.reduce(0) { $0 + $1.count })
    out.append(UInt16(schemas))
    out.append(UInt32(counts.count))
    out.append(UInt32(attachments.count))
    out.append(UInt32(metadata.count))
    out.append(UInt32(chunks.count))
    out.append(chunks.isEmpty ? 0 : times.first)
    out.append(times.last)
    out.append(UInt32(10 * counts.count))
    for (channel, count) in counts {
      out.append(channel)
      out.append(count)
    }
    out.end(record)
  }

  func writeAttachments(to out: inout ByteBuffer) {
    for (offset, length, attachment) in attachments {
      let record = out.begin(.attachmentIndex)
      out.append(UInt64(offset))
      out.append(UInt64(length))
      out.append(attachment.logTime)
      out.append(attachment.createTime)
      out.append(UInt64(attachment.data.count))
      out.append(text: attachment.name)
      out.append(text: attachment.mediaType)
      out.end(record)
    }
  }

  func writeMetadata(to out: inout ByteBuffer) {
    for (offset, length, name) in metadata {
      let record = out.begin(.metadataIndex)
      out.append(UInt64(offset))
      out.append(UInt64(length))
      out.append(text: name)
      out.end(record)
    }
  }
}
