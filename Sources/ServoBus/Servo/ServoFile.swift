internal import Yams

/// A place in a servo file: a YAML node that knows its path, line and key, so that every complaint can name them.
struct ServoFile {
  let path: String
  let key: String
  let node: Node
  private let parentLine: Int

  var line: Int { node.mark?.line ?? parentLine }

  /// The root of a document.
  init(path: String, text: String) throws(ServoFileError) {
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw .notYAML(path: path, line: Self.line(of: error), reason: Self.reason(of: error))
    }
    guard let root, root.mapping != nil else {
      throw .wrongValue(path: path, line: 1, key: "(file)", expected: "a mapping of keys", found: "something else")
    }
    self.init(path: path, key: "(file)", node: root, parentLine: 1)
  }

  private init(path: String, key: String, node: Node, parentLine: Int) {
    self.path = path
    self.key = key
    self.node = node
    self.parentLine = parentLine
  }

  /// The value under a key, or nil.
  func find(_ name: String) -> ServoFile? {
    node.mapping?[Node(name)].map { ServoFile(path: path, key: name, node: $0, parentLine: line) }
  }

  /// The value under a key that must be there.
  func get(_ name: String) throws(ServoFileError) -> ServoFile {
    guard node.mapping != nil else { throw wrong("a mapping with the key `\(name)`") }
    guard let found = find(name) else { throw .missing(path: path, line: line, key: name) }
    return found
  }

  /// Refuses keys that nobody reads.
  func allow(_ known: [String]) throws(ServoFileError) {
    for (keyNode, _) in node.mapping ?? [:] {
      let name = keyNode.string ?? ""
      guard !known.contains(name) else { continue }
      throw .unknownKey(path: path, line: keyNode.mark?.line ?? line, key: name, known: known)
    }
  }

  /// Each element of a list.
  func list() throws(ServoFileError) -> [ServoFile] {
    guard let sequence = node.sequence else { throw wrong("a list") }
    return sequence.map { ServoFile(path: path, key: key, node: $0, parentLine: line) }
  }

  /// Each key and value of a mapping whose keys are numbers.
  func numbered() throws(ServoFileError) -> [(number: Int, value: ServoFile)] {
    guard let mapping = node.mapping else { throw wrong("a mapping of numbers") }
    var pairs: [(Int, ServoFile)] = []
    for (keyNode, value) in mapping {
      guard let number = keyNode.int else { throw wrong("a mapping whose keys are numbers") }
      pairs.append((number, ServoFile(path: path, key: "\(key).\(number)", node: value, parentLine: line)))
    }
    return pairs
  }

  func string() throws(ServoFileError) -> String {
    guard let text = node.scalar?.string else { throw wrong("text") }
    return text
  }

  func integer(_ range: ClosedRange<Int>) throws(ServoFileError) -> Int {
    guard let number = node.int, range.contains(number) else {
      throw wrong("a whole number \(range.lowerBound)…\(range.upperBound)")
    }
    return number
  }

  func number() throws(ServoFileError) -> Double {
    guard let number = node.float, number.isFinite else { throw wrong("a number") }
    return number
  }

  func choice<Choice>(_ choices: KeyValuePairs<String, Choice>) throws(ServoFileError) -> Choice {
    let text = node.scalar?.string
    guard let found = choices.first(where: { $0.key == text }) else {
      throw wrong("one of \(choices.map(\.key).joined(separator: ", "))")
    }
    return found.value
  }

  private func wrong(_ expected: String) -> ServoFileError {
    let found =
      switch node {
      case .scalar(let scalar): "`\(scalar.string)`"
      case .mapping: "a mapping"
      case .sequence: "a list"
      case .alias: "an alias"
      }
    return .wrongValue(path: path, line: line, key: key, expected: expected, found: found)
  }

  private static func line(of error: any Error) -> Int {
    switch error as? YamlError {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    case .duplicatedKeysInMapping(_, let context): context.mark.line
    default: 1
    }
  }

  private static func reason(of error: any Error) -> String {
    switch error as? YamlError {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): problem
    case .duplicatedKeysInMapping(let duplicates, _): "the key `\(duplicates.first ?? "?")` stands twice"
    default: "the parser gave up"
    }
  }
}
