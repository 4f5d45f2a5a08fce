/// The lower triangular factor L of a symmetric positive definite matrix, A = L Lᵀ.
///
/// Golub and Van Loan, Matrix Computations, 4.2; n³/3 operations, for matrices of tens of rows.
struct Cholesky: Equatable {
  /// [row][column], zero above the diagonal.
  let factor: [[Double]]

  /// From a matrix of which the lower triangle is read; nil where it is not positive definite.
  init?(_ matrix: [[Double]]) {
    var factor = matrix
    for i in matrix.indices {
      for j in 0...i {
        var rest = matrix[i][j]
        for k in 0..<j { rest -= factor[i][k] * factor[j][k] }
        if i == j {
          guard rest > 0 else { return nil }
          factor[i][i] = rest.squareRoot()
        } else {
          factor[i][j] = rest / factor[j][j]
        }
      }
      for j in (i + 1)..<max(i + 1, matrix.count) { factor[i][j] = 0 }
    }
    self.factor = factor
  }

  /// x of A x = `right`.
  func solve(_ right: [Double]) -> [Double] {
    var x = right
    for row in x.indices {
      for k in 0..<row { x[row] -= factor[row][k] * x[k] }
      x[row] /= factor[row][row]
    }
    for row in x.indices.reversed() {
      for k in x.indices.dropFirst(row + 1) { x[row] -= factor[k][row] * x[k] }
      x[row] /= factor[row][row]
    }
    return x
  }
}
