internal import Policy
internal import RealTime

/// Rows as networks see them, and which episodes show which task.
struct AdaptiveTable {
  let columns: Int
  let joints: Int
  /// [row][feature] and [row][joint], standardised.
  let features: [Float]
  let actions: [Float]
  /// [task][episode]
  let tasks: [[Range<Int>]]
}

/// Meta-training on episodes: adapt on rows of one demonstration, be judged on rows of another of the same task.
final class AdaptiveTraining {
  /// Rows of a demonstration that one adaptation takes, one from each of as many equal parts of it.
  static let rows = 24

  private let table: AdaptiveTable
  let training: MetaTraining<Float>
  private var random: SplitMix64
  private(set) var iterations = 0
  /// The losses so far, a mean over some iterations each.
  private(set) var curve: [MetaPolicy.LossPoint] = []
  private var sums = (before: 0.0, after: 0.0, count: 0.0)

  init(_ table: AdaptiveTable, _ configuration: MetaLearning.Configuration, seed: UInt64) throws(LearningError) {
    _ = MatrixLibrary.description
    self.table = table
    random = SplitMix64(seed: seed)
    training = try MetaTraining(
      inputs: table.columns, outputs: table.joints, supportRows: Self.rows, queryRows: Self.rows, configuration,
      random: &random)
  }

  /// One iteration.
  func step(rate: Double) {
    for task in 0..<training.support.tasks {
      let episodes = table.tasks[Int(random.next() % UInt64(table.tasks.count))]
      let shown = Int(random.next() % UInt64(episodes.count))
      let asked = (shown + 1 + Int(random.next() % UInt64(episodes.count - 1))) % episodes.count
      fill(training.support, training.supportTargets, task, episodes[shown])
      fill(training.query, training.queryTargets, task, episodes[asked])
    }
    iterations += 1
    sums.after += training.step(rate: rate)
    sums.before += training.lossBefore
    sums.count += 1
  }

  /// Adds the mean losses since the last such point to the curve.
  func mark() -> MetaPolicy.LossPoint {
    let point = MetaPolicy.LossPoint(
      iteration: iterations, before: sums.before / sums.count, after: sums.after / sums.count)
    sums = (0, 0, 0)
    curve.append(point)
    return point
  }

  private func fill(_ network: TaskNetwork<Float>, _ targets: Buffer<Float>, _ task: Int, _ episode: Range<Int>) {
    for place in 0..<Self.rows {
      let part = (Double(place) + random.uniform()) / Double(Self.rows)
      let row = episode.lowerBound + min(episode.count - 1, Int(part * Double(episode.count)))
      let to = task * Self.rows + place
      for column in 0..<table.columns {
        network.input.pointer[to * table.columns + column] = table.features[row * table.columns + column]
      }
      for joint in 0..<table.joints {
        targets.pointer[to * table.joints + joint] = table.actions[row * table.joints + joint]
      }
    }
  }

  /// The weights from which tasks start, and all that is learned with them.
  private var learned: [Float] { training.initial.values }
  /// The weights from which tasks start.
  var weights: [Float] { Array(learned.prefix(training.support.parameterCount)) }
  /// Their step sizes, [step][parameter]; none where these are not learned.
  var rates: [Float] { Array(learned.dropFirst(training.support.parameterCount)) }

  /// What is needed to go on as if there had been no pause.
  struct State: Codable {
    var iterations: Int
    var random: UInt64
    var weights, first, second: [Float]
    var curve: [MetaPolicy.LossPoint]
  }

  var state: State {
    State(
      iterations: iterations, random: random.state, weights: learned, first: training.optimizer.first.values,
      second: training.optimizer.second.values, curve: curve)
  }

  /// Goes on from where another stood; false where that was another training's.
  func resume(_ state: State) -> Bool {
    let count = training.initial.count
    guard [state.weights, state.first, state.second].allSatisfy({ $0.count == count && $0.allSatisfy(\.isFinite) }),
      state.iterations >= 0
    else { return false }
    training.initial.copy(Buffer(state.weights))
    training.optimizer.first.copy(Buffer(state.first))
    training.optimizer.second.copy(Buffer(state.second))
    training.optimizer.resume(after: state.iterations)
    random = SplitMix64(seed: state.random)
    iterations = state.iterations
    curve = state.curve
    return true
  }
}

/// One network that learns one demonstration, from weights that training left.
final class OneTask {
  /// How it learns.
  enum Rule: Equatable {
    /// Plain steps down the slope: what MAML prepared its weights for.
    case descent(rate: Double, steps: Int)
    /// The same with step sizes that were learned, [step][parameter].
    case learned(rates: [Float])
    /// Adam: what fine-tuning does.
    case adam(rate: Double, steps: Int)
  }

  private let network: TaskNetwork<Float>
  private let weights: Buffer<Float>
  private let gradient: Buffer<Float>

  init(
    widths: [Int], activation: NetworkShape.Activation, rows: Int, weights: [Float]
  ) throws(LearningError) {
    network = try TaskNetwork(widths: widths, activation: activation, tasks: 1, rows: rows)
    self.weights = Buffer(weights)
    gradient = Buffer(weights.count)
  }

  private var here: TaskNetwork<Float>.Parameters { .init(pointer: weights.pointer, stride: 0) }

  /// Learns from [row][feature] and [row][joint], both standardised; returns the weights.
  func learn(_ features: [Float], _ actions: [Float], _ rule: Rule) -> [Float] {
    for (index, value) in features.enumerated() { network.input.pointer[index] = value }
    let delta = network.deltas[network.layerCount - 1].pointer
    let steps: Int
    let adam: Adam<Float>?
    let rate: Double
    switch rule {
    case .descent(let size, let count): (rate, steps, adam) = (size, count, nil)
    case .learned(let rates): (rate, steps, adam) = (0, rates.count / max(1, weights.count), nil)
    case .adam(let size, let count):
      (rate, steps) = (size, count)
      adam = Adam(weights.count, BehaviorCloning.Configuration(name: "one task"))
    }
    for step in 0..<steps {
      network.forward(here)
      for (index, wanted) in actions.enumerated() {
        delta[index] = 2 * (network.output.pointer[index] - wanted) / Float(actions.count)
      }
      network.backward(here, into: .init(pointer: gradient.pointer, stride: 0))
      if let adam {
        adam.step(weights, gradient, rate: rate)
      } else if case .learned(let rates) = rule {
        let first = step * weights.count
        for index in 0..<weights.count { weights.pointer[index] -= rates[first + index] * gradient.pointer[index] }
      } else {
        for index in 0..<weights.count { weights.pointer[index] -= Float(rate) * gradient.pointer[index] }
      }
    }
    return weights.values
  }

  /// What the network answers to as many rows as it was made for.
  func answer(_ features: [Float]) -> [Float] {
    for (index, value) in features.enumerated() { network.input.pointer[index] = value }
    network.forward(here)
    return network.output.values
  }

  /// Weights as a policy's layers: [in][out] becomes PyTorch's [out][in].
  static func layers(_ weights: [Float], widths: [Int]) -> [DenseParameters] {
    var offset = 0
    return zip(widths, widths.dropFirst()).map { inputs, outputs in
      defer { offset += (inputs + 1) * outputs }
      var turned = [Float](repeating: 0, count: inputs * outputs)
      for i in 0..<inputs { for o in 0..<outputs { turned[o * inputs + i] = weights[offset + i * outputs + o] } }
      let bias = offset + inputs * outputs
      return DenseParameters(
        inputs: inputs, outputs: outputs, weights: turned, bias: Array(weights[bias..<(bias + outputs)]))
    }
  }

  /// The way back.
  static func weights(_ layers: [DenseParameters]) -> [Float] {
    layers.flatMap { layer in
      var turned = [Float](repeating: 0, count: layer.inputs * layer.outputs)
      for i in 0..<layer.inputs {
        for o in 0..<layer.outputs { turned[i * layer.outputs + o] = layer.weights[o * layer.inputs + i] }
      }
      return turned + layer.bias
    }
  }
}
