public import Session

/// What one arm came to with one seed: a file, so that an interrupted study goes on where it was.
public struct StudyCell: Sendable, Codable, Equatable {
  /// The twin's task.
  public var task: String
  /// The arm.
  public var arm: StudyArm
  /// What it was given.
  public var budget: StudyBudget
  /// The seed.
  public var seed: UInt64
  /// For each condition, success or not of each start.
  public var successes: [String: [Bool]] = [:]
  /// Undisturbed: how the policy errs and fares by how long it has been off the expert's states.
  public var shift: ShiftProfile?
  /// A person's frames beyond the first demonstrations.
  public var frames = 0
  /// Take-overs; of further demonstrations their number, for there too a hand takes the leader each time.
  public var takeOvers = 0
  /// Episodes in which the person helped, and those of them that succeeded.
  public var assisted = SuccessRate()
  /// How often a gate asked.
  public var asked = 0
  /// How long the person drove.
  public var person_s = 0.0
  /// How long the person was needed: driving, watching, judging, resets.
  public var present_s = 0.0
  /// How long this machine took over it.
  public var took_s = 0.0

  /// Nothing known yet.
  public init(task: String, arm: StudyArm, budget: StudyBudget, seed: UInt64) {
    self.task = task
    self.arm = arm
    self.budget = budget
    self.seed = seed
  }

  /// The name of its file, without the ending.
  public var name: String { "\(task)-\(arm.rawValue)-\(budget.name)-\(seed)" }

  /// What a session cost the person.
  mutating func take(_ report: SessionReport) {
    frames = report.personFrames
    takeOvers = report.activity == .record ? report.episodes : report.takeOvers
    assisted = report.assisted
    asked = report.asked
    person_s = report.personSeconds
    present_s = report.presentSeconds
  }
}

/// How the person fared from states in which the first policy had failed, with one seed: measured before anything else.
public struct StudyRecovery: Sendable, Codable, Equatable {
  /// The twin's task.
  public var task: String
  /// The seed.
  public var seed: UInt64
  /// Failed episodes, and those of them that the person brought to their goal.
  public var recovered = SuccessRate()

  /// Nothing known yet.
  public init(task: String, seed: UInt64) {
    self.task = task
    self.seed = seed
  }

  /// The name of its file, without the ending.
  public var name: String { "\(task)-recovery-\(seed)" }
}
