/// Why no reward was recovered. Nothing was written.
public enum RewardError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is not there or cannot be read.
  case unreadable(path: String)
  /// The file could not be written, or exists.
  case notWritten(path: String, reason: String)
  /// A part of the problem's description is missing or wrong.
  case malformed(key: String, problem: String)
  /// A demonstration does not fit the process.
  case demonstration(index: Int, problem: String)
  /// A setting is out of its bounds.
  case setting(name: String, found: String, expected: String)
  /// Rewards became infinite or NaN.
  case diverged(step: Int)
  /// Soft value iteration or the visits' sum did not settle.
  case unsettled(sweeps: Int)

  /// What was expected, what came, and what to do.
  public var description: String {
    switch self {
    case .unreadable(let path):
      "The file \(path) cannot be read; name one that can (`--help` of the verb shows what stands in it)."
    case .notWritten(let path, let reason):
      "The file \(path) was not written: \(reason); name another (--output)."
    case .malformed(let key, let problem):
      "The \(key) cannot be used: \(problem); mend that (`--help` of the verb says what is wanted)."
    case .demonstration(let index, let problem):
      "Demonstration \(index) does not fit the problem: \(problem). Mend it or leave it out."
    case .setting(let name, let found, let expected):
      "The setting \(name) is \(found); expected \(expected)."
    case .diverged(let step):
      "The reward diverged: by step \(step) it was no number any more. Use a weight decay: demonstrations that never do "
        + "a thing ask for an endlessly bad reward there."
    case .unsettled(let sweeps):
      "Values still changed after \(sweeps) sweeps. Use a discount further below 1, or give a horizon."
    }
  }
}
