internal import Learning
public import Session
internal import Twin

/// One way of spending a person's frames; all start from the same few demonstrations.
public enum StudyArm: String, CaseIterable, Sendable, Codable {
  /// Nothing more.
  case demonstrations
  /// As many further frames of demonstrations.
  case more
  /// The same with white noise on the joints while demonstrating (6 mrad each 40 ms).
  case noisy
  /// The same while the arm drifts (a random walk of 3 mrad each 40 ms): DART's noise (Laskey et al., CoRL 2017) for a person
  /// who sees late and cannot answer noise that is gone after 40 ms.
  case drifting
  /// A coin asks; the person finishes. The floor.
  case random
  /// The person watches, takes over, and finishes (HG-DAgger).
  case watched
  /// The same, but gives the arm back as soon as it is well again.
  case margin
  /// The same as `margin`, and the episode ends there (RaC).
  case rac
  /// The person watches; corrections weigh as much as all else (IWR).
  case iwr
  /// The person watches; Sirius' weights.
  case sirius
  /// The ensemble's doubt asks.
  case ensemble
  /// Novelty and risk ask (ThriftyDAgger).
  case thrifty
  /// Every visited state gets the label of a person who never errs (classic DAgger, β = 1 in the first iteration only).
  case classic
  /// The same; β falls in equal parts over the rounds.
  case classicLinear
  /// The same; β halves from iteration to iteration.
  case classicExponential

  /// In tables.
  public var name: String {
    switch self {
    case .demonstrations: "few demonstrations alone"
    case .more: "+ demonstrations"
    case .noisy: "+ demonstrations, white noise"
    case .drifting: "+ demonstrations, drift (DART)"
    case .random: "+ corrections, a coin asks"
    case .watched: "+ corrections, person watches (HG)"
    case .margin: "… hands back at once"
    case .rac: "… and ends the episode (RaC)"
    case .iwr: "… weighted (IWR)"
    case .sirius: "… weighted (Sirius)"
    case .ensemble: "+ corrections, doubt asks"
    case .thrifty: "+ corrections, Thrifty asks"
    case .classic: "+ labels everywhere (DAgger)"
    case .classicLinear: "… β falls linearly"
    case .classicExponential: "… β halves"
    }
  }

  /// How often the expert drives while every state is labelled; nil for other arms.
  var schedule: BetaSchedule? {
    switch self {
    case .classic: .indicator
    case .classicLinear: .linear(iterations: 4)
    case .classicExponential: .exponential(0.5)
    default: nil
    }
  }

  /// What shakes the arm while the person demonstrates.
  var disturbance: Disturbance {
    switch self {
    case .noisy: .noise(0.006)
    case .drifting: .drift(0.003)
    default: .none
    }
  }

  var gate: GateName {
    switch self {
    case .random: .random
    case .ensemble: .ensemble
    case .thrifty: .thrifty
    default: .none
    }
  }

  var weighting: Weighting {
    switch self {
    case .iwr: .iwr
    case .sirius: .sirius
    default: .aggregate
    }
  }

  var handBack: OperatorOptions.HandBack { self == .margin || self == .rac ? .margin : .finish }
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
    /// The arms.
    public var arms: [StudyArm]
    /// Decisions that one inference reaches ahead.
    public var chunk: Int
  }

  /// The tasks.
  public var parts: [Part]
  /// Seeds: scenes, people and training follow from each.
  public var seeds: [UInt64]
  /// Evaluation starts a policy and condition; frozen, never trained on.
  public var starts: Int
  /// Trainings of each final dataset, over which success is averaged: not the best of them.
  public var trainings: Int
  /// The share of decisions in which a gate may ask.
  public var budget: Double

  /// The whole study: an hour on two cores.
  public static let full = StudyPlan(
    parts: [
      Part(
        task: "insert", demonstrations: 6, frames: 60, rounds: 4, conditions: ["none", "noise", "bump"],
        arms: StudyArm.allCases, chunk: 1),
      Part(
        task: "pick-place", demonstrations: 10, frames: 500, rounds: 4, conditions: ["none", "bump"],
        arms: [.demonstrations, .more, .drifting, .random, .watched, .ensemble, .thrifty], chunk: 8),
    ], seeds: Array(1...6), starts: 100, trainings: 2, budget: 0.02)

  /// A small one, to see that everything works and roughly what comes out: minutes.
  public static let quick = StudyPlan(
    parts: [
      Part(
        task: "insert", demonstrations: 6, frames: 60, rounds: 4, conditions: ["none", "bump"],
        arms: [.demonstrations, .more, .noisy, .drifting, .random, .watched, .thrifty, .classic], chunk: 1)
    ], seeds: [1, 2, 3], starts: 40, trainings: 1, budget: 0.02)
}

/// What one arm came to with one seed: a file, so that an interrupted study goes on where it was.
public struct StudyCell: Sendable, Codable, Equatable {
  /// The twin's task.
  public var task: String
  /// The arm.
  public var arm: StudyArm
  /// The seed.
  public var seed: UInt64
  /// For each condition, each training and each start: success or not.
  public var successes: [String: [[Bool]]] = [:]
  /// A person's frames beyond the first demonstrations.
  public var frames = 0
  /// Take-overs, and how many of the episodes with one succeeded.
  public var takeOvers = 0
  /// Episodes in which the person helped, and those of them that succeeded.
  public var assisted = SuccessRate()
  /// How often a gate asked.
  public var asked = 0
  /// How long the person drove.
  public var person_s = 0.0
  /// How long episodes ran while the person had to be there.
  public var watched_s = 0.0
  /// How long this machine took over it.
  public var took_s = 0.0

  /// Nothing known yet.
  public init(task: String, arm: StudyArm, seed: UInt64) {
    self.task = task
    self.arm = arm
    self.seed = seed
  }

  /// The name of its file.
  public var file: String { "\(task)-\(arm.rawValue)-\(seed).json" }
}
