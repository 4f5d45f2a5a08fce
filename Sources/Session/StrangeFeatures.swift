internal import Arm
internal import Control
internal import Episodes

/// Which features of the scene lie outside what a policy saw in training: there its decisions are guesses.
struct StrangeFeatures {
  /// One feature where it should not be.
  struct Finding: Equatable {
    var name: String
    var value: Float
    var range: ClosedRange<Float>

    /// For a person.
    var words: String {
      "\(name) is \(Figures.short(Double(value))), outside the \(Figures.short(Double(range.lowerBound))) to "
        + "\(Figures.short(Double(range.upperBound))) of the policy's training"
    }
  }

  private let loaded: PolicySource.Loaded
  private var told: UInt64 = 0

  /// Nothing told yet of this policy.
  init(_ loaded: PolicySource.Loaded) { self.loaded = loaded }

  /// What is outside now and was not told before.
  mutating func look(position: JointVector, environment: EnvironmentReading) -> [Finding] {
    let policy = loaded.policy
    let names = policy.description.interface.features
    var values = [Float](repeating: 0, count: names.count)
    let outside = values.withUnsafeMutableBufferPointer { buffer in
      loaded.plan.features.compute(position, environment.values, into: buffer)
      return policy.outsideTrainingRange(UnsafeBufferPointer(buffer))
    }
    return names.indices.compactMap { index in
      // What is no number yet (a camera that has not spoken) is nobody's guess: the tick stops for it by itself.
      guard outside & ~told & (1 << UInt64(index)) != 0, values[index].isFinite else { return nil }
      told |= 1 << UInt64(index)
      let column = policy.description.statistics.features[index]
      return Finding(name: names[index], value: values[index], range: column.min...column.max)
    }
  }
}
