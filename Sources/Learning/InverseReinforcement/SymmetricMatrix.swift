/// Small symmetric matrices.
enum SymmetricMatrix {
  /// Eigenvalues with unit eigenvectors, by Jacobi's rotations.
  static func eigen(_ matrix: [[Double]]) -> [(value: Double, vector: [Double])] {
    let count = matrix.count
    var a = matrix
    var v = (0..<count).map { i in (0..<count).map { $0 == i ? 1.0 : 0 } }
    let size = (0..<count).reduce(0) { $0 + abs(matrix[$1][$1]) }
    for _ in 0..<60 {
      var rest = 0.0
      for p in 0..<count { for q in 0..<p { rest += a[p][q] * a[p][q] } }
      if rest.squareRoot() <= 1e-14 * size { break }
      for p in 0..<count {
        for q in (p + 1)..<max(p + 1, count) where a[p][q] != 0 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot(), s = t * c
          for k in 0..<count { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
          for k in 0..<count { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
          for k in 0..<count { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
        }
      }
    }
    return (0..<count).map { index in (a[index][index], v.map { $0[index] }) }
  }
}
