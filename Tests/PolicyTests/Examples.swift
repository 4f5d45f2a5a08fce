import Foundation
import RealTime

@testable import Policy

/// Seeded layers and policies of any shape.
enum Example {
  static func floats(_ count: Int, _ random: inout SplitMix64, scale: Double = 1) -> [Float] {
    (0..<count).map { _ in Float(random.uniform(-scale...scale)) }
  }

  static func dense(_ inputs: Int, _ outputs: Int, _ random: inout SplitMix64) -> DenseParameters {
    let bound = 1 / Double(inputs).squareRoot()
    return DenseParameters(
      inputs: inputs, outputs: outputs, weights: floats(inputs * outputs, &random, scale: bound),
      bias: floats(outputs, &random, scale: bound))
  }

  static func description(
    features: Int = 12, hidden: [Int] = [32, 32], actions: Int = 5, chunk: Int = 1, ensemble: Int = 1,
    activation: NetworkShape.Activation = .relu, precision: NetworkShape.Precision = .float32,
    layerNorm: Bool = false, residual: Bool = false, head: ActionHead = .mean, history: Int = 1
  ) -> PolicyDescription {
    let names = (0..<features).map { "feature.\($0)" }
    let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
    let interface = PolicyInterface(
      arm: "so101", features: names, actions: Array(joints.prefix(actions)), representation: .relativeToCommand,
      decision_Hz: 25, chunk: chunk, history: history)
    let statistics = PolicyStatistics(
      features: (0..<features).map { .init(mean: Float($0) / 10, std: 0.5, min: -2, max: 3) },
      actions: (0..<(chunk * actions)).map { .init(mean: 0.01 * Float($0), std: 0.1, min: -1, max: 1) })
    return PolicyDescription(
      interface: interface,
      network: NetworkShape(
        hidden: hidden, activation: activation, layerNorm: layerNorm, residual: residual, head: head,
        ensemble: ensemble, precision: precision),
      statistics: statistics)
  }

  static func parameters(_ description: PolicyDescription, seed: UInt64) -> PolicyParameters {
    var random = SplitMix64(seed: seed)
    let widths = description.widths
    let members = (0..<description.network.ensemble).map { _ in
      var layers = zip(widths, widths.dropFirst()).map { dense($0, $1, &random) }
      if description.network.layerNorm {
        for index in layers.indices.dropLast() {
          let count = layers[index].outputs
          layers[index].norm = NormParameters(
            gain: floats(count, &random).map { 1 + $0 / 2 }, shift: floats(count, &random))
        }
      }
      return layers
    }
    return PolicyParameters(members: members)
  }

  /// The policy's own formula, in f64 and without any layout.
  static func reference(_ description: PolicyDescription, _ parameters: PolicyParameters, _ features: [Float])
    -> (mean: [Double], doubt: Double)
  {
    let columns = description.statistics
    let inputs = (0..<description.interface.history).flatMap { _ in columns.features }
    let outputs = parameters.members.map { layers in
      var x = zip(features, inputs).map { (Double($0) - Double($1.mean)) / Double($1.std) }
      for (index, layer) in layers.enumerated() {
        var y = (0..<layer.outputs).map { o in
          let row = layer.weights[(o * layer.inputs)..<((o + 1) * layer.inputs)]
          return zip(row, x).reduce(Double(layer.bias[o])) { $0 + Double($1.0) * $1.1 }
        }
        if index + 1 < layers.count {
          if let norm = layer.norm { y = normalised(y, norm) }
          y = y.map { activated($0, description.network.activation) }
          if description.network.residual, index > 0, x.count == y.count { y = zip(y, x).map(+) }
        }
        x = y
      }
      return x
    }
    let (votes, centre) = decided(description, outputs)
    var doubt = 0.0
    let mean = columns.actions.enumerated().map { index, column in
      doubt += votes.reduce(0) { $0 + ($1[index] - centre[index]) * ($1[index] - centre[index]) } / Double(votes.count)
      let action = centre[index] * Double(column.std) + Double(column.mean)
      return min(max(action, Double(column.min)), Double(column.max))
    }
    return (mean, outputs.count > 1 ? doubt / Double(mean.count) : .nan)
  }

  private static func normalised(_ y: [Double], _ norm: NormParameters) -> [Double] {
    let mean = y.reduce(0, +) / Double(y.count)
    let variance = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(y.count)
    return y.indices.map { Double(norm.gain[$0]) * (y[$0] - mean) / sqrt(variance + 1e-5) + Double(norm.shift[$0]) }
  }

  private static func activated(_ x: Double, _ activation: NetworkShape.Activation) -> Double {
    switch activation {
    case .relu: max(0, x)
    case .tanh: tanh(x)
    case .gelu: x / 2 * (1 + tanh(sqrt(2 / .pi) * (x + 0.044715 * x * x * x)))
    }
  }

  /// What each member would do and what they do together, by the head's definition.
  private static func decided(
    _ description: PolicyDescription, _ outputs: [[Double]]
  ) -> (votes: [[Double]], centre: [Double]) {
    let (interface, count) = (description.interface, description.interface.actionCount)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    func greatest(_ values: [Double]) -> Int { values.indices.max { values[$0] < values[$1] } ?? 0 }
    switch description.network.head {
    case .mean: return (outputs, (0..<count).map { index in mean(outputs.map { $0[index] }) })
    case .categorical(let levels):
      var votes = outputs.map { _ in [Double]() }
      var centre: [Double] = []
      var first = 0
      for index in 0..<count {
        let column = description.statistics.actions[index]
        let values = levels[interface.actions[index % interface.actions.count]]?
          .map { (Double($0) - Double(column.mean)) / Double(column.std) }
        let places = first..<(first + (values?.count ?? 1))
        for member in outputs.indices {
          let own = Array(outputs[member][places])
          votes[member].append(values?[greatest(own)] ?? own[0])
        }
        let together = places.map { place in mean(outputs.map { $0[place] }) }
        centre.append(values?[greatest(together)] ?? together[0])
        first = places.upperBound
      }
      return (votes, centre)
    case .mixture(let components):
      let choices = outputs.map { output in
        let logits = Array(output[..<components])
        let best = greatest(logits)
        let begin = components + best * count
        let share = exp(logits[best]) / logits.reduce(0) { $0 + exp($1) }
        return (share: share, action: Array(output[begin..<(begin + count)]))
      }
      return (choices.map(\.action), choices.max { $0.share < $1.share }?.action ?? [])
    }
  }

  static func infer(_ policy: Policy, _ features: [Float]) -> (mean: [Float], doubt: Float) {
    var mean = [Float](repeating: 7, count: policy.actionCount)
    let doubt = features.withUnsafeBufferPointer { features in
      mean.withUnsafeMutableBufferPointer { policy.infer(features, mean: $0) }
    }
    return (mean, doubt)
  }

  /// What `body` complains about; nothing if it does not.
  static func complaint(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  /// A folder that is removed afterwards.
  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

extension [Float] {
  var bits: [UInt32] { map(\.bitPattern) }
  var areNaN: Bool { allSatisfy(\.isNaN) }
}
