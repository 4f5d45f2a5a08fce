internal import Foundation
internal import Policy

/// How well one demonstration of a task that was not learned from predicts another one of it, by method.
struct HeldOutJudge {
  private let shown: TaskDemonstrations
  /// (demonstration, what is asked), of each held-out task.
  private let pairs: [(TaskDemonstrations.Episode, TaskDemonstrations.Episode)]
  /// Fine-tuning's numbers of steps that are tried.
  static let fineTuneSteps = [10, 30, 100, 300]

  init(_ shown: TaskDemonstrations, _ heldOut: [(key: String, episodes: [TaskDemonstrations.Episode])]) {
    self.shown = shown
    pairs = heldOut.flatMap { task in
      task.episodes.indices.map { (task.episodes[$0], task.episodes[($0 + 1) % task.episodes.count]) }
    }
  }

  /// Fills in errors, fine-tuning's steps, and the method that did best.
  func judge(_ family: inout MetaPolicy) {
    var errors: [MetaPolicy.Method: Double] = [:]
    errors[.none] = error(family.joint, .descent(rate: 0, steps: 0))
    errors[.maml] = error(family.prepared, family.rule(.maml))
    let tuned = Self.fineTuneSteps.map { steps in
      (steps, error(family.joint, .adam(rate: MetaPolicy.fineTuneRate, steps: steps)))
    }
    if let best = tuned.min(by: { $0.1 < $1.1 }) { (family.description.fineTuneSteps, errors[.fineTune]) = best }
    if let frame = family.description.frame, let goal = family.goal { errors[.goal] = error(goal, frame) }
    family.description.heldOutErrors = Dictionary(uniqueKeysWithValues: errors.map { ($0.key.rawValue, $0.value) })
    // The two that a person would use.
    family.description.method = (errors[.goal] ?? .infinity) <= (errors[.maml] ?? .infinity) ? .goal : .maml
  }

  private func error(_ network: MetaPolicy.Network, _ rule: OneTask.Rule) -> Double {
    let rows = StandardRows(shown, network.description)
    let description = network.description
    var squares = 0.0, count = 0
    for (demonstration, asked) in pairs {
      let start = OneTask.weights(network.parameters.members[0])
      guard
        let learner = try? OneTask(
          widths: description.widths, activation: description.network.activation, rows: demonstration.rows.count,
          weights: start)
      else { return .infinity }
      let weights = learner.learn(rows.features(demonstration.rows), rows.actions(demonstration.rows), rule)
      guard
        let answerer = try? OneTask(
          widths: description.widths, activation: description.network.activation, rows: asked.rows.count,
          weights: weights)
      else { return .infinity }
      for (given, wanted) in zip(answerer.answer(rows.features(asked.rows)), rows.actions(asked.rows)) {
        squares += Double((given - wanted) * (given - wanted))
        count += 1
      }
    }
    return (squares / Double(max(1, count))).squareRoot()
  }

  private func error(_ network: MetaPolicy.Network, _ frame: GoalFrame) -> Double {
    guard let kernels = try? Kernels.chosen(),
      let policy = try? Policy(network.description, network.parameters, kernels: kernels)
    else { return .infinity }
    let output = network.description.statistics.actionNormalisation(standardised: true)
    var given = [Float](repeating: 0, count: policy.actionCount)
    var squares = 0.0, count = 0
    for (demonstration, asked) in pairs {
      let goal = frame.end(of: demonstration, in: shown)
      for row in asked.rows {
        GoalRow.features(shown, row, frame, goal).withUnsafeBufferPointer { features in
          given.withUnsafeMutableBufferPointer { _ = policy.infer(features, mean: $0) }
        }
        for (joint, wanted) in shown.frames.actions(of: row).enumerated() {
          let difference = Double((given[joint] - wanted) / output[joint].scale)
          squares += difference * difference
          count += 1
        }
      }
    }
    return (squares / Double(max(1, count))).squareRoot()
  }
}

/// Where a stopped training goes on.
struct AdaptCheckpoint {
  private struct File: Codable {
    var version = 1
    var identity: String
    var states: [String: AdaptiveTraining.State] = [:]
  }

  private let file: URL?
  private let identity: String

  init(_ file: URL?, identity: String) {
    self.file = file
    self.identity = identity
  }

  /// The error for a state that fits nothing here.
  var foreign: AdaptError {
    .unreadable(
      path: file?.path ?? "", reason: "it is the state of another training; remove it to begin anew, or name another")
  }

  private func read() throws(AdaptError) -> File? {
    guard let file, let data = FileManager.default.contents(atPath: file.path) else { return nil }
    guard let kept = try? JSONDecoder().decode(File.self, from: data), kept.version == 1, kept.identity == identity
    else { throw foreign }
    return kept
  }

  /// A part's state; nil before there is one.
  func state(_ part: String) throws(AdaptError) -> AdaptiveTraining.State? { try read()?.states[part] }

  /// Keeps a part's state beside the others'.
  func keep(_ part: String, _ state: AdaptiveTraining.State) throws(AdaptError) {
    guard let file else { return }
    var kept = try read() ?? File(identity: identity)
    kept.states[part] = state
    do {
      try JSONEncoder().encode(kept).write(to: file, options: .atomic)
    } catch {
      throw .notWritten(path: file.path, reason: error.localizedDescription)
    }
  }
}
