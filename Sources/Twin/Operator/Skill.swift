/// How a person does one task: a smooth rule from what is seen to what the hand does next, the same wherever the arm is
/// and whatever came before. A rule that is wrong or jumps somewhere poisons corrections.
protocol Skill: AnyObject {
  /// What the hand should do in the next frame (40 ms). `style` scales gains and speed.
  func next(_ view: SceneView, style: Double) -> SkillMove
  /// How far there is to go: falls steadily when all goes well. In units of `progress`.
  func remaining(_ view: SceneView) -> Double
  /// How much `remaining` a person's own segment must gain to count as progress.
  var progress: Double { get }
  /// True where the policy can be trusted again.
  func isBack(_ view: SceneView) -> Bool
  /// A fresh eye for one stretch of the policy's driving.
  func makeGate() -> any Gate
}

/// One frame of a skill.
struct SkillMove {
  /// How the joints that carry the tool should change, in rad.
  var change: SIMD8<Double>
  /// Where the trigger should be, in rad; nil: as it is. Not a change: what the jaw holds stops it, not the finger.
  var jaw_rad: Double?
}

/// A person's eye on the policy: says when the arm strays.
protocol Gate {
  /// Looks at one frame; true when the person decides to step in.
  mutating func strays(_ view: SceneView) -> Bool
}
