// Between a policy and its wish, where a person's taste is known: the best of 32 actions near the policy's.
//
//     policy's target ─┬─ itself                                    ┐
//                      ├─ slower and faster on the same way         │
//                      ├─ part of it: the rest goes on as before    ├─▶ terms · weights − cost ─▶ the highest
//                      └─ a little beside it, by fixed directions   ┘
//
// The cost keeps it near the policy: what gains little is not worth leaving the policy's way for, so it still arrives.
//
// Radians, a decision each. What comes out passes the envelope like any other wish.

public import Arm
public import RealTime

/// What each term of an action is worth to a person; see `ActionAspects`.
public struct ShapingWeights: BitwiseCopyable, Sendable {
  /// In the terms' order.
  public var values: ActionAspects.Terms

  /// No opinion.
  public init() { values = ActionAspects.Terms(repeating: 0) }

  /// As they were learned.
  public init(_ weights: [Double]) {
    self.init()
    for (index, weight) in weights.prefix(ActionAspects.count).enumerated() { values[index] = Float(weight) }
  }

  @_noAllocation @_noLocks
  func score(_ terms: ActionAspects.Terms) -> Float {
    var sum: Float = 0
    var index = 0
    while index < ActionAspects.count {
      sum += values[index] * terms[index]
      index += 1
    }
    return sum
  }
}

/// Chooses for the tick what a person would like best among a few actions near the policy's.
///
/// Without an opinion it leaves every action as it is. The weights come through a slot without waiting, from whoever
/// learns them while the arm moves; one decision goes by one set of them.
public final class Shaper: @unchecked Sendable {
  // Unchecked: `newest` belongs to the tick as soon as the policy was handed over; the slot is safe by itself.

  /// How many actions are compared, the policy's own among them.
  public static let candidates = 32

  /// What the terms are.
  public let aspects: ActionAspects
  /// The newest weights; one writer.
  public let weights: Latest<ShapingWeights>
  private var newest: ShapingWeights
  private let lower: JointVector
  private let upper: JointVector
  private let ticks: Float
  /// 1 for joints that are left to the policy.
  private var own = JointVector.zero
  private var tries = [32 of Try](repeating: Try())

  /// A way to leave the policy's action, and what it costs in presses.
  private struct Try: BitwiseCopyable {
    /// The share of the policy's own way.
    var along: Float = 1
    /// The share of the way on which the arm is already.
    var onward: Float = 0
    /// Beside both, across the policy's way.
    var beside = JointVector.zero
    var cost: Float = 0
  }

  /// A shaper of decisions of `ticks` ticks that move `joints`, those of them that carry the tool; the gripper goes its own
  /// way.
  public init(
    _ aspects: ActionAspects, joints: [Int], toolJoints: Int, ticks: Int, lower: JointVector, upper: JointVector,
    weights: ShapingWeights = ShapingWeights()
  ) {
    self.aspects = aspects
    self.weights = Latest(weights)
    newest = weights
    self.lower = lower
    self.upper = upper
    self.ticks = Float(ticks)
    // The first is the policy's own. Costs: .2 presses for 30 % slower or faster, .05 for going on with 40 % of what it
    // did, as good as nothing for a step aside of 3 mrad a joint.
    var place = 1
    for along in [0.55, 0.7, 0.85, 1.15, 1.3] as [Float] {
      tries[place].along = along
      tries[place].cost = 0.2 * (1 - along) * (1 - along) / 0.09
      place += 1
    }
    for onward in [0.2, 0.4, 0.6, 0.8] as [Float] {
      tries[place].along = 1 - onward
      tries[place].onward = onward
      tries[place].cost = 0.05 * onward * onward / 0.16
      place += 1
    }
    var random = SplitMix64(seed: 0x5AFE)
    let moved = joints.filter { $0 < toolJoints }
    for candidate in place..<Self.candidates {
      for joint in moved { tries[candidate].beside[joint] = 0.003 * Float(random.normal()) }
      tries[candidate].cost = 0.005
    }
    for joint in 0..<8 where !moved.contains(joint) { own[joint] = 1 }
  }

  /// The action that the person would like best: from `command`, whose last change was `step`, to `target` or near it.
  func best(
    near target: JointVector, from command: JointVector, step: JointVector, environment: SIMD16<Float>
  ) -> JointVector {
    if let weights = weights.load() { newest = weights }
    guard all((target - target) .== 0) else { return target }
    let situation = aspects.situation(at: command, step: step, environment: environment)
    let way = target - command, before = step * ticks
    let carried = way * (1 - own)
    let length = dot(carried, carried)
    var best = target
    var most = newest.score(aspects.terms(of: target, in: situation))
    var index = 1
    while index < Self.candidates {
      let attempt = tries[index]
      // Across the way: a step aside is no brake.
      let aside = length > 1e-10 ? attempt.beside - carried * (dot(attempt.beside, carried) / length) : attempt.beside
      let moved = way * attempt.along + before * attempt.onward + aside
      let tried = (command + way * own + moved * (1 - own)).clamped(lowerBound: lower, upperBound: upper)
      let score = newest.score(aspects.terms(of: tried, in: situation)) - attempt.cost
      if score > most {
        most = score
        best = tried
      }
      index += 1
    }
    return best
  }

  /// In the lanes' order, so that every machine has the same bits.
  private func dot(_ a: JointVector, _ b: JointVector) -> Float {
    var sum: Float = 0
    var lane = 0
    while lane < 8 {
      sum += a[lane] * b[lane]
      lane += 1
    }
    return sum
  }
}
