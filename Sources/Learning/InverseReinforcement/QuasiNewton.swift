/// L-BFGS (Nocedal and Wright, 2006, algorithm 7.4): descent along the slope, bent by the curvature that the last steps
/// met. For functions without noise and slopes that are exact; with batches use Adam.
///
///     var descent = QuasiNewton(count: parameters.count)
///     while descent.step(parameters, value: { … }, slope: gradient) { … }
///
/// The step length is found by bisection until it descends enough and the slope has flattened enough (weak Wolfe
/// conditions, which kinks such as ReLU's do not break: Lewis and Overton, 2013).
struct QuasiNewton {
  private static let memory = 12
  private static let enough = 1e-4
  private static let flattened = 0.9
  private static let mostTries = 40

  private var pairs: [(step: [Double], change: [Double], curvature: Double)] = []

  /// One step from `x`, where the function has `value` and `slope`. Returns the new three, or nil where nothing descends
  /// any further. `evaluate` gives value and slope at a point, and nil to end early.
  mutating func step(
    _ x: [Double], value: Double, slope: [Double], evaluate: ([Double]) throws(RewardError) -> (Double, [Double])?
  ) throws(RewardError) -> (x: [Double], value: Double, slope: [Double])? {
    var direction = self.direction(slope)
    var descent = Self.dot(direction, slope)
    if !(descent < 0) {
      pairs = []
      direction = slope.map { -$0 }
      descent = -Self.dot(slope, slope)
    }
    guard descent < 0, descent.isFinite else { return nil }
    // Without any curvature known, a step of length one.
    var length = pairs.isEmpty ? min(1, 1 / (-descent).squareRoot()) : 1
    var range = (0.0, Double.infinity)
    for _ in 0..<Self.mostTries {
      let next = zip(x, direction).map { $0 + length * $1 }
      guard let (nextValue, nextSlope) = try evaluate(next) else { return nil }
      let rounding = 1e-14 * abs(value)
      if !(nextValue <= value + Self.enough * length * descent + rounding) {
        range.1 = length
      } else if Self.dot(direction, nextSlope) < Self.flattened * descent {
        range.0 = length
      } else {
        remember(zip(next, x).map { $0 - $1 }, zip(nextSlope, slope).map { $0 - $1 })
        return (next, nextValue, nextSlope)
      }
      length = range.1.isFinite ? (range.0 + range.1) / 2 : 2 * length
    }
    // Rounding hides the descent along this direction; once more without memory, or it is the end.
    guard !pairs.isEmpty else { return nil }
    pairs = []
    return try step(x, value: value, slope: slope, evaluate: evaluate)
  }

  private mutating func remember(_ step: [Double], _ change: [Double]) {
    let curvature = Self.dot(step, change)
    guard curvature > 1e-12 * Self.dot(change, change) else { return }
    pairs.append((step, change, curvature))
    if pairs.count > Self.memory { pairs.removeFirst() }
  }

  /// The two loops: −H g, with H the inverse curvature that the pairs tell of.
  private func direction(_ slope: [Double]) -> [Double] {
    var q = slope.map { -$0 }
    var shares: [Double] = []
    for pair in pairs.reversed() {
      let share = Self.dot(pair.step, q) / pair.curvature
      shares.append(share)
      for index in q.indices { q[index] -= share * pair.change[index] }
    }
    if let last = pairs.last {
      let scale = last.curvature / Self.dot(last.change, last.change)
      for index in q.indices { q[index] *= scale }
    }
    for (pair, share) in zip(pairs, shares.reversed()) {
      let back = Self.dot(pair.change, q) / pair.curvature
      for index in q.indices { q[index] += (share - back) * pair.step[index] }
    }
    return q
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }
}
