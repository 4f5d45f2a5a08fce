internal import Glibc

/// `pick-place` as a smooth blend of three manners, each weighted by what the scene looks like:
///
///     approach   open jaw, over the cube, down beside it, close        while the cube is not in the hand
///     carry      up, over to the goal, down                            while it is
///     retreat    open, then up                                         once it lies at the goal
///
/// Lengths in m. The fixed finger is what the tool centre hangs on: with the jaw open, the hand keeps a little off the
/// cube on that side, and comes to it as the jaw closes.
final class PickPlaceSkill: Skill {
  /// Jaw angles: open; closing on the cube; what the trigger is squeezed to; clearly shut.
  static let open_rad = 0.5
  private static let grip_rad = 0.127
  private static let squeeze_rad = 0.0
  /// How far the open hand keeps its fixed finger off the cube.
  private static let clearance_m = 0.009
  /// Height of the tool centre when it grasps, above that when it travels, and when it is done.
  private static let graspHeight_m = 0.017
  private static let hover_m = 0.035
  private static let lift_m = 0.032
  private static let doneHeight_m = 0.055
  /// Gain a frame and the longest step a frame.
  private static let gain = 0.4
  private static let step_m = 0.006
  private static let uprightGain = 0.4
  private static let turnGain = 0.25
  private static let turn_rad = 0.06
  /// What a radian of wrong turn is worth.
  private static let turn_m = 0.025
  private static let upright_m = 0.06
  /// For `remaining`: how fast the hand gets on, and how long closing or opening takes.
  private static let speed_m_s = 0.12
  private static let closing_s = 0.5

  let progress = 0.15
  private let reach: Reach

  init(_ reach: Reach) { self.reach = reach }

  /// The scene as the hand has it.
  struct Situation {
    /// The tool centre, and the cube relative to it: across the jaw, along it, up.
    var tool = SIMD3<Double>.zero
    var across = SIMD3<Double>.zero
    var cube = SIMD3<Double>.zero
    var inHand = SIMD3<Double>.zero
    var goal = SIMD3<Double>.zero
    /// By how much the hand should turn to be square to the cube.
    var turn_rad = 0.0
    /// 0 closed on the cube … 1 open.
    var openness = 0.0
    /// How far the hand was from above the cube when both were seen.
    var seenLevel_m = 0.0
    /// Weights 0…1: the cube is between the fingers; it is held; it lies where it should.
    var between = 0.0
    var held = 0.0
    var placed = 0.0

    /// From the cube to the goal, level.
    var way: SIMD3<Double> { SIMD3(goal.x - cube.x, goal.y - cube.y, 0) }
  }

  func situation(_ view: SceneView) -> Situation {
    let then = reach.tool(at: view.seenPosture)
    let now = reach.tool(at: view.posture)
    var s = Situation()
    s.tool = now.position
    let level = (now.across.x * now.across.x + now.across.y * now.across.y).squareRoot()
    s.across = SIMD3(now.across.x, now.across.y, 0) / max(level, 1e-6)
    s.goal = view.goal
    s.openness = Self.openness(view.posture[5])
    // Whether the cube is in the hand is judged in the moment in which both were seen…
    s.inHand = Self.relative(view.object - then.position, then.across)
    s.between =
      Self.near(s.inHand.x, 0.010, 0.006) * Self.near(s.inHand.y, 0.008, 0.006) * Self.near(s.inHand.z, 0.016, 0.008)
    s.held = s.between * (1 - smoothstep((view.seenPosture[5] - 0.14) / 0.05))
    // …and a cube in the hand is since then where the hand is.
    s.cube = view.object + (now.position - then.position) * s.held
    s.turn_rad = Self.quarter(view.objectYaw - atan2(s.across.y, s.across.x))
    let off = SIMD3(s.inHand.x - Self.clearance_m * Self.openness(view.seenPosture[5]), s.inHand.y, 0)
    s.seenLevel_m = away(off, Self.quarter(view.objectYaw - atan2(then.across.y, then.across.x)))
    let away = (s.way * s.way).sum().squareRoot()
    s.placed = (1 - smoothstep((away - 0.013) / 0.004)) * (1 - smoothstep((s.cube.z - 0.0145) / 0.002))
    return s
  }

  /// A level offset in the hand's frame.
  private static func relative(_ offset: SIMD3<Double>, _ across: SIMD3<Double>) -> SIMD3<Double> {
    let level = max((across.x * across.x + across.y * across.y).squareRoot(), 1e-6)
    let (x, y) = (across.x / level, across.y / level)
    return SIMD3(offset.x * x + offset.y * y, -offset.x * y + offset.y * x, offset.z)
  }

  private static func openness(_ jaw_rad: Double) -> Double {
    min(max((jaw_rad - grip_rad) / (open_rad - grip_rad), 0), 1)
  }

  private static func near(_ x: Double, _ range: Double, _ fade: Double) -> Double {
    1 - smoothstep((x.magnitude - range) / fade)
  }

  /// An angle as the nearest turn of a square.
  private static func quarter(_ angle: Double) -> Double { angle - (angle / (.pi / 2)).rounded() * (.pi / 2) }

  func next(_ view: SceneView, style: Double) -> SkillMove {
    let s = situation(view)
    let (approach, closing) = approach(s)
    let carry = carry(s)
    let retreat = retreat(s)
    let fetch = carry * s.held + approach * (1 - s.held)
    var move = (retreat * s.placed + fetch * (1 - s.placed)) * (Self.gain * style)
    let size = (move * move).sum().squareRoot()
    let step = Self.step_m * style
    if size > 0 { move *= step * tanh(size / step) / size }
    let turn = min(max(Self.turnGain * s.turn_rad, -Self.turn_rad), Self.turn_rad) * (1 - s.held) * (1 - s.placed)
    let goal = reach.posture(
      from: view.posture, lead: view.lead, to: s.tool + move, uprightWeight_m: Self.upright_m, turn_rad: turn,
      uprightGain: Self.uprightGain)
    let shut = max(closing, s.held) * (1 - s.placed)
    let jaw = Self.open_rad + (Self.squeeze_rad - Self.open_rad) * shut
    return SkillMove(change: goal - view.posture, jaw_rad: jaw)
  }

  /// Where the open hand should be to close on the cube.
  private func grasp(_ s: Situation) -> SIMD3<Double> {
    var point = s.cube - s.across * (Self.clearance_m * s.openness)
    point.z = Self.graspHeight_m
    return point
  }

  private func approach(_ s: Situation) -> (move: SIMD3<Double>, closing: Double) {
    let error = grasp(s) - s.tool
    let level = away(error, s.turn_rad)
    // High while beside the cube (as expected, and as last seen: a finger that stands on the cube must not be believed
    // to be beside it), and while a closed jaw would come down on it.
    let beside = smoothstep((max(level, s.seenLevel_m) - 0.004) / 0.006)
    let shut = 1 - smoothstep(s.openness / 0.5)
    let wanted = Self.graspHeight_m + Self.hover_m * max(beside, shut) * (1 - s.between)
    let low = max(0, wanted - s.tool.z)
    let sideways = 1 - smoothstep(low / 0.020) * (1 - s.between) * (1 - smoothstep((level - 0.05) / 0.05))
    let closing = 1 - smoothstep((level + 0.5 * (s.tool.z - Self.graspHeight_m).magnitude - 0.008) / 0.006)
    return (SIMD3(error.x * sideways, error.y * sideways, wanted - s.tool.z), closing)
  }

  /// How far the hand is from above the cube, squarely; a wrong turn counts too.
  private func away(_ error: SIMD3<Double>, _ turn_rad: Double) -> Double {
    (error.x * error.x + error.y * error.y).squareRoot() + Self.turn_m * turn_rad.magnitude
  }

  private func carry(_ s: Situation) -> SIMD3<Double> {
    let away = (s.way * s.way).sum().squareRoot()
    let wanted = PickPlaceTask.half_m + Self.lift_m * smoothstep((away - 0.005) / 0.015)
    let low = max(0, wanted - s.cube.z)
    let sideways = 1 - smoothstep((low - 0.005) / 0.015)
    // Pressing on a little makes sure that it stands before it is let go.
    return SIMD3(s.way.x * sideways, s.way.y * sideways, wanted - s.cube.z - 0.001)
  }

  private func retreat(_ s: Situation) -> SIMD3<Double> {
    let isOpen = smoothstep((s.openness - 0.4) / 0.3)
    let beside = grasp(s) - s.tool
    let up = Self.graspHeight_m + (Self.doneHeight_m - Self.graspHeight_m) * isOpen - s.tool.z
    let stay = 1 - smoothstep((s.tool.z - 0.020) / 0.015)
    return SIMD3(beside.x * stay, beside.y * stay, max(up, 0))
  }

  /// Seconds to go, about.
  func remaining(_ view: SceneView) -> Double {
    let s = situation(view)
    let retreat = max(0, Self.doneHeight_m - s.tool.z) / Self.speed_m_s + Self.closing_s * (1 - s.openness) * 0.5
    let way = (s.way * s.way).sum().squareRoot()
    let rise = max(0, PickPlaceTask.half_m + Self.lift_m - s.cube.z)
    let carry = (way + rise + 0.5 * Self.lift_m) / Self.speed_m_s + Self.closing_s + 0.3
    let error = grasp(s) - s.tool
    let level = away(error, s.turn_rad)
    let shut = 1 - smoothstep(s.openness / 0.5)
    let approach =
      (level + error.z.magnitude) / Self.speed_m_s + Self.closing_s * (1 + shut * (1 - s.between))
    let fetch = s.held * carry + (1 - s.held) * (approach + carry)
    return s.placed * retreat + (1 - s.placed) * fetch
  }

  func isBack(_ view: SceneView) -> Bool {
    let s = situation(view)
    if s.held > 0.9 { return s.cube.z > PickPlaceTask.half_m + 0.015 }
    let error = grasp(s) - s.tool
    return s.openness > 0.7 && (error.x * error.x + error.y * error.y).squareRoot() < 0.03 && s.tool.z > 0.035
  }

  func makeGate() -> any Gate { PickPlaceGate(skill: self) }

  /// Steps in when 0.6 s brought no 0.15 s of gain, or 0.24 s a loss of half a second.
  private struct PickPlaceGate: Gate {
    let skill: PickPlaceSkill
    var history: [Double] = []

    mutating func strays(_ view: SceneView) -> Bool {
      history.append(skill.remaining(view))
      let now = history[history.count - 1]
      let stalls = history.count > 15 && history[history.count - 16] - now < 0.15
      let loses = history.count > 6 && now - history[history.count - 7] > 0.5
      return stalls || loses
    }
  }
}
