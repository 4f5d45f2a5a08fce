public import Arm

/// Where trajectories begin and what stands around: the state that rollouts are set to.
public struct RolloutScene: Sendable {
  /// What the environment reported.
  public var environment: [Double]
  /// From one command to the next.
  public let period_s: Double
  /// Where the joints are, in rad; nil where the first command says it.
  public var position: JointVector?
  /// How fast the joints turn, in rad/s.
  public var velocity = JointVector.zero

  /// A scene.
  public init(environment: [Double], period_s: Double, position: JointVector? = nil) {
    self.environment = environment
    self.period_s = period_s
    self.position = position
  }
}

/// What a sequence of commands led to.
public struct RolloutTrace: Sendable {
  /// The commands, one a period.
  public let commands: [JointVector]
  /// Where the joints were at the end of each command's period, in rad.
  public let positions: [JointVector]
  /// What the environment reported then.
  public let environments: [[Double]]

  /// A trace; all three are equally long.
  public init(commands: [JointVector], positions: [JointVector], environments: [[Double]]) {
    self.commands = commands
    self.positions = positions
    self.environments = environments
  }

  /// The state after the last command: where another sequence may begin.
  public func end(_ before: RolloutScene) -> RolloutScene {
    guard let position = positions.last, let environment = environments.last else { return before }
    var scene = RolloutScene(environment: environment, period_s: before.period_s, position: position)
    let last = positions.count > 1 ? positions[positions.count - 2] : (before.position ?? position)
    scene.velocity = (position - last) / Float(before.period_s)
    return scene
  }
}

/// Something that knows what commands lead to, and tells the reward features of it.
public protocol Rollouts {
  /// What it tells.
  var features: [RewardFeature] { get }
  /// [trajectory][feature] for each of the command sequences, all begun in the same scene.
  func counts(of trajectories: [[JointVector]], in scene: RolloutScene) throws(RewardError) -> [[Double]]
  /// Whether the arm can be commanded so at all: a reward is compared over what could have been done.
  func isPossible(_ trajectory: [JointVector]) -> Bool
  /// [feature] of what was recorded when the demonstration was shown; nil where its rollout stands for it.
  func counts(shown demonstration: DemonstratedTrajectory) -> [Double]?
}

extension Rollouts {
  /// Everything is.
  public func isPossible(_ trajectory: [JointVector]) -> Bool { true }
  /// Its rollout stands for it.
  public func counts(shown demonstration: DemonstratedTrajectory) -> [Double]? { nil }
}

/// Rollouts that tell where everything went, from which the features follow: what planning needs.
public protocol TracedRollouts: Rollouts {
  /// Computes the features.
  var meter: RewardMeter { get }
  /// A trace for each of the command sequences, all begun in the same scene.
  func traces(of trajectories: [[JointVector]], in scene: RolloutScene) throws(RewardError) -> [RolloutTrace]
}

extension TracedRollouts {
  /// What it tells.
  public var features: [RewardFeature] { meter.features }
  /// Whether it stays within the joints' limits.
  public func isPossible(_ trajectory: [JointVector]) -> Bool { meter.isPossible(trajectory) }
  /// [trajectory][feature].
  public func counts(of trajectories: [[JointVector]], in scene: RolloutScene) throws(RewardError) -> [[Double]] {
    try traces(of: trajectories, in: scene).map { meter.counts($0, period_s: scene.period_s) }
  }
}

extension TracedRollouts {
  /// Rolls out a demonstration's first command, so that a program that simulates another arm or task, or counts in other
  /// units, is found out before anything is drawn. Returns what came of it; nil where there is no command.
  public func check(
    _ demonstration: DemonstratedTrajectory, joints: [String], environment: [String]
  ) throws(RewardError) -> RolloutTrace? {
    guard let command = demonstration.path.first else { return nil }
    let scene = demonstration.scene
    guard let trace = try traces(of: [[command]], in: scene).first, let position = trace.positions.first,
      let seen = trace.environments.first
    else { throw .rollouts(problem: "a command led to nothing; its simulation must answer each with where things are") }
    let start = scene.position ?? command
    // One period later nothing that an arm does has gone farther.
    for (joint, name) in joints.enumerated() where !(abs(position[joint] - start[joint]) < 0.5) {
      throw .rollouts(
        problem: "\(name) began at \(start[joint]) rad, and after one command it is at \(position[joint]); angles are "
          + "in rad, joints in the order \(joints.joined(separator: ", "))")
    }
    for (name, (then, now)) in zip(environment, zip(scene.environment, seen))
    where [".x", ".y", ".z"].contains(where: name.hasSuffix) && !(abs(now - then) < 0.1) {
      throw .rollouts(
        problem: "\(name) began at \(then) m, and after one command of the arm it is at \(now); it must begin where "
          + "the request says, in m")
    }
    return trace
  }
}

/// Reward features of traces: one code path for every kind of rollouts and for what was recorded.
public struct RewardMeter: Sendable {
  /// What it measures.
  public let features: [RewardFeature]
  private let kinematics: Kinematics
  private let limits: [ClosedRange<Double>]

  /// A meter for an arm with a tool at `tool_m`.
  public init(features: [RewardFeature], arm: ArmDescription, tool_m: SIMD3<Double>?) {
    self.features = features
    kinematics = Kinematics(arm, tool_m: tool_m)
    limits = arm.joints.prefix(arm.tool.joint + 1).map { $0.lower_rad...$0.upper_rad }
  }

  /// Whether every command lies within the joints' limits.
  public func isPossible(_ trajectory: [JointVector]) -> Bool {
    trajectory.allSatisfy { command in limits.indices.allSatisfy { limits[$0].contains(Double(command[$0])) } }
  }

  /// [feature] of a trace.
  public func counts(_ trace: RolloutTrace, period_s: Double) -> [Double] {
    let path = trace.commands
    let tools = trace.positions.map { SIMD3<Double>(kinematics.pose($0).position_m) }
    let count = Double(max(1, path.count))
    func mean(_ value: (Int) -> Double) -> Double { path.indices.reduce(0) { $0 + value($1) } / count }
    func distance(_ feature: RewardFeature, _ index: Int) -> Double {
      let values = trace.environments[index], place = feature.object
      let d: SIMD3<Double>
      if let other = feature.other {
        d = SIMD3(values[place.x] - values[other.x], values[place.y] - values[other.y], 0)
      } else {
        d = tools[index] - SIMD3(values[place.x], values[place.y], values[place.z])
      }
      return (d * d).sum().squareRoot()
    }
    func aside(_ feature: RewardFeature, _ index: Int) -> Double {
      guard let to = feature.other else { return 0 }
      let values = trace.environments[index], place = feature.object
      let first = SIMD2(values[place.x], values[place.y])
      let way = SIMD2(values[to.x], values[to.y]) - first, arm = SIMD2(tools[index].x, tools[index].y) - first
      let length = (way * way).sum().squareRoot()
      return length + (way * arm).sum() / max(1e-6, (arm * arm).sum().squareRoot())
    }
    func joints(_ value: (Int) -> Double) -> Double { limits.indices.reduce(0) { $0 + value($1) } }
    func square(_ x: Double) -> Double { x * x }
    return features.map { feature in
      switch feature.kind {
      case .distance: mean { distance(feature, $0) }
      case .arrival: distance(feature, path.count - 1)
      case .aside: mean { aside(feature, $0) }
      case .height: mean { tools[$0].z }
      case .clearance: mean { square(max(0, 0.03 - tools[$0].z)) }
      case .effort:
        mean { at in
          at == 0 ? 0 : joints { square(Double(path[at][$0] - path[at - 1][$0]) / period_s) }
        }
      case .smoothness:
        mean { at in
          at == 0 || at + 1 == path.count
            ? 0
            : joints {
              square(Double(path[at + 1][$0] - 2 * path[at][$0] + path[at - 1][$0]) / square(period_s))
            }
        }
      case .limits:
        mean { at in
          joints { joint in
            let angle = Double(path[at][joint])
            let room = min(angle - limits[joint].lowerBound, limits[joint].upperBound - angle)
            return square(max(0, 0.2 - room))
          }
        }
      }
    }
  }
}

/// Rollouts by kinematics alone: the arm goes where it is told, and objects stand still.
///
/// Right for reaching and inserting; wrong where an object is carried or pushed, which takes a simulation.
public struct KinematicRollouts: TracedRollouts {
  /// Computes the features.
  public let meter: RewardMeter

  /// Rollouts of an arm with a tool at `tool_m`.
  public init(features: [RewardFeature], arm: ArmDescription, tool_m: SIMD3<Double>?) {
    meter = RewardMeter(features: features, arm: arm, tool_m: tool_m)
  }

  /// Commands are reached, and nothing else moves.
  public func traces(of trajectories: [[JointVector]], in scene: RolloutScene) -> [RolloutTrace] {
    trajectories.map {
      RolloutTrace(
        commands: $0, positions: $0, environments: Array(repeating: scene.environment, count: $0.count))
    }
  }
}
