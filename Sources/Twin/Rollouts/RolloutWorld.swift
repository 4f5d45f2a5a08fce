/// The follower and the task alone, set to any state and driven by commands: a model for planners, and a world in which to
/// try them. No servos' bytes, no host, no person: commands reach the joints' position loops as they are.
///
///     let world = try RolloutWorld(options)
///     try world.set(position: posture, velocity: .zero, features: ["puck.x": 0.21, …])
///     world.step(command: command)                     // 40 ms later:
///     world.position; world.features; world.outcome
///
/// Deterministic; not for threads.
public final class RolloutWorld {
  /// From one command to the next.
  public static let period_s = 0.04

  private let follower: ArmMechanism
  private let task: any TwinTask
  private var command = SIMD8<Double>.zero

  /// A world of the options' task, with their dynamics.
  public init(_ options: TwinOptions) throws(TwinError) {
    let files = try TwinFiles(options.hardware)
    guard let make = Stage.tasks[options.task] else {
      throw .unknownTask(options.task, known: Stage.tasks.keys.sorted())
    }
    let scene = try SceneModel(path: "\(files.scenes)/\(options.task)/scene.xml")
    scene.scaleFriction(of: "table", by: options.dynamics.tableFriction)
    follower = try ArmMechanism(Simulation(scene))
    try follower.slow(options.dynamics.slowest_rad_s)
    (task, _) = try make(follower, options.seed)
  }

  /// What must be known to set the scene: all but the height of what lies flat on the table (the tasks know it).
  public var neededNames: [String] { featureNames.filter { !$0.hasSuffix(".z") || featureNames.contains("mark.z") } }
  /// What the camera reports, in the task's order.
  public var featureNames: [String] { task.features().map(\.name) }
  /// What the camera reports now.
  public var features: [Double] { task.features().map(\.value) }
  /// Where the joints are, in rad.
  public var position: SIMD8<Double> { follower.posture }
  /// How fast they turn, in rad/s.
  public var velocity: SIMD8<Double> {
    var velocity = SIMD8<Double>.zero
    for joint in follower.joints.indices { velocity[joint] = follower.velocity(joint) }
    return velocity
  }
  /// How the task stands since the world was set.
  public var outcome: Outcome { task.outcome(forgiving: false) }
  /// How long an episode of the task may take.
  public var limit_s: Double { task.limit_s }
  /// True once the physics ran away: nothing that followed counts.
  public var isBroken: Bool { follower.simulation.isBroken }

  /// The arm at its start posture, shifted by `jitter` rad, and the objects where an episode of the twin begins.
  public func begin(episode: Int, jitter: SIMD8<Double>) {
    task.place(episode: episode)
    place(task.startPosture + jitter, velocity: .zero)
  }

  /// Any state; objects lie still where `features` says.
  public func set(
    position: SIMD8<Double>, velocity: SIMD8<Double>, features: [String: Double]
  ) throws(TwinError) {
    for name in neededNames where features[name]?.isFinite != true {
      throw .missing(kind: "feature", name: name, path: "of the rollouts' state")
    }
    task.put(features)
    place(position, velocity: velocity)
  }

  private func place(_ position: SIMD8<Double>, velocity: SIMD8<Double>) {
    follower.simulation.forget()
    follower.set(posture: position, velocity: velocity)
    command = position
    task.begin()
  }

  /// 40 ms on, in which the joints' goals go from the last command to this one.
  public func step(command next: SIMD8<Double>) {
    for step in 1...Stage.stepsAFrame {
      let goal = command + (next - command) * (Double(step) / Double(Stage.stepsAFrame))
      for joint in follower.joints.indices { follower.drive(joint, toward: goal[joint], torqueShare: 1) }
      follower.simulation.step()
      task.judge()
    }
    command = next
  }
}
