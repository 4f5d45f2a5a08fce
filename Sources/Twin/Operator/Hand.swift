internal import RealTime

/// A person's hand on the leader arm: what it intends, 25 times a second, becomes torques on the joints, 500 times a second.
///
///     intent ─▶ interpolated ─▶ low-pass ─▶ + tremor ─▶ spring and damper ─▶ leader's joints
///
/// The hand is as stiff as one that means it: 3 mrad under the leader's weight. A hand that let go exerts nothing.
struct Hand {
  /// What the hand and arm feel like to each joint, in N m s²/rad: the leader's own inertia there, about.
  private static let inertia = SIMD8<Double>(0.03, 0.05, 0.02, 0.008, 0.005, 0.005, 0, 0)
  private static let stiffness_Nm_rad = 3600 * inertia
  private static let damping_Nms_rad = 108 * inertia
  private static let strength_Nm = SIMD8<Double>(repeating: 4)
  /// How long fingers take to close.
  private static let closing_s = 0.06
  private static let tremorPeriod_s = 0.01
  private static let tremorTime_s = 0.03

  private let joints: Int
  private let step_s: Double
  private let frame_s: Double
  private let smoothing: Double
  private let tremor_rad: Double
  private var random: SplitMix64

  /// The posture that the hand means to reach by the next frame; nil while it holds nothing.
  private(set) var intent: SIMD8<Double>?
  private var from = SIMD8<Double>.zero
  private var sinceIntent_s = 0.0
  private var smooth = SIMD8<Double>.zero
  private var tremble = SIMD8<Double>.zero
  private var sinceTremor_s = 0.0
  private var held_s = 0.0

  init(joints: Int, step_s: Double, frame_s: Double, options: OperatorOptions, random: SplitMix64) {
    self.joints = joints
    self.step_s = step_s
    self.frame_s = frame_s
    smoothing = min(1, 2 * .pi * options.bandwidth_Hz * step_s)
    tremor_rad = options.tremor_rad
    self.random = random
  }

  /// Closes around the leader where it is.
  mutating func grasp(_ posture: SIMD8<Double>) {
    intent = posture
    from = posture
    smooth = posture
    sinceIntent_s = frame_s
    held_s = 0
  }

  /// Stops pulling: the hand means to be where the leader is.
  mutating func yield(to posture: SIMD8<Double>) {
    guard intent != nil else { return }
    intent = posture
    from = posture
    smooth = posture
    sinceIntent_s = frame_s
  }

  /// Opens.
  mutating func letGo() { intent = nil }

  /// Means to be at `posture` in one frame.
  mutating func move(to posture: SIMD8<Double>) {
    guard let intent else { return }
    let share = min(1, sinceIntent_s / frame_s)
    from += (intent - from) * share
    self.intent = posture
    sinceIntent_s = 0
  }

  /// One physics step: pushes the leader's joints.
  mutating func push(_ leader: ArmMechanism) {
    guard let intent else {
      for joint in leader.joints { leader.simulation.push(joint, torque_Nm: 0) }
      return
    }
    sinceIntent_s += step_s
    held_s += step_s
    sinceTremor_s += step_s
    let wanted = from + (intent - from) * min(1, sinceIntent_s / frame_s)
    let speed = (wanted - smooth) * (smoothing / step_s)
    smooth += (wanted - smooth) * smoothing
    if sinceTremor_s >= Self.tremorPeriod_s { trembleOn() }
    let firmness = min(1, held_s / Self.closing_s)
    for (i, joint) in leader.joints.enumerated() {
      let lag = smooth[i] + tremble[i] - leader.position(i)
      let torque = Self.stiffness_Nm_rad[i] * lag + Self.damping_Nms_rad[i] * (speed[i] - leader.velocity(i))
      let limit = Self.strength_Nm[i]
      leader.simulation.push(joint, torque_Nm: firmness * min(max(torque, -limit), limit))
    }
  }

  /// Trembling is noise with a memory of 30 ms: about 5 Hz wide.
  private mutating func trembleOn() {
    sinceTremor_s -= Self.tremorPeriod_s
    let keep = 1 - Self.tremorPeriod_s / Self.tremorTime_s
    let kick = tremor_rad * (1 - keep * keep).squareRoot()
    for joint in 0..<joints { tremble[joint] = keep * tremble[joint] + kick * random.normal() }
  }
}
