internal import CKernels

/// A number that networks of many tasks are trained in: f32, or f64 for checking.
protocol TaskScalar: TrainingScalar {
  /// c = a b, or c += a b. `a` is m × k with any strides, so it may stand transposed; b (k × n) and c are dense.
  static func product(
    _ a: Constant, row: Int, column: Int, _ b: Constant, into c: Pointer, _ m: Int, _ n: Int, _ k: Int, adds: Bool)
  static func transpose(_ matrix: Constant, into out: Pointer, rows: Int, columns: Int)
}

extension Float: TaskScalar {
  static func product(
    _ a: Constant, row: Int, column: Int, _ b: Constant, into c: Pointer, _ m: Int, _ n: Int, _ k: Int, adds: Bool
  ) {
    us_small_product_f32(a, row, column, b, c, Int32(m), Int32(n), Int32(k), adds ? 1 : 0)
  }

  static func transpose(_ matrix: Constant, into out: Pointer, rows: Int, columns: Int) {
    us_small_transpose_f32(matrix, out, Int32(rows), Int32(columns))
  }
}

extension Double: TaskScalar {
  static func product(
    _ a: Constant, row: Int, column: Int, _ b: Constant, into c: Pointer, _ m: Int, _ n: Int, _ k: Int, adds: Bool
  ) {
    us_small_product_f64(a, row, column, b, c, Int32(m), Int32(n), Int32(k), adds ? 1 : 0)
  }

  static func transpose(_ matrix: Constant, into out: Pointer, rows: Int, columns: Int) {
    us_small_transpose_f64(matrix, out, Int32(rows), Int32(columns))
  }
}
