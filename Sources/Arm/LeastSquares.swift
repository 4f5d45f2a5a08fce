/// A small weighted least-squares problem in joint steps: min Σ w²|Jₖ·step − errorₖ|² + λ²|step|², within bounds.
///
/// It keeps the normal equations only (JᵀJ and Jᵀe, at most 8 × 8), on the stack.
struct LeastSquares {
  /// How many joints take part.
  let count: Int
  /// Σ w²|error|².
  private(set) var cost: Float = 0
  /// What is left of the position, for whoever asks.
  var positionError: Float = 0
  /// What is left of the orientation.
  var orientationError: Float = 0

  private var matrix = [64 of Float](repeating: 0)
  private var right = [8 of Float](repeating: 0)

  /// An empty problem: without equations the best step is none.
  init(count: Int) { self.count = count }

  /// Adds three equations: `column(joint)` is the change of the quantity for 1 rad of the joint.
  mutating func add(_ error: SIMD3<Float>, weight: Float, column: (Int) -> SIMD3<Float>) {
    let w = weight * weight
    cost += w * dot(error, error)
    for i in 0..<count {
      let a = column(i)
      right[i] += w * dot(a, error)
      for j in 0...i {
        matrix[i * 8 + j] += w * dot(a, column(j))
      }
    }
  }

  /// The best step with each joint inside its room; joints that would leave it stop at its end and the others make up for it.
  func step(damping: Float, room: (lower: JointVector, upper: JointVector)) -> JointVector {
    var step = JointVector.zero
    var stopped = [8 of Bool](repeating: false)
    // Each round stops at least one joint more, so there are at most as many rounds as joints.
    for _ in 0...count {
      solve(damping: damping, stopped: stopped, into: &step)
      var inside = true
      for i in 0..<count where !stopped[i] && !(step[i] >= room.lower[i] && step[i] <= room.upper[i]) {
        step[i] = step[i] > 0 ? room.upper[i] : room.lower[i]
        stopped[i] = true
        inside = false
      }
      if inside { break }
    }
    // A linear model is worth nothing beyond half a radian.
    let longest = max(step.max(), -step.min())
    return longest > 0.5 ? step * (0.5 / longest) : step
  }

  /// Solves for the joints that are not stopped, by LDLᵀ; the others keep their step and move to the right-hand side.
  private func solve(damping: Float, stopped: [8 of Bool], into step: inout JointVector) {
    var factor = [64 of Float](repeating: 0)
    var pivot = [8 of Float](repeating: 1)
    var y = [8 of Float](repeating: 0)
    for i in 0..<count {
      guard !stopped[i] else { continue }
      var sum = right[i]
      for j in 0..<count where stopped[j] { sum -= matrix[max(i, j) * 8 + min(i, j)] * step[j] }
      for j in 0..<i where !stopped[j] {
        var entry = matrix[i * 8 + j]
        for k in 0..<j where !stopped[k] { entry -= factor[i * 8 + k] * factor[j * 8 + k] * pivot[k] }
        factor[i * 8 + j] = entry / pivot[j]
        sum -= factor[i * 8 + j] * y[j]
      }
      var diagonal = matrix[i * 8 + i] + damping
      for k in 0..<i where !stopped[k] { diagonal -= factor[i * 8 + k] * factor[i * 8 + k] * pivot[k] }
      // Rounding may eat a diagonal that the damping barely carries; such a joint then hardly moves.
      pivot[i] = max(diagonal, damping)
      y[i] = sum
    }
    for i in (0..<count).reversed() where !stopped[i] {
      var sum = y[i] / pivot[i]
      for k in (i + 1)..<max(count, i + 1) where !stopped[k] { sum -= factor[k * 8 + i] * step[k] }
      step[i] = sum
    }
  }
}
