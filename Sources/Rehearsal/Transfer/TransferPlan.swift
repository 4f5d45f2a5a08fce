public import Learning

/// What is compared when the dynamics change, and how often.
public struct TransferPlan: Codable, Sendable, Equatable {
  /// The task.
  public var task = "push"
  /// Each has demonstrations, a copy and a reward of its own.
  public var seeds: [UInt64] = [1, 2, 3, 4, 5]
  /// Fresh starts a seed, arm and condition.
  public var episodes = 20
  /// Demonstrations a seed, all of them copied: of twenty, a copy is too poor where nothing changes to compare with.
  public var demonstrations = 60
  /// Of them, those that plans begin from: the first.
  public var recalled = 20
  /// Of them, those that the reward is fitted to, and where its samples come from.
  public var fitted = 10
  /// Features of the reward. Those that speak of motion are fitted, and not planned on.
  public var features = [
    "distance.puck", "distance.puck-goal", "height", "aside.puck-goal", "effort", "smoothness",
  ]
  /// Nats a unit of the true reward, for what is planned on: what the task judges, and enough of a way to it.
  public var trueWeights: [Double] = [-200, -400, -200, -400]
  /// How the reward is fitted.
  public var reward = TrajectoryReward.Configuration.pieces
  /// How many times as rough the table becomes.
  public var friction = 3.0
  /// The joint that becomes slow, and its top speed as a share of the fastest that was demonstrated (99th percentile).
  public var slowJoint = "shoulder_pan"
  /// The share.
  public var slowShare = 1.0 / 3
  /// Commands a plan reaches ahead, candidates a round, and rounds.
  public var horizon = 16
  /// Candidates a round.
  public var candidates = 24
  /// Rounds of a plan.
  public var planRounds = 2

  /// The whole comparison.
  public static let full = TransferPlan()

  /// A small one, to see that it works.
  public static let quick: TransferPlan = {
    var plan = TransferPlan()
    plan.seeds = [1, 2]
    plan.episodes = 8
    return plan
  }()

  /// Nothing beyond the defaults.
  public init() {}
}

/// Who drives.
public enum TransferArm: String, Codable, Sendable, CaseIterable {
  /// The policy that copies the demonstrations.
  case copy
  /// Planning on the recovered reward, with a model of the dynamics as they are.
  case recovered
  /// Planning on the task's own reward, likewise: what planning can reach.
  case truth
  /// Planning on a reward that avoids every feature alike, likewise: what knowing nothing reaches.
  case equal
  /// Planning on the recovered reward with a model of the dynamics as they were.
  case nominal
}

/// An arm, a seed and a condition: a file.
public struct TransferCell: Codable, Sendable {
  /// Who drives.
  public let arm: TransferArm
  /// The seed.
  public let seed: UInt64
  /// Whether the dynamics changed.
  public let isChanged: Bool
  /// Success or not of each start.
  public var outcomes: [Bool] = []
  /// Of the failures, those in which the command ran ahead of the joint by more than the rig allows.
  public var stops = 0
  /// Mean distance of the puck from the goal at the end, in m.
  public var distance_m = 0.0
  /// Seconds that it took to compute.
  public var took_s = 0.0

  var name: String { "\(arm.rawValue)-\(isChanged ? "changed" : "same")-\(seed)" }
}
