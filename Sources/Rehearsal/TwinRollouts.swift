public import Arm
public import Learning
public import Twin

/// Rollouts by the twin's physics, in this process.
public final class TwinRollouts: TracedRollouts {
  /// Computes the features.
  public let meter: RewardMeter
  private let world: RolloutWorld
  private let names: [String]
  private let joints: Int

  /// Rollouts of the options' task; `features` speak of what the rig's environment reports.
  public init(_ options: TwinOptions, rig: Rig, features: [String]) throws {
    let environment = rig.environmentNames
    meter = RewardMeter(
      features: try features.map { (name) throws(RewardError) in try RewardFeature(name, environment: environment) },
      arm: rig.pairs[0].follower.arm, tool_m: rig.tool_m)
    world = try RolloutWorld(options)
    names = environment
    joints = rig.pairs[0].follower.arm.jointNames.count
    let missing = world.neededNames.filter { !environment.contains($0) }
    guard missing.isEmpty else {
      throw RehearsalError.refused(
        "The twin's task \(options.task) needs \(missing.joined(separator: ", ")) to set its scene, which the rig "
          + "\(rig.name) does not list; give the task's own rig (twin-\(options.task)).")
    }
  }

  /// As the physics has it; the same in whatever order trajectories come.
  public func traces(
    of trajectories: [[JointVector]], in scene: RolloutScene
  ) throws(RewardError) -> [RolloutTrace] {
    var traces: [RolloutTrace] = []
    for path in trajectories {
      guard let start = scene.position ?? path.first else {
        traces.append(RolloutTrace(commands: [], positions: [], environments: []))
        continue
      }
      do {
        try world.set(
          position: SIMD8<Double>(start), velocity: SIMD8<Double>(scene.velocity),
          features: Dictionary(zip(names, scene.environment), uniquingKeysWith: { first, _ in first }))
      } catch { throw .malformed(key: "state", problem: "\(error)") }
      var positions: [JointVector] = []
      var environments: [[Double]] = []
      for command in path {
        world.step(command: SIMD8<Double>(command))
        positions.append(JointVector(world.position))
        environments.append(environment())
      }
      traces.append(RolloutTrace(commands: path, positions: positions, environments: environments))
    }
    return traces
  }

  private func environment() -> [Double] {
    let seen = Dictionary(zip(world.featureNames, world.features), uniquingKeysWith: { first, _ in first })
    return names.map { seen[$0] ?? .nan }
  }

  /// What was recorded stands for the demonstration: its rollout may go another way than the person saw and corrected.
  public func counts(shown demonstration: DemonstratedTrajectory) -> [Double]? {
    demonstration.shown.map { meter.counts($0, period_s: demonstration.scene.period_s) }
  }
}
