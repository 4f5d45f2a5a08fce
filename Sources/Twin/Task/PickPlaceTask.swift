internal import Glibc
internal import RealTime

/// `pick-place`: put the cube on the goal.
///
/// Success: the cube lies on the table within 20 mm of the goal and the tool is more than 40 mm above the table. Failure:
/// the cube is out of reach, or 12 s. The cube is 25 mm wide; the goal is a mark that nothing bumps into.
final class PickPlaceTask: TwinTask {
  static let name = "pick-place"

  /// Half the cube's width (hardware/sim/pick-place/scene.xml).
  static let half_m = 0.0125
  static let goalRadius_m = 0.020
  static let handHeight_m = 0.040
  /// A cube whose middle is no higher lies on the table.
  static let lying_m = half_m + 0.003
  /// Where the arm can still pick from above.
  private static let reach_m = 0.11...0.31

  let limit_s = 12.0
  // Tool upright, 55 mm over the table at (200, 0) mm, jaw open.
  let startPosture = SIMD8<Double>(0, -0.2984, 0.5257, 1.3435, 0, 0.5, 0, 0)

  private let simulation: Simulation
  private let seed: UInt64
  private let cube: JointIndex
  private let goal: Int
  private let tool: Int
  private var steps = 0
  private var verdict = Outcome.open
  private var isDone = false

  init(_ simulation: Simulation, seed: UInt64) throws(TwinError) {
    self.simulation = simulation
    self.seed = seed
    cube = try simulation.scene.joint("cube")
    goal = try simulation.scene.placeable("goal")
    tool = try simulation.scene.site("tool")
    clear()
  }

  func clear() {
    put(at: SIMD3(-0.10, 0.30, Self.half_m), yaw_rad: 0)
    simulation.place(goal, at: SIMD3(-0.10, 0.20, 0))
  }

  func place(episode: Int) {
    var random = stream(seed: seed, episode: episode, use: .scene)
    let at = SIMD3(random.uniform(0.17...0.25), random.uniform(-0.11 ... -0.01), Self.half_m)
    put(at: at, yaw_rad: random.uniform(-0.5...0.5))
    simulation.place(goal, at: SIMD3(random.uniform(0.18...0.24), random.uniform(0.07...0.11), 0))
  }

  func put(_ features: [String: Double]) {
    let at = SIMD3(features["cube.x"] ?? 0, features["cube.y"] ?? 0, features["cube.z"] ?? Self.half_m)
    put(at: at, yaw_rad: features["cube.yaw"] ?? 0)
    simulation.place(goal, at: SIMD3(features["goal.x"] ?? 0, features["goal.y"] ?? 0, 0))
  }

  private func put(at position: SIMD3<Double>, yaw_rad: Double) {
    simulation.place(cube, at: position, orientation: SIMD4(cos(yaw_rad / 2), 0, 0, sin(yaw_rad / 2)))
  }

  func knock(by way: SIMD3<Double>) {
    let (position, orientation) = simulation.pose(cube)
    // A cube in the hand goes where the hand goes.
    guard position.z < Self.lying_m else { return }
    simulation.place(cube, at: position + way, orientation: orientation)
  }

  func begin() {
    steps = 0
    verdict = .open
    isDone = false
  }

  func judge() {
    let cube = simulation.pose(cube).position
    let away = cube - simulation.placement(goal)
    let distance = (away.x * away.x + away.y * away.y).squareRoot()
    let isThere = distance < Self.goalRadius_m && cube.z < Self.lying_m
    let isDone = isThere && simulation.position(site: tool).z > Self.handHeight_m
    self.isDone = self.isDone || isDone
    steps += 1
    guard verdict == .open else { return }
    let reach = (cube.x * cube.x + cube.y * cube.y).squareRoot()
    if isDone {
      verdict = .success
    } else if !Self.reach_m.contains(reach) || Double(steps) * simulation.scene.timestep_s > limit_s {
      verdict = .failure
    }
  }

  func outcome(forgiving: Bool) -> Outcome { forgiving ? (isDone ? .success : .open) : verdict }

  func features() -> [(name: String, value: Double)] {
    let view = look()
    return [
      ("cube.x", view.object.x), ("cube.y", view.object.y), ("cube.z", view.object.z), ("cube.yaw", view.objectYaw),
      ("goal.x", view.goal.x), ("goal.y", view.goal.y),
    ]
  }

  func look() -> SceneView {
    let (position, q) = simulation.pose(cube)
    let yaw = atan2(2 * (q.x * q.w + q.y * q.z), 1 - 2 * (q.z * q.z + q.w * q.w))
    return SceneView(object: position, objectYaw: yaw, goal: simulation.placement(goal))
  }
}
