internal import CKernels

/// Adam's memory (Kingma and Ba, 2015), with PyTorch's constants.
///
///     m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      p ← p − rate · m̂ / (√v̂ + ε)
final class Adam<Scalar: TrainingScalar> {
  private static var beta1: Double { 0.9 }
  private static var beta2: Double { 0.999 }
  private static var epsilon: Double { 1e-8 }

  /// m and v.
  let first: Buffer<Scalar>
  let second: Buffer<Scalar>
  private let decay: Double
  private let decoupled: Bool
  private let gradientLimit: Double?
  /// β₁ᵗ and β₂ᵗ.
  private var powers = (1.0, 1.0)

  init(_ count: Int, _ configuration: BehaviorCloning.Configuration) {
    first = Buffer(count)
    second = Buffer(count)
    decay = configuration.weightDecay
    decoupled = configuration.optimizer == .adamW
    gradientLimit = configuration.gradientLimit
  }

  /// Goes on as after `steps` steps; m and v are set from outside.
  func resume(after steps: Int) {
    powers = (1, 1)
    // As `step` does it, so that the last bit is the same.
    for _ in 0..<steps { powers = (powers.0 * Self.beta1, powers.1 * Self.beta2) }
  }

  /// One step down `gradient`, which is shortened first where it is longer than the limit.
  func step(_ parameters: Buffer<Scalar>, _ gradient: Buffer<Scalar>, rate: Double) {
    powers = (powers.0 * Self.beta1, powers.1 * Self.beta2)
    var scale = 1.0
    if let gradientLimit {
      let length = Scalar.squareSum(gradient.pointer, gradient.count).squareRoot()
      // PyTorch's clip_grad_norm_, its small constant included.
      scale = min(1, gradientLimit / (length + 1e-6))
    }
    Scalar.adam(
      parameters.pointer, gradient.pointer, first.pointer, second.pointer, parameters.count,
      us_train_adam_step(
        rate: rate, beta1: Self.beta1, beta2: Self.beta2, epsilon: Self.epsilon, correction1: 1 - powers.0,
        correction2: 1 - powers.1, decay: decay, gradient_scale: scale, decoupled: decoupled ? 1 : 0))
  }
}
