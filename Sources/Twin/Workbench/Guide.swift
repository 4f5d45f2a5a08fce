internal import RealTime

/// A hand that leads a limp arm from posture to posture, all joints together, as fast as one does with care.
struct Guide {
  private static let speed_rad_s = 2.5
  /// A stop is felt for so long before the hand turns round.
  private static let dwell_s = 0.3
  /// How far the hand means to go beyond a stop, so that it is surely reached.
  private static let beyond_rad = 0.05
  private static let stepsAFrame = 20
  private static let frame_s = 0.04

  private var hand: Hand
  /// Where the hand means the joints to be now, and where to go, one after the other.
  private var wanted = SIMD8<Double>.zero
  private var route: [SIMD8<Double>] = []
  private var dwelt_s = 0.0

  init(_ arm: ArmMechanism, seed: UInt64) {
    hand = Hand(
      joints: arm.jointCount, step_s: arm.simulation.scene.timestep_s, frame_s: Self.frame_s,
      options: OperatorOptions(), random: SplitMix64(seed: seed))
  }

  /// Nothing left to do; it may be holding the arm.
  var isIdle: Bool { route.isEmpty }

  mutating func letGo() {
    hand.letGo()
    route = []
  }

  /// Brings the named joints somewhere, the others stay.
  mutating func move(_ arm: ArmMechanism, to goals: [String: Double]) {
    take(arm)
    var posture = wanted
    for (joint, name) in ArmMechanism.jointNames.enumerated() { posture[joint] = goals[name] ?? posture[joint] }
    route = [posture]
  }

  /// From stop to stop, and back to where it was.
  mutating func sweep(_ arm: ArmMechanism) {
    take(arm)
    var lower = wanted, upper = wanted
    for (joint, index) in arm.joints.enumerated() {
      lower[joint] = index.range.lowerBound - Self.beyond_rad
      upper[joint] = index.range.upperBound + Self.beyond_rad
    }
    route = [lower, upper, wanted]
  }

  /// One physics step; true when the last of what it was told is done.
  mutating func push(_ arm: ArmMechanism, step: Int) -> Bool {
    var isDone = false
    if step % Self.stepsAFrame == 0, let goal = route.first {
      let most = Self.speed_rad_s * Self.frame_s
      let way = goal - wanted
      wanted += way.clamped(lowerBound: .init(repeating: -most), upperBound: .init(repeating: most))
      hand.move(to: wanted)
      dwelt_s = wanted == goal ? dwelt_s + Self.frame_s : 0
      if dwelt_s >= Self.dwell_s {
        route.removeFirst()
        dwelt_s = 0
        isDone = route.isEmpty
      }
    }
    hand.push(arm)
    return isDone
  }

  private mutating func take(_ arm: ArmMechanism) {
    guard hand.intent == nil else { return }
    wanted = arm.posture
    hand.grasp(wanted)
  }
}
