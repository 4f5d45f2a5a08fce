// MCAP version 0 (https://mcap.dev/spec), as far as a log of ours uses it.
//
//     while recording   magic header metadata… attachments… schemas channels message message message …
//     when finished     magic header metadata… attachments… schemas channels
//                       (chunk message-index…)… metadata attachment data-end
//                       schemas channels chunk-index… attachment-index… metadata-index… statistics
//                       summary-offset… footer magic
//
//     a record          opcode u8 · length u64 · content                (integers are little-endian)
//     a message         channel u16 · sequence u32 · log time u64 · publish time u64 · CDR bytes
//
// The first form can be cut anywhere and loses one record at most; the second opens, seeks and sums up in no time.

/// The kinds of records.
enum Opcode: UInt8 {
  case header = 1
  case footer = 2
  case schema = 3
  case channel = 4
  case message = 5
  case chunk = 6
  case messageIndex = 7
  case chunkIndex = 8
  case attachment = 9
  case attachmentIndex = 10
  case statistics = 11
  case metadata = 12
  case metadataIndex = 13
  case summaryOffset = 14
  case dataEnd = 15
}

enum MCAP {
  /// The first and the last eight bytes of a file.
  static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x41, 0x50, 0x30, 0x0D, 0x0A]
  /// Names the writer in each log's header.
  static let library = "understudy"
  /// Opcode and length.
  static let recordHead = 9
  /// What stands before a message's own bytes, inside the record.
  static let messageHead = 22
  /// No record, and no chunk when opened, may be larger: this bounds the memory of a reader whatever a file claims.
  static let largestRecord = 64 << 20
}

/// A record's content says something that cannot be.
struct Malformed: Error {
  let what: String
}

/// Reads a record's fields one after the other, each checked against what is left.
struct Cursor {
  let bytes: Bytes
  private(set) var at = 0

  init(_ bytes: Bytes) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func take<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(Malformed) -> T {
    let size = MemoryLayout<T>.size
    guard bytes.count - at >= size else { throw Malformed(what: "the record ends inside a number") }
    defer { at += size }
    return bytes.load(type, at: at)
  }

  mutating func take(_ n: UInt64) throws(Malformed) -> Bytes {
    guard n <= UInt64(bytes.count - at) else {
      throw Malformed(what: "a field claims \(n) bytes where \(bytes.count - at) are left")
    }
    defer { at += Int(n) }
    return bytes[at..<(at + Int(n))]
  }

  /// A string or a byte field: 32 bits of length, then the bytes.
  mutating func field() throws(Malformed) -> Bytes { try take(UInt64(take(UInt32.self))) }

  mutating func text() throws(Malformed) -> String {
    guard let text = try field().text else { throw Malformed(what: "a text is not UTF-8") }
    return text
  }

  mutating func textMap() throws(Malformed) -> [String: String] {
    var entries = Cursor(try field())
    var map: [String: String] = [:]
    while !entries.isAtEnd { map[try entries.text()] = try entries.text() }
    return map
  }
}

extension ByteBuffer {
  /// Opens a record; `end` fills in its length.
  mutating func begin(_ opcode: Opcode) -> Int {
    let start = count
    append(opcode.rawValue)
    append(UInt64(0))
    return start
  }

  mutating func end(_ start: Int) {
    store(UInt64(count - start - MCAP.recordHead), at: start + 1)
  }

  /// 32 bits of length, then the text.
  mutating func append(text: String) {
    append(UInt32(text.utf8.count))
    append(Array(text.utf8))
  }

  /// A map in the order of its keys, so that the same session gives the same bytes.
  mutating func append(map: [String: String]) {
    let start = count
    append(UInt32(0))
    for (key, value) in map.sorted(by: { $0.key < $1.key }) {
      append(text: key)
      append(text: value)
    }
    store(UInt32(count - start - 4), at: start)
  }
}
