public import Session

/// What a study came to: success of each arm with its interval, differences, and what they cost the person.
public struct StudyReport: Sendable, Codable, CustomStringConvertible {
  /// An arm under one condition.
  public struct Row: Sendable, Codable {
    /// The twin's task.
    public var task: String
    /// The arm.
    public var arm: StudyArm
    /// What disturbs.
    public var condition: String
    /// Success, mean over seeds, trainings and starts.
    public var success: Double
    /// Its 95 % interval.
    public var low: Double
    /// Its upper end.
    public var high: Double
    /// Success minus that of as many frames of further demonstrations, start by start; nil where there is no such arm.
    public var difference: Double?
    /// The interval of that difference.
    public var differenceLow: Double?
    /// Its upper end.
    public var differenceHigh: Double?
  }

  /// What an arm cost the person, mean over seeds.
  public struct Cost: Sendable, Codable {
    /// The twin's task.
    public var task: String
    /// The arm.
    public var arm: StudyArm
    /// A person's frames beyond the first demonstrations.
    public var frames: Double
    /// Take-overs.
    public var takeOvers: Double
    /// How often a gate asked.
    public var asked: Double
    /// Share of the episodes with a person's help that succeeded: how well the person recovers.
    public var recovered: SuccessRate
    /// Minutes in which the person drove, and in which they had to be there.
    public var driving_min: Double
    /// Minutes in which the person had to be there.
    public var present_min: Double
  }

  /// Success by task, arm and condition.
  public var rows: [Row] = []
  /// Costs by task and arm.
  public var costs: [Cost] = []
  /// Seeds and starts behind every row.
  public var seeds: Int
  /// Starts of each seed.
  public var starts: Int

  init(_ plan: StudyPlan, cells: [StudyCell]) {
    seeds = plan.seeds.count
    starts = plan.starts
    for part in plan.parts {
      for arm in part.arms {
        let own = cells.filter { $0.task == part.task && $0.arm == arm }
        guard !own.isEmpty else { continue }
        for condition in part.conditions {
          let baseline = arm == .more ? [] : cells.filter { $0.task == part.task && $0.arm == .more }
          rows.append(Self.row(part.task, arm, condition, own, baseline: baseline))
        }
        costs.append(Self.cost(part.task, arm, own))
      }
    }
  }

  /// Success of each start, mean over the trainings.
  private static func shares(_ cell: StudyCell, _ condition: String) -> [Double] {
    let trainings = cell.successes[condition] ?? []
    guard let first = trainings.first else { return [] }
    return first.indices.map { start in
      trainings.reduce(0) { $0 + ($1[start] ? 1 : 0) } / Double(trainings.count)
    }
  }

  private static func row(
    _ task: String, _ arm: StudyArm, _ condition: String, _ own: [StudyCell], baseline: [StudyCell]
  ) -> Row {
    let (mean, interval) = Bootstrap.mean(own.map { shares($0, condition) })
    var row = Row(
      task: task, arm: arm, condition: condition, success: mean, low: interval.lowerBound, high: interval.upperBound)
    let pairs = own.compactMap { cell -> [Double]? in
      guard let other = baseline.first(where: { $0.seed == cell.seed }) else { return nil }
      return zip(shares(cell, condition), shares(other, condition)).map { $0 - $1 }
    }
    if !pairs.isEmpty {
      let (difference, range) = Bootstrap.mean(pairs)
      row.difference = difference
      row.differenceLow = range.lowerBound
      row.differenceHigh = range.upperBound
    }
    return row
  }

  private static func cost(_ task: String, _ arm: StudyArm, _ cells: [StudyCell]) -> Cost {
    func mean(_ value: (StudyCell) -> Double) -> Double { cells.reduce(0) { $0 + value($1) } / Double(cells.count) }
    var recovered = SuccessRate()
    for cell in cells {
      recovered.successes += cell.assisted.successes
      recovered.trials += cell.assisted.trials
    }
    return Cost(
      task: task, arm: arm, frames: mean { Double($0.frames) }, takeOvers: mean { Double($0.takeOvers) },
      asked: mean { Double($0.asked) }, recovered: recovered, driving_min: mean { $0.person_s / 60 },
      present_min: mean { $0.watched_s / 60 })
  }

  // MARK: For people

  /// Tables of success and of cost, as Markdown.
  public var description: String {
    var text = ""
    for task in Set(rows.map(\.task)).sorted() {
      let own = rows.filter { $0.task == task }
      var conditions: [String] = []
      for row in own where !conditions.contains(row.condition) { conditions.append(row.condition) }
      text += "`\(task)`: success alone over \(seeds) seeds × \(starts) fresh starts, 95 % hierarchical bootstrap\n\n"
      text +=
        "| arm | " + conditions.map { "\(Self.word($0)) | minus + demonstrations" }.joined(separator: " | ") + " |\n"
      text += "|---|" + String(repeating: "---|", count: conditions.count * 2) + "\n"
      for arm in StudyArm.allCases {
        let cells = conditions.compactMap { condition in own.first { $0.arm == arm && $0.condition == condition } }
        guard !cells.isEmpty else { continue }
        text += "| \(arm.name) | " + cells.map(Self.text).joined(separator: " | ") + " |\n"
      }
      text += "\n| arm | frames | take-overs | asked | person's recoveries | driving | present |\n"
      text += "|---|---|---|---|---|---|---|\n"
      for cost in costs where cost.task == task {
        text +=
          "| \(cost.arm.name) | \(Int(cost.frames.rounded())) | \(Self.short(cost.takeOvers)) | "
          + "\(Self.short(cost.asked)) | \(cost.recovered.trials > 0 ? cost.recovered.text : "–") | "
          + "\(Self.short(cost.driving_min)) min | \(Self.short(cost.present_min)) min |\n"
      }
      text += "\n"
    }
    return text
  }

  /// Bars with intervals, one picture a task.
  public func svg(task: String) -> String {
    let own = rows.filter { $0.task == task }
    var conditions: [String] = []
    for row in own where !conditions.contains(row.condition) { conditions.append(row.condition) }
    return BarChart(
      title: "\(task): success alone, \(seeds) seeds × \(starts) starts",
      groups: conditions.map { condition in
        (
          Self.word(condition),
          own.filter { $0.condition == condition }.map {
            BarChart.Bar(label: $0.arm.rawValue, value: $0.success, interval: $0.low...$0.high)
          }
        )
      }
    ).svg
  }

  private static func text(_ row: Row) -> String {
    let success = "\(share(row.success)) (\(share(row.low))–\(share(row.high)))"
    guard let difference = row.difference, let low = row.differenceLow, let high = row.differenceHigh else {
      return "\(success) | "
    }
    return "\(success) | \(signed(difference)) (\(signed(low)) to \(signed(high)))"
  }

  private static func word(_ condition: String) -> String { condition == "none" ? "undisturbed" : condition }
  private static func share(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths >= 100 ? "1.00" : (hundredths < 10 ? ".0\(hundredths)" : ".\(hundredths)")
  }
  private static func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + share(abs(value)) }
  private static func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
