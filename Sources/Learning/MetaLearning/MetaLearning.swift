// Meta-learning: initial weights from which one demonstration is enough.
//
//     tasks ─▶ a batch of them ─▶ ┌ each: adapt to the support rows (a few gradient steps) ┐
//                                 └       the loss on the query rows after it              ┘─▶ mean slope ─▶ Adam ─┐
//       initial weights ◀──────────────────────────────────────────────────────────────────────────────────────────┘
//
// Units: inputs and targets as given; losses are means over rows and columns.
public import Policy
internal import RealTime

/// MAML (Finn, Abbeel and Levine, 2017): weights that a few gradient steps on a new task's few rows make good at it.
///
/// The slope of the loss after adaptation by the weights before it contains the Hessian of the inner loss:
/// with θ′ = θ − α ∇L(θ), ∂L′(θ′)/∂θ = (I − α H) ∇L′(θ′). It is computed exactly (`Order.second`) or with H left out
/// (`Order.first`).
public enum MetaLearning {
  /// How the slope by the initial weights is taken.
  public enum Order: String, Sendable, Codable, CaseIterable {
    /// Exactly, by Hessian-vector products.
    case second
    /// Without the Hessian (FOMAML): about half the price; what it learns needs more steps to adapt.
    case first
    /// No adaptation while training: one network for all tasks at once, the baseline (joint pretraining).
    case joint
  }

  /// How to learn to adapt.
  public struct Configuration: Sendable, Equatable, Codable {
    /// Widths of the hidden layers.
    public var hidden = [40, 40]
    /// The nonlinearity behind each hidden layer: ReLU or tanh.
    public var activation = NetworkShape.Activation.relu
    /// What a difference costs, inside and outside.
    public var loss = BehaviorCloning.Configuration.Loss.meanSquare
    /// How the slope is taken.
    public var order = Order.second
    /// The step size of adaptation.
    public var innerRate = 0.01
    /// Steps of adaptation while training; later more can be taken.
    public var innerSteps = 1
    /// Whether each weight's step size at each step of adaptation is learned too, from `innerRate` on (Meta-SGD, Li et al.
    /// 2017; by step, as in Antoniou et al. 2019). For the exact slope only.
    public var learnsRates = false
    /// Adam's step size for the initial weights.
    public var metaRate = 1e-3
    /// Tasks in a batch.
    public var tasksPerBatch = 25

    /// The defaults.
    public init() {}
  }
}

/// One meta-training on its way: the weights, and room for a batch of tasks.
final class MetaTraining<Scalar: TaskScalar> {
  typealias Parameters = TaskNetwork<Scalar>.Parameters

  let configuration: MetaLearning.Configuration
  let support: TaskNetwork<Scalar>
  let query: TaskNetwork<Scalar>
  /// [task × row][output]
  let supportTargets: Buffer<Scalar>
  let queryTargets: Buffer<Scalar>
  /// The weights from which tasks start; behind them, where they are learned, their step sizes at each step of adaptation.
  let initial: Buffer<Scalar>
  /// The slope of the loss after adaptation by them.
  let slope: Buffer<Scalar>
  let optimizer: Adam<Scalar>
  /// [step][task][parameter]; the first step's are shared and stand in `initial`.
  private let adapted: [Buffer<Scalar>]
  private let gradients: Buffer<Scalar>
  private let product: Buffer<Scalar>
  private let learnsRates: Bool
  /// Of the newest batch: the mean loss on the support rows of the weights from which tasks start.
  private(set) var lossBefore = 0.0
  /// [task][parameter]: step sizes times what is pulled back.
  private let scaled: Buffer<Scalar>
  private let ones: Buffer<Scalar>
  private let whole: Buffer<Int32>

  init(
    inputs: Int, outputs: Int, supportRows: Int, queryRows: Int, _ configuration: MetaLearning.Configuration,
    random: inout SplitMix64
  ) throws(LearningError) {
    self.configuration = configuration
    let widths = [inputs] + configuration.hidden + [outputs]
    let tasks = configuration.tasksPerBatch
    support = try TaskNetwork(widths: widths, activation: configuration.activation, tasks: tasks, rows: supportRows)
    query = try TaskNetwork(widths: widths, activation: configuration.activation, tasks: tasks, rows: queryRows)
    supportTargets = Buffer(tasks * supportRows * outputs)
    queryTargets = Buffer(tasks * queryRows * outputs)
    let count = support.parameterCount
    learnsRates = configuration.learnsRates && configuration.order == .second
    let learned = count * (learnsRates ? 1 + configuration.innerSteps : 1)
    initial = Buffer(learned)
    slope = Buffer(learned)
    scaled = Buffer(learnsRates ? tasks * count : 0)
    adapted = (0..<configuration.innerSteps).map { _ in Buffer(tasks * count) }
    gradients = Buffer(tasks * count)
    product = Buffer(tasks * count)
    let most = max(supportRows, queryRows)
    ones = Buffer([Scalar](repeating: 1, count: most))
    whole = Buffer([Int32](repeating: Int32(outputs), count: most))
    var recipe = BehaviorCloning.Configuration(name: "meta")
    recipe.learningRate = configuration.metaRate
    optimizer = Adam(learned, recipe)
    // PyTorch's first weights: uniform in ±1/√inputs.
    for (layer, offset) in support.offsets.enumerated() {
      let (inputs, units) = (widths[layer], widths[layer + 1])
      let bound = 1 / Double(inputs).squareRoot()
      for index in 0..<((inputs + 1) * units) {
        initial.pointer[offset + index] = Scalar(random.uniform(-bound...bound))
      }
    }
    for index in count..<learned { initial.pointer[index] = Scalar(configuration.innerRate) }
  }

  /// The learned step sizes of a step of adaptation, a parameter each.
  private func rates(_ step: Int) -> UnsafeMutablePointer<Scalar> {
    initial.pointer + (1 + step) * support.parameterCount
  }

  private var shared: Parameters { Parameters(pointer: initial.pointer, stride: 0) }
  private func own(_ buffer: Buffer<Scalar>) -> Parameters {
    Parameters(pointer: buffer.pointer, stride: support.parameterCount)
  }

  /// The parameters before an inner step.
  private func before(_ step: Int) -> Parameters { step == 0 ? shared : own(adapted[step - 1]) }

  /// One step of the initial weights; returns the mean loss after adaptation.
  func step(rate: Double? = nil) -> Double {
    let loss = setSlope()
    optimizer.step(initial, slope, rate: rate ?? configuration.metaRate)
    return loss
  }

  /// Fills `slope`; returns the mean loss on the query rows after adaptation.
  func setSlope() -> Double {
    guard configuration.order != .joint else { return setJointSlope() }
    for step in 0..<configuration.innerSteps { adapt(step) }
    let last = own(adapted[configuration.innerSteps - 1])
    query.forward(last)
    let loss = setDeltas(query, queryTargets)
    query.backward(last, into: own(gradients))
    guard configuration.order == .second else {
      average(gradients, into: slope)
      return loss
    }
    for step in (1..<configuration.innerSteps).reversed() { pullBack(step) }
    // The first inner step starts from weights that all tasks share, so only the sum of its products is needed.
    pullBack(0, into: Parameters(pointer: product.pointer, stride: 0))
    average(gradients, into: slope)
    let rate = uniformRate / Scalar(support.tasks)
    for index in 0..<support.parameterCount { slope.pointer[index] -= rate * product.pointer[index] }
    return loss
  }

  /// α, where it is the same everywhere; 1 where it is part of what is pulled back.
  private var uniformRate: Scalar { learnsRates ? 1 : Scalar(configuration.innerRate) }

  /// θ′ = θ − α ∇L of one inner step, of every task.
  private func adapt(_ step: Int) {
    let parameters = before(step)
    support.forward(parameters)
    let loss = setDeltas(support, supportTargets)
    if step == 0 { lossBefore = loss }
    support.backward(parameters, into: own(product))
    let rate = Scalar(configuration.innerRate)
    let count = support.parameterCount
    for task in 0..<support.tasks {
      let from = parameters.pointer + task * parameters.stride
      let (to, gradient) = (adapted[step].pointer + task * count, product.pointer + task * count)
      guard !learnsRates else {
        let rates = rates(step)
        for index in 0..<count { to[index] = from[index] - rates[index] * gradient[index] }
        continue
      }
      for index in 0..<count { to[index] = from[index] - rate * gradient[index] }
    }
  }

  /// v ← v − α H v through one inner step, of every task.
  private func pullBack(_ step: Int) {
    pullBack(step, into: own(product))
    let rate = uniformRate
    for index in 0..<gradients.count { gradients.pointer[index] -= rate * product.pointer[index] }
  }

  /// H v of one inner step.
  private func pullBack(_ step: Int, into product: Parameters) {
    let parameters = before(step)
    // The buffers hold the newest inner step; an earlier one is computed again.
    if step + 1 < configuration.innerSteps {
      support.forward(parameters)
      _ = setDeltas(support, supportTargets)
      support.backward(parameters, into: own(self.product))
    }
    if learnsRates { scale(step) }
    support.hessian(parameters, times: own(learnsRates ? scaled : gradients), into: product) { moved, delta in
      setCurvature(moved, into: delta)
    }
  }

  /// The slope by a step's own step sizes, −∇L ∘ v averaged over tasks; and α ∘ v, which the Hessian is applied to.
  private func scale(_ step: Int) {
    let count = support.parameterCount
    let (rates, slopes) = (rates(step), slope.pointer + (1 + step) * count)
    for index in 0..<count { slopes[index] = 0 }
    let share = 1 / Scalar(support.tasks)
    for task in 0..<support.tasks {
      let (gradient, moved) = (product.pointer + task * count, gradients.pointer + task * count)
      let out = scaled.pointer + task * count
      for index in 0..<count {
        slopes[index] -= share * gradient[index] * moved[index]
        out[index] = rates[index] * moved[index]
      }
    }
  }

  private func setJointSlope() -> Double {
    query.forward(shared)
    let loss = setDeltas(query, queryTargets)
    lossBefore = loss
    query.backward(shared, into: Parameters(pointer: slope.pointer, stride: 0))
    let share = 1 / Scalar(query.tasks)
    for index in 0..<slope.count { slope.pointer[index] *= share }
    return loss
  }

  /// The slopes of each task's own mean loss; returns the mean over tasks.
  private func setDeltas(_ network: TaskNetwork<Scalar>, _ targets: Buffer<Scalar>) -> Double {
    let columns = network.widths[network.layerCount]
    var total = 0.0
    for task in 0..<network.tasks {
      let first = task * network.rows * columns
      total += Scalar.loss(
        network.output.pointer + first, targets.pointer + first, ones.pointer, whole.pointer, network.rows, columns,
        configuration.loss, into: network.deltas[network.layerCount - 1].pointer + first)
    }
    return total / Double(network.tasks)
  }

  /// R{δ} = loss″ R{y} at the support's output.
  private func setCurvature(_ moved: Buffer<Scalar>, into delta: Buffer<Scalar>) {
    let columns = support.widths[support.layerCount]
    let share = 1 / Scalar(support.rows * columns)
    let count = support.tasks * support.rows * columns
    switch configuration.loss {
    case .meanSquare:
      for index in 0..<count { delta.pointer[index] = 2 * share * moved.pointer[index] }
    case .absolute:
      for index in 0..<count { delta.pointer[index] = 0 }
    case .huber(let knee):
      let knee = Scalar(knee)
      for index in 0..<count {
        let difference = support.output.pointer[index] - supportTargets.pointer[index]
        delta.pointer[index] = abs(difference) <= knee ? share * moved.pointer[index] : 0
      }
    }
  }

  private func average(_ all: Buffer<Scalar>, into mean: Buffer<Scalar>) {
    let count = support.parameterCount
    mean.pointer.update(from: all.pointer, count: count)
    for task in 1..<max(1, support.tasks) {
      let values = all.pointer + task * count
      for index in 0..<count { mean.pointer[index] += values[index] }
    }
    let share = 1 / Scalar(support.tasks)
    for index in 0..<count { mean.pointer[index] *= share }
  }
}
