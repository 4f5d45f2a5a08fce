internal import Foundation

/// Reads JSON that must say nothing beyond what `type` holds.
///
/// The synthesized decoders ignore keys they do not know; here such a key is an error, because it might be the one
/// that changes what a policy means. It is found by writing the value out again and comparing the keys.
func decodeStrictly<Value: Codable>(_ type: Value.Type, from data: Data) throws -> Value {
  let value = try JSONDecoder().decode(type, from: data)
  let known = try JSONDecoder().decode(KeyTree.self, from: JSONEncoder().encode(value))
  let found = try JSONDecoder().decode(KeyTree.self, from: data)
  if let path = found.firstKey(notIn: known) {
    throw DecodingError.dataCorrupted(.init(codingPath: path.map(AnyKey.init), debugDescription: "the key is unknown"))
  }
  return value
}

/// Any key of a JSON object.
struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The keys of a JSON text, without its values.
private indirect enum KeyTree: Decodable {
  case object([String: KeyTree])
  case array([KeyTree])
  case leaf

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      var children: [String: KeyTree] = [:]
      for key in container.allKeys { children[key.stringValue] = try container.decode(KeyTree.self, forKey: key) }
      self = .object(children)
    } else if var container = try? decoder.unkeyedContainer() {
      var children: [KeyTree] = []
      while !container.isAtEnd { children.append(try container.decode(KeyTree.self)) }
      self = .array(children)
    } else {
      self = .leaf
    }
  }

  /// The path to a key that `known` does not have.
  func firstKey(notIn known: KeyTree) -> [String]? {
    switch (self, known) {
    case (.object(let children), .object(let others)):
      for (key, child) in children.sorted(by: { $0.key < $1.key }) {
        guard let other = others[key] else { return [key] }
        if let path = child.firstKey(notIn: other) { return [key] + path }
      }
    case (.array(let children), .array(let others)):
      for (index, (child, other)) in zip(children, others).enumerated() {
        if let path = child.firstKey(notIn: other) { return ["\(index)"] + path }
      }
    default: break
    }
    return nil
  }
}

/// What a decoder complained about, with the place in the file.
func sentence(of error: any Error) -> String {
  func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "" : path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".") + ": "
  }
  switch error as? DecodingError {
  case .keyNotFound(let key, let context): return place(context.codingPath + [key]) + "the key is missing"
  case .typeMismatch(let type, let context): return place(context.codingPath) + "expected \(type)"
  case .valueNotFound(let type, let context): return place(context.codingPath) + "expected \(type), found null"
  case .dataCorrupted(let context):
    // Foundation ends some of its reasons with a full stop, and knows no line on Linux.
    let reason = context.debugDescription
    return place(context.codingPath) + (reason.hasSuffix(".") ? String(reason.dropLast()) : reason)
  default: return "\(error)"
  }
}
