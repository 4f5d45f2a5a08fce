internal import Glibc

/// `reach`: straight to the goal, slower as it comes near. Lengths in m.
final class ReachSkill: Skill {
  /// Gain a frame, and the longest step a frame.
  private static let gain = 0.3
  private static let step_m = 0.005
  /// What a radian of tilt is worth, and how much of a tilt and of a turned wrist is taken back in a frame: little, but a
  /// posture that nobody brings back would wander.
  private static let upright_m = 0.01
  private static let uprightGain = 0.3
  private static let unrollGain = 0.2

  let progress = 0.003
  private let reach: Reach

  init(_ reach: Reach) { self.reach = reach }

  private func error(_ view: SceneView) -> SIMD3<Double> { view.goal - reach.tool(at: view.posture).position }

  func next(_ view: SceneView, style: Double) -> SkillMove {
    let error = error(view)
    var move = error * (Self.gain * style)
    let size = (move * move).sum().squareRoot()
    let step = Self.step_m * style
    if size > 0 { move *= step * tanh(size / step) / size }
    let goal = reach.posture(
      from: view.posture, lead: view.lead, to: view.goal - error + move, uprightWeight_m: Self.upright_m,
      uprightGain: Self.uprightGain, unrollGain: Self.unrollGain)
    return SkillMove(change: goal - view.posture, jaw_rad: nil)
  }

  func remaining(_ view: SceneView) -> Double {
    let error = error(view)
    return (error * error).sum().squareRoot()
  }

  func isBack(_ view: SceneView) -> Bool { remaining(view) < ReachTask.near_m / 2 }

  func makeGate() -> any Gate { ReachGate(self) }

  /// Steps in when the tool, away from its goal, has come no nearer for half a second.
  private struct ReachGate: Gate {
    private static let frames = 12
    private let skill: ReachSkill
    private var history: [Double] = []

    init(_ skill: ReachSkill) { self.skill = skill }

    mutating func strays(_ view: SceneView) -> Bool {
      let remaining = skill.remaining(view)
      history.append(remaining)
      guard history.count > Self.frames, remaining > ReachTask.near_m else { return false }
      return history[history.count - 1 - Self.frames] - remaining < 0.004
    }
  }
}
