import Policy
import RealTime
import Testing

@testable import Learning

@Suite struct MetaLearningTests {
  typealias Configuration = MetaLearning.Configuration

  /// A meta-training in doubles on a seeded batch.
  private func sample(
    _ configuration: Configuration, seed: UInt64 = 41, inputs: Int = 3, outputs: Int = 2
  ) throws -> MetaTraining<Double> {
    var random = SplitMix64(seed: seed)
    let training = try MetaTraining<Double>(
      inputs: inputs, outputs: outputs, supportRows: 5, queryRows: 4, configuration, random: &random)
    for buffer in [
      training.support.input, training.query.input, training.supportTargets, training.queryTargets,
    ] {
      for index in 0..<buffer.count { buffer.pointer[index] = random.normal() }
    }
    return training
  }

  private func configuration(_ order: MetaLearning.Order, steps: Int = 1) -> Configuration {
    var configuration = Configuration()
    configuration.hidden = [6, 5]
    configuration.order = order
    configuration.innerSteps = steps
    configuration.innerRate = 0.2
    configuration.tasksPerBatch = 3
    return configuration
  }

  @Test(
    arguments: [NetworkShape.Activation.relu, .tanh],
    [BehaviorCloning.Configuration.Loss.meanSquare, .absolute, .huber(knee: 0.8)])
  func `the exact slope is the slope of the loss after adaptation`(
    _ activation: NetworkShape.Activation, _ loss: BehaviorCloning.Configuration.Loss
  ) throws {
    for (steps, learnsRates) in [(1, false), (2, false), (3, false), (1, true), (3, true)] {
      var configuration = configuration(.second, steps: steps)
      configuration.activation = activation
      configuration.loss = loss
      configuration.learnsRates = learnsRates
      let training = try sample(configuration)
      #expect(training.initial.count == training.support.parameterCount * (learnsRates ? 1 + steps : 1))
      _ = training.setSlope()
      let slope = training.slope.values
      let step = 1e-6
      for index in 0..<training.initial.count {
        let here = training.initial.pointer[index]
        training.initial.pointer[index] = here + step
        let above = training.setSlope()
        training.initial.pointer[index] = here - step
        let below = training.setSlope()
        training.initial.pointer[index] = here
        let difference = (above - below) / (2 * step)
        #expect(abs(slope[index] - difference) < 1e-7 + 1e-6 * abs(difference), "\(steps) steps, parameter \(index)")
      }
    }
  }

  @Test(arguments: [NetworkShape.Activation.relu, .tanh])
  func `a Hessian times a direction is how the gradient moves along it`(_ activation: NetworkShape.Activation) throws {
    var random = SplitMix64(seed: 42)
    let network = try TaskNetwork<Double>(widths: [3, 6, 5, 2], activation: activation, tasks: 2, rows: 4)
    let count = network.parameterCount
    func draw(_ count: Int) -> Buffer<Double> { Buffer((0..<count).map { _ in random.normal() }) }
    let (weights, direction, targets) = (draw(2 * count), draw(2 * count), draw(2 * 4 * 2))
    let (product, gradient) = (Buffer<Double>(2 * count), Buffer<Double>(2 * count))
    for index in 0..<network.input.count { network.input.pointer[index] = random.normal() }
    func own(_ buffer: Buffer<Double>) -> TaskNetwork<Double>.Parameters {
      .init(pointer: buffer.pointer, stride: count)
    }
    // The loss is half the sum of squares: its slope is the difference, its second derivative 1.
    func gradients(_ shift: Double) -> [Double] {
      let moved = Buffer(zip(weights.values, direction.values).map { $0 + shift * $1 })
      network.forward(own(moved))
      for index in 0..<targets.count {
        network.deltas[2].pointer[index] = network.output.pointer[index] - targets.pointer[index]
      }
      network.backward(own(moved), into: own(gradient))
      return gradient.values
    }
    let numeric = zip(gradients(1e-6), gradients(-1e-6)).map { ($0 - $1) / 2e-6 }
    _ = gradients(0)
    network.hessian(own(weights), times: own(direction), into: own(product)) { $1.copy($0) }
    for (exact, wanted) in zip(product.values, numeric) { #expect(abs(exact - wanted) < 1e-6 + 1e-6 * abs(wanted)) }
    #expect(numeric.contains { abs($0) > 0.1 })
  }

  @Test func `an activation whose curvature is not known is refused`() {
    var configuration = configuration(.second)
    configuration.activation = .gelu
    #expect(throws: LearningError.self) { try sample(configuration) }
  }

  @Test func `first order is the query's slope where adaptation arrived`() throws {
    let training = try sample(configuration(.first))
    _ = training.setSlope()
    let exact = try sample(configuration(.second))
    _ = exact.setSlope()
    #expect(zip(training.slope.values, exact.slope.values).contains { abs($0 - $1) > 1e-3 })
    // With no inner rate, both are the slope of the plain loss, and so is joint training's.
    let slopes = try MetaLearning.Order.allCases.map { order in
      var configuration = configuration(order)
      configuration.innerRate = 0
      let training = try sample(configuration)
      _ = training.setSlope()
      return training.slope.values
    }
    for index in slopes[0].indices {
      #expect(abs(slopes[0][index] - slopes[1][index]) < 1e-12 && abs(slopes[0][index] - slopes[2][index]) < 1e-12)
    }
  }

  @Test func `tasks do not leak into each other`() throws {
    var lone = configuration(.second)
    lone.tasksPerBatch = 1
    let together = try sample(configuration(.second))
    _ = together.setSlope()
    var sum = [Double](repeating: 0, count: together.slope.count)
    for task in 0..<3 {
      let alone = try sample(lone)
      alone.initial.copy(together.initial)
      for (own, all) in [
        (alone.support.input, together.support.input), (alone.query.input, together.query.input),
        (alone.supportTargets, together.supportTargets), (alone.queryTargets, together.queryTargets),
      ] {
        own.pointer.update(from: all.pointer + task * own.count, count: own.count)
      }
      _ = alone.setSlope()
      for index in sum.indices { sum[index] += alone.slope.pointer[index] / 3 }
    }
    for index in sum.indices { #expect(abs(sum[index] - together.slope.pointer[index]) < 1e-12) }
  }

  @Test func `a few hundred iterations learn to adapt to sines, joint training does not`() throws {
    let adapting = try Sinusoids(shots: 10, order: .second, seed: 1)
    let joint = try Sinusoids(shots: 10, order: .joint, seed: 1)
    _ = adapting.train(3000)
    _ = joint.train(3000)
    let errors = try adapting.judge(tasks: 200, seed: 2)
    #expect(errors[1].mean < 1.6 && errors[4].mean < 0.7 * errors[1].mean, "\(errors)")
    // One network for all sines can do no better than their mean: 2.9.
    #expect(try joint.judge(tasks: 200, seed: 2)[1].mean > 2)
    let again = try Sinusoids(shots: 10, order: .second, seed: 1)
    _ = again.train(3000)
    #expect(try again.judge(tasks: 20, seed: 2)[1].mean == adapting.judge(tasks: 20, seed: 2)[1].mean)
  }

  @Test func `small products are sums in index order, transposed or added`() {
    var random = SplitMix64(seed: 43)
    for (m, n, k) in [(1, 1, 1), (5, 40, 10), (7, 61, 3), (10, 17, 40), (40, 40, 10)] {
      let a = (0..<(m * k)).map { _ in Float(random.normal()) }
      let b = (0..<(k * n)).map { _ in Float(random.normal()) }
      var transposed = [Float](repeating: 0, count: m * k)
      Float.transpose(a, into: &transposed, rows: m, columns: k)
      for adds in [false, true] {
        let start = [Float](repeating: 0.5, count: m * n)
        var (straight, turned) = (start, start)
        Float.product(a, row: k, column: 1, b, into: &straight, m, n, k, adds: adds)
        Float.product(transposed, row: 1, column: m, b, into: &turned, m, n, k, adds: adds)
        for i in 0..<m {
          for j in 0..<n {
            let wanted = (0..<k).reduce(adds ? Float(0.5) : 0) { $0 + a[i * k + $1] * b[$1 * n + j] }
            #expect(straight[i * n + j] == wanted && turned[i * n + j] == wanted)
          }
        }
      }
    }
  }
}
