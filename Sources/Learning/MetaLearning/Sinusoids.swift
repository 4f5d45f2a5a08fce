internal import CKernels
internal import RealTime

/// The benchmark of the MAML paper: a sine of unknown amplitude and phase from a few points.
///
/// Amplitude in 0.1...5, phase in 0...π, x in −5...5; a network 1-40-40-1 with PyTorch's first weights; 25 tasks a batch,
/// adaptation by one step of 0.01. Judged on 100 points from −5 to 5 of tasks it has not met, after 0, 1, 2, 5 and 10 steps.
public final class Sinusoids {
  /// Steps of adaptation that are judged.
  public static let judged = [0, 1, 2, 5, 10]

  /// Points that a task shows.
  public let shots: Int
  private let training: MetaTraining<Float>
  private var random: SplitMix64

  /// A fresh network.
  public init(shots: Int, order: MetaLearning.Order, seed: UInt64) throws(LearningError) {
    _ = MatrixLibrary.description
    self.shots = shots
    random = SplitMix64(seed: seed)
    var configuration = MetaLearning.Configuration()
    configuration.order = order
    training = try MetaTraining(
      inputs: 1, outputs: 1, supportRows: shots, queryRows: shots, configuration, random: &random)
  }

  /// Trains so many iterations; returns the mean loss after adaptation.
  public func train(_ iterations: Int) -> Double {
    var total = 0.0
    for _ in 0..<iterations {
      for task in 0..<training.support.tasks {
        let sine = Sine(&random)
        for row in (task * shots)..<((task + 1) * shots) {
          fill(row, sine, training.support, training.supportTargets)
          fill(row, sine, training.query, training.queryTargets)
        }
      }
      total += training.step()
    }
    return total / Double(max(1, iterations))
  }

  private func fill(_ row: Int, _ sine: Sine, _ network: TaskNetwork<Float>, _ targets: Buffer<Float>) {
    let x = random.uniform(-5...5)
    network.input.pointer[row] = Float(x)
    targets.pointer[row] = Float(sine.value(x))
  }

  /// One task.
  struct Sine {
    let amplitude: Double
    let phase: Double

    init(_ random: inout SplitMix64) {
      amplitude = random.uniform(0.1...5)
      phase = random.uniform(0...(.pi))
    }

    func value(_ x: Double) -> Double { amplitude * us_fixed_sin(x - phase) }
  }

  /// Mean square errors on fresh tasks after each of the `judged` steps, with half the width of their 95 % interval.
  public func judge(tasks: Int = 600, seed: UInt64) throws(LearningError) -> [(mean: Double, half: Double)] {
    var random = SplitMix64(seed: seed)
    let network = try TaskNetwork<Float>(
      widths: training.support.widths, activation: training.configuration.activation, tasks: 1, rows: shots)
    let judge = try TaskNetwork<Float>(
      widths: training.support.widths, activation: training.configuration.activation, tasks: 1, rows: 100)
    let weights = Buffer<Float>(network.parameterCount)
    let gradient = Buffer<Float>(network.parameterCount)
    let here = TaskNetwork<Float>.Parameters(pointer: weights.pointer, stride: 0)
    let there = TaskNetwork<Float>.Parameters(pointer: gradient.pointer, stride: 0)
    let rate = Float(training.configuration.innerRate)
    var errors = Self.judged.map { _ in [Double]() }
    for _ in 0..<tasks {
      let sine = Sine(&random)
      let xs = (0..<shots).map { _ in random.uniform(-5...5) }
      weights.copy(training.initial)
      for step in 0...(Self.judged.last ?? 0) {
        if let place = Self.judged.firstIndex(of: step) {
          for point in 0..<100 { judge.input.pointer[point] = -5 + 10 * Float(point) / 99 }
          judge.forward(here)
          let square = (0..<100).reduce(0.0) {
            let d = Double(judge.output.pointer[$1]) - sine.value(Double(judge.input.pointer[$1]))
            return $0 + d * d
          }
          errors[place].append(square / 100)
        }
        for (row, x) in xs.enumerated() { network.input.pointer[row] = Float(x) }
        network.forward(here)
        for (row, x) in xs.enumerated() {
          let difference = network.output.pointer[row] - Float(sine.value(x))
          network.deltas[network.layerCount - 1].pointer[row] = 2 * difference / Float(shots)
        }
        network.backward(here, into: there)
        for index in 0..<weights.count { weights.pointer[index] -= rate * gradient.pointer[index] }
      }
    }
    return errors.map { values in
      let mean = values.reduce(0, +) / Double(values.count)
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
      return (mean, 1.96 * (square / Double(values.count)).squareRoot())
    }
  }
}
