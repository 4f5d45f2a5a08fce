internal import CKernels
internal import Policy
internal import RealTime

/// One network of the ensemble on its way: its batches, its optimizer, and the best it has been.
final class MemberTraining<Scalar: TrainingScalar>: @unchecked Sendable {
  // Unchecked: one thread at a time advances a member (`TrainingRun`), and members share only the table, which nobody
  // changes.
  let network: TrainingNetwork<Scalar>
  private let data: TrainingData<Scalar>
  private let configuration: BehaviorCloning.Configuration
  private let optimizer: Adam<Scalar>
  private var batches: Batches
  /// Which units are left out.
  private let random: Buffer<SplitMix64>
  private let rows: Buffer<Int32>
  private let targets: Buffer<Scalar>
  private let weights: Buffer<Scalar>
  private let valid: Buffer<Int32>
  private let best: Buffer<Scalar>
  /// The exponential average of the weights, where one is kept, and room for the weights meanwhile.
  private let average: Buffer<Scalar>?
  private let aside: Buffer<Scalar>
  private(set) var bestLoss = Double.infinity
  private var steps = 0

  /// A fresh network; `random` gives its weights first, then the order of its batches.
  init(_ data: TrainingData<Scalar>, _ configuration: BehaviorCloning.Configuration, random: SplitMix64) {
    var random = random
    self.data = data
    self.configuration = configuration
    let head = TrainingHead(data.head, chunk: data.chunk, joints: data.joints)
    network = TrainingNetwork(
      widths: [data.featureCount] + configuration.hidden + [head.width], activation: configuration.activation,
      rows: configuration.batch, layerNorm: configuration.layerNorm, residual: configuration.residual,
      dropout: configuration.dropout, head: head)
    network.initialise(&random)
    optimizer = Adam(network.parameters.count, configuration)
    batches = Batches(episodes: data.training.episodes, configuration, random: random.fork())
    self.random = Buffer([random.fork()])
    rows = Buffer(configuration.batch)
    targets = Buffer(configuration.batch * data.actionCount)
    weights = Buffer(configuration.batch)
    valid = Buffer(configuration.batch)
    let count = network.parameters.count
    best = Buffer(count)
    aside = Buffer(count)
    average = configuration.averaging.map { _ in Buffer(count) }
    average?.copy(network.parameters)
  }

  /// Steps in an epoch, and in the whole training.
  var stepsPerEpoch: Int { batches.perEpoch }
  var totalSteps: Int {
    switch configuration.length {
    case .steps(let count): count
    case .epochs(let count): count * batches.perEpoch
    }
  }

  /// Takes `count` steps; returns the sum of the batches' losses and how many rows they had.
  func advance(_ count: Int) -> (loss: Double, rows: Int) {
    var result = (loss: 0.0, rows: 0)
    for _ in 0..<count {
      let size = batches.next(into: rows)
      result.loss += step(size)
      result.rows += size
    }
    return result
  }

  private func step(_ size: Int) -> Double {
    let table = data.training
    Scalar.gather(table.features.pointer, rows.pointer, size, data.featureCount, into: network.input.pointer)
    Scalar.gather(table.actions.pointer, rows.pointer, size, data.actionCount, into: targets.pointer)
    Scalar.gather(table.weights.pointer, rows.pointer, size, 1, into: weights.pointer)
    for index in 0..<size { valid.pointer[index] = table.valid.pointer[Int(rows.pointer[index])] }
    network.quantizes = steps >= totalSteps - Int(configuration.quantizationAware * Double(totalSteps))
    network.forward(rows: size, dropping: configuration.dropout > 0 ? self.random.pointer : nil)
    let loss = network.loss(configuration.loss, rows: size, targets: targets, weights: weights, valid: valid)
    network.backward(rows: size)
    // The library's own cosine differs between machines; this one does not.
    let share = configuration.cosine ? (1 + us_fixed_cos(.pi * Double(steps) / Double(totalSteps))) / 2 : 1
    optimizer.step(network.parameters, network.gradient, rate: configuration.learningRate * share)
    steps += 1
    if let average, let keep = configuration.averaging {
      // A young average must not remember the random weights that training began with.
      let young = Double(1 + steps) / Double(10 + steps)
      Scalar.average(average.pointer, network.parameters.pointer, average.count, share: 1 - min(keep, young))
    }
    return loss
  }

  /// The loss on the held-out rows; remembers the weights where it is the least so far. nil without held-out rows.
  func look() -> Double? {
    guard data.heldOut.count > 0 else { return nil }
    let weights = average ?? network.parameters
    let loss = loss(on: data.heldOut, with: weights)
    if loss < bestLoss {
      bestLoss = loss
      best.copy(weights)
    }
    return loss
  }

  /// The mean loss on a table, in batches, with some weights; training's own are put back.
  private func loss(on table: TrainingData<Scalar>.Table, with weights: Buffer<Scalar>) -> Double {
    aside.copy(network.parameters)
    network.parameters.copy(weights)
    defer { network.parameters.copy(aside) }
    var total = 0.0
    for start in stride(from: 0, to: table.count, by: configuration.batch) {
      let size = Swift.min(configuration.batch, table.count - start)
      network.input.pointer.update(
        from: table.features.pointer + start * data.featureCount, count: size * data.featureCount)
      network.forward(rows: size)
      let batch = LossBatch<Scalar>(
        rows: size, targets: table.actions.pointer + start * data.actionCount, weights: table.weights.pointer + start,
        valid: table.valid.pointer + start)
      total += network.head.loss(configuration.loss, network.output.pointer, batch, into: nil) * Double(size)
    }
    return total / Double(table.count)
  }

  /// The weights now, or those of the best look where `best` is asked for and known.
  func layers(best wanted: Bool) -> [DenseParameters] {
    network.layers(of: wanted && bestLoss.isFinite ? best : average ?? network.parameters)
  }
}

extension MemberTraining {
  /// What is needed, beside the numbers of `buffers`, to go on as if there had been no pause.
  struct State: Codable {
    var steps: Int
    var place: Batches.Place
    var random: UInt64
    /// nil before the first look.
    var bestLoss: Double?
  }

  /// How it stands.
  var state: State {
    State(
      steps: steps, place: batches.place, random: random.pointer.pointee.state,
      bestLoss: bestLoss.isFinite ? bestLoss : nil)
  }

  /// Its numbers, by name.
  var buffers: [(name: String, buffer: Buffer<Scalar>)] {
    [("weights", network.parameters), ("first", optimizer.first), ("second", optimizer.second), ("best", best)]
      + (average.map { [("average", $0)] } ?? [])
  }

  /// Whether a state's counters are such that this training can have got there.
  func canResume(_ state: State) -> Bool {
    guard (0...totalSteps).contains(state.steps), (0...batches.pool.count).contains(state.place.cursor) else {
      return false
    }
    // A step may need several times over a small table.
    let most = state.steps * (1 + configuration.batch / batches.pool.count) + 1
    return (0...most).contains(state.place.shuffles)
  }

  /// Goes on from where another stood; the numbers of `buffers` are set already.
  func resume(_ state: State) {
    steps = state.steps
    bestLoss = state.bestLoss ?? .infinity
    random.pointer.pointee = SplitMix64(seed: state.random)
    batches.go(to: state.place)
    optimizer.resume(after: steps)
  }
}
