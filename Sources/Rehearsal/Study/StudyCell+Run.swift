internal import Arm
internal import Episodes
internal import Foundation
internal import Learning
internal import Session
internal import Twin

extension StudyCell {
  /// Runs an arm: spends the frames, trains, counts. `folder` is the cell's own and is emptied.
  static func run(
    _ part: StudyPlan.Part, _ arm: StudyArm, seed: UInt64, plan: StudyPlan, frames budgeted: Int, folder: URL
  ) throws -> StudyCell {
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var cell = StudyCell(task: part.task, arm: arm, seed: seed)
    var rehearsal = Rehearsal(rig: try Rig.load("twin-\(part.task)"), task: part.task, seed: seed)
    rehearsal.training.chunk = part.chunk
    let demonstrations = folder.appending(path: "demonstrations"), further = folder.appending(path: "further")
    try rehearsal.demonstrate(into: demonstrations, episodes: part.demonstrations)
    let first = folder.appending(path: "first")
    var datasets = [demonstrations]
    var classic: [Frames] = []
    rehearsal.training.weighting = .aggregate
    rehearsal.training.trainsCritic = arm.gate == .thrifty
    switch arm {
    case .demonstrations: break
    case .more, .noisy, .drifting:
      var more = rehearsal
      more.disturbance = arm.disturbance
      cell.take(
        try more.demonstrate(into: further, frames: budgeted, first: Rehearsal.firstDemonstration + 500))
      datasets.append(further)
    case .classic, .classicLinear, .classicExponential:
      try rehearsal.train(datasets, output: first)
      classic = try rehearsal.labelEverywhere(
        first, demonstrations: demonstrations, frames: budgeted / part.rounds, rounds: part.rounds,
        schedule: arm.schedule ?? .indicator, folder: folder)
      cell.frames = classic.reduce(0) { $0 + $1.count }
    case .random, .watched, .margin, .rac, .iwr, .sirius, .ensemble, .thrifty:
      try rehearsal.train(datasets, output: first)
      rehearsal.gate = arm.gate
      rehearsal.budget = plan.budget
      rehearsal.person.watches = arm.gate == .none
      rehearsal.person.handBack = arm.handBack
      rehearsal.endsAfterCorrection = arm == .rac
      rehearsal.training.weighting = arm.weighting
      cell.take(
        try rehearsal.correct(
          first, demonstrations: datasets, into: further, policies: folder.appending(path: "policies"),
          rounds: part.rounds, frames: part.frames))
      datasets.append(further)
    }
    rehearsal.training.trainsCritic = false
    for training in 0..<plan.trainings {
      let output = folder.appending(path: "final-\(training)")
      var last = rehearsal
      last.seed = seed &+ UInt64(training) &* 1000
      if classic.isEmpty {
        try last.train(datasets, output: output)
      } else {
        try last.train(classic, demonstrations: demonstrations, output: output)
      }
      for condition in part.conditions {
        var evaluation = rehearsal
        evaluation.disturbance = Disturbance(condition) ?? .none
        cell.successes[condition, default: []].append(try evaluation.outcomes(output, episodes: plan.starts))
      }
    }
    try? FileManager.default.removeItem(at: folder)
    return cell
  }

  private mutating func take(_ report: SessionReport) {
    frames = report.personFrames
    takeOvers = report.takeOvers
    assisted = report.assisted
    asked = report.asked
    person_s = report.personSeconds
    watched_s = report.seconds
  }
}
