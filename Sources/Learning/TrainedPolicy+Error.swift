public import Policy

extension TrainedPolicy {
  /// Root mean square error of the policy's actions on some rows, for each action column in its unit.
  ///
  /// Rows in which a column is masked do not count for it; a column without rows gives NaN. Over the rows of one episode
  /// this tells how well that demonstration agrees with the others.
  public func error(on frames: Frames, rows: [Int]) throws(PolicyError) -> [Float] {
    // The arm and the rate do not matter to what a network gives.
    let policy = try policy(description(arm: "any", representation: .absolute, decision_Hz: 1))
    var squares = [Double](repeating: 0, count: policy.actionCount)
    var counts = [Int](repeating: 0, count: policy.actionCount)
    var given = [Float](repeating: 0, count: policy.actionCount)
    for row in rows {
      frames.features(of: row).withUnsafeBufferPointer { features in
        given.withUnsafeMutableBufferPointer { _ = policy.infer(features, mean: $0) }
      }
      let real = frames.validSteps[row] * frames.actionNames.count
      for (index, wanted) in frames.actions(of: row).prefix(real).enumerated() {
        let difference = Double(given[index] - wanted)
        squares[index] += difference * difference
        counts[index] += 1
      }
    }
    return zip(squares, counts).map { Float(($0 / Double($1)).squareRoot()) }
  }
}
