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
  /// A program that rolls out simulates something else than the rig, or cannot do what it is asked.
  case rollouts(problem: String)
  /// No program rolls out there.
  case nobody(path: String)
  /// A program that rolls out answered nothing.
  case silent(path: String, seconds: Int)
  /// A file of kept rollouts is of another fit.
  case otherFit(path: String)
  /// The caller stopped it.
  case stopped
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
    case .rollouts(let problem):
      "The rollouts cannot be used: \(problem)."
    case .nobody(let path):
      "Nobody rolls out at \(path); start `understudy-twin rollouts --task TASK --socket \(path)` first."
    case .silent(let path, let seconds):
      "No answer that could be read came from \(path) in \(seconds) s; start the program that rolls out anew."
    case .otherFit(let path):
      "\(path) keeps the rollouts of another fit, or of a simulation that has changed since; remove it to begin anew, or name "
        + "another (--checkpoint)."
    case .stopped:
      "Stopped before it was done; nothing was written."
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
