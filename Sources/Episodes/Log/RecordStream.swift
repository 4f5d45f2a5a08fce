/// A record as it lies in a file. Its bytes are valid until the stream's next step.
struct RecordView {
  /// Opcode, length and content.
  let whole: Bytes
  /// Where the record begins in the file.
  let offset: Int

  var opcode: UInt8 { whole.load(UInt8.self, at: 0) }
  var body: Bytes { whole.suffix(from: MCAP.recordHead) }
}

/// Where a file stopped being readable.
enum LogEnding: Equatable, Sendable {
  /// At the footer and the closing magic.
  case finished
  /// In the middle of a record that begins at `offset`, or with nothing after it: a log that was not finished.
  case open(offset: Int)
}

/// The records of a file one after the other, through a window of bounded size. No length in the file is believed
/// before it was compared with what the file has, and with the largest record that is read.
struct RecordStream: ~Copyable {
  let file: LogFile
  /// The file's size when it was opened, or less where a read found its end earlier.
  private(set) var size: Int
  /// Where the next record begins.
  private(set) var position = MCAP.magic.count
  private(set) var ending: LogEnding?
  private var window: ByteBuffer
  private var windowStart = 0
  private var footerSeen = false

  private static let windowSize = 1 << 18
  /// What is read after a jump, which may land on a small record before the next jump.
  private static let glance = 1 << 12

  private init(_ file: LogFile, size: Int) {
    self.file = file
    self.size = size
    window = ByteBuffer(capacity: Self.windowSize)
  }

  /// The records of `file`, which must begin as an MCAP file does.
  static func open(_ file: LogFile) throws(LogError) -> RecordStream {
    var stream = RecordStream(file, size: try file.size())
    let n = MCAP.magic.count
    guard try stream.have(n, at: 0), stream.window.bytes[0..<n].array == MCAP.magic else {
      throw .notMCAP(file: file.path)
    }
    return stream
  }

  /// The next record, or nil at the end, which `ending` describes. The indexes of the messages in a chunk are passed
  /// over unread: whoever opens a chunk finds its messages in it.
  mutating func next() throws(LogError) -> RecordView? {
    if ending != nil { return nil }
    try skipMessageIndexes()
    let left = size - position
    if footerSeen, left == MCAP.magic.count {
      guard try have(left, at: position), view(left).array == MCAP.magic else { return end(.open(offset: position)) }
      return end(.finished)
    }
    guard left >= MCAP.recordHead, try have(MCAP.recordHead, at: position) else { return end(.open(offset: position)) }
    let opcode = view(1).load(UInt8.self, at: 0)
    let length = view(MCAP.recordHead).load(UInt64.self, at: 1)
    // A zero is no opcode: after a power cut the tail of a file may be zeros.
    guard opcode != 0, length <= UInt64(left - MCAP.recordHead) else { return end(.open(offset: position)) }
    let whole = MCAP.recordHead + Int(length)
    guard whole <= MCAP.largestRecord else {
      throw .tooLarge(file: file.path, offset: position, bytes: length, limit: MCAP.largestRecord)
    }
    guard try have(whole, at: position) else { return end(.open(offset: position)) }
    let record = RecordView(whole: view(whole), offset: position)
    footerSeen = opcode == Opcode.footer.rawValue
    position += whole
    return record
  }

  /// Goes on to the next record that is no index of messages.
  mutating func skipMessageIndexes() throws(LogError) {
    while size - position >= MCAP.recordHead, try have(MCAP.recordHead, at: position),
      view(1).load(UInt8.self, at: 0) == Opcode.messageIndex.rawValue
    {
      let length = view(MCAP.recordHead).load(UInt64.self, at: 1)
      guard length <= UInt64(size - position - MCAP.recordHead) else { return }
      position += MCAP.recordHead + Int(length)
      footerSeen = false
    }
  }

  /// Goes on from a record that begins at `offset`, as an index says.
  mutating func seek(to offset: Int) {
    position = max(MCAP.magic.count, min(offset, size))
    ending = nil
    footerSeen = false
  }

  private mutating func end(_ how: LogEnding) -> RecordView? {
    ending = how
    return nil
  }

  private func view(_ n: Int) -> Bytes {
    let start = position - windowStart
    return window.bytes[start..<(start + n)]
  }

  /// Makes the window hold `n` bytes from `offset` on; false when the file ends before.
  private mutating func have(_ n: Int, at offset: Int) throws(LogError) -> Bool {
    if offset >= windowStart, offset + n <= windowStart + window.count { return true }
    guard offset + n <= size else { return false }
    let isJump = offset < windowStart || offset > windowStart + window.count
    if isJump { window.removeAll() } else { window.removeFirst(offset - windowStart) }
    windowStart = offset
    let from = offset + window.count
    let wanted = min(max(n, isJump ? Self.glance : Self.windowSize), size - offset) - window.count
    let code = window.append(wanted, of: file.descriptor, at: from)
    guard code == 0 else { throw .system(file.path, "reading", code) }
    if window.count < n { size = offset + window.count }
    return window.count >= n
  }
}
