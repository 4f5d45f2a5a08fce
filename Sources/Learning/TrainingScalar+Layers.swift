// The passes behind special layers and heads, for f32 (training) and f64 (checking); CKernelsTraining.h says what each does.
internal import CKernels

/// Rows whose loss is wanted.
struct LossBatch<Scalar> {
  let rows: Int
  /// [row][action column]; of a column that chooses among values, the place of the right one.
  let targets: UnsafePointer<Scalar>
  /// [row]
  let weights: UnsafePointer<Scalar>
  /// [row]: how many of its columns are real.
  let valid: UnsafePointer<Int32>
}

/// What special layers and heads ask of a number.
protocol TrainingLayerScalar: BitwiseCopyable {
  typealias P = UnsafeMutablePointer<Self>
  typealias C = UnsafePointer<Self>

  static func nonlinear(_ x: C, into y: P, _ count: Int, _ activation: Int32)
  static func slope(_ delta: P, _ x: C, _ y: C, _ count: Int, _ activation: Int32)
  static func layerNorm(_ x: P, hat: P, inverse: P, gain: C, shift: C, _ rows: Int, _ columns: Int)
  static func layerNormBackward(
    _ delta: P, hat: C, inverse: C, gain: C, gainGradient: P, shiftGradient: P, _ rows: Int, _ columns: Int)
  static func scale(_ y: P, by x: C, _ count: Int)
  static func add(_ y: P, _ x: C, _ count: Int)
  static func average(_ average: P, _ x: C, _ count: Int, share: Double)
  static func quantize(_ x: C, into out: P, _ rows: Int, _ columns: Int)
  static func choiceLoss(
    _ y: C, _ batch: LossBatch<Self>, _ columns: Int, _ width: Int, first: UnsafePointer<Int32>,
    logits: UnsafePointer<Int32>, _ loss: BehaviorCloning.Configuration.Loss, into delta: P?
  ) -> Double
  static func mixtureLoss(_ y: C, _ batch: LossBatch<Self>, _ columns: Int, components: Int, into delta: P?) -> Double
}

extension Float: TrainingLayerScalar {
  static func nonlinear(_ x: C, into y: P, _ count: Int, _ activation: Int32) {
    us_train_nonlinear_f32(x, y, Int64(count), activation)
  }

  static func slope(_ delta: P, _ x: C, _ y: C, _ count: Int, _ activation: Int32) {
    us_train_slope_f32(delta, x, y, Int64(count), activation)
  }

  static func layerNorm(_ x: P, hat: P, inverse: P, gain: C, shift: C, _ rows: Int, _ columns: Int) {
    us_train_layer_norm_f32(x, hat, inverse, gain, shift, Int32(rows), Int32(columns))
  }

  static func layerNormBackward(
    _ delta: P, hat: C, inverse: C, gain: C, gainGradient: P, shiftGradient: P, _ rows: Int, _ columns: Int
  ) {
    us_train_layer_norm_backward_f32(
      delta, hat, inverse, gain, gainGradient, shiftGradient, Int32(rows), Int32(columns))
  }

  static func scale(_ y: P, by x: C, _ count: Int) {
    us_train_scale_f32(y, x, Int64(count))
  }

  static func add(_ y: P, _ x: C, _ count: Int) {
    us_train_add_f32(y, x, Int64(count))
  }

  static func average(_ average: P, _ x: C, _ count: Int, share: Double) {
    us_train_average_f32(average, x, Int64(count), share)
  }

  static func quantize(_ x: C, into out: P, _ rows: Int, _ columns: Int) {
    us_train_quantize_f32(x, out, Int32(rows), Int32(columns))
  }

  static func choiceLoss(
    _ y: C, _ batch: LossBatch<Float>, _ columns: Int, _ width: Int, first: UnsafePointer<Int32>,
    logits: UnsafePointer<Int32>, _ loss: BehaviorCloning.Configuration.Loss, into delta: P?
  ) -> Double {
    us_train_choice_loss_f32(
      y, batch.targets, batch.weights, batch.valid, Int32(batch.rows), Int32(columns), Int32(width), first, logits,
      loss.code, loss.knee, delta)
  }

  static func mixtureLoss(_ y: C, _ batch: LossBatch<Float>, _ columns: Int, components: Int, into delta: P?) -> Double
  {
    us_train_mixture_loss_f32(
      y, batch.targets, batch.weights, batch.valid, Int32(batch.rows), Int32(columns), Int32(components), delta)
  }
}

extension Double: TrainingLayerScalar {
  static func nonlinear(_ x: C, into y: P, _ count: Int, _ activation: Int32) {
    us_train_nonlinear_f64(x, y, Int64(count), activation)
  }

  static func slope(_ delta: P, _ x: C, _ y: C, _ count: Int, _ activation: Int32) {
    us_train_slope_f64(delta, x, y, Int64(count), activation)
  }

  static func layerNorm(_ x: P, hat: P, inverse: P, gain: C, shift: C, _ rows: Int, _ columns: Int) {
    us_train_layer_norm_f64(x, hat, inverse, gain, shift, Int32(rows), Int32(columns))
  }

  static func layerNormBackward(
    _ delta: P, hat: C, inverse: C, gain: C, gainGradient: P, shiftGradient: P, _ rows: Int, _ columns: Int
  ) {
    us_train_layer_norm_backward_f64(
      delta, hat, inverse, gain, gainGradient, shiftGradient, Int32(rows), Int32(columns))
  }

  static func scale(_ y: P, by x: C, _ count: Int) {
    us_train_scale_f64(y, x, Int64(count))
  }

  static func add(_ y: P, _ x: C, _ count: Int) {
    us_train_add_f64(y, x, Int64(count))
  }

  static func average(_ average: P, _ x: C, _ count: Int, share: Double) {
    us_train_average_f64(average, x, Int64(count), share)
  }

  static func quantize(_ x: C, into out: P, _ rows: Int, _ columns: Int) {
    us_train_quantize_f64(x, out, Int32(rows), Int32(columns))
  }

  static func choiceLoss(
    _ y: C, _ batch: LossBatch<Double>, _ columns: Int, _ width: Int, first: UnsafePointer<Int32>,
    logits: UnsafePointer<Int32>, _ loss: BehaviorCloning.Configuration.Loss, into delta: P?
  ) -> Double {
    us_train_choice_loss_f64(
      y, batch.targets, batch.weights, batch.valid, Int32(batch.rows), Int32(columns), Int32(width), first, logits,
      loss.code, loss.knee, delta)
  }

  static func mixtureLoss(_ y: C, _ batch: LossBatch<Double>, _ columns: Int, components: Int, into delta: P?) -> Double
  {
    us_train_mixture_loss_f64(
      y, batch.targets, batch.weights, batch.valid, Int32(batch.rows), Int32(columns), Int32(components), delta)
  }
}
