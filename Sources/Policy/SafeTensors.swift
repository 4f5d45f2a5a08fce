internal import Foundation

/// A safetensors file of f32 tensors.
///
///     ┌────────────────┬───────────────────────────────────────────────┬───────────────┐
///     │ n: UInt64, LE  │ JSON, n bytes: {name: {dtype, shape, offsets}} │ the numbers   │
///     └────────────────┴───────────────────────────────────────────────┴───────────────┘
///
/// The reader trusts no size: the header must fit the file (and 100 MB, as in the reference implementation), shapes
/// must multiply to what the offsets say, and the tensors must cover the bytes exactly, without gap or overlap.
/// Numbers are little-endian, as on every machine that this runs on.
public struct SafeTensors: Equatable, Sendable {
  /// One tensor, row-major.
  public struct Tensor: Equatable, Sendable {
    /// Sizes, outermost first.
    public var shape: [Int]
    /// As many as the sizes multiply to.
    public var values: [Float]

    /// A tensor.
    public init(shape: [Int], values: [Float]) {
      self.shape = shape
      self.values = values
    }
  }

  /// The longest header that is read.
  public static let headerLimit = 100_000_000

  /// The tensors by name.
  public var tensors: [String: Tensor]
  /// The free text beside them.
  public var metadata: [String: String]

  /// A file's content.
  public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }
}

/// Why bytes are not a safetensors file that a policy can use.
public enum SafeTensorsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Shorter than the length field.
  case truncated(bytes: Int)
  /// The header is longer than the file or than 100 MB.
  case headerTooLong(claimed: UInt64, available: Int)
  /// The header is not the JSON it should be.
  case header(reason: String)
  /// Another number format.
  case type(tensor: String, found: String)
  /// A tensor's shape, its offsets and the file's length do not agree.
  case extent(tensor: String, reason: String)

  /// What was expected, what came, and what to do.
  public var description: String {
    switch self {
    case .truncated(let bytes):
      "The file ends after \(bytes) bytes, before its header. Copy it again from where it was whole."
    case .headerTooLong(let claimed, let available):
      "The header claims \(claimed) bytes; \(available) are there, and at most \(SafeTensors.headerLimit) are read. "
        + "The file is damaged or no safetensors file."
    case .header(let reason):
      "The header is not safetensors' JSON: \(reason). The file is damaged or no safetensors file."
    case .type(let tensor, let found):
      "The tensor \(tensor) has the type \(found); a policy's weights are F32. Convert them (in PyTorch: tensor.float())."
    case .extent(let tensor, let reason):
      "The tensor \(tensor) does not fit the file: \(reason). Copy the file again from where it was whole."
    }
  }
}

extension SafeTensors {
  /// One tensor's entry in the header.
  private struct Entry: Codable {
    enum CodingKeys: String, CodingKey { case dtype, shape, offsets = "data_offsets" }
    var dtype: String
    var shape: [Int]
    var offsets: [Int]
  }

  /// The whole header.
  private struct Header: Codable {
    static let metadataKey = "__metadata__"
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      for key in container.allKeys {
        if key.stringValue == Self.metadataKey {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
          // All three keys are there, or decoding had failed: more than three means an unknown one.
          guard try container.nestedContainer(keyedBy: AnyKey.self, forKey: key).allKeys.count == 3 else {
            throw DecodingError.dataCorruptedError(
              forKey: key, in: container, debugDescription: "expected dtype, shape and data_offsets only")
          }
        }
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: AnyKey.self)
      if !metadata.isEmpty { try container.encode(metadata, forKey: AnyKey(Self.metadataKey)) }
      for (name, entry) in entries { try container.encode(entry, forKey: AnyKey(name)) }
    }
  }

  /// Reads a file's bytes.
  public init(decoding bytes: RawSpan) throws(SafeTensorsError) {
    guard bytes.byteCount >= 8 else { throw .truncated(bytes: bytes.byteCount) }
    let claimed = UInt64(littleEndian: bytes.unsafeLoadUnaligned(as: UInt64.self))
    let available = bytes.byteCount - 8
    guard claimed <= UInt64(Swift.min(available, Self.headerLimit)) else {
      throw .headerTooLong(claimed: claimed, available: available)
    }
    let length = Int(claimed)
    let header: Header
    do {
      header = try JSONDecoder().decode(
        Header.self, from: bytes.extracting(8..<(8 + length)).withUnsafeBytes { Data($0) })
    } catch {
      throw .header(reason: sentence(of: error))
    }
    metadata = header.metadata
    tensors = [:]
    let data = bytes.extracting((8 + length)...)
    var end = 0
    // An entry without offsets sorts first and is refused by `count`.
    func order(_ entry: Entry) -> (Int, Int) { (entry.offsets.first ?? -1, entry.offsets.last ?? -1) }
    for (name, entry) in header.entries.sorted(by: { order($0.value) < order($1.value) }) {
      guard entry.dtype == "F32" else { throw .type(tensor: name, found: entry.dtype) }
      let count = try Self.count(name, entry, from: end, within: data.byteCount)
      end = entry.offsets[1]
      let begin = entry.offsets[0]
      let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        data.extracting(begin..<end).withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        initialized = count
      }
      tensors[name] = Tensor(shape: entry.shape, values: values)
    }
    guard end == data.byteCount else {
      throw .extent(tensor: "behind the last", reason: "\(data.byteCount - end) bytes belong to no tensor")
    }
  }

  /// How many numbers an entry stands for, if it begins at `start` and shape and offsets agree.
  private static func count(
    _ name: String, _ entry: Entry, from start: Int, within available: Int
  ) throws(SafeTensorsError) -> Int {
    guard entry.offsets.count == 2, entry.offsets[0] == start, entry.offsets[1] >= start else {
      throw .extent(tensor: name, reason: "its offsets are \(entry.offsets), expected to begin at \(start)")
    }
    guard entry.offsets[1] <= available else {
      throw .extent(tensor: name, reason: "it ends at byte \(entry.offsets[1]) of \(available)")
    }
    var bytes = 4
    for size in entry.shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { throw .extent(tensor: name, reason: "its shape is \(entry.shape)") }
      bytes = product
    }
    guard bytes == entry.offsets[1] - start else {
      throw .extent(
        tensor: name, reason: "the shape \(entry.shape) needs \(bytes) bytes, it has \(entry.offsets[1] - start)")
    }
    return bytes / 4
  }

  /// The file's bytes, the tensors in the order of their names: the same content gives the same bytes.
  public func encoded() throws -> [UInt8] {
    var header = Header()
    header.metadata = metadata
    var data: [UInt8] = []
    let sorted = tensors.sorted { $0.key < $1.key }
    for (name, tensor) in sorted {
      let begin = data.count
      tensor.values.withUnsafeBytes { data.append(contentsOf: $0) }
      header.entries[name] = Entry(dtype: "F32", shape: tensor.shape, offsets: [begin, data.count])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var json = [UInt8](try encoder.encode(header))
    // Spaces keep the numbers aligned for readers that map the file.
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json + data
  }
}
