/// Why nothing was adapted, or learned to adapt. Nothing was written.
public enum AdaptError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Too few tasks were shown twice.
  case tooFewTasks(found: Int, keys: [String], once: Int, least: Int)
  /// What is seen at an episode's start tells where it will end.
  case goalInSight(share: Double, telling: String)
  /// No feature varied.
  case nothingVaries(features: [String])
  /// Demonstrations of one task end all over the place: there is no goal to read.
  case noGoal
  /// A demonstration is too short to be one.
  case tooShort(demonstration: String, rows: Int, least: Int)
  /// A demonstration ends in motion, so its end is no goal.
  case restless(demonstration: String, moved_mm: Double, allowed_mm: Double)
  /// A demonstration's goal is far from all that training saw.
  case farGoal(demonstration: String, axis: String, value_mm: Double, seen_mm: [Double])
  /// What was learned is of another rig.
  case otherRig(expected: String, present: String)
  /// The rig's policies see other features than what was learned does.
  case otherFeatures(rig: String, expected: [String], present: [String])
  /// A demonstration without actions can only be read for its goal.
  case needsActions(demonstration: String, method: String)
  /// A file or folder cannot be read.
  case unreadable(path: String, reason: String)
  /// A folder exists, or cannot be written.
  case notWritten(path: String, reason: String)
  /// A place in a file of observations.
  case malformed(file: String, line: Int, column: Int, problem: String)
  /// Training became infinite or NaN.
  case diverged(iteration: Int)
  /// Cannot be trained by.
  case learning(LearningError)

  /// What was expected, what came, and what to do.
  public var description: String {
    switch self {
    case .tooFewTasks(let found, let keys, let once, let least):
      "Learning to adapt takes \(least) tasks or more with two successful demonstrations each; here are \(found)"
        + (keys.isEmpty ? "" : " (\(keys.prefix(3).joined(separator: ", "))\(keys.count > 3 ? ", …" : ""))")
        + (once > 0 ? ", and \(once) shown once" : "")
        + ". The key of a task is the episode's `task`: record each under its own (`understudy record --task`)."
    case .goalInSight(let share, let telling):
      "What is seen when an episode begins tells \(Self.percent(share)) of where it ends, above all \(telling): the goal is "
        + "in the observation, and there is nothing to adapt to. Use `understudy train`, or take that feature out of the rig."
    case .nothingVaries(let features):
      "None of the features varied (\(features.prefix(4).joined(separator: ", "))…): look at what the arm and the environment "
        + "send (`understudy inspect`)."
    case .noGoal:
      "Demonstrations of one task do not end alike, neither in the arm's frame nor beside an object, so a goal cannot be read. "
        + "Show each task so that it ends where it should, or adapt with --method maml."
    case .tooShort(let demonstration, let rows, let least):
      "\(demonstration) has \(rows) frames of a person; a demonstration has \(least) or more."
    case .restless(let demonstration, let moved, let allowed):
      "\(demonstration) ends in motion (\(Self.short(moved)) mm in its last fifth of a second, at most \(Self.short(allowed)) are "
        + "allowed), so its end is no goal: show it again and rest at the end."
    case .farGoal(let demonstration, let axis, let value, let seen):
      "\(demonstration) ends at \(axis) = \(Self.short(value)) mm, and training saw "
        + "\(seen.map(Self.short).joined(separator: " to ")) mm: demonstrate nearer, or train on more tasks."
    case .otherRig(let expected, let present):
      "It learned on the rig \(expected), and this is \(present); use that rig, or train on this one's demonstrations."
    case .otherFeatures(let rig, let expected, let present):
      "It sees \(Self.difference(expected, from: present)), and policies of the rig \(rig) now see "
        + "\(Self.difference(present, from: expected)): give the rig its policy features back, or train anew."
    case .needsActions(let demonstration, let method):
      "\(demonstration) has no actions, and \(method) learns from actions: use --method goal, or demonstrate with the leader."
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
    case .notWritten(let path, let reason): "\(path) was not written: \(reason). Name another (--output)."
    case .malformed(let file, let line, let column, let problem): "\(file):\(line):\(column): \(problem)."
    case .diverged(let iteration):
      "Learning to adapt diverged: by iteration \(iteration) the loss was no number any more. Use a lower --inner-rate."
    case .learning(let error): error.description
    }
  }

  private static func difference(_ names: [String], from others: [String]) -> String {
    let own = names.filter { !others.contains($0) }
    return own.isEmpty ? "\(names.count) features in its own order" : own.joined(separator: ", ")
  }

  private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
  private static func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
