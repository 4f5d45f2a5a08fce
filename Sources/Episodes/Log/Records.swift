/// The records that our logs hold, as values. Messages and chunks are handled as bytes, see `RecordStream`.
struct SchemaRecord: Equatable {
  var id: UInt16
  var name: String
  var encoding: String
  var text: String

  init(id: UInt16, name: String, encoding: String, text: String) {
    self.id = id
    self.name = name
    self.encoding = encoding
    self.text = text
  }

  init(_ body: Bytes) throws(Malformed) {
    var cursor = Cursor(body)
    id = try cursor.take(UInt16.self)
    name = try cursor.text()
    encoding = try cursor.text()
    text = try cursor.text()
    guard id != 0 else { throw Malformed(what: "a schema has the number 0, which means none") }
  }

  func append(to buffer: inout ByteBuffer) {
    let record = buffer.begin(.schema)
    buffer.append(id)
    buffer.append(text: name)
    buffer.append(text: encoding)
    buffer.append(text: text)
    buffer.end(record)
  }
}

struct ChannelRecord: Equatable {
  var id: UInt16
  var schema: UInt16
  var topic: String
  var encoding: String
  var metadata: [String: String] = [:]

  init(id: UInt16, schema: UInt16, topic: String, encoding: String) {
    self.id = id
    self.schema = schema
    self.topic = topic
    self.encoding = encoding
  }

  init(_ body: Bytes) throws(Malformed) {
    var cursor = Cursor(body)
    id = try cursor.take(UInt16.self)
    schema = try cursor.take(UInt16.self)
    topic = try cursor.text()
    encoding = try cursor.text()
    metadata = try cursor.textMap()
  }

  func append(to buffer: inout ByteBuffer) {
    let record = buffer.begin(.channel)
    buffer.append(id)
    buffer.append(schema)
    buffer.append(text: topic)
    buffer.append(text: encoding)
    buffer.append(map: metadata)
    buffer.end(record)
  }
}

struct MetadataRecord: Equatable {
  var name: String
  var values: [String: String]

  init(name: String, values: [String: String]) {
    self.name = name
    self.values = values
  }

  init(_ body: Bytes) throws(Malformed) {
    var cursor = Cursor(body)
    name = try cursor.text()
    values = try cursor.textMap()
  }

  func append(to buffer: inout ByteBuffer) {
    let record = buffer.begin(.metadata)
    buffer.append(text: name)
    buffer.append(map: values)
    buffer.end(record)
  }
}

struct AttachmentRecord: Equatable {
  var logTime: UInt64 = 0
  var createTime: UInt64 = 0
  var name: String
  var mediaType: String
  var data: [UInt8]

  init(name: String, mediaType: String, text: String) {
    self.name = name
    self.mediaType = mediaType
    data = Array(text.utf8)
  }

  init(_ body: Bytes) throws(Malformed) {
    var cursor = Cursor(body)
    logTime = try cursor.take(UInt64.self)
    createTime = try cursor.take(UInt64.self)
    name = try cursor.text()
    mediaType = try cursor.text()
    data = try cursor.take(cursor.take(UInt64.self)).array
    let end = cursor.at
    let crc = try cursor.take(UInt32.self)
    guard crc == 0 || crc == body[0..<end].crc32() else {
      throw Malformed(what: "the attachment '\(name)' does not match its checksum")
    }
  }

  /// Nil for what is no text: other programs may attach pictures to our logs.
  var text: String? { String(validating: data, as: UTF8.self) }

  func append(to buffer: inout ByteBuffer) {
    let record = buffer.begin(.attachment)
    let start = buffer.count
    buffer.append(logTime)
    buffer.append(createTime)
    buffer.append(text: name)
    buffer.append(text: mediaType)
    buffer.append(UInt64(data.count))
    buffer.append(data)
    buffer.append(buffer.bytes.suffix(from: start).crc32())
    buffer.end(record)
  }
}

/// A message as it lies in a file. Its bytes are valid until the stream's next step.
struct MessageView {
  let channel: UInt16
  let sequence: UInt32
  let logTime: UInt64
  let data: Bytes
  /// The record with opcode and length, to be copied as it is.
  let whole: Bytes

  /// From a whole record, opcode and length included.
  @inline(__always)
  init?(record whole: Bytes) {
    let head = MCAP.recordHead
    guard whole.count >= head + MCAP.messageHead else { return nil }
    self.whole = whole
    channel = whole.load(UInt16.self, at: head)
    sequence = whole.load(UInt32.self, at: head + 2)
    logTime = whole.load(UInt64.self, at: head + 6)
    data = whole.suffix(from: head + MCAP.messageHead)
  }
}
