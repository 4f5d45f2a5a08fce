internal import Arm
public import Control
public import Episodes
internal import RealTime

/// How an episode went.
public struct EpisodeSummary: Sendable {
  /// Its number.
  public let episode: Int
  /// What the person or the environment said.
  public let label: EpisodeLabel
  /// How often a person took over.
  public let takeOvers: Int
  /// How long a person drove.
  public let personSeconds: Double
  /// How long the policy drove.
  public let policySeconds: Double
  /// A person's frames at the decision rate.
  public let frames: Int
  /// Frames of the policy's driving for which the person said what they would do, at the decision rate.
  public let labels: Int
  /// The round of correction it belongs to, from 0.
  public let round: Int
  /// The policy that drove; empty without one.
  public let policy: String
  /// How often the gate asked.
  public let asked: Int
  /// How often a person took over because it did.
  public let answered: Int
  /// How long the gate waited for those take-overs.
  public let waitedSeconds: Double
  /// Whether a person drove for longer than the plan allows, and it was therefore left out.
  public let isCapped: Bool
  /// The fault that ended it, if one did.
  public let fault: Fault?

  /// From what the tick counted of it.
  init(
    _ episode: Int, _ label: EpisodeLabel, _ count: EpisodeCount, plan: SessionPlan, round: Int, policy: String,
    fault: Fault?
  ) {
    self.episode = episode
    self.label = label
    takeOvers = Int(count.takeOvers)
    personSeconds = plan.seconds(ticks: count.person)
    policySeconds = plan.seconds(ticks: count.policy)
    frames = Int(count.person) / plan.decisionTicks
    labels = Int(count.labelled) / plan.decisionTicks
    self.round = round
    self.policy = policy
    asked = Int(count.asked)
    answered = Int(count.answered)
    waitedSeconds = plan.seconds(ticks: count.waited)
    isCapped = plan.seconds(ticks: count.person) >= (plan.correctionLimit?.seconds ?? .infinity)
    self.fault = fault
  }
}
