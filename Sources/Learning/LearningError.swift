public import Policy

/// Why nothing was learned.
public enum LearningError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There are no frames.
  case empty
  /// There are frames, but none to learn from.
  case nothingToLearnFrom(frames: Int, heldOutEpisodes: Int)
  /// A number is NaN or infinite.
  case notFinite(kind: String, name: String, value: Float, row: Int, episode: Int)
  /// A row's weight is negative or no number.
  case weight(value: Float, row: Int, episode: Int)
  /// A number of the recipe is out of its bounds.
  case configuration(key: String, found: String, expected: String)
  /// A joint should choose among values but only ever had one.
  case oneLevel(joint: String)
  /// A kept state is of another training.
  case otherTraining(path: String, what: String)
  /// A kept state cannot be read.
  case checkpoint(path: String, reason: String)
  /// The loss became infinite or NaN.
  case diverged(step: Int, learningRate: Double)
  /// What was learned is no policy.
  case policy(PolicyError)

  /// What was expected, what came, and what to do.
  public var description: String {
    switch self {
    case .empty:
      "There is nothing to learn from: the dataset has no frames. Record demonstrations first (`understudy record`)."
    case .nothingToLearnFrom(let frames, let heldOut):
      "There is nothing to learn from: of \(frames) frames all are held out (\(heldOut) episodes) or have weight 0. "
        + "Record more episodes."
    case .notFinite(let kind, let name, let value, let row, let episode):
      "The \(kind) \(name) is \(value) in row \(row) (episode \(episode)). "
        + "Leave that episode out (`understudy edit-dataset`), or mend what sends it."
    case .weight(let value, let row, let episode):
      "Row \(row) (episode \(episode)) has the weight \(value); expected 0 or more."
    case .configuration(let key, let found, let expected):
      "The recipe's \(key) is \(found); expected \(expected)."
    case .oneLevel(let joint):
      "The joint \(joint) should choose among values, but it only ever had one. Leave it out of the choice."
    case .otherTraining(let path, let what):
      "\(path) is the state of another training: its \(what) differs. "
        + "Train with the same datasets, recipe and seed, or remove the file to begin anew."
    case .checkpoint(let path, let reason):
      "\(path) cannot be gone on from: \(reason). Remove it to begin anew."
    case .diverged(let step, let learningRate):
      "Training diverged: by step \(step) the loss was no number any more. "
        + "Use a learning rate below \(learningRate), or set a gradient limit."
    case .policy(let error):
      error.description
    }
  }
}
