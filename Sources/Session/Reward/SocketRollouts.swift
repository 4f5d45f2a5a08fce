public import Arm
internal import Foundation
public import Learning
internal import RealTime

/// Rollouts by another program behind a local socket: `understudy-twin rollouts`, or any simulator that answers alike.
public final class SocketRollouts: TracedRollouts {
  /// Computes the features.
  public let meter: RewardMeter
  private let socket: LineSocket
  private let path: String
  private let names: [String]
  private let joints: [String]
  private static let patience_s = 120

  /// Connects.
  public init(path: String, rig: Rig, features: [String]) throws {
    names = rig.environmentNames
    let environment = names
    joints = rig.pairs[0].follower.arm.jointNames
    meter = RewardMeter(
      features: try features.map { (name) throws(RewardError) in try RewardFeature(name, environment: environment) },
      arm: rig.pairs[0].follower.arm, tool_m: rig.tool_m)
    do { socket = try LineSocket(connectingTo: path) } catch {
      throw RewardError.nobody(path: path)
    }
    self.path = path
  }

  /// As the other program has it.
  public func traces(
    of trajectories: [[JointVector]], in scene: RolloutScene
  ) throws(RewardError) -> [RolloutTrace] {
    let request = RolloutRequest(trajectories, scene, names: names, joints: joints)
    guard let line = try? JSONEncoder().encode(request) else {
      throw .malformed(key: "state", problem: "the scene holds a number that is not finite: was the environment seen?")
    }
    guard socket.write(line), let reply = socket.read(seconds: Self.patience_s),
      let answer = try? JSONDecoder().decode(RolloutAnswer.self, from: reply)
    else {
      throw .silent(path: path, seconds: Self.patience_s)
    }
    return try answer.read(trajectories, names: names, joints: joints.count)
  }

  /// What was recorded stands for the demonstration: its rollout may go another way than the person saw and corrected.
  public func counts(shown demonstration: DemonstratedTrajectory) -> [Double]? {
    demonstration.shown.map { meter.counts($0, period_s: demonstration.scene.period_s) }
  }
}
