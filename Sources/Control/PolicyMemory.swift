internal import Arm
internal import CKernels
internal import Policy

/// What a policy remembers from decision to decision: features seen, and chunks planned.
///
/// Belongs to the tick as soon as the policy was handed over; all of it is allocated before.
final class PolicyMemory: @unchecked Sendable {
  // Unchecked: made by whoever loads the policy, then touched by the tick alone.

  /// [decision][feature], the present first.
  let inputs: UnsafeMutableBufferPointer<Float>
  /// What the last inference gave: [step][joint].
  let outputs: UnsafeMutableBufferPointer<Float>
  private let features: Int
  private let chunk: Int
  /// [inference][step]: where each joint should be, for the last `chunk` inferences. Empty where none are averaged.
  private let plans: UnsafeMutableBufferPointer<JointVector>
  /// exp(−decay · i)
  private let weights: UnsafeMutableBufferPointer<Float>
  /// Inferences since the last `forget`, and features seen.
  private var made = 0
  private var isEmpty = true

  /// Room for a policy; `decay` where its chunks are averaged.
  init(features: Int, history: Int, joints: Int, chunk: Int, decay: Double?) {
    self.features = features
    self.chunk = chunk
    inputs = .allocate(capacity: features * history)
    inputs.initialize(repeating: 0)
    outputs = .allocate(capacity: chunk * joints)
    outputs.initialize(repeating: .nan)
    plans = .allocate(capacity: decay == nil ? 0 : chunk * chunk)
    plans.initialize(repeating: .zero)
    weights = .allocate(capacity: decay == nil ? 0 : chunk)
    for index in weights.indices {
      weights.initializeElement(at: index, to: us_fixed_expf(-Float(decay ?? 0) * Float(index)))
    }
  }

  deinit {
    inputs.deallocate()
    outputs.deallocate()
    plans.deallocate()
    weights.deallocate()
  }

  /// Begins anew, as after every change of who commands.
  func forget() {
    made = 0
    isEmpty = true
  }

  /// Makes room for a decision's features, which `fill` writes. The first ones stand for all that is not known before.
  func remember(_ fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
    for index in stride(from: inputs.count - 1, through: features, by: -1) { inputs[index] = inputs[index - features] }
    fill(UnsafeMutableBufferPointer(rebasing: inputs[..<features]))
    guard isEmpty else { return }
    for index in stride(from: features, to: inputs.count, by: 1) { inputs[index] = inputs[index - features] }
    isEmpty = false
  }

  /// Adds the newest inference's plan, whose step s `target` gives as joint positions.
  func plan(_ target: (Int) -> JointVector) {
    let slot = made % chunk
    for step in 0..<chunk { plans[slot * chunk + step] = target(step) }
    made += 1
  }

  /// The weighted mean of all that was planned for now.
  var averaged: JointVector {
    // The plan made `age` inferences ago has its step `age` now; the oldest comes first.
    let count = max(1, min(made, chunk))
    var sum = JointVector.zero
    var total: Float = 0
    for index in 0..<count {
      let age = count - 1 - index
      let slot = (made - 1 - age + chunk) % chunk
      let weight = weights[index]
      sum += plans[slot * chunk + age] * weight
      total += weight
    }
    return sum / total
  }
}
