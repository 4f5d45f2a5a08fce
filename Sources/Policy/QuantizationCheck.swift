/// How far a policy's decisions move when its layers are computed in int8, measured on frames it was not trained on.
///
///     let check = try QuantizationCheck.compare(description, parameters, rows: heldOut.features)
///     if check.objections().isEmpty { description.network.precision = .int8 }
public struct QuantizationCheck: Sendable, Equatable {
  /// The deviation of one value of an action, as a share of that action's standard deviation in training.
  public struct Column: Sendable, Equatable {
    /// The joint, with its decision in a chunk (`gripper`, `gripper+3`).
    public var name: String
    /// Root mean square.
    public var rms: Float
    /// The deviation that 99.9 % of the frames stay within.
    public var p999: Float
  }

  /// RMS up to this is accepted.
  public static let rmsLimit: Float = 0.02
  /// 99.9th percentile up to this is accepted.
  public static let p999Limit: Float = 0.10
  /// Deviation up to this share of the error on held-out frames is accepted.
  public static let errorShareLimit: Float = 0.25

  /// In the order of the policy's output. Actions that were constant in training are clipped, so they never deviate.
  public var columns: [Column]
  /// How many frames were compared.
  public var frames: Int

  /// Runs f32 and int8 on `rows` ([frame][feature], as many as there are) and compares their actions.
  public static func compare(
    _ description: PolicyDescription, _ parameters: PolicyParameters, rows: [Float], kernels: Kernels? = nil
  ) throws(PolicyError) -> QuantizationCheck {
    let kernels = if let kernels { kernels } else { try Kernels.chosen() }
    var (float, integer) = (description, description)
    float.network.precision = .float32
    integer.network.precision = .int8
    let policies = (try Policy(float, parameters, kernels: kernels), try Policy(integer, parameters, kernels: kernels))
    let width = policies.0.featureCount
    let frames = rows.count / width
    var deviations = [[Float]](repeating: [], count: policies.0.actionCount)
    var (a, b) = ([Float](repeating: 0, count: deviations.count), [Float](repeating: 0, count: deviations.count))
    for frame in 0..<frames {
      rows[(frame * width)..<((frame + 1) * width)].withUnsafeBufferPointer { row in
        a.withUnsafeMutableBufferPointer { _ = policies.0.infer(row, mean: $0) }
        b.withUnsafeMutableBufferPointer { _ = policies.1.infer(row, mean: $0) }
      }
      for (index, column) in description.statistics.actions.enumerated() {
        // What never varied has no measure of its own; the limit below which it counts as constant stands in.
        let measure = max(column.std, PolicyStatistics.constantActionStd)
        deviations[index].append(abs(a[index] - b[index]) / measure)
      }
    }
    let joints = description.interface.actions
    let columns = deviations.enumerated().map { index, values in
      let (step, joint) = index.quotientAndRemainder(dividingBy: joints.count)
      return Column(name: joints[joint] + (step > 0 ? "+\(step)" : ""), deviations: values)
    }
    return QuantizationCheck(columns: columns, frames: frames)
  }

  /// Why the policy should stay in f32, a sentence each; none means that it is ready for int8.
  ///
  /// `error` is the policy's root mean square error on held-out frames, as a share of each action's standard
  /// deviation, where it is known: quantizing must stay well below what the policy gets wrong anyway.
  public func objections(error: [Float]? = nil) -> [String] {
    if frames == 0 { return ["No held-out frames: the deviation of int8 is not known."] }
    return columns.enumerated().compactMap { index, column in
      if !(column.rms <= Self.rmsLimit) {
        return "\(column.name) deviates by RMS \(column.rms) of its standard deviation; \(Self.rmsLimit) is accepted."
      }
      if !(column.p999 <= Self.p999Limit) {
        return "\(column.name) deviates by up to \(column.p999) of its standard deviation (99.9 % of frames); "
          + "\(Self.p999Limit) is accepted."
      }
      if let error, column.rms > 0, !(column.rms < Self.errorShareLimit * error[index]) {
        return "\(column.name) deviates by \(column.rms), not below a quarter of its error of \(error[index])."
      }
      return nil
    }
  }
}

extension QuantizationCheck.Column {
  fileprivate init(name: String, deviations: [Float]) {
    let sorted = deviations.sorted()
    let squares = sorted.reduce(0.0) { $0 + Double($1) * Double($1) }
    self.name = name
    rms = sorted.isEmpty ? .nan : Float((squares / Double(sorted.count)).squareRoot())
    // Nearest rank: with fewer than 1000 frames it is the largest.
    p999 =
      sorted.isEmpty ? .nan : sorted[Swift.min(sorted.count - 1, Int((0.999 * Double(sorted.count)).rounded(.up)) - 1)]
  }
}
