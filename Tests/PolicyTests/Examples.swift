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
    activation: NetworkShape.Activation = .relu, precision: NetworkShape.Precision = .float32
  ) -> PolicyDescription {
    let names = (0..<features).map { "feature.\($0)" }
    let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
    let interface = PolicyInterface(
      arm: "so101", features: names, actions: Array(joints.prefix(actions)), representation: .relativeToCommand,
      decision_Hz: 25, chunk: chunk)
    let statistics = PolicyStatistics(
      features: (0..<features).map { .init(mean: Float($0) / 10, std: 0.5, min: -2, max: 3) },
      actions: (0..<(chunk * actions)).map { .init(mean: 0.01 * Float($0), std: 0.1, min: -1, max: 1) })
    return PolicyDescription(
      interface: interface,
      network: NetworkShape(hidden: hidden, activation: activation, ensemble: ensemble, precision: precision),
      statistics: statistics)
  }

  static func parameters(_ description: PolicyDescription, seed: UInt64) -> PolicyParameters {
    var random = SplitMix64(seed: seed)
    let widths = description.widths
    let members = (0..<description.network.ensemble).map { _ in
      zip(widths, widths.dropFirst()).map { dense($0, $1, &random) }
    }
    return PolicyParameters(members: members)
  }

  /// The policy's own formula, in f64 and without any layout.
  static func reference(_ description: PolicyDescription, _ parameters: PolicyParameters, _ features: [Float])
    -> (mean: [Double], doubt: Double)
  {
    let columns = description.statistics
    let outputs = parameters.members.map { layers in
      var x = zip(features, columns.features).map { (Double($0) - Double($1.mean)) / Double($1.std) }
      for (index, layer) in layers.enumerated() {
        x = (0..<layer.outputs).map { o in
          let row = layer.weights[(o * layer.inputs)..<((o + 1) * layer.inputs)]
          let sum = zip(row, x).reduce(Double(layer.bias[o])) { $0 + Double($1.0) * $1.1 }
          guard index + 1 < layers.count else { return sum }
          return description.network.activation == .relu ? max(0, sum) : tanh(sum)
        }
      }
      return x
    }
    var doubt = 0.0
    let mean = columns.actions.enumerated().map { index, column in
      let votes = outputs.map { $0[index] }
      let centre = votes.reduce(0, +) / Double(votes.count)
      doubt += votes.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(votes.count)
      let action = centre * Double(column.std) + Double(column.mean)
      return min(max(action, Double(column.min)), Double(column.max))
    }
    return (mean, outputs.count > 1 ? doubt / Double(mean.count) : .nan)
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
