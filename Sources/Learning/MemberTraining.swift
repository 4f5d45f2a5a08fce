internal import CKernels
internal import Policy
internal import RealTime

/// One network of the ensemble on its way: its batches, its optimizer, and the best it has been.
final class MemberTraining<Scalar: TrainingScalar> {
  let network: TrainingNetwork<Scalar>
  private let data: TrainingData<Scalar>
  private let configuration: BehaviorCloning.Configuration
  private let optimizer: Adam<Scalar>
  private var batches: Batches
  private let rows: Buffer<Int32>
  private let targets: Buffer<Scalar>
  private let weights: Buffer<Scalar>
  private let valid: Buffer<Int32>
  private let best: Buffer<Scalar>
  private(set) var bestLoss = Double.infinity
  private var steps = 0

  /// A fresh network; `random` gives its weights first, then the order of its batches.
  init(_ data: TrainingData<Scalar>, _ configuration: BehaviorCloning.Configuration, random: SplitMix64) {
    var random = random
    self.data = data
    self.configuration = configuration
    network = TrainingNetwork(
      widths: [data.featureCount] + configuration.hidden + [data.actionCount], activation: configuration.activation,
      rows: configuration.batch)
    network.initialise(&random)
    optimizer = Adam(network.parameters.count, configuration)
    batches = Batches(episodes: data.training.episodes, configuration, random: random.fork())
    rows = Buffer(configuration.batch)
    targets = Buffer(configuration.batch * data.actionCount)
    weights = Buffer(configuration.batch)
    valid = Buffer(configuration.batch)
    best = Buffer(network.parameters.count)
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
    network.forward(rows: size)
    let loss = network.loss(configuration.loss, rows: size, targets: targets, weights: weights, valid: valid)
    network.backward(rows: size)
    // The library's own cosine differs between machines; this one does not.
    let share = configuration.cosine ? (1 + us_fixed_cos(.pi * Double(steps) / Double(totalSteps))) / 2 : 1
    optimizer.step(network.parameters, network.gradient, rate: configuration.learningRate * share)
    steps += 1
    return loss
  }

  /// The loss on the held-out rows; remembers the weights where it is the least so far. nil without held-out rows.
  func look() -> Double? {
    guard data.heldOut.count > 0 else { return nil }
    let loss = loss(on: data.heldOut)
    if loss < bestLoss {
      bestLoss = loss
      best.copy(network.parameters)
    }
    return loss
  }

  /// The mean loss on a table, in batches.
  private func loss(on table: TrainingData<Scalar>.Table) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: table.count, by: configuration.batch) {
      let size = Swift.min(configuration.batch, table.count - start)
      network.input.pointer.update(
        from: table.features.pointer + start * data.featureCount, count: size * data.featureCount)
      network.forward(rows: size)
      let mean = Scalar.loss(
        network.output.pointer, table.actions.pointer + start * data.actionCount, table.weights.pointer + start,
        table.valid.pointer + start, size, data.actionCount, configuration.loss, into: nil)
      total += mean * Double(size)
    }
    return total / Double(table.count)
  }

  /// The weights now, or those of the best look where `best` is asked for and known.
  func layers(best wanted: Bool) -> [DenseParameters] {
    network.layers(of: wanted && bestLoss.isFinite ? best : network.parameters)
  }
}
