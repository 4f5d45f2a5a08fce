internal import CKernels

extension Policy {
  /// One decision: `features` in ([decision][feature], the present first), the members' common action out (clipped to the
  /// range seen in training).
  ///
  /// Returns the doubt: the variance across the members, averaged over the actions, each in units of its training
  /// variance. Its square root is the members' spread as a share of a standard deviation. A single network cannot
  /// doubt: NaN. So is everything where a feature is not finite, or where a buffer has the wrong length.
  ///
  /// Allocates, locks and throws nothing; one caller at a time.
  public func infer(
    _ features: UnsafeBufferPointer<Float>, mean: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    guard features.count == featureCount, mean.count == actionCount else {
      mean.update(repeating: .nan)
      return .nan
    }
    normalise(features)
    networks.run(kernels, scratch)
    readout.read(scratch, members: networks.count, into: mean)
    return denormalise(mean)
  }

  /// x ← (feature − offset) / scale.
  private func normalise(_ features: UnsafeBufferPointer<Float>) {
    for i in 0..<featureCount { scratch.input[i] = (features[i] - featureOffset[i]) * featureInverseScale[i] }
  }

  /// From the networks' units to the arm's, within the training range; returns the members' mean variance.
  private func denormalise(_ mean: UnsafeMutableBufferPointer<Float>) -> Float {
    let count = Float(networks.count)
    var variance: Float = 0
    for o in 0..<actionCount {
      var squares: Float = 0
      for k in 0..<networks.count {
        let deviation = scratch.votes[k * actionCount + o] - mean[o]
        squares += deviation * deviation
      }
      variance += squares / count * actionDoubt[o]
      let action = mean[o] * actionScale[o] + actionOffset[o]
      // Comparisons, not `min` and `max`: those would turn NaN into a limit, and the envelope could not see it.
      mean[o] = action < actionLower[o] ? actionLower[o] : action > actionUpper[o] ? actionUpper[o] : action
    }
    return networks.count > 1 ? variance : .nan
  }

  /// Which features lie outside what training saw, by more than `slack` (a share of the range that training saw).
  ///
  /// Bit i stands for `description.interface.features[i]`, in the first of the decisions that `features` holds; NaN
  /// counts as outside. Allocates and throws nothing.
  public func outsideTrainingRange(_ features: UnsafeBufferPointer<Float>, slack: Float = 0.05) -> UInt64 {
    var outside: UInt64 = 0
    for i in 0..<Swift.min(features.count, description.statistics.features.count) {
      let margin = slack * (featureUpper[i] - featureLower[i])
      let inside = features[i] >= featureLower[i] - margin && features[i] <= featureUpper[i] + margin
      if !inside { outside |= 1 << UInt64(i) }
    }
    return outside
  }

  /// The names that a mask of `outsideTrainingRange` stands for.
  public func featureNames(_ mask: UInt64) -> [String] {
    description.interface.features.enumerated().filter { mask >> UInt64($0.offset) & 1 == 1 }.map(\.element)
  }
}
