internal import RealTime

/// `push`: push the puck to the goal with a round finger.
///
/// Success: the puck has lain within 12 mm of the goal for 0.2 s. Failure: the puck is out of reach or over, or 8 s. The
/// puck is 40 mm wide; the goal is a mark that nothing bumps into.
/// A family, too: in a variant the goal belongs to the task and not to the episode.
final class PushTask: TwinTask, TaskFamily {
  static let name = "push"

  /// The puck's radius, half its height, and the finger's radius (hardware/sim/push).
  static let radius_m = 0.020
  static let half_m = 0.010
  static let finger_m = 0.006
  /// How near the puck's middle must come to the goal, how slow it must be there, and for how long.
  static let goalRadius_m = 0.012
  static let rest_m_s = 0.02
  static let restSteps = 100
  /// Where the finger can still get behind the puck, and how far it may tilt up.
  private static let reach_m = 0.12...0.33
  private static let upright_m = half_m + 0.006

  let limit_s = 8.0
  // Finger upright, its tip 30 mm over the table at (150, 0) mm.
  let startPosture = SIMD8<Double>(0, -0.6811, 0.7610, 1.4909, 0, 0, 0, 0)

  private let simulation: Simulation
  private let seed: UInt64
  private let puck: JointIndex
  private let goal: Int
  private var variant: Int?
  private var steps = 0
  private var stillSteps = 0
  private var verdict = Outcome.open
  private var isDone = false

  init(_ simulation: Simulation, seed: UInt64) throws(TwinError) {
    self.simulation = simulation
    self.seed = seed
    puck = try simulation.scene.joint("puck")
    goal = try simulation.scene.placeable("goal")
    clear()
  }

  func clear() {
    put(at: SIMD3(-0.10, 0.30, Self.half_m))
    simulation.place(goal, at: SIMD3(-0.10, 0.20, 0))
  }

  func choose(variant: Int) {
    self.variant = variant
    clear()
  }

  func place(episode: Int) {
    var random = stream(seed: seed, episode: episode, use: .scene)
    put(at: SIMD3(random.uniform(0.20...0.23), random.uniform(-0.04...0.04), Self.half_m))
    if let variant { random = stream(seed: seed, episode: variant, use: .variant) }
    simulation.place(goal, at: SIMD3(random.uniform(0.265...0.29), random.uniform(-0.05...0.05), 0))
  }

  func put(_ features: [String: Double]) {
    put(at: SIMD3(features["puck.x"] ?? 0, features["puck.y"] ?? 0, features["puck.z"] ?? Self.half_m))
    simulation.place(goal, at: SIMD3(features["goal.x"] ?? 0, features["goal.y"] ?? 0, 0))
  }

  private func put(at position: SIMD3<Double>) {
    simulation.place(puck, at: position, orientation: SIMD4(1, 0, 0, 0))
  }

  func knock(by way: SIMD3<Double>) {
    let (position, orientation) = simulation.pose(puck)
    simulation.place(puck, at: position + way, orientation: orientation)
  }

  func begin() {
    steps = 0
    stillSteps = 0
    verdict = .open
    isDone = false
  }

  func judge() {
    let puck = simulation.pose(puck).position
    let speed = simulation.speed(self.puck)
    let away = puck - simulation.placement(goal)
    let distance = (away.x * away.x + away.y * away.y).squareRoot()
    let rests = distance < Self.goalRadius_m && (speed * speed).sum().squareRoot() < Self.rest_m_s
    stillSteps = rests ? stillSteps + 1 : 0
    isDone = isDone || stillSteps >= Self.restSteps
    steps += 1
    guard verdict == .open else { return }
    let reach = (puck.x * puck.x + puck.y * puck.y).squareRoot()
    if isDone {
      verdict = .success
    } else if !Self.reach_m.contains(reach) || puck.z > Self.upright_m
      || Double(steps) * simulation.scene.timestep_s > limit_s
    {
      verdict = .failure
    }
  }

  func outcome(forgiving: Bool) -> Outcome { forgiving ? (isDone ? .success : .open) : verdict }

  func features() -> [(name: String, value: Double)] {
    let view = look()
    return [
      ("puck.x", view.object.x), ("puck.y", view.object.y), ("puck.z", view.object.z), ("goal.x", view.goal.x),
      ("goal.y", view.goal.y), ("goal.z", Self.half_m),
    ]
  }

  func look() -> SceneView {
    SceneView(object: simulation.pose(puck).position, goal: simulation.placement(goal))
  }
}
