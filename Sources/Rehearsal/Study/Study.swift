// The study of corrections: what a person's frames are worth, by how they are spent.
//
//     demonstrations ─▶ arm: more of them · noisy ones · corrections under a gate · labels everywhere ─▶ train ─▶ count
//                        └────────── equal person-frames, or equal take-overs ─────────┘
//
// First comes the person: who does not recover from where a policy failed cannot teach it, and the study ends there. A cell
// is an arm with a budget and a seed. Each is a file, so an interrupted study goes on where it was; what the others are given
// is what that seed's watched corrections took.

public import Foundation
internal import Session

/// Runs a plan's cells on virtual time, and keeps each in a file.
public struct Study: Sendable {
  private let plan: StudyPlan
  private let folder: StudyFolder

  /// A study in a folder; what an earlier run of the same plan left there is used, another plan's is refused.
  public init(_ plan: StudyPlan, folder: URL) throws {
    try plan.validate()
    self.plan = plan
    self.folder = try StudyFolder(folder, plan: plan)
  }

  /// One cell to run.
  struct Job: Sendable, Equatable {
    let part: Int
    let arm: StudyArm
    let budget: StudyBudget
    let seed: UInt64
  }

  /// All cells in the order in which they are run: of every task the watched corrections, which say what the others are
  /// given; then the rest, arm by arm, so that an interrupted study has whole rows, the most telling ones first.
  var jobs: [[Job]] {
    func all(_ part: Int, _ arm: StudyArm, _ budget: StudyBudget) -> [Job] {
      plan.seeds.map { Job(part: part, arm: arm, budget: budget, seed: $0) }
    }
    let parts = plan.parts.indices
    let main = parts.flatMap { part in
      plan.parts[part].arms.filter { $0 != .watched }.prefix(3).flatMap { all(part, $0, .frames) }
    }
    let curve = parts.flatMap { part in
      plan.parts[part].curve.flatMap { all(part, .demonstrations, .demonstrations($0)) }
    }
    let takeOvers = parts.flatMap { part in
      plan.parts[part].takeOverArms.flatMap { all(part, $0, .takeOvers) }
    }
    let rest = parts.flatMap { part in
      plan.parts[part].arms.filter { $0 != .watched }.dropFirst(3).flatMap { all(part, $0, .frames) }
    }
    return [parts.flatMap { all($0, .watched, .frames) }, main + curve + takeOvers + rest]
  }

  /// Every cell that is not there yet; `progress` gets a line for each as it comes.
  public func run(cores: Int, progress: @escaping @Sendable (String) -> Void) async throws -> StudyReport {
    try await checkThePerson(cores: cores, progress)
    let waves = jobs
    let count = waves.reduce(0) { $0 + $1.count }
    for wave in waves {
      let missing = wave.filter { read($0) == nil }
      try await Self.each(missing, cores: cores) { job in
        let cell: StudyCell
        do {
          cell = try self.cell(job)
        } catch let error as RehearsalError {
          // Hours of others must not be lost for one; its row says how many seeds it has, and the next run tries again.
          let part = plan.parts[job.part]
          return progress("not run: \(part.task), \(job.arm.name) (\(job.budget.name)), seed \(job.seed): \(error)")
        }
        progress(
          "\(cell.task), \(cell.arm.name) (\(cell.budget.name)), seed \(cell.seed): \(Self.text(cell)), "
            + "\(Int(cell.took_s.rounded())) s (of \(count) cells)")
      }
    }
    return report
  }

  /// What there is so far.
  public var report: StudyReport { StudyReport(plan, cells: cells, recoveries: recoveries) }

  /// Runs the work of every item, `cores` at a time, in their order.
  private static func each<Item: Sendable>(
    _ items: [Item], cores: Int, _ work: @escaping @Sendable (Item) throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, item) in items.enumerated() {
        if index >= cores { _ = try await group.next() }
        group.addTask { try work(item) }
      }
      try await group.waitForAll()
    }
  }

  // MARK: Cells

  private func cell(_ job: Job) throws -> StudyCell {
    let part = plan.parts[job.part]
    let watched = read(Job(part: job.part, arm: .watched, budget: .frames, seed: job.seed))
    let began = Date()
    let work = try StudyWork(
      part, plan, seed: job.seed,
      folder: folder.url.appending(path: "work-\(part.task)-\(job.arm.rawValue)-\(job.budget.name)-\(job.seed)"))
    var cell = try work.run(job.arm, job.budget, watched: watched)
    cell.took_s = Date().timeIntervalSince(began)
    try folder.keep(cell, as: cell.name)
    return cell
  }

  private func read(_ job: Job) -> StudyCell? {
    folder.cell(StudyCell(task: plan.parts[job.part].task, arm: job.arm, budget: job.budget, seed: job.seed).name)
  }

  /// The cells there are.
  private var cells: [StudyCell] { jobs.flatMap(\.self).compactMap { read($0) } }

  // MARK: The person

  /// Whether the person recovers well enough to teach; throws where not.
  private func checkThePerson(cores: Int, _ progress: @escaping @Sendable (String) -> Void) async throws {
    let missing = plan.parts.indices.flatMap { part in
      plan.seeds.filter { recovery(part, $0) == nil }.map { (part: part, seed: $0) }
    }
    try await Self.each(missing, cores: cores) { job in
      let part = plan.parts[job.part]
      let work = try StudyWork(
        part, plan, seed: job.seed, folder: folder.url.appending(path: "work-\(part.task)-recovery-\(job.seed)"))
      let recovery = try work.recovery()
      try folder.keep(recovery, as: recovery.name)
      progress("\(part.task), the person where the policy failed, seed \(job.seed): \(recovery.recovered.text)")
    }
    for (task, rate) in report.recoveries where rate.trials > 0 && rate.share < plan.leastRecovery {
      throw RehearsalError.refused(
        "In \(task) the person brought \(rate.successes) of \(rate.trials) failed episodes to their goal, \(rate.text); "
          + "at least \(plan.leastRecovery) is needed, or corrections teach what does not work. Mend the twin's person first."
      )
    }
  }

  private func recovery(_ part: Int, _ seed: UInt64) -> StudyRecovery? {
    folder.cell(StudyRecovery(task: plan.parts[part].task, seed: seed).name)
  }

  private var recoveries: [StudyRecovery] {
    plan.parts.indices.flatMap { part in plan.seeds.compactMap { recovery(part, $0) } }
  }

  private static func text(_ cell: StudyCell) -> String {
    cell.successes.keys.sorted().map { condition in
      let all = cell.successes[condition] ?? []
      return "\(condition) \(all.count { $0 }) of \(all.count)"
    }.joined(separator: ", ")
  }
}
