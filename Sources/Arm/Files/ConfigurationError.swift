/// What is wrong with a file of `hardware/`, and where: the person who edits it gets file, line and key.
public enum ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No file of that name; `available` lists those there are.
  case notFound(kind: String, name: String, place: String, available: [String])
  /// The file exists but cannot be read.
  case unreadable(file: String, reason: String)
  /// Not YAML.
  case syntax(file: String, line: Int, column: Int, problem: String)
  /// A key that means nothing here; most often a misspelt one.
  case unknownKey(file: String, line: Int, key: String, allowed: [String])
  /// A key without which the file is not whole.
  case missingKey(file: String, line: Int, key: String)
  /// A value of the wrong kind, or one that cannot be.
  case wrongValue(file: String, line: Int, key: String, expected: String, found: String)
  /// Values that are each fine but do not fit together; `problem` is a sentence.
  case contradiction(file: String, line: Int, key: String, problem: String)
  /// A `${NAME}` without a default whose variable is not set.
  case unsetVariable(file: String, line: Int, key: String, variable: String)

  /// One sentence: what was expected, what came, what to do.
  public var description: String {
    switch self {
    case .notFound(let kind, let name, let place, let available):
      let there = available.isEmpty ? "none" : available.joined(separator: ", ")
      return "There is no \(kind) \"\(name)\" in \(place); there is: \(there)."
    case .unreadable(let file, let reason):
      return "\(file) cannot be read (\(reason)); check the path and its permissions."
    case .syntax(let file, let line, let column, let problem):
      return "\(file):\(line):\(column): this is not YAML (\(problem)); check indentation, colons and quotes there."
    case .unknownKey(let file, let line, let key, let allowed):
      return "\(file):\(line): unknown key \"\(key)\"; the keys here are \(allowed.joined(separator: ", "))."
    case .missingKey(let file, let line, let key):
      return "\(file):\(line): the key \"\(key)\" is missing; add it here."
    case .wrongValue(let file, let line, let key, let expected, let found):
      return "\(file):\(line): \"\(key)\" must be \(expected), not \(found)."
    case .contradiction(let file, let line, let key, let problem):
      return "\(file):\(line): \(key): \(problem)"
    case .unsetVariable(let file, let line, let key, let variable):
      return "\(file):\(line): \"\(key)\" uses the variable \(variable), which is not set; set it, or give a default: "
        + "${\(variable):-…}."
    }
  }

  /// The exit code of sysexits.h: 66 where the input is missing, 78 where it is wrong.
  public var exitCode: Int32 {
    switch self {
    case .notFound, .unreadable: 66
    default: 78
    }
  }
}
