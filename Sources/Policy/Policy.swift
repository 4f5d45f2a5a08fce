// A policy is a value: features in, wished joint motion out.
//
//     features ─▶ normalise ─▶ ┌ member 1: W x + b ─▶ ReLU ─▶ … ─▶ W x + b ┐
//       (arm units)            │ member 2                                   │─▶ mean ─▶ denormalise ─▶ clip ─▶ actions
//                              └ member K                                   ┘─▶ variance ─▶ doubt
//
// Beside the mean stand two other heads (`ActionHead`): a choice among values, and a mixture of Gaussians.
//
// Units: features as their names say (rad, m); actions in radians, chunk × joints, row by row; inside the networks
// everything counts in standard deviations of the training data.
// Torque: a policy moves nothing. What it wishes for passes the envelope; a feature that is NaN makes every action
// NaN, which the envelope refuses, so that the arm holds.
//
// On disk a policy is a folder: `policy.json` (`PolicyDescription`) and `model.safetensors` (`PolicyParameters`).
internal import CKernels

/// Networks ready to run: weights laid out for this CPU's kernels, and scratch for one caller.
///
///     let policy = try Policy.load(URL(filePath: "policies/insert-3"))
///     try policy.check(arm: "so101", features: rig.features, actions: rig.actions)
///     let doubt = policy.infer(features, mean: actions)      // in the tick
///
/// A policy serves one thread at a time, because its scratch is its own: load it twice for two threads.
public final class Policy: @unchecked Sendable {
  // Unchecked: the weights never change after init, and the scratch belongs to the one caller that the contract of
  // `infer` allows. The loop hands a policy over through a slot, never shares it.

  /// What the networks take, give and were made of.
  public let description: PolicyDescription
  /// The kernels that compute them.
  public let kernels: Kernels
  /// How many numbers `infer` takes: the features, once for each decision that it looks at.
  public let featureCount: Int
  /// How many values `infer` gives: chunk × joints.
  public let actionCount: Int

  let networks: Networks
  let readout: Readout
  let arena: Arena
  let featureOffset: UnsafeMutablePointer<Float>
  let featureInverseScale: UnsafeMutablePointer<Float>
  let featureLower: UnsafeMutablePointer<Float>
  let featureUpper: UnsafeMutablePointer<Float>
  let actionOffset: UnsafeMutablePointer<Float>
  let actionScale: UnsafeMutablePointer<Float>
  /// What a network's squared unit of each action counts in the doubt: training variances, shared by all actions.
  let actionDoubt: UnsafeMutablePointer<Float>
  let actionLower: UnsafeMutablePointer<Float>
  let actionUpper: UnsafeMutablePointer<Float>
  let scratch: Scratch

  /// Lays `parameters` out for `kernels`; fails where they do not fit `description` or are not finite.
  public init(
    _ description: PolicyDescription, _ parameters: PolicyParameters, kernels: Kernels
  ) throws(PolicyError) {
    try description.validate()
    try parameters.validate(against: description)
    let arena = Arena()
    let widths = description.widths
    self.description = description
    self.kernels = kernels
    self.arena = arena
    featureCount = widths[0]
    actionCount = description.interface.actionCount
    networks = Networks(parameters.members, description.network, in: arena)
    // Each decision that is looked at has the same features.
    let history = description.interface.history
    let features = (0..<history).flatMap { _ in description.statistics.features }
    let actions = description.statistics.actions
    let standardised = description.network.standardised
    let input = (0..<history).flatMap { _ in
      description.statistics.featureNormalisation(standardised: standardised)
    }
    let output = description.statistics.actionNormalisation(standardised: standardised)
    featureOffset = arena.floats(input.map(\.offset))
    featureInverseScale = arena.floats(input.map { 1 / $0.scale })
    featureLower = arena.floats(features.map(\.min))
    featureUpper = arena.floats(features.map(\.max))
    actionOffset = arena.floats(output.map(\.offset))
    actionScale = arena.floats(output.map(\.scale))
    actionDoubt = arena.floats(
      zip(output, actions).map { normalisation, column in
        // About an action that is always the same there is nothing to doubt: it is clipped to that value.
        guard column.std >= PolicyStatistics.constantActionStd else { return 0 }
        let ratio = normalisation.scale / column.std
        return ratio * ratio / Float(actions.count)
      })
    actionLower = arena.floats(actions.map(\.min))
    actionUpper = arena.floats(actions.map(\.max))
    readout = Readout(description.interface, description.network.head, output, in: arena)
    scratch = Scratch(
      widths: widths, actions: actions.count, members: parameters.members.count, in: arena)
  }

  /// Refuses a policy that was made for another arm, other features or other joints, and names the difference.
  public func check(arm: String, features: [String], actions: [String]) throws(PolicyError) {
    try description.interface.check(arm: arm, features: features, actions: actions)
  }
}
