internal import Glibc

/// `push` by a smooth rule: keep the finger behind the puck as seen from the goal, and push while it is there.
///
///                       φ = 0: right behind                     goal
///     finger ○ ─ ─ ─ ─ ▶ ◯ puck  ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ✕
///
/// φ is the finger's angle about the puck's middle, away from right behind. Pushed off centre, a round puck runs to the
/// other side and φ grows by itself; taking the finger round to φ = 0 while pushing steers it back. Where φ is large the
/// finger goes round at a distance and pushes nothing. Lengths in m.
final class PushSkill: Skill {
  /// From the puck's middle to the finger's when they touch, and how far beyond that the finger goes round.
  private static let touch_m = PushTask.radius_m + PushTask.finger_m
  private static let clearance_m = 0.012
  /// φ up to which the finger pushes, and from which it keeps off.
  private static let behind_rad = 0.35
  private static let aside_rad = 0.80
  /// The height of the tip when it pushes, and gains a frame.
  private static let height_m = 0.009
  private static let heightGain = 0.25
  private static let turnGain = 0.45
  private static let gain = 0.30
  /// The longest step a frame, of the tool and of the pushed puck.
  private static let step_m = 0.004
  private static let push_m = 0.0030
  /// The puck is pushed to within this of the goal's middle.
  private static let near_m = 0.003
  /// How far the finger leaves a puck that has arrived.
  private static let leave_m = 0.004
  private static let upright_m = 0.06
  private static let uprightGain = 0.5
  private static let unrollGain = 0.4
  /// For `remaining`: how fast the puck and the finger get on.
  private static let speed_m_s = 0.06

  let progress = 0.15
  private let reach: Reach

  init(_ reach: Reach) { self.reach = reach }

  private struct Situation {
    var tool = SIMD3<Double>.zero
    /// From the puck's middle to the finger, level; how far, and how far round from right behind the puck.
    var radius_m = 0.0
    var angle_rad = 0.0
    /// Unit vectors: outward from the puck to the finger, and along growing φ.
    var outward = SIMD3<Double>.zero
    var round = SIMD3<Double>.zero
    var way_m = 0.0
  }

  private func situation(_ view: SceneView) -> Situation {
    let then = reach.tool(at: view.seenPosture).position
    let now = reach.tool(at: view.posture).position
    var puck = view.object
    // A puck that the finger touched when both were seen has since been pushed as far as the finger went toward it.
    let seen = Self.level(puck - then)
    let gap = Self.length(seen) - Self.touch_m
    let toward = seen / max(Self.length(seen), 1e-6)
    puck += toward * (max(0, (Self.level(now - then) * toward).sum()) * (1 - smoothstep((gap - 0.001) / 0.003)))
    var s = Situation()
    s.tool = now
    let way = Self.level(view.goal - puck)
    s.way_m = Self.length(way)
    let back = s.way_m > 1e-6 ? -way / s.way_m : SIMD3(-1, 0, 0)
    let finger = Self.level(now - puck)
    s.radius_m = Self.length(finger)
    s.outward = s.radius_m > 1e-6 ? finger / s.radius_m : back
    s.round = SIMD3(-s.outward.y, s.outward.x, 0)
    s.angle_rad = atan2(back.x * s.outward.y - back.y * s.outward.x, (back * s.outward).sum())
    return s
  }

  private static func level(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(v.x, v.y, 0) }
  private static func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }

  func next(_ view: SceneView, style: Double) -> SkillMove {
    let s = situation(view)
    let aside = smoothstep((s.angle_rad.magnitude - Self.behind_rad) / (Self.aside_rad - Self.behind_rad))
    // Near the goal the direction to it means ever less: stop steering by it, stop pushing, leave the puck.
    let close = 1 - smoothstep((s.way_m - Self.near_m) / 0.008)
    let gap = s.radius_m - Self.touch_m
    let off = gap - Self.clearance_m * aside - Self.leave_m * close
    let touching = 1 - smoothstep(gap / 0.006)
    let push = Self.push_m * tanh(Self.gain * max(0, s.way_m - Self.near_m) / Self.push_m)
    let inward = Self.gain * (max(0, off) + min(0, off) * max(aside, close)) + push * touching * (1 - aside)
    let turn = -Self.turnGain * s.angle_rad * s.radius_m * (1 - close)
    var move = s.round * turn - s.outward * inward
    move.z = Self.heightGain * (Self.height_m - s.tool.z)
    move *= style
    let size = Self.length(move)
    let step = Self.step_m * style
    if size > 0 { move *= step * tanh(size / step) / size }
    let goal = reach.posture(
      from: view.posture, lead: view.lead, to: s.tool + move, uprightWeight_m: Self.upright_m,
      uprightGain: Self.uprightGain, unrollGain: Self.unrollGain)
    return SkillMove(change: goal - view.posture, jaw_rad: nil)
  }

  /// Seconds to go, about.
  func remaining(_ view: SceneView) -> Double {
    let s = situation(view)
    let round = s.angle_rad.magnitude * Self.touch_m
    let approach = max(0, s.radius_m - Self.touch_m) + max(0, s.tool.z - Self.height_m)
    return (max(0, s.way_m - Self.near_m) + (round + approach) * smoothstep(s.way_m / 0.012)) / Self.speed_m_s
  }

  func isBack(_ view: SceneView) -> Bool {
    let s = situation(view)
    return s.angle_rad.magnitude < 0.25 && s.radius_m < Self.touch_m + 0.010 && s.tool.z < 0.018
  }

  func makeGate() -> any Gate { PushGate(skill: self) }

  /// Steps in when 0.6 s brought no 0.15 s of gain, or 0.24 s a loss of half a second.
  private struct PushGate: Gate {
    let skill: PushSkill
    var history: [Double] = []

    mutating func strays(_ view: SceneView) -> Bool {
      let s = skill.situation(view)
      history.append(skill.remaining(view))
      let now = history[history.count - 1]
      guard s.way_m > PushTask.goalRadius_m else { return false }
      let stalls = history.count > 15 && history[history.count - 16] - now < 0.15
      let loses = history.count > 6 && now - history[history.count - 7] > 0.5
      return stalls || loses
    }
  }
}
