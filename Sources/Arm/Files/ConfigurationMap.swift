internal import Foundation
internal import Yams

/// A mapping of a YAML file that knows where it stands, so that each error can name file, line and key.
struct ConfigurationMap {
  /// The file, as a person would type it.
  let file: String
  /// The keys above this mapping, joined by dots and ending in one; empty at the top.
  let path: String
  /// Where the mapping begins.
  let line: Int
  private let entries: [String: Entry]
  private let variables: [String: String]

  private struct Entry {
    var line: Int
    var value: Node
  }

  /// Reads the file; `variables` are what `${NAME}` in its strings means.
  init(reading url: URL, variables: [String: String]) throws(ConfigurationError) {
    let file = url.relativePath
    let text: String
    do {
      text = try String(contentsOf: url, encoding: .utf8)
    } catch {
      throw .unreadable(file: file, reason: Self.reason(error))
    }
    try self.init(text: text, file: file, variables: variables)
  }

  /// Reads YAML text; `file` is the name that errors carry.
  init(text: String, file: String, variables: [String: String] = [:]) throws(ConfigurationError) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw Self.syntax(error, in: file)
    }
    guard let root else { throw .syntax(file: file, line: 1, column: 1, problem: "it is empty") }
    try self.init(root, file: file, path: "", line: 1, variables: variables)
  }

  private init(_ node: Node, file: String, path: String, line: Int, variables: [String: String])
    throws(ConfigurationError)
  {
    guard case .mapping(let mapping) = node else {
      throw .wrongValue(
        file: file, line: line, key: path.isEmpty ? "(the file)" : String(path.dropLast()),
        expected: "keys with values", found: Self.describe(node))
    }
    var entries: [String: Entry] = [:]
    for (key, value) in mapping {
      let line = key.mark?.line ?? line
      guard let name = key.string else {
        throw .wrongValue(file: file, line: line, key: path, expected: "plain keys", found: Self.describe(key))
      }
      entries[name] = Entry(line: line, value: value)
    }
    self.file = file
    self.path = path
    self.line = line
    self.entries = entries
    self.variables = variables
  }

  /// Fails on the first key (by line) that is none of `allowed`.
  func allow(only allowed: [String]) throws(ConfigurationError) {
    let strangers = entries.filter { !allowed.contains($0.key) }.sorted { $0.value.line < $1.value.line }
    guard let (name, entry) = strangers.first else { return }
    throw .unknownKey(file: file, line: entry.line, key: path + name, allowed: allowed)
  }

  /// The keys, in alphabetical order.
  var keys: [String] { entries.keys.sorted() }

  /// True if the key stands in the file with a value.
  func has(_ key: String) -> Bool { entries[key].map { $0.value.null == nil } ?? false }

  /// True if a mapping stands under the key.
  func isMap(_ key: String) -> Bool {
    if case .mapping = entries[key]?.value { true } else { false }
  }

  /// The string under the key, its variables replaced.
  func text(_ key: String) throws(ConfigurationError) -> String {
    let entry = try entry(key)
    guard case .scalar(let scalar) = entry.value, entry.value.null == nil else { throw wrong(key, "a text") }
    return try expand(scalar.string, key: key, line: entry.line)
  }

  /// A finite number.
  func number(_ key: String) throws(ConfigurationError) -> Double {
    guard let value = try entry(key).value.float, value.isFinite else { throw wrong(key, "a number") }
    return value
  }

  /// A finite number of at least `lower` and at most `upper`.
  func number(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
    let value = try number(key)
    guard range.contains(value) else { throw wrong(key, Self.describe(range)) }
    return value
  }

  /// A whole number in the range.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    guard let value = try entry(key).value.int, range.contains(value) else {
      throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A list of `count` finite numbers.
  func numbers(_ key: String, count: Int) throws(ConfigurationError) -> [Double] {
    guard case .sequence(let list) = try entry(key).value, list.count == count else {
      throw wrong(key, "a list of \(count) numbers")
    }
    let values = list.compactMap(\.float).filter(\.isFinite)
    guard values.count == count else { throw wrong(key, "a list of \(count) numbers") }
    return values
  }

  /// A list of strings, with their variables replaced.
  func texts(_ key: String) throws(ConfigurationError) -> [String] {
    let entry = try entry(key)
    guard case .sequence(let list) = entry.value else { throw wrong(key, "a list of names") }
    var texts: [String] = []
    for node in list {
      guard case .scalar(let scalar) = node else { throw wrong(key, "a list of names") }
      texts.append(try expand(scalar.string, key: key, line: node.mark?.line ?? entry.line))
    }
    return texts
  }

  /// The mapping under the key.
  func map(_ key: String) throws(ConfigurationError) -> ConfigurationMap {
    let entry = try entry(key)
    return try ConfigurationMap(
      entry.value, file: file, path: path + key + ".", line: entry.line, variables: variables)
  }

  /// A list of mappings.
  func maps(_ key: String) throws(ConfigurationError) -> [ConfigurationMap] {
    let entry = try entry(key)
    guard case .sequence(let list) = entry.value, !list.isEmpty else {
      throw wrong(key, "a list of at least one entry")
    }
    var maps: [ConfigurationMap] = []
    for (index, node) in list.enumerated() {
      maps.append(
        try ConfigurationMap(
          node, file: file, path: "\(path)\(key)[\(index)].", line: node.mark?.line ?? entry.line,
          variables: variables))
    }
    return maps
  }

  /// The error that this key's value is not what it must be.
  func wrong(_ key: String, _ expected: String) -> ConfigurationError {
    let entry = entries[key]
    return .wrongValue(
      file: file, line: entry?.line ?? line, key: path + key, expected: expected,
      found: entry.map { Self.describe($0.value) } ?? "nothing")
  }

  /// The error that this key's value does not fit what stands elsewhere.
  func contradiction(_ key: String, _ problem: String) -> ConfigurationError {
    .contradiction(file: file, line: entries[key]?.line ?? line, key: path + key, problem: problem)
  }

  private func entry(_ key: String) throws(ConfigurationError) -> Entry {
    guard let entry = entries[key], entry.value.null == nil else {
      throw .missingKey(file: file, line: line, key: path + key)
    }
    return entry
  }

  /// Replaces `${NAME}` and `${NAME:-default}`; a default holds no further variables.
  private func expand(_ text: String, key: String, line: Int) throws(ConfigurationError) -> String {
    var result = "", rest = text[...]
    while let start = rest.range(of: "${") {
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else { throw wrong(key, "a text with ${…} closed") }
      result += rest[..<start.lowerBound]
      let inside = rest[start.upperBound..<end]
      let split = inside.range(of: ":-")
      let name = String(inside[..<(split?.lowerBound ?? inside.endIndex)])
      if let value = variables[name], !value.isEmpty {
        result += value
      } else if let split {
        result += inside[split.upperBound...]
      } else {
        throw .unsetVariable(file: file, line: line, key: path + key, variable: name)
      }
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func describe(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): "\"\(scalar.string)\""
    case .mapping: "a mapping"
    case .sequence(let list): "a list of \(list.count)"
    case .alias: "an alias"
    }
  }

  private static func describe(_ range: ClosedRange<Double>) -> String {
    range.upperBound == .greatestFiniteMagnitude
      ? "a number of at least \(range.lowerBound)" : "a number from \(range.lowerBound) to \(range.upperBound)"
  }

  private static func syntax(_ error: any Error, in file: String) -> ConfigurationError {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      .syntax(file: file, line: mark.line, column: mark.column, problem: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      .syntax(
        file: file, line: context.mark.line, column: context.mark.column,
        problem: "\(duplicates.sorted().joined(separator: ", ")) stands there twice")
    default: .syntax(file: file, line: 1, column: 1, problem: "\(error)")
    }
  }

  /// The system's own words for a failed read.
  static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    return (underlying ?? error as NSError).localizedDescription
  }
}
