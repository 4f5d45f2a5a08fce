// The study of corrections: what a person's frames are worth, by how they are spent.
//
//     demonstrations ─▶ arm: more of them · noisy ones · corrections under a gate · labels everywhere ─▶ train ─▶ count
//                        └──────────────── equal person-frames ────────────────┘
//
// A cell is an arm with a seed. Each is a file, so an interrupted study goes on where it was; the arms that are given
// frames by demonstration get as many as that seed's watched corrections took.

public import Foundation
internal import Session
internal import Twin

/// Runs a plan's cells on virtual time, and keeps each in a file.
public struct Study: Sendable {
  private let plan: StudyPlan
  private let folder: URL

  /// A study in a folder; what an earlier run of the same plan left there is used, another plan's is refused.
  public init(_ plan: StudyPlan, folder: URL) throws {
    self.plan = plan
    self.folder = folder
    let cells = folder.appending(path: "cells")
    try FileManager.default.createDirectory(at: cells, withIntermediateDirectories: true)
    let file = folder.appending(path: "plan.json")
    if FileManager.default.fileExists(atPath: file.path) {
      let earlier = try? JSONDecoder().decode(StudyPlan.self, from: Data(contentsOf: file))
      guard earlier == plan else {
        throw RehearsalError.refused(
          "\(folder.relativePath) holds a study by another plan; name another folder with --dir, or remove this one.")
      }
    } else {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(plan).write(to: file, options: .atomic)
    }
  }

  /// Every cell that is not there yet; `progress` gets each as it comes, and how many there are in all.
  public func run(cores: Int, progress: @Sendable (StudyCell, Int) -> Void) async throws -> StudyReport {
    let count = plan.parts.reduce(0) { $0 + $1.arms.count * plan.seeds.count }
    for part in plan.parts {
      // The watched corrections say how many frames the others get.
      let ordered = part.arms.filter { $0 == .watched } + part.arms.filter { $0 != .watched }
      for wave in [ordered.filter { $0 == .watched }, ordered.filter { $0 != .watched }] {
        try await withThrowingTaskGroup(of: StudyCell.self) { group in
          var running = 0
          for seed in plan.seeds {
            for arm in wave where read(part, arm, seed) == nil {
              if running == cores, let done = try await group.next() {
                progress(done, count)
                running -= 1
              }
              let frames = read(part, .watched, seed)?.frames ?? part.frames * part.rounds
              group.addTask { try self.cell(part, arm, seed, frames: frames) }
              running += 1
            }
          }
          for try await done in group { progress(done, count) }
        }
      }
    }
    return StudyReport(plan, cells: cells)
  }

  private func cell(_ part: StudyPlan.Part, _ arm: StudyArm, _ seed: UInt64, frames: Int) throws -> StudyCell {
    let work = folder.appending(path: "work-\(part.task)-\(arm.rawValue)-\(seed)")
    let began = Date()
    var cell = try StudyCell.run(part, arm, seed: seed, plan: plan, frames: frames, folder: work)
    cell.took_s = Date().timeIntervalSince(began)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try encoder.encode(cell).write(to: folder.appending(path: "cells/\(cell.file)"), options: .atomic)
    return cell
  }

  private func read(_ part: StudyPlan.Part, _ arm: StudyArm, _ seed: UInt64) -> StudyCell? {
    let file = folder.appending(path: "cells/\(StudyCell(task: part.task, arm: arm, seed: seed).file)")
    return (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(StudyCell.self, from: $0) }
  }

  /// The cells there are.
  private var cells: [StudyCell] {
    plan.parts.flatMap { part in
      part.arms.flatMap { arm in plan.seeds.compactMap { read(part, arm, $0) } }
    }
  }
}
