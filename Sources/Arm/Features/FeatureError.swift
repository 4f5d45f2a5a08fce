/// What is wrong with a list of feature names.
public enum FeatureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An empty list.
  case none
  /// More than a plan holds.
  case tooMany(count: Int, capacity: Int)
  /// The same name twice.
  case twice(feature: String)
  /// The name does not follow the rules.
  case malformed(feature: String, problem: String)
  /// It speaks of something that arm and environment do not have.
  case unknown(feature: String, part: String, available: [String])

  /// One sentence: what was expected, what came, what to do.
  public var description: String {
    switch self {
    case .none:
      return "There are no features; name at least one, for example joint.shoulder_pan."
    case .tooMany(let count, let capacity):
      return "\(count) features are too many; a policy sees at most \(capacity)."
    case .twice(let feature):
      return "The feature \"\(feature)\" is there twice; name it once."
    case .malformed(let feature, let problem):
      return
        "The feature \"\(feature)\" cannot be read: \(problem). Write a name (joint.NAME, tool.x, cup.x), a difference "
        + "(cup-tool.x), or tanh(…/0.010), cos(…*4), sin(…*4) of one."
    case .unknown(let feature, let part, let available):
      return "The feature \"\(feature)\" needs \"\(part)\", which neither arm nor environment has; there is: "
        + "\(available.joined(separator: ", "))."
    }
  }

  /// The exit code of sysexits.h: 78, wrong configuration.
  public var exitCode: Int32 { 78 }
}
