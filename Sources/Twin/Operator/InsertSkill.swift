internal import Glibc

/// `insert` by a smooth funnel: stay high while the tip is beside the hole, sink as it comes over it.
///
/// Lengths in m. The wanted height over the cup's floor is 8 mm + 32 mm · smoothstep((d − 1 mm) / 6 mm), d being the
/// lateral error. Sideways motion fades where the tip is too low, so a tip on the table beside the cup goes up first.
final class InsertSkill: Skill {
  private static let goalHeight_m = 0.008
  private static let flankHeight_m = 0.032
  /// Gains a frame, and the longest step a frame.
  private static let lateralGain = 0.6
  private static let heightGain = 0.35
  private static let step_m = 0.003
  /// Too low by this much, and so near to the cup: up before sideways. Farther out, from twice that on, both at once
  /// (close to its base or stretched out, the arm can rise only by moving).
  private static let tooLow_m = 0.012
  private static let near_m = 0.025
  /// What a radian of tilt is worth while the tip is in the funnel; below it height comes first (the wrist's limit would
  /// keep an upright tool down).
  private static let upright_m = 0.06
  private static let uprightBelow_m = 0.005
  /// How much of a tilt and of a turned wrist is taken back in a frame. Neither matters for the hole, but a posture that
  /// nobody brings back wanders away from all that a policy has ever seen: with 0.6 and 0.4 instead of 0.2 and 0, 15
  /// demonstrations give .87 instead of .73.
  private static let uprightGain = 0.6
  private static let unrollGain = 0.4

  let progress = 0.002
  private let reach: Reach

  init(_ reach: Reach) { self.reach = reach }

  /// The tip relative to the hole's middle at the cup's floor.
  private func tip(_ view: SceneView) -> SIMD3<Double> {
    reach.tool(at: view.posture).position - view.object + SIMD3(0, 0, InsertTask.rim_m)
  }

  private static func lateral(_ tip: SIMD3<Double>) -> Double { (tip.x * tip.x + tip.y * tip.y).squareRoot() }

  /// The wanted height at a lateral error.
  static func funnel(_ lateral_m: Double) -> Double {
    goalHeight_m + flankHeight_m * smoothstep((lateral_m - 0.001) / 0.006)
  }

  func next(_ view: SceneView, style: Double) -> SkillMove {
    let tip = tip(view)
    let wanted = Self.funnel(Self.lateral(tip))
    let low = max(0, wanted - tip.z)
    let near = 1 - smoothstep((Self.lateral(tip) - Self.near_m) / Self.near_m)
    let sideways = Self.lateralGain * style * (1 - near * smoothstep(low / Self.tooLow_m))
    var move = SIMD3(-tip.x * sideways, -tip.y * sideways, Self.heightGain * style * (wanted - tip.z))
    let size = (move * move).sum().squareRoot()
    let step = Self.step_m * style
    if size > 0 { move *= step * tanh(size / step) / size }
    let upright = Self.upright_m + (Self.uprightBelow_m - Self.upright_m) * smoothstep(low / Self.tooLow_m)
    let target = tip + view.object - SIMD3(0, 0, InsertTask.rim_m) + move
    let goal = reach.posture(
      from: view.posture, lead: view.lead, to: target, uprightWeight_m: upright, uprightGain: Self.uprightGain,
      unrollGain: Self.unrollGain)
    return SkillMove(change: goal - view.posture, jaw_rad: nil)
  }

  func remaining(_ view: SceneView) -> Double {
    let tip = tip(view)
    let lateral = Self.lateral(tip)
    return lateral + max(0, tip.z - Self.goalHeight_m) + 2 * max(0, Self.funnel(lateral) - tip.z)
  }

  func isBack(_ view: SceneView) -> Bool {
    let tip = tip(view)
    return Self.lateral(tip) < 0.004 && tip.z > Self.funnel(Self.lateral(tip)) - 0.001
  }

  func makeGate() -> any Gate { InsertGate(self) }

  /// Steps in when the tip is well below the funnel, when half a second brought less than 4 mm, or when it drifts away.
  private struct InsertGate: Gate {
    private static let frames = 12
    private let skill: InsertSkill
    private var history: [Double] = []
    private var start: Double?

    init(_ skill: InsertSkill) { self.skill = skill }

    mutating func strays(_ view: SceneView) -> Bool {
      let tip = skill.tip(view)
      let lateral = InsertSkill.lateral(tip)
      let remaining = skill.remaining(view)
      history.append(remaining)
      let start = self.start ?? lateral
      self.start = start
      let isLow = tip.z < InsertSkill.funnel(lateral) - 0.005
      let stalls = history.count > Self.frames && history[history.count - 1 - Self.frames] - remaining < 0.004
      return isLow || stalls || lateral > start + 0.020
    }
  }
}

/// 0 below 0, 1 above 1, smooth between.
func smoothstep(_ x: Double) -> Double {
  let t = min(max(x, 0), 1)
  return t * t * (3 - 2 * t)
}
