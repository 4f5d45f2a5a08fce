/// What a row of a correction session is: who commanded it, and what came of it.
///
///     rollout rollout preIntervention preIntervention │ intervention intervention … │ rollout …
///                     └── 15 decisions (0.6 s) ──────┘ take-over
public enum RowClass: UInt8, Sendable, CaseIterable, Codable {
  /// A person's, in an episode in which no policy drove.
  case demonstration
  /// A person's, in an episode in which a policy drove.
  case intervention
  /// The policy's, shortly before a person took over: what led there.
  case preIntervention
  /// The policy's otherwise.
  case rollout
}
