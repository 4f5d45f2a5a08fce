public import Session

/// What a study came to: success of each arm with its interval, differences, and what they cost the person.
public struct StudyReport: Sendable, Codable {
  /// An arm under one condition.
  public struct Row: Sendable, Codable {
    /// The twin's task.
    public var task: String
    /// The arm.
    public var arm: StudyArm
    /// What it was given.
    public var budget: StudyBudget
    /// What disturbs.
    public var condition: String
    /// How many seeds there are of it so far.
    public var seeds: Int
    /// Success, mean over seeds and starts.
    public var success: Double
    /// Its 95 % interval.
    public var low: Double
    /// Its upper end.
    public var high: Double
    /// Success minus that of further demonstrations with the same budget, start by start; nil where there is no such arm.
    public var difference: Difference?
    /// The same beside demonstrations in which the arm drifts, the strong baseline.
    public var beyondDrift: Difference?
  }

  /// A mean of paired differences.
  public struct Difference: Sendable, Codable {
    /// The mean.
    public var mean: Double
    /// The lower end of its 95 % interval.
    public var low: Double
    /// The upper end.
    public var high: Double
  }

  /// What an arm cost the person, mean over seeds.
  public struct Cost: Sendable, Codable {
    /// The twin's task.
    public var task: String
    /// The arm.
    public var arm: StudyArm
    /// What it was given.
    public var budget: StudyBudget
    /// A person's frames beyond the first demonstrations.
    public var frames: Double
    /// Take-overs; of demonstrations their number.
    public var takeOvers: Double
    /// How often a gate asked.
    public var asked: Double
    /// Share of the episodes with a person's help that succeeded.
    public var helped: SuccessRate
    /// Minutes in which the person drove.
    public var driving_min: Double
    /// Minutes in which the person was needed: driving, watching, judging, resets.
    public var present_min: Double
  }

  /// How an arm's policies err and fare off the expert's states, all seeds together.
  public struct Shift: Sendable, Codable {
    /// The twin's task.
    public var task: String
    /// The arm.
    public var arm: StudyArm
    /// By time off.
    public var profile: ShiftProfile
  }

  /// The twin's tasks.
  public var tasks: [String]
  /// How the person fared where the first policy had failed, by task.
  public var recovery: [String: SuccessRate] = [:]
  /// Success by task, arm, budget and condition.
  public var rows: [Row] = []
  /// Costs by task, arm and budget.
  public var costs: [Cost] = []
  /// Time off the expert's states.
  public var shifts: [Shift] = []
  /// Demonstrations of the arm that has nothing else.
  public var demonstrations: [String: Int] = [:]
  /// Seeds and starts behind every row.
  public var seeds: Int
  /// Starts of each seed.
  public var starts: Int

  /// How the person fared, task by task, in the plan's order.
  var recoveries: [(task: String, rate: SuccessRate)] {
    tasks.compactMap { task in recovery[task].map { (task, $0) } }
  }

  init(_ plan: StudyPlan, cells: [StudyCell], recoveries: [StudyRecovery]) {
    tasks = plan.parts.map(\.task)
    seeds = plan.seeds.count
    starts = plan.starts
    for one in recoveries {
      recovery[one.task, default: SuccessRate()].successes += one.recovered.successes
      recovery[one.task, default: SuccessRate()].trials += one.recovered.trials
    }
    for part in plan.parts {
      demonstrations[part.task] = part.demonstrations
      let own = cells.filter { $0.task == part.task }
      add(part.arms, .frames, part, own)
      add(part.takeOverArms, .takeOvers, part, own)
      for count in part.curve { add([.demonstrations], .demonstrations(count), part, own) }
      for arm in ShiftMeter.arms {
        let measured = own.filter { $0.arm == arm && $0.budget == .frames }.compactMap(\.shift)
        guard let first = measured.first else { continue }
        shifts.append(Shift(task: part.task, arm: arm, profile: measured.dropFirst().reduce(first, +)))
      }
    }
  }

  private mutating func add(_ arms: [StudyArm], _ budget: StudyBudget, _ part: StudyPlan.Part, _ cells: [StudyCell]) {
    for arm in arms {
      let own = cells.filter { $0.arm == arm && $0.budget == budget }
      guard !own.isEmpty else { continue }
      let alike = cells.filter { $0.budget == budget }
      for condition in part.conditions {
        let (mean, interval) = Bootstrap.mean(own.map { $0.shares(condition) })
        var row = Row(
          task: part.task, arm: arm, budget: budget, condition: condition, seeds: own.count, success: mean,
          low: interval.lowerBound, high: interval.upperBound)
        row.difference = Self.difference(own, alike.filter { $0.arm == .more && arm != .more }, condition)
        row.beyondDrift = Self.difference(own, alike.filter { $0.arm == .drifting && arm != .drifting }, condition)
        rows.append(row)
      }
      costs.append(Self.cost(part.task, arm, budget, own))
    }
  }

  /// Paired by seed and start; nil where no seed has both.
  private static func difference(_ own: [StudyCell], _ baseline: [StudyCell], _ condition: String) -> Difference? {
    let pairs = own.compactMap { cell -> [Double]? in
      guard let other = baseline.first(where: { $0.seed == cell.seed }) else { return nil }
      return zip(cell.shares(condition), other.shares(condition)).map { $0 - $1 }
    }
    guard !pairs.isEmpty else { return nil }
    let (mean, range) = Bootstrap.mean(pairs)
    return Difference(mean: mean, low: range.lowerBound, high: range.upperBound)
  }

  private static func cost(_ task: String, _ arm: StudyArm, _ budget: StudyBudget, _ cells: [StudyCell]) -> Cost {
    func mean(_ value: (StudyCell) -> Double) -> Double { cells.reduce(0) { $0 + value($1) } / Double(cells.count) }
    var helped = SuccessRate()
    for cell in cells {
      helped.successes += cell.assisted.successes
      helped.trials += cell.assisted.trials
    }
    return Cost(
      task: task, arm: arm, budget: budget, frames: mean { Double($0.frames) },
      takeOvers: mean { Double($0.takeOvers) }, asked: mean { Double($0.asked) }, helped: helped,
      driving_min: mean { $0.person_s / 60 }, present_min: mean { $0.present_s / 60 })
  }
}

extension StudyCell {
  /// 1 for each start that succeeded, 0 for each that did not.
  func shares(_ condition: String) -> [Double] { (successes[condition] ?? []).map { $0 ? 1 : 0 } }
}
