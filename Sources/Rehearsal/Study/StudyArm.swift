internal import Learning
internal import Session
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

  /// Whether it stands in pictures.
  var isMain: Bool {
    [.demonstrations, .more, .drifting, .random, .watched, .thrifty, .classic].contains(self)
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

  /// What asks for the person.
  var gate: GateName {
    switch self {
    case .random: .random
    case .ensemble: .ensemble
    case .thrifty: .thrifty
    default: .none
    }
  }

  /// How rows count in training.
  var weighting: Weighting {
    switch self {
    case .iwr: .iwr
    case .sirius: .sirius
    default: .aggregate
    }
  }

  /// How long the person keeps the arm.
  var handBack: OperatorOptions.HandBack { self == .margin || self == .rac ? .margin : .finish }
}
