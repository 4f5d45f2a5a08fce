/// What the arms of one comparison are given alike.
public enum StudyBudget: Hashable, Sendable, Codable {
  /// As many of a person's frames as the watched corrections of the same seed took.
  case frames
  /// As often the person's hand on the leader as in those: take-overs, or demonstrations.
  case takeOvers
  /// So many demonstrations and nothing else: the curve of behaviour cloning.
  case demonstrations(Int)

  /// In the names of files.
  var name: String {
    switch self {
    case .frames: "frames"
    case .takeOvers: "takeovers"
    case .demonstrations(let count): "demonstrations\(count)"
    }
  }
}

/// What a study does: fixed before any correction is run.
public struct StudyPlan: Sendable, Codable, Equatable {
  /// A task and how it is spent on.
  public struct Part: Sendable, Codable, Equatable {
    /// The twin's task.
    public var task: String
    /// Demonstrations at first: so few that they succeed in 30 to 70 of 100 starts.
    public var demonstrations: Int
    /// A person's frames in a round.
    public var frames: Int
    /// Rounds.
    public var rounds: Int
    /// Under what it is evaluated.
    public var conditions: [String]
    /// The arms with equal frames, the most telling first: an interrupted study has those.
    public var arms: [StudyArm]
    /// The arms with equal take-overs.
    public var takeOverArms: [StudyArm]
    /// Numbers of demonstrations of the curve.
    public var curve: [Int]
    /// Decisions that one inference reaches ahead.
    public var chunk: Int
  }

  /// The tasks.
  public var parts: [Part]
  /// Seeds: scenes, people and training follow from each.
  public var seeds: [UInt64]
  /// Evaluation starts a seed and condition; frozen, never trained on.
  public var starts: Int
  /// Trainings of each final dataset, each of which runs its share of the starts: success is their mean, not the best of
  /// them.
  public var trainings: Int
  /// The share of decisions in which a gate may ask.
  public var budget: Double
  /// Episodes a seed in which the first policy is left to fail before the person comes.
  public var failures: Int
  /// How many of those the person must bring to their goal: who cannot recover teaches nothing.
  public var leastRecovery = 0.95

  /// The whole study: less than an hour on two cores.
  public static let full = StudyPlan(
    parts: [
      Part(
        task: "insert", demonstrations: 6, frames: 60, rounds: 4, conditions: ["none", "noise", "bump"],
        arms: [
          .demonstrations, .more, .drifting, .watched, .thrifty, .random, .margin, .rac, .ensemble, .noisy, .classic,
          .iwr, .sirius, .classicLinear, .classicExponential,
        ], takeOverArms: [.more, .margin, .thrifty, .random], curve: [3, 12, 25, 50], chunk: 1),
      Part(
        task: "pick-place", demonstrations: 10, frames: 500, rounds: 4, conditions: ["none", "bump"],
        arms: [.demonstrations, .more, .drifting, .watched, .thrifty, .random], takeOverArms: [.more],
        curve: [5, 20, 40], chunk: 8),
    ], seeds: Array(1...6), starts: 100, trainings: 2, budget: 0.02, failures: 40)

  /// A small one, to see that everything works and roughly what comes out: minutes.
  public static let quick = StudyPlan(
    parts: [
      Part(
        task: "insert", demonstrations: 6, frames: 60, rounds: 4, conditions: ["none", "bump"],
        arms: [.demonstrations, .more, .drifting, .watched, .thrifty, .random, .classic], takeOverArms: [.more],
        curve: [12, 25], chunk: 1)
    ], seeds: [1, 2, 3], starts: 40, trainings: 2, budget: 0.02, failures: 20)

  /// Refuses what makes no sense.
  func validate() throws(RehearsalError) {
    guard !seeds.isEmpty, trainings >= 1, starts >= trainings, failures >= 1 else {
      throw .refused("A study needs a seed, a training, a start for each training, and failures to recover from.")
    }
  }
}
