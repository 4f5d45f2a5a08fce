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
      network = TrainingNetwork(widths: widths, activation: activation, rows: rows)
      network.initialise(&random)
      for index in 0..<(rows * widths[0]) { network.input.pointer[index] = random.normal() }
      let columns = widths[widths.count - 1]
      targets = Buffer(rows * columns)
      for index in 0..<targets.count { targets.pointer[index] = random.normal() }
      weights = Buffer(rows)
      valid = Buffer(rows)
      for row in 0..<rows {
        weights.pointer[row] = row == 4 ? 0 : random.uniform(0.2...2)
        valid.pointer[row] = Int32(row == 2 ? 1 : columns)
      }
    }

    func loss(_ kind: Loss) -> Double {
      network.forward(rows: rows)
      return network.loss(kind, rows: rows, targets: targets, weights: weights, valid: valid)
    }
  }

  @Test(arguments: NetworkShape.Activation.allCases, [Loss.meanSquare, .absolute, .huber(knee: 0.7)])
  func `every gradient is the slope of its loss`(_ activation: NetworkShape.Activation, _ kind: Loss) {
    for widths in [[4, 3], [4, 6, 3], [4, 7, 5, 2]] {
      let batch = Batch(widths, activation)
      _ = batch.loss(kind)
      batch.network.backward(rows: batch.rows)
      let gradient = batch.network.gradient.values
      let parameters = batch.network.parameters
      let step = 1e-6
      for index in 0..<parameters.count {
        let here = parameters.pointer[index]
        parameters.pointer[index] = here + step
        let above = batch.loss(kind)
        parameters.pointer[index] = here - step
        let below = batch.loss(kind)
        parameters.pointer[index] = here
        let slope = (above - below) / (2 * step)
        #expect(abs(gradient[index] - slope) < 1e-7 + 1e-6 * abs(slope), "\(widths) parameter \(index)")
      }
    }
  }

  @Test func `losses are what their formulas say`() {
    // One row: differences 0.5, -2 and a masked NaN; weight 3; the mean goes over all three columns.
    func loss(_ kind: Loss) -> Double {
      Double.loss([0.5, -2, 1], [0, 0, .nan], [3], [2], 1, 3, kind, into: nil)
    }
    #expect(loss(.meanSquare) == 3 * (0.25 + 4) / 3)
    #expect(loss(.absolute) == 3 * 2.5 / 3)
    #expect(loss(.huber(knee: 1)) == 3 * (0.125 + 1.5) / 3)
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
