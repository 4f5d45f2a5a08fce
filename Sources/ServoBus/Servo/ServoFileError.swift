/// Why a servo file was not understood. Each case says where and what was expected.
public enum ServoFileError: Error, Equatable, CustomStringConvertible {
  /// There is no such file, or it cannot be read.
  case unreadable(path: String, reason: String)
  /// The text is not YAML.
  case notYAML(path: String, line: Int, reason: String)
  /// A key that must be there is not.
  case missing(path: String, line: Int, key: String)
  /// A key has a value of the wrong kind or range.
  case wrongValue(path: String, line: Int, key: String, expected: String, found: String)
  /// A key that nobody reads: most often a misspelling.
  case unknownKey(path: String, line: Int, key: String, known: [String])
  /// Two registers share an address.
  case overlap(path: String, line: Int, name: String, other: String)

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "The servo file \(path) cannot be read (\(reason)); servo files stand in hardware/servos."
    case .notYAML(let path, let line, let reason):
      "\(path):\(line): this is not YAML: \(reason)."
    case .missing(let path, let line, let key):
      "\(path):\(line): the key `\(key)` is missing; compare with hardware/servos/sts3215.yaml."
    case .wrongValue(let path, let line, let key, let expected, let found):
      "\(path):\(line): `\(key)` must be \(expected), but is \(found)."
    case .unknownKey(let path, let line, let key, let known):
      "\(path):\(line): nothing reads the key `\(key)`; known here are \(known.joined(separator: ", "))."
    case .overlap(let path, let line, let name, let other):
      "\(path):\(line): register `\(name)` lies over `\(other)`; correct `at` or `bytes`."
    }
  }
}
