// What one demonstration of a new task is worth, by how it is used: on tasks that nothing was trained on.
//
//     family's demonstrations ─▶ MetaPolicy ─┐
//     one demonstration of an unseen task ───┴▶ a policy for each arm ─▶ fresh starts ─▶ successes
internal import Episodes
public import Foundation
public import Learning
internal import Policy
public import Session
internal import Twin

/// The comparison, one seeded run; cells are files, so that an interrupted one goes on.
public struct OneShotStudy: Sendable {
  /// The ways that are compared.
  public enum Arm: String, Codable, Sendable, CaseIterable {
    /// The demonstration's commands again, from its own start.
    case replay
    /// A network of all tasks, as it is.
    case none
    /// That network, trained on with Adam.
    case fineTune = "fine-tune"
    /// MAML.
    case maml
    /// Goal read from the demonstration's end, for a policy that goes to goals.
    case goalRead = "goal-read"
    /// The same policy, told the true goal: the ceiling.
    case goalGiven = "goal-given"

    /// For tables.
    public var words: String {
      switch self {
      case .replay: "replaying the demonstration"
      case .none: "no adaptation (one network for all tasks)"
      case .fineTune: "fine-tuning that network"
      case .maml: "MAML"
      case .goalRead: "goal read from the demonstration's end"
      case .goalGiven: "goal given (the ceiling)"
      }
    }
  }

  /// The rig, the family and the seed.
  public var rehearsal: Rehearsal
  /// Where everything goes.
  public var folder: URL
  /// Tasks to learn from, and demonstrations of each.
  public var tasks = 200
  /// Demonstrations of each.
  public var demonstrations = 4
  /// Unseen tasks to be tested on, one demonstration each.
  public var testTasks = 20
  /// Starts of each.
  public var starts = 5
  /// How the family is learned.
  public var training = MetaPolicy.Configuration()

  /// The numbers of tasks that nobody learns from.
  static let firstTestTask = 50_001
  /// Scenes that only tests see.
  static let firstTestScene = 500

  /// A study of a family.
  public init(_ rehearsal: Rehearsal, folder: URL) {
    self.rehearsal = rehearsal
    self.folder = folder
  }

  /// One unseen task.
  struct Cell: Codable {
    var task: Int
    var successes: [Arm: [Bool]]
    /// How long adapting took, by arm.
    var seconds: [Arm: Double]
    /// How far the goal that was read lies from the true one, in m.
    var goalError_m: Double
  }

  /// What a study came to.
  public struct Report: Sendable, Encodable, CustomStringConvertible {
    /// One arm.
    public struct Row: Sendable, Encodable {
      /// Which.
      public var arm: Arm
      /// Successes over all tasks and starts.
      public var rate: SuccessRate
      /// 95 % interval of its share by bootstrap over tasks: starts of one task are no independent trials.
      public var interval: [Double]
      /// The longest adaptation, in s.
      public var longest_s: Double
    }

    /// The family.
    public var family: MetaPolicy.Description
    /// The arms.
    public var rows: [Row]
    /// Median distance of the goal read from the true one, in m.
    public var goalError_m: Double

    func share(_ arm: Arm) -> Double { rows.first { $0.arm == arm }?.rate.share ?? .nan }

    /// For people.
    public var description: String {
      var lines = [
        "| one demonstration of an unseen task | success | 95 % over tasks | adapts in |", "|---|---|---|---|",
      ]
      for row in rows {
        let interval = row.interval.map { Self.fixed($0, 2) }.joined(separator: "–")
        lines.append(
          "| \(row.arm.words) | \(Self.fixed(row.rate.share, 2)) of \(row.rate.trials) | \(interval) | "
            + (row.longest_s > 0 ? "\(Self.fixed(row.longest_s * 1e3, 1)) ms |" : "– |"))
      }
      let maml = share(.maml), ceiling = share(.goalGiven)
      lines.append(
        "MAML: \(Self.fixed(100 * maml / ceiling, 0)) % of the ceiling (goal 80), "
          + "\(Self.fixed(100 * (maml - share(.none)), 0)) points over no adaptation (goal 20). Goal read: "
          + "\(Self.fixed(100 * share(.goalRead) / ceiling, 0)) %, \(Self.fixed(100 * (share(.goalRead) - share(.none)), 0)) "
          + "points; read to \(Self.fixed(goalError_m * 1e3, 1)) mm (median).")
      return lines.joined(separator: "\n")
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  }

  /// What cells of one folder have in common.
  private struct Plan: Codable, Equatable {
    var family, rig: String
    var seed: UInt64
    var tasks, demonstrations, starts: Int
    var training: MetaPolicy.Configuration
  }

  /// Runs what is missing; nil where `progress` stopped it.
  public func run(progress: (String) -> Bool) throws -> Report? {
    let kept = try StudyFolder(
      folder,
      plan: Plan(
        family: rehearsal.task, rig: rehearsal.rig.name, seed: rehearsal.seed, tasks: tasks,
        demonstrations: demonstrations, starts: starts, training: training))
    let family = folder.appending(path: "family")
    let demonstrated = folder.appending(path: "demonstrations"), shown = folder.appending(path: "shown")
    var generation = FamilyGeneration(rehearsal, tasks: tasks, demonstrations: demonstrations)
    var stopped = false
    func note(_ words: String) -> Bool {
      stopped = stopped || !progress(words)
      return !stopped
    }
    _ = try generation.run(into: demonstrated) { note("demonstrations of task \($0) of \($1)") }
    generation.tasks = testTasks
    generation.demonstrations = 1
    generation.firstTask = Self.firstTestTask
    if !stopped { _ = try generation.run(into: shown) { note("demonstration of test task \($0) of \($1)") } }
    if !stopped, !FileManager.default.fileExists(atPath: family.path) {
      _ = try Adaptation(rig: rehearsal.rig).train(
        [demonstrated.path], output: family.path, training, seed: rehearsal.seed,
        checkpoint: folder.appending(path: "family.training").path
      ) { note("learning \($0.part): \(Int(100 * $0.share)) %") }
    }
    guard !stopped else { return nil }
    let learned = try MetaPolicy(family)
    var cells: [Cell] = []
    for index in 0..<testTasks {
      guard note("test task \(index + 1) of \(testTasks)") else { return nil }
      let task = Self.firstTestTask + index
      if let known: Cell = kept.cell("task-\(task)") {
        cells.append(known)
      } else if let cell = try cell(task, learned, shown) {
        try kept.keep(cell, as: "task-\(task)")
        cells.append(cell)
      }
    }
    return report(cells, learned)
  }

  private func report(_ cells: [Cell], _ family: MetaPolicy) -> Report {
    let rows = Arm.allCases.map { arm in
      let all = cells.map { $0.successes[arm] ?? [] }
      var rate = SuccessRate()
      for success in all.flatMap(\.self) { rate.add(success) }
      let interval = Bootstrap.mean(all.map { $0.map { $0 ? 1 : 0 } }).interval
      return Report.Row(
        arm: arm, rate: rate, interval: [interval.lowerBound, interval.upperBound],
        longest_s: cells.compactMap { $0.seconds[arm] }.max() ?? 0)
    }
    let errors = cells.map(\.goalError_m).sorted()
    return Report(
      family: family.description, rows: rows, goalError_m: errors.isEmpty ? .nan : errors[errors.count / 2])
  }
}
