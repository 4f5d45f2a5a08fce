internal import Policy
internal import RealTime

/// Networks with seeded weights: what they wish for is nonsense, what they cost is not.
enum SampleNetwork {
  /// Features and actions pass as they are; actions are clipped to ±range.
  static func description(
    arm: String, features: [String], hidden: [Int], actions: [String], range: Float, ensemble: Int,
    precision: NetworkShape.Precision, decision_Hz: Double = 50
  ) -> PolicyDescription {
    PolicyDescription(
      interface: PolicyInterface(
        arm: arm, features: features, actions: actions, representation: .relativeToPresent, decision_Hz: decision_Hz),
      network: NetworkShape(hidden: hidden, ensemble: ensemble, standardised: false, precision: precision),
      statistics: PolicyStatistics(
        features: features.map { _ in .init(mean: 0, std: 1, min: -100, max: 100) },
        actions: actions.map { _ in .init(mean: 0, std: 1, min: -range, max: range) }))
  }

  /// Weights as a fresh `torch.nn.Linear` has them.
  static func parameters(_ description: PolicyDescription, seed: UInt64) -> PolicyParameters {
    var random = SplitMix64(seed: seed)
    let widths = description.widths
    return PolicyParameters(
      members: (0..<description.network.ensemble).map { _ in
        zip(widths, widths.dropFirst()).map { inputs, outputs in
          let bound = 1 / Double(inputs).squareRoot()
          func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform(-bound...bound)) } }
          return DenseParameters(inputs: inputs, outputs: outputs, weights: draw(inputs * outputs), bias: draw(outputs))
        }
      })
  }
}
