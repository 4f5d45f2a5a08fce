internal import Episodes
public import Foundation
internal import Session

/// Demonstrations of many tasks of a family, each with its key in the log: what `understudy adapt train` learns from.
public struct FamilyGeneration: Sendable {
  /// The rig, the family and the seed.
  public var rehearsal: Rehearsal
  /// How many tasks.
  public var tasks: Int
  /// How many demonstrations of each.
  public var demonstrations: Int
  /// The number of the first task; tests take theirs from elsewhere.
  public var firstTask = 1

  /// The rig of a family by default: one whose features do not tell the goal.
  public static func rig(of family: String) -> String { family == "push" ? "twin-push-hidden" : "twin-\(family)" }

  /// Scenes of a task: more than anybody shows.
  static let scenesPerTask = 1000

  /// What was made.
  public struct Report: Sendable, Encodable, CustomStringConvertible {
    /// The dataset.
    public var dataset: String
    /// Tasks in it that are complete.
    public var tasks: Int
    /// Episodes that were made now.
    public var made: Int
    /// Episodes that were there already.
    public var kept: Int
    /// Tasks that were given up: the person could not do them.
    public var givenUp: [Int]

    /// For people.
    public var description: String {
      let lost = givenUp.isEmpty ? "" : "; given up: \(givenUp.map(String.init).joined(separator: ", "))"
      return "\(dataset): \(tasks) tasks, \(made) demonstrations made, \(kept) were there\(lost)"
    }
  }

  /// A family's demonstrations.
  public init(_ rehearsal: Rehearsal, tasks: Int, demonstrations: Int) {
    self.rehearsal = rehearsal
    self.tasks = tasks
    self.demonstrations = demonstrations
  }

  /// The key of a task in logs.
  static func key(_ family: String, _ variant: Int) -> String { "\(family) \(variant)" }

  /// Makes what is missing of the dataset, so that an interrupted run goes on where it was; `progress` may stop it.
  public func run(into folder: URL, progress: (Int, Int) -> Bool) throws -> Report {
    let dataset = try Dataset.openOrCreate(folder.path, durable: false)
    var report = Report(dataset: folder.relativePath, tasks: 0, made: 0, kept: 0, givenUp: [])
    for variant in firstTask..<(firstTask + tasks) {
      let key = Self.key(rehearsal.task, variant)
      let known = dataset.episodes.filter { $0.task == key }
      let there = known.count { $0.label == .success }
      report.kept += there
      if there < demonstrations {
        var one = rehearsal
        one.variant = variant
        let first = variant * Self.scenesPerTask + (known.map { Int($0.number) % Self.scenesPerTask }.max() ?? 0) + 1
        let made = try one.demonstrate(into: folder, episodes: demonstrations - there, first: first)
        try dataset.reload()
        report.made += made.unassisted.successes + made.assisted.successes
      }
      let now = dataset.episodes.count { $0.task == key && $0.label == .success }
      if now >= demonstrations { report.tasks += 1 } else { report.givenUp.append(variant) }
      guard progress(variant - firstTask + 1, tasks) else { break }
    }
    return report
  }
}
