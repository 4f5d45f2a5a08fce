// Where training meets OpenBLAS's products and the C passes: the same calls for f32 (training) and f64 (checking).
internal import CKernels
internal import COpenBLAS

/// A number that networks are trained in.
protocol TrainingScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable, TrainingLayerScalar {
  typealias Pointer = UnsafeMutablePointer<Self>
  typealias Constant = UnsafePointer<Self>

  /// c = op(a) op(b), row-major; a is m × k after its transposition, b k × n.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: Constant, transposed: Bool, _ b: Constant, transposed: Bool, into c: Pointer)
  static func standardise(
    _ table: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ mean: [Float], _ inverse: [Float], into out: Pointer)
  static func gather(_ table: Constant, _ rows: UnsafePointer<Int32>, _ count: Int, _ columns: Int, into out: Pointer)
  static func activate(_ y: Pointer, _ bias: Constant, _ rows: Int, _ columns: Int, _ activation: Int32)
  static func backward(
    _ delta: Pointer, _ y: Constant, _ biasGradient: Pointer, _ rows: Int, _ columns: Int, _ activation: Int32)
  static func loss(
    _ y: Constant, _ target: Constant, _ weight: Constant, _ valid: UnsafePointer<Int32>, _ rows: Int, _ columns: Int,
    _ loss: BehaviorCloning.Configuration.Loss, into delta: Pointer?
  ) -> Double
  static func squareSum(_ x: Constant, _ count: Int) -> Double
  static func adam(
    _ parameters: Pointer, _ gradient: Constant, _ first: Pointer, _ second: Pointer, _ count: Int,
    _ step: us_train_adam_step)
}

extension BehaviorCloning.Configuration.Loss {
  var code: Int32 {
    switch self {
    case .meanSquare: Int32(US_TRAIN_SQUARE)
    case .absolute: Int32(US_TRAIN_ABSOLUTE)
    case .huber: Int32(US_TRAIN_HUBER)
    }
  }

  var knee: Double { if case .huber(let knee) = self { knee } else { 0 } }
}

extension Float: TrainingScalar {
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: Constant, transposed ta: Bool, _ b: Constant, transposed tb: Bool,
    into c: Pointer
  ) {
    cblas_sgemm(
      CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1,
      a, Int32(ta ? m : k), b, Int32(tb ? k : n), 0, c, Int32(n))
  }

  static func standardise(
    _ table: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ mean: [Float], _ inverse: [Float], into out: Pointer
  ) {
    us_train_standardise_f32(table, Int64(rows), Int32(columns), mean, inverse, out)
  }

  static func gather(_ table: Constant, _ rows: UnsafePointer<Int32>, _ count: Int, _ columns: Int, into out: Pointer) {
    us_train_gather_f32(table, rows, Int32(count), Int32(columns), out)
  }

  static func activate(_ y: Pointer, _ bias: Constant, _ rows: Int, _ columns: Int, _ activation: Int32) {
    us_train_activate_f32(y, bias, Int32(rows), Int32(columns), activation)
  }

  static func backward(
    _ delta: Pointer, _ y: Constant, _ biasGradient: Pointer, _ rows: Int, _ columns: Int, _ activation: Int32
  ) {
    us_train_backward_f32(delta, y, biasGradient, Int32(rows), Int32(columns), activation)
  }

  static func loss(
    _ y: Constant, _ target: Constant, _ weight: Constant, _ valid: UnsafePointer<Int32>, _ rows: Int, _ columns: Int,
    _ loss: BehaviorCloning.Configuration.Loss, into delta: Pointer?
  ) -> Double {
    us_train_loss_f32(y, target, weight, valid, Int32(rows), Int32(columns), loss.code, loss.knee, delta)
  }

  static func squareSum(_ x: Constant, _ count: Int) -> Double { us_train_square_sum_f32(x, Int64(count)) }

  static func adam(
    _ parameters: Pointer, _ gradient: Constant, _ first: Pointer, _ second: Pointer, _ count: Int,
    _ step: us_train_adam_step
  ) {
    us_train_adam_f32(parameters, gradient, first, second, Int64(count), step)
  }
}

extension Double: TrainingScalar {
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: Constant, transposed ta: Bool, _ b: Constant, transposed tb: Bool,
    into c: Pointer
  ) {
    cblas_dgemm(
      CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1,
      a, Int32(ta ? m : k), b, Int32(tb ? k : n), 0, c, Int32(n))
  }

  static func standardise(
    _ table: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ mean: [Float], _ inverse: [Float], into out: Pointer
  ) {
    us_train_standardise_f64(table, Int64(rows), Int32(columns), mean, inverse, out)
  }

  static func gather(_ table: Constant, _ rows: UnsafePointer<Int32>, _ count: Int, _ columns: Int, into out: Pointer) {
    us_train_gather_f64(table, rows, Int32(count), Int32(columns), out)
  }

  static func activate(_ y: Pointer, _ bias: Constant, _ rows: Int, _ columns: Int, _ activation: Int32) {
    us_train_activate_f64(y, bias, Int32(rows), Int32(columns), activation)
  }

  static func backward(
    _ delta: Pointer, _ y: Constant, _ biasGradient: Pointer, _ rows: Int, _ columns: Int, _ activation: Int32
  ) {
    us_train_backward_f64(delta, y, biasGradient, Int32(rows), Int32(columns), activation)
  }

  static func loss(
    _ y: Constant, _ target: Constant, _ weight: Constant, _ valid: UnsafePointer<Int32>, _ rows: Int, _ columns: Int,
    _ loss: BehaviorCloning.Configuration.Loss, into delta: Pointer?
  ) -> Double {
    us_train_loss_f64(y, target, weight, valid, Int32(rows), Int32(columns), loss.code, loss.knee, delta)
  }

  static func squareSum(_ x: Constant, _ count: Int) -> Double { us_train_square_sum_f64(x, Int64(count)) }

  static func adam(
    _ parameters: Pointer, _ gradient: Constant, _ first: Pointer, _ second: Pointer, _ count: Int,
    _ step: us_train_adam_step
  ) {
    us_train_adam_f64(parameters, gradient, first, second, Int64(count), step)
  }
}
