internal import RealTime

/// What stands before a chunk's records, and the records as they are stored.
struct ChunkHead {
  let uncompressedSize: Int
  let crc: UInt32
  let compression: String
  let records: Bytes

  /// Why a chunk cannot be opened.
  enum Problem: Error {
    case malformed(String)
    case tooLarge
    case compression
  }

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

  /// Puts the chunk's records into `buffer`, which they replace: as many bytes as announced and at most `limit`.
  func open(into buffer: inout ByteBuffer, _ zstd: inout ZstdDecompressor, limit: Int) throws(Problem) {
    guard uncompressedSize <= limit else { throw .tooLarge }
    buffer.removeAll()
    switch compression {
    case "":
      buffer.append(records)
      guard crc == 0 || buffer.bytes.crc32() == crc else {
        throw .malformed("a chunk does not match its checksum")
      }
    case "zstd":
      // Its frames carry a checksum of their own.
      guard zstd.append(records, to: &buffer, limit: uncompressedSize) else {
        throw .malformed("a compressed chunk is damaged")
      }
    default: throw .compression
    }
    guard buffer.count == uncompressedSize else {
      throw .malformed("a chunk says \(uncompressedSize) bytes and holds \(buffer.count)")
    }
  }
}

/// Reads and opens the next chunk of a finished log on another core while its reader decodes the present one.
///
/// The index says where chunks are, and is not believed: what was opened counts only where the reader, walking through
/// the file, comes to a chunk. One that cannot be opened is left to the reader, who says why.
final class ChunkAhead: @unchecked Sendable {
  // Unchecked: until it was waited for, `errand` has for itself what stands below it, and afterwards the one reader has.
  private let file: LogFile
  /// In the file's order.
  private let places: [LogIndex.Chunk]
  /// Which of them comes next.
  private var place = 0
  /// How many chunks the reader was spared opening.
  private(set) var taken = 0
  private var errand: Errand?
  private var isOpen = false
  private var record = ByteBuffer()
  private var opened = ByteBuffer()
  private var zstd = ZstdDecompressor()

  /// Larger chunks, which no log of ours has, are opened when they are come to.
  private static let largest = 16 << 20

  init(_ file: LogFile, _ chunks: [LogIndex.Chunk]) {
    self.file = file
    places = chunks.sorted { $0.offset < $1.offset }
  }

  /// Begins with the chunk that follows the one at `offset`.
  func begin(after offset: Int) {
    errand?.wait()
    errand = nil
    if place > 0, places[place - 1].offset > offset { place = 0 }
    while place < places.count, places[place].offset <= offset { place += 1 }
    guard place < places.count, places[place].length <= Self.largest else { return }
    errand = Errand { self.open() }
  }

  /// The chunk whose record begins at `offset`, if it was opened: `records` and the ones here change places, and the
  /// record's size is returned.
  func take(at offset: Int, _ records: inout ByteBuffer) -> Int? {
    guard let errand, places[place].offset == offset else { return nil }
    errand.wait()
    guard isOpen else { return nil }
    isOpen = false
    taken += 1
    swap(&records, &opened)
    return places[place].length
  }

  private func open() {
    let (offset, length) = (places[place].offset, places[place].length)
    record.removeAll()
    isOpen = false
    guard record.append(length, of: file.descriptor, at: offset) == 0, record.count == length,
      length >= MCAP.recordHead, record.bytes.load(UInt8.self, at: 0) == Opcode.chunk.rawValue,
      record.bytes.load(UInt64.self, at: 1) == UInt64(length - MCAP.recordHead),
      let head = try? ChunkHead(record.bytes.suffix(from: MCAP.recordHead), torn: false)
    else { return }
    do {
      try head.open(into: &opened, &zstd, limit: Self.largest)
      isOpen = true
    } catch {}
  }
}
