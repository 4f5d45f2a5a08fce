import Foundation
import RealTime
import TestSupport
import Testing

@testable import Policy

@Suite struct SafeTensorsTests {
  static func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
  }

  static func decode(_ bytes: [UInt8]) throws(SafeTensorsError) -> SafeTensors {
    try SafeTensors(decoding: bytes.span.bytes)
  }

  @Test func `a file written by hand is read`() throws {
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}}  "#
    let content = try Self.decode(Self.file(header, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]))
    #expect(content.tensors == ["a": .init(shape: [2], values: [1, -2])])
    #expect(content.metadata == ["format": "pt"])
  }

  @Test func `what is written is read again, and the same content gives the same bytes`() throws {
    var random = SplitMix64(seed: 4)
    for _ in 0..<50 * effort {
      var tensors: [String: SafeTensors.Tensor] = [:]
      for index in 0..<Int(random.next() % 6) {
        let shape = (0..<Int(random.next() % 4)).map { _ in Int(random.next() % 5) }
        tensors["t\(index)/é"] = .init(shape: shape, values: Example.floats(shape.reduce(1, *), &random))
      }
      let content = SafeTensors(tensors: tensors, metadata: ["note": "seeded"])
      let bytes = try content.encoded()
      #expect(try Self.decode(bytes) == content)
      #expect(try content.encoded() == bytes)
      // The numbers begin at a multiple of 8.
      #expect(bytes[0] % 8 == 0)
    }
  }

  @Test func `a size field is believed only as far as the file goes`() {
    #expect(throws: SafeTensorsError.truncated(bytes: 3)) { try Self.decode([1, 2, 3]) }
    let ten: UInt64 = 10_000_000_000
    #expect(throws: SafeTensorsError.headerTooLong(claimed: ten, available: 2)) {
      try Self.decode(withUnsafeBytes(of: ten.littleEndian) { Array($0) } + [0x7b, 0x7d])
    }
    #expect(throws: SafeTensorsError.headerTooLong(claimed: .max, available: 0)) {
      try Self.decode([UInt8](repeating: 255, count: 8))
    }
  }

  /// (header, bytes behind it, a word of the complaint)
  static let malformed: [(String, Int, String)] = [
    ("", 0, "JSON"), ("[]", 0, "JSON"), ("{", 0, "JSON"), (#"{"a":1}"#, 0, "JSON"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, 8, "only"),
    (#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8, "F64"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "begin at 0"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "begin at 0"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "begin at 0"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "ends at byte 8 of 7"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "no tensor"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "needs 12"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "shape is [-2]"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "shape"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8, "JSON"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12, "begin at 8"
    ),
  ]

  @Test(arguments: malformed) func `a malformed file is refused with its reason`(
    _ header: String, _ data: Int, _ word: String
  ) {
    let complaint = Example.complaint { _ = try Self.decode(Self.file(header, [UInt8](repeating: 0, count: data))) }
    #expect(complaint.contains(word), "\(complaint)")
  }

  @Test func `no cut or flipped byte crashes the reader`() throws {
    var random = SplitMix64(seed: 5)
    let whole = try SafeTensors(tensors: ["net.0.weight": .init(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])]).encoded()
    for length in 0..<whole.count {
      #expect(throws: SafeTensorsError.self) { try Self.decode(Array(whole[..<length])) }
    }
    for _ in 0..<2000 * effort {
      var bytes = whole
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      _ = try? Self.decode(bytes)
    }
  }
}
