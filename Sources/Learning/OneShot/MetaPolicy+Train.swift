public import Arm
internal import CKernels
internal import Episodes
public import Foundation
internal import Policy
internal import RealTime

extension MetaPolicy {
  /// How to learn to adapt.
  public struct Configuration: Sendable, Equatable, Codable {
    /// MAML's network and steps.
    public var meta: MetaLearning.Configuration
    /// Iterations of MAML, and of the network of all tasks.
    public var iterations = 12_000
    /// Steps of the goal-conditioned policy.
    public var goalSteps = 4000

    /// The defaults, for arms.
    public init() {
      meta = MetaLearning.Configuration()
      // `one-shot --task reach --seed 7`, success of 100: [64, 64] and two steps of 0.2 for all weights .62; these 1.00.
      meta.hidden = [100, 100]
      meta.innerRate = 0.2
      meta.innerSteps = 3
      meta.learnsRates = true
      meta.tasksPerBatch = 16
    }
  }

  /// How far training is.
  public struct Progress: Sendable {
    /// What is being learned.
    public let part: String
    /// The share of the whole, 0…1.
    public let share: Double
    /// The loss, in variances of the actions.
    public let loss: Double
  }

  /// Mean losses of some iterations, in variances of the actions.
  public struct LossPoint: Codable, Equatable, Sendable {
    /// The last of them.
    public let iteration: Int
    /// Of the weights from which tasks start, on demonstrations of tasks.
    public let before: Double
    /// After adapting to one demonstration of a task, on another; where nothing adapts, the same as before.
    public let after: Double
  }

  /// Tasks that learning to adapt takes at least.
  public static let leastTasks = 8
  /// The share of the ends that first sights may tell.
  static let mostInSight = 0.8

  /// Learns from demonstrations with task keys; nil where `progress` stopped it (then `checkpoint` holds how far it was;
  /// and all of it until the caller, who has written what was learned, removes the file).
  public static func train(
    _ shown: TaskDemonstrations, rig: Rig, datasets: [String], _ configuration: Configuration = Configuration(),
    seed: UInt64, checkpoint: URL? = nil, progress: (Progress) -> Bool = { _ in true }
  ) throws(AdaptError) -> MetaPolicy? {
    let families = shown.families()
    let once = Set(shown.episodes.map(\.task)).count - families.count
    guard families.count >= leastTasks else {
      throw .tooFewTasks(found: families.count, keys: families.map(\.key), once: once, least: leastTasks)
    }
    let found = GoalFrame.find(in: shown)
    // Without a frame in which tasks differ, ends may still follow from what is seen in each episode.
    for frame in found.map({ [$0.frame] }) ?? GoalFrame.movingPoints(in: shown) {
      if let sight = FirstSight(shown, frame), sight.share > mostInSight {
        throw .goalInSight(share: sight.share, telling: sight.telling)
      }
    }
    var held = families.filter { Dataset.isHeldOut($0.key) }
    if held.isEmpty || families.count - held.count < leastTasks / 2 { held = Array(families.suffix(1)) }
    let keys = Set(held.map(\.key))
    var course = Course(shown, families.filter { !keys.contains($0.key) }, rig, seed, configuration)
    course.heldOut = held
    course.datasets = datasets
    course.once = once
    return try course.run(found, checkpoint, progress)
  }
}

/// One training on its way.
private struct Course {
  let shown: TaskDemonstrations
  let learned: [(key: String, episodes: [TaskDemonstrations.Episode])]
  let rig: Rig
  let seed: UInt64
  let configuration: MetaPolicy.Configuration
  var heldOut: [(key: String, episodes: [TaskDemonstrations.Episode])] = []
  var datasets: [String] = []
  var once = 0

  init(
    _ shown: TaskDemonstrations, _ learned: [(key: String, episodes: [TaskDemonstrations.Episode])], _ rig: Rig,
    _ seed: UInt64, _ configuration: MetaPolicy.Configuration
  ) {
    self.shown = shown
    self.learned = learned
    self.rig = rig
    self.seed = seed
    self.configuration = configuration
  }

  func run(
    _ found: (frame: GoalFrame, agreement: GoalFrame.Agreement)?, _ checkpoint: URL?,
    _ progress: (MetaPolicy.Progress) -> Bool
  ) throws(AdaptError) -> MetaPolicy? {
    let (statistics, notes) = try look()
    let goalShare = found == nil ? 0 : 0.2
    var goal: MetaPolicy.Network?
    if let found {
      guard let trained = try trainGoal(found.frame, goalShare, progress) else { return nil }
      goal = trained
    }
    let memory = AdaptCheckpoint(checkpoint, identity: identity)
    var networks: [MetaPolicy.Network] = []
    var curves: [[MetaPolicy.LossPoint]] = []
    for (place, order) in [MetaLearning.Order.joint, .second].enumerated() {
      let from = goalShare + (1 - goalShare) * Double(place) / 2
      guard
        let (network, curve) = try trainNetwork(
          order, statistics, memory,
          { done, loss in
            progress(
              .init(
                part: order == .joint ? "all tasks at once" : "to adapt", share: from + (1 - goalShare) / 2 * done,
                loss: loss))
          })
      else { return nil }
      networks.append(network)
      curves.append(curve)
    }
    let carriers = (found?.frame.carriers ?? []).filter { !rig.policy.features.contains($0) }
    let columns = carriers.map { name -> PolicyStatistics.Column in
      let column = shown.column(name) ?? 0
      return .init(of: (0..<shown.frames.count).map { Float(shown.value($0, column)) })
    }
    var family = MetaPolicy(
      description: .init(
        rig: rig.name, frame: found?.frame, agreement: found?.agreement,
        goals_m: found.map { goals($0.frame) } ?? [], carriers: carriers, carrierColumns: columns, method: .maml,
        innerRate: configuration.meta.innerRate, innerSteps: configuration.meta.innerSteps, fineTuneSteps: 0,
        heldOutErrors: [:], tasks: learned.count, heldOutTasks: heldOut.map(\.key),
        episodes: learned.reduce(0) { $0 + $1.episodes.count }, datasets: datasets, seed: seed, notes: notes),
      goal: goal, prepared: networks[1], joint: networks[0])
    family.curves = (adapting: curves[1], joint: curves[0])
    HeldOutJudge(shown, heldOut).judge(&family)
    return family
  }

  private func look() throws(AdaptError) -> (PolicyStatistics, [String]) {
    var frames = Frames(
      features: Array(shown.frames.featureNames.prefix(shown.policyFeatures)), actions: shown.frames.actionNames)
    for family in learned {
      for row in family.episodes.flatMap(\.rows) {
        frames.append(
          features: shown.frames.features(of: row).prefix(shown.policyFeatures), actions: shown.frames.actions(of: row),
          episode: 0)
      }
    }
    do {
      try frames.validate()
      let data = try TrainingData<Float>(frames, .standard)
      guard data.constantFeatures.count < frames.featureNames.count else {
        throw AdaptError.nothingVaries(features: frames.featureNames)
      }
      var notes = data.constantFeatures.map { "The feature \($0) did not vary: nothing is known of its influence." }
      notes += data.constantActions.map { "The joint \($0) was never moved: adapted policies do not move it." }
      if once > 0 { notes.append("\(once) tasks were shown only once, and left out.") }
      return (data.statistics, notes)
    } catch let error as AdaptError {
      throw error
    } catch let error as LearningError {
      throw .learning(error)
    } catch {
      throw .unreadable(path: "the demonstrations", reason: "\(error)")
    }
  }

  /// Least and greatest goal of each axis.
  private func goals(_ frame: GoalFrame) -> [[Double]] {
    let ends = learned.flatMap(\.episodes).map { frame.end(of: $0, in: shown) }
    return frame.axes.indices.map { axis in
      [ends.map { $0[axis] }.min() ?? 0, ends.map { $0[axis] }.max() ?? 0]
    }
  }

  /// Behaviour cloning with the goal among the features: where each demonstration ended is where it was going.
  private func trainGoal(
    _ frame: GoalFrame, _ share: Double, _ progress: (MetaPolicy.Progress) -> Bool
  ) throws(AdaptError) -> MetaPolicy.Network? {
    var frames = Frames(
      features: Array(shown.frames.featureNames.prefix(shown.policyFeatures)) + frame.featureNames,
      actions: shown.frames.actionNames)
    var number = 0
    for (family, isHeld) in learned.map({ ($0, false) }) + heldOut.map({ ($0, true) }) {
      for episode in family.episodes {
        let goal = frame.end(of: episode, in: shown)
        for row in episode.rows {
          frames.append(
            features: GoalRow.features(shown, row, frame, goal), actions: shown.frames.actions(of: row),
            episode: number)
        }
        if isHeld { frames.heldOut.insert(number) }
        number += 1
      }
    }
    var recipe = BehaviorCloning.Configuration(name: "goal")
    recipe.length = .steps(configuration.goalSteps)
    var stopped = false
    do throws(LearningError) {
      let trained = try BehaviorCloning.train(frames, recipe, seed: seed) { point in
        let done = Double(point.step) / Double(max(1, point.steps))
        stopped = !progress(.init(part: "to go to goals", share: share * done, loss: point.trainingLoss))
        return !stopped
      }
      if stopped { return nil }
      return .init(
        description: trained.description(
          arm: rig.pairs[0].follower.arm.name, representation: .relativeToCommand,
          decision_Hz: Double(rig.decision_Hz)),
        parameters: trained.parameters)
    } catch {
      throw .learning(error)
    }
  }

  /// A network by meta-training; nil where it was stopped.
  private func trainNetwork(
    _ order: MetaLearning.Order, _ statistics: PolicyStatistics, _ memory: AdaptCheckpoint,
    _ progress: (Double, Double) -> Bool
  ) throws(AdaptError) -> (MetaPolicy.Network, [MetaPolicy.LossPoint])? {
    var meta = configuration.meta
    meta.order = order
    let rows = StandardRows(shown, statistics)
    let all = 0..<shown.frames.count
    let table = AdaptiveTable(
      columns: shown.policyFeatures, joints: shown.frames.actionNames.count, features: rows.features(all),
      actions: rows.actions(all), tasks: learned.map { $0.episodes.map(\.rows) })
    let training: AdaptiveTraining
    do throws(LearningError) { training = try AdaptiveTraining(table, meta, seed: seed) } catch {
      throw .learning(error)
    }
    if let state = try memory.state(order.rawValue), !training.resume(state) { throw memory.foreign }
    let total = configuration.iterations
    while training.iterations < total {
      let part = Double(training.iterations) / Double(total)
      training.step(rate: meta.metaRate * 0.5 * (1 + us_fixed_cos(.pi * part)))
      guard training.iterations % 100 == 0 || training.iterations == total else { continue }
      let point = training.mark()
      guard point.after.isFinite else { throw .diverged(iteration: training.iterations) }
      let goesOn = progress(Double(training.iterations) / Double(total), point.after)
      if training.iterations % 1000 == 0 || !goesOn { try memory.keep(order.rawValue, training.state) }
      if !goesOn { return nil }
    }
    try memory.keep(order.rawValue, training.state)
    let widths = [table.columns] + meta.hidden + [table.joints]
    var shape = NetworkShape(hidden: meta.hidden, activation: meta.activation)
    shape.ensemble = 1
    var lineage = Lineage()
    lineage.recipe = order == .joint ? "joint" : "maml"
    lineage.seed = seed
    let network = MetaPolicy.Network(
      description: PolicyDescription(
        interface: PolicyInterface(
          arm: rig.pairs[0].follower.arm.name, features: rig.policy.features, actions: shown.frames.actionNames,
          representation: .relativeToCommand, decision_Hz: Double(rig.decision_Hz)),
        network: shape, statistics: statistics, lineage: lineage),
      parameters: PolicyParameters(members: [OneTask.layers(training.weights, widths: widths)]),
      rates: training.rates)
    return (network, training.curve)
  }

  /// What a kept state must be of.
  private var identity: String {
    let parts = datasets + ["\(seed)", "\(configuration)", rig.name, "\(shown.frames.count)"]
    return Fingerprint.of(parts.joined(separator: "\n").utf8)
  }
}

/// A row with its goal.
enum GoalRow {
  static func features(_ shown: TaskDemonstrations, _ row: Int, _ frame: GoalFrame, _ goal: [Double]) -> [Float] {
    let place = frame.value(of: row, in: shown)
    return Array(shown.frames.features(of: row).prefix(shown.policyFeatures))
      + zip(goal, place).map { Float($0 - $1) }
  }
}
