internal import CKernels

extension Policy {
  /// One decision: `features` in, the members' mean action out (clipped to the range seen in training).
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
    for index in 0..<members.count {
      members[index].run(kernels, scratch, into: scratch.outputs + index * scratch.outputStride)
    }
    return combine(into: mean)
  }

  /// x ← (feature − offset) / scale.
  private func normalise(_ features: UnsafeBufferPointer<Float>) {
    for i in 0..<featureCount { scratch.input[i] = (features[i] - featureOffset[i]) * featureInverseScale[i] }
  }

  /// The members' mean, in the arm's units and within the training range; returns their mean variance.
  private func combine(into mean: UnsafeMutableBufferPointer<Float>) -> Float {
    let count = Float(members.count)
    var variance: Float = 0
    for o in 0..<actionCount {
      var sum: Float = 0
      for k in 0..<members.count { sum += scratch.outputs[k * scratch.outputStride + o] }
      let centre = sum / count
      var squares: Float = 0
      for k in 0..<members.count {
        let deviation = scratch.outputs[k * scratch.outputStride + o] - centre
        squares += deviation * deviation
      }
      variance += squares / count * actionDoubt[o]
      let action = centre * actionScale[o] + actionOffset[o]
      // Comparisons, not `min` and `max`: those would turn NaN into a limit, and the envelope could not see it.
      mean[o] = action < actionLower[o] ? actionLower[o] : action > actionUpper[o] ? actionUpper[o] : action
    }
    return members.count > 1 ? variance : .nan
  }

  /// Which features lie outside what training saw, by more than `slack` (a share of the range that training saw).
  ///
  /// Bit i stands for `description.interface.features[i]`; NaN counts as outside. Allocates and throws nothing.
  public func outsideTrainingRange(_ features: UnsafeBufferPointer<Float>, slack: Float = 0.05) -> UInt64 {
    var outside: UInt64 = 0
    for i in 0..<Swift.min(features.count, featureCount) {
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
