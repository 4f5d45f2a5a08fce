import Foundation
import Policy
import RealTime
import Testing

@testable import Learning

@Suite struct GradientTests {
  typealias Loss = BehaviorCloning.Configuration.Loss

  /// A seeded batch, some of whose columns are masked.
  struct Batch {
    let rows = 9
    var random = SplitMix64(seed: 31)
    let network: TrainingNetwork<Double>
    let targets: Buffer<Double>
    let weights: Buffer<Double>
    let valid: Buffer<Int32>

    init(_ widths: [Int], _ activation: NetworkShape.Activation) {
      self.init(TrainingNetwork(widths: widths, activation: activation, rows: 9))
    }

    init(_ network: TrainingNetwork<Double>, targets choose: (Int, inout SplitMix64) -> Double = { $1.normal() }) {
      self.network = network
      network.initialise(&random)
      for index in 0..<(rows * network.widths[0]) { network.input.pointer[index] = random.normal() }
      let columns = network.head.columns
      targets = Buffer(rows * columns)
      for index in 0..<targets.count { targets.pointer[index] = choose(index % columns, &random) }
      weights = Buffer(rows)
      valid = Buffer(rows)
      for row in 0..<rows {
        weights.pointer[row] = row == 4 ? 0 : random.uniform(0.2...2)
        valid.pointer[row] = Int32(row == 2 ? 1 : columns)
      }
    }

    func loss(_ kind: Loss, dropping seed: UInt64? = nil) -> Double {
      let random = Buffer([SplitMix64(seed: seed ?? 0)])
      withExtendedLifetime(random) {
        network.forward(rows: rows, dropping: seed == nil ? nil : random.pointer)
      }
      return network.loss(kind, rows: rows, targets: targets, weights: weights, valid: valid)
    }
  }

  /// Compares every number of the gradient with the slope that finite differences find.
  static func check(_ batch: Batch, _ kind: Loss, dropping seed: UInt64? = nil, _ what: String) {
    _ = batch.loss(kind, dropping: seed)
    batch.network.backward(rows: batch.rows)
    let gradient = batch.network.gradient.values
    let parameters = batch.network.parameters
    let step = 1e-6
    for index in 0..<parameters.count {
      let here = parameters.pointer[index]
      parameters.pointer[index] = here + step
      let above = batch.loss(kind, dropping: seed)
      parameters.pointer[index] = here - step
      let below = batch.loss(kind, dropping: seed)
      parameters.pointer[index] = here
      let slope = (above - below) / (2 * step)
      #expect(abs(gradient[index] - slope) < 1e-7 + 1e-6 * abs(slope), "\(what), parameter \(index)")
    }
  }

  @Test(arguments: NetworkShape.Activation.allCases)
  func `the gradients of special layers are slopes too`(_ activation: NetworkShape.Activation) {
    for (norm, residual, dropout) in [(true, false, 0), (false, true, 0), (false, false, 0.4), (true, true, 0.3)] {
      let network = TrainingNetwork<Double>(
        widths: [4, 6, 6, 6, 2], activation: activation, rows: 9, layerNorm: norm, residual: residual,
        dropout: dropout)
      // With the same seed the same units are left out each time.
      Self.check(
        Batch(network), .meanSquare, dropping: dropout > 0 ? 5 : nil, "\(activation) \(norm) \(residual) \(dropout)")
    }
  }

  @Test func `the gradients of cross-entropy and of a mixture's likelihood are slopes too`() {
    let joints = ["a", "b", "gripper"]
    let levels = ActionHead.categorical(levels: ["gripper": [0, 1, 2, 3], "a": [5, 6]])
    for (head, kind) in [
      (levels, Loss.meanSquare), (levels, .huber(knee: 0.7)), (.mixture(components: 3), .meanSquare),
    ] {
      let head = TrainingHead(head, chunk: 2, joints: joints)
      let network = TrainingNetwork<Double>(widths: [4, 7, head.width], activation: .tanh, rows: 9, head: head)
      let isMixture = head.width == 3 * (1 + 2 * 6)
      let batch = Batch(network) { column, random in
        guard !isMixture, column % 3 != 1 else { return random.normal() }
        // The place of the right level.
        return Double(random.next() % (column % 3 == 2 ? 4 : 2))
      }
      Self.check(batch, kind, "\(head.width) outputs")
    }
  }

  @Test func `cross-entropy and likelihood are what their formulas say`() {
    func loss(_ head: TrainingHead, _ y: [Double], _ targets: [Double], weight: Double) -> Double {
      let (targets, weights, valid) = (Buffer(targets), Buffer([weight]), Buffer([Int32(targets.count)]))
      return withExtendedLifetime((targets, weights, valid)) {
        let batch = LossBatch<Double>(
          rows: 1, targets: targets.pointer, weights: weights.pointer, valid: valid.pointer)
        return head.loss(.meanSquare, y, batch, into: nil)
      }
    }
    // One row, two columns: a number that is off by 2, and three logits of which the second is right. Weight 3.
    let head = TrainingHead(.categorical(levels: ["b": [0, 1, 2]]), chunk: 1, joints: ["a", "b"])
    let y: [Double] = [2, 0.5, 1, -1]
    let logits: [Double] = [0.5, 1, -1]
    let logsum = log(logits.map { exp($0) }.reduce(0, +))
    let both: Double = 3 * (4 + logsum - 1) / 2
    #expect(abs(loss(head, y, [0, 1], weight: 3) - both) < 1e-12)

    // One column under two Gaussians: weights 1/4 and 3/4, means 0 and 1, deviations 1 and e^(4 tanh(1/8)).
    let mixture = TrainingHead(.mixture(components: 2), chunk: 1, joints: ["a"])
    let outputs: [Double] = [0, log(3), 0, 1, 0, 0.5]
    func density(_ x: Double, _ mean: Double, _ sigma: Double) -> Double {
      let z = (x - mean) / sigma
      let peak = 1 / (sigma * (2 * Double.pi).squareRoot())
      return peak * exp(-z * z / 2)
    }
    let (first, second) = (density(0.25, 0, 1), density(0.25, 1, exp(4 * tanh(0.125))))
    let expected: Double = -log(0.25 * first + 0.75 * second)
    #expect(abs(loss(mixture, outputs, [0.25], weight: 1) - expected) < 1e-12)
  }

  @Test func `without dropping, nothing is left out and nothing is louder`() {
    var random = SplitMix64(seed: 33)
    let plain = TrainingNetwork<Double>(widths: [4, 6, 2], activation: .relu, rows: 3)
    let dropping = TrainingNetwork<Double>(widths: [4, 6, 2], activation: .relu, rows: 3, dropout: 0.5)
    plain.initialise(&random)
    dropping.parameters.copy(plain.parameters)
    for index in 0..<12 {
      plain.input.pointer[index] = random.normal()
      dropping.input.pointer[index] = plain.input.pointer[index]
    }
    plain.forward(rows: 3)
    dropping.forward(rows: 3)
    #expect(plain.output.values == dropping.output.values)
  }

  @Test(arguments: NetworkShape.Activation.allCases, [Loss.meanSquare, .absolute, .huber(knee: 0.7)])
  func `every gradient is the slope of its loss`(_ activation: NetworkShape.Activation, _ kind: Loss) {
    for widths in [[4, 3], [4, 6, 3], [4, 7, 5, 2]] {
      Self.check(Batch(widths, activation), kind, "\(widths)")
    }
  }

  @Test func `losses are what their formulas say`() {
    // One row: differences 0.5, -2 and a masked NaN; weight 3; the mean goes over all three columns.
    func loss(_ kind: Loss) -> Double {
      Double.loss([0.5, -2, 1], [0, 0, .nan], [3], [2], 1, 3, kind, into: nil)
    }
    let (square, absolute, huber): (Double, Double, Double) = (0.25 + 4, 0.5 + 2, 0.125 + 1.5)
    #expect(loss(.meanSquare) == square)
    #expect(loss(.absolute) == absolute)
    #expect(loss(.huber(knee: 1)) == huber)
  }

  @Test func `f32 computes what f64 computes`() {
    var random = SplitMix64(seed: 32)
    let wide = TrainingNetwork<Double>(widths: [12, 40, 40, 5], activation: .relu, rows: 33)
    let narrow = TrainingNetwork<Float>(widths: [12, 40, 40, 5], activation: .relu, rows: 33)
    wide.initialise(&random)
    for index in 0..<wide.parameters.count { narrow.parameters.pointer[index] = Float(wide.parameters.pointer[index]) }
    for index in 0..<wide.input.count {
      wide.input.pointer[index] = random.normal()
      narrow.input.pointer[index] = Float(wide.input.pointer[index])
    }
    wide.forward(rows: 33)
    narrow.forward(rows: 33)
    for index in 0..<wide.output.count {
      #expect(abs(wide.output.pointer[index] - Double(narrow.output.pointer[index])) < 1e-5)
    }
  }
}
