public import Policy
public import RealTime

extension MetaPolicy {
  /// A policy for one task.
  public struct Adapted: Sendable {
    /// What stands in its `policy.json`.
    public var description: PolicyDescription
    /// Its weights.
    public var parameters: PolicyParameters
    /// How the demonstration was used.
    public var method: Method
    /// The goal that was read, an axis each, in m.
    public var goal_m: [Double]?
    /// How long adapting took.
    public var seconds: Double
  }

  /// Frames that a demonstration has at least.
  static let leastRows = 10
  /// How far the goal's point may move in a demonstration's last fifth of a second.
  public static let restless_m = 0.010
  /// How far beyond the goals seen in training a goal may lie, as a share of their range.
  private static let beyond = 0.25

  /// A policy from one demonstration: the first episode of `shown`.
  ///
  /// - `method`: nil for the one that did better on held-out tasks.
  public func adapt(
    to shown: TaskDemonstrations, named name: String, method: Method? = nil, clock: TickClock = .monotonic
  ) throws(AdaptError) -> Adapted {
    let began = clock.now
    guard let episode = shown.episodes.first, episode.rows.count >= Self.leastRows else {
      throw .tooShort(demonstration: name, rows: shown.episodes.first?.rows.count ?? 0, least: Self.leastRows)
    }
    let method = method ?? description.method
    var adapted: Adapted
    switch method {
    case .goal:
      guard let frame = description.frame else { throw .noGoal }
      let motion = frame.motionAtEnd(of: episode, in: shown)
      guard motion <= Self.restless_m else {
        throw .restless(demonstration: name, moved_mm: motion * 1e3, allowed_mm: Self.restless_m * 1e3)
      }
      adapted = try adapt(toGoal: frame.end(of: episode, in: shown), named: name)
    case .maml: adapted = Adapted(learn(shown, episode, prepared, rule(.maml)), .maml)
    case .fineTune: adapted = Adapted(learn(shown, episode, joint, rule(.fineTune)), .fineTune)
    case .none: adapted = Adapted(joint, .none)
    }
    adapted.description.lineage.metrics = ["frames of the demonstration": Double(episode.rows.count)]
    adapted.seconds = Double((clock.now - began).count) * 1e-9
    return adapted
  }

  /// A policy that goes to a goal: the goal-conditioned one, with the goal folded into its first layer.
  ///
  /// Its input goal − place is linear in the place, which the policy sees by other features too or gets as new ones; so
  /// the goal becomes part of the bias, and the tick runs the result as any policy.
  public func adapt(
    toGoal goal_m: [Double], named name: String, clock: TickClock = .monotonic
  ) throws(AdaptError) -> Adapted {
    let began = clock.now
    guard let frame = description.frame, let network = goal, goal_m.count == frame.axes.count else { throw .noGoal }
    for (axis, (value, seen)) in zip(frame.axes, zip(goal_m, description.goals_m)) {
      let slack = max(Self.beyond * (seen[1] - seen[0]), Self.restless_m)
      guard value >= seen[0] - slack, value <= seen[1] + slack else {
        throw .farGoal(demonstration: name, axis: axis, value_mm: value * 1e3, seen_mm: seen.map { $0 * 1e3 })
      }
    }
    var folded = GoalFolding(network.description, frame, description).fold(network.parameters, goal_m)
    folded.description.lineage.parent = network.description.lineage.parent
    return Adapted(
      description: folded.description, parameters: folded.parameters, method: .goal, goal_m: goal_m,
      seconds: Double((clock.now - began).count) * 1e-9)
  }

  func rule(_ method: Method) -> OneTask.Rule {
    guard method == .maml else { return .adam(rate: Self.fineTuneRate, steps: description.fineTuneSteps) }
    guard prepared.rates.isEmpty else { return .learned(rates: prepared.rates) }
    return .descent(rate: description.innerRate, steps: description.innerSteps)
  }

  static let fineTuneRate = 1e-3

  private func learn(
    _ shown: TaskDemonstrations, _ episode: TaskDemonstrations.Episode, _ network: Network, _ rule: OneTask.Rule
  ) -> Network {
    let rows = StandardRows(shown, network.description)
    var learned = network
    let widths = network.description.widths
    // The shape was checked when it was read, and GELU is never saved here.
    guard
      let task = try? OneTask(
        widths: widths, activation: network.description.network.activation, rows: episode.rows.count,
        weights: OneTask.weights(network.parameters.members[0]))
    else { return network }
    let weights = task.learn(rows.features(episode.rows), rows.actions(episode.rows), rule)
    learned.parameters = PolicyParameters(members: [OneTask.layers(weights, widths: widths)])
    return learned
  }
}

extension MetaPolicy.Adapted {
  init(_ network: MetaPolicy.Network, _ method: MetaPolicy.Method) {
    self.init(
      description: network.description, parameters: network.parameters, method: method, goal_m: nil, seconds: 0)
  }
}

/// Rows in a network's units.
struct StandardRows {
  private let shown: TaskDemonstrations
  private let input: [PolicyStatistics.Normalisation]
  private let output: [PolicyStatistics.Normalisation]

  init(_ shown: TaskDemonstrations, _ description: PolicyDescription) {
    self.shown = shown
    input = description.statistics.featureNormalisation(standardised: true)
    output = description.statistics.actionNormalisation(standardised: true)
  }

  init(_ shown: TaskDemonstrations, _ statistics: PolicyStatistics) {
    self.shown = shown
    input = statistics.featureNormalisation(standardised: true)
    output = statistics.actionNormalisation(standardised: true)
  }

  func features(_ rows: Range<Int>) -> [Float] {
    rows.flatMap { row in
      zip(shown.frames.features(of: row).prefix(input.count), input).map { ($0 - $1.offset) / $1.scale }
    }
  }

  func actions(_ rows: Range<Int>) -> [Float] {
    rows.flatMap { row in zip(shown.frames.actions(of: row), output).map { ($0 - $1.offset) / $1.scale } }
  }
}

/// Folds a goal into a policy's first layer.
struct GoalFolding {
  private let old: PolicyDescription
  private let frame: GoalFrame
  private let family: MetaPolicy.Description

  init(_ old: PolicyDescription, _ frame: GoalFrame, _ family: MetaPolicy.Description) {
    self.old = old
    self.frame = frame
    self.family = family
  }

  func fold(
    _ parameters: PolicyParameters, _ goal: [Double]
  ) -> (description: PolicyDescription, parameters: PolicyParameters) {
    let own = old.interface.features.count - frame.axes.count
    var description = old
    description.interface.features = Array(old.interface.features.prefix(own)) + family.carriers
    description.statistics.features = Array(old.statistics.features.prefix(own)) + family.carrierColumns
    let before = old.statistics.featureNormalisation(standardised: true)
    let after = description.statistics.featureNormalisation(standardised: true)
    let count = description.interface.features.count
    let members = parameters.members.map { layers -> [DenseParameters] in
      let first = layers[0]
      var weights = [Float](repeating: 0, count: first.outputs * count)
      var bias = first.bias
      for unit in 0..<first.outputs {
        let row = unit * first.inputs
        for column in 0..<own { weights[unit * count + column] = first.weights[row + column] }
        for (axis, name) in frame.axes.enumerated() {
          let weight = Double(first.weights[row + own + axis]) / Double(before[own + axis].scale)
          var constant = weight * (goal[axis] - Double(before[own + axis].offset))
          let places = [(frame.point, -1.0)] + (frame.reference.map { [($0, 1.0)] } ?? [])
          for (place, sign) in places {
            guard let column = description.interface.features.firstIndex(of: "\(place).\(name)") else { continue }
            weights[unit * count + column] += Float(sign * weight * Double(after[column].scale))
            constant += sign * weight * Double(after[column].offset)
          }
          bias[unit] += Float(constant)
        }
      }
      let folded = DenseParameters(
        inputs: count, outputs: first.outputs, weights: weights, bias: bias, norm: first.norm)
      return [folded] + layers.dropFirst()
    }
    return (description, PolicyParameters(members: members))
  }
}
