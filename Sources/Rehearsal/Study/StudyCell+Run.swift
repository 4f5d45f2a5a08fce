internal import Arm
internal import Episodes
internal import Foundation
internal import Learning
internal import RealTime
internal import Session
internal import Twin

/// One cell's work: its own folder, emptied first and removed at the end.
struct StudyWork {
  let part: StudyPlan.Part
  let plan: StudyPlan
  let seed: UInt64
  let folder: URL
  private let rehearsal: Rehearsal
  private var demonstrations: URL { folder.appending(path: "demonstrations") }
  private var further: URL { folder.appending(path: "further") }
  private var first: URL { folder.appending(path: "first") }

  init(_ part: StudyPlan.Part, _ plan: StudyPlan, seed: UInt64, folder: URL) throws {
    self.part = part
    self.plan = plan
    self.seed = seed
    self.folder = folder
    var rehearsal = Rehearsal(rig: try Rig.load("twin-\(part.task)"), task: part.task, seed: seed)
    rehearsal.training.chunk = part.chunk
    rehearsal.training.weighting = .aggregate
    self.rehearsal = rehearsal
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func clean() { try? FileManager.default.removeItem(at: folder) }

  /// How the person recovers where the first policy failed.
  func recovery() throws -> StudyRecovery {
    defer { clean() }
    try rehearsal.demonstrate(into: demonstrations, episodes: part.demonstrations)
    try rehearsal.train([demonstrations], output: first)
    var recovery = StudyRecovery(task: part.task, seed: seed)
    recovery.recovered = try rehearsal.recoveries(first, episodes: plan.failures)
    return recovery
  }

  /// Runs an arm: spends what it is given, trains, counts. `watched` is what the watched corrections of this seed came to.
  func run(_ arm: StudyArm, _ budget: StudyBudget, watched: StudyCell?) throws -> StudyCell {
    defer { clean() }
    var cell = StudyCell(task: part.task, arm: arm, budget: budget, seed: seed)
    var shown = part.demonstrations
    if case .demonstrations(let count) = budget { shown = count }
    try rehearsal.demonstrate(into: demonstrations, episodes: shown)
    let (rows, trained) = try spend(arm, budget, watched: watched, &cell)
    for training in 0..<plan.trainings {
      let output = folder.appending(path: "final-\(training)")
      var last = trained
      last.seed = seed &+ UInt64(training) &* 1000
      if rows.isEmpty {
        let further = [further].filter { FileManager.default.fileExists(atPath: $0.path) }
        try last.train([demonstrations] + further, output: output)
      } else {
        try last.train(rows, demonstrations: demonstrations, output: output)
      }
      try evaluate(output, training, arm, &cell)
    }
    return cell
  }

  /// What the arm is for: fills the dataset `further`, or gives rows labelled outside any; and the recipe for all of it.
  private func spend(
    _ arm: StudyArm, _ budget: StudyBudget, watched: StudyCell?, _ cell: inout StudyCell
  ) throws -> (rows: [Frames], trained: Rehearsal) {
    var own = rehearsal
    var trained = rehearsal
    trained.training.weighting = arm.weighting
    let frames = watched?.frames ?? part.frames * part.rounds
    switch arm {
    case .demonstrations: break
    case .more, .noisy, .drifting:
      own.disturbance = arm.disturbance
      let start = Rehearsal.firstDemonstration + 500
      cell.take(
        budget == .takeOvers
          ? try own.demonstrate(into: further, episodes: watched?.takeOvers, first: start)
          : try own.demonstrate(into: further, frames: frames, first: start))
    case .classic, .classicLinear, .classicExponential:
      try own.train([demonstrations], output: first)
      let rows = try own.labelEverywhere(
        first, demonstrations: demonstrations, frames: frames / part.rounds, rounds: part.rounds,
        schedule: arm.schedule ?? .indicator, folder: folder)
      cell.frames = rows.reduce(0) { $0 + $1.count }
      return (rows, trained)
    case .random, .watched, .margin, .rac, .iwr, .sirius, .ensemble, .thrifty:
      own.training.trainsCritic = arm.gate == .thrifty
      try own.train([demonstrations], output: first)
      own.training.weighting = arm.weighting
      own.gate = arm.gate
      own.budget = plan.budget
      own.person.watches = arm.gate == .none
      own.person.handBack = arm.handBack
      own.endsAfterCorrection = arm == .rac
      own.takeOvers = budget == .takeOvers ? watched?.takeOvers : nil
      cell.take(
        try own.correct(
          first, demonstrations: [demonstrations], into: further, policies: folder.appending(path: "policies"),
          rounds: part.rounds, frames: part.frames))
    }
    return ([], trained)
  }

  /// This training's share of the starts, under each condition.
  private func evaluate(_ policy: URL, _ training: Int, _ arm: StudyArm, _ cell: inout StudyCell) throws {
    let begin = plan.starts * training / plan.trainings, end = plan.starts * (training + 1) / plan.trainings
    for condition in part.conditions {
      var evaluation = rehearsal
      evaluation.disturbance = Disturbance(condition) ?? .none
      var meter: ShiftMeter?
      if condition == "none", ShiftMeter.arms.contains(arm) {
        meter = try ShiftMeter(
          policy, expert: try expertStates(), columns: try Demonstrations.Columns(rig: rehearsal.rig, chunk: part.chunk)
        )
      }
      let outcomes = try evaluation.outcomes(policy, episodes: end - begin, from: begin) { session in
        session.afterTick = { [unowned session] snapshot in meter?.look(snapshot.record, session.world.advice_rad) }
      }
      cell.successes[condition, default: []] += outcomes
      if let profile = meter?.profile(outcomes, first: Rehearsal.firstEvaluation + begin) {
        cell.shift = (cell.shift ?? ShiftProfile()) + profile
      }
    }
  }

  /// Where the person goes by themselves: demonstrations that nothing is trained on.
  private func expertStates() throws -> ExpertStates {
    let folder = folder.appending(path: "expert")
    if !FileManager.default.fileExists(atPath: folder.path) {
      try rehearsal.demonstrate(into: folder, episodes: 20, first: Rehearsal.firstDemonstration + 2000)
    }
    var cut = Demonstrations(try Demonstrations.Columns(rig: rehearsal.rig))
    try cut.add(Dataset.open(folder.path), holdsOut: false)
    return ExpertStates(cut.frames)
  }
}
