public import Arm
internal import Control
public import Episodes
public import Foundation

/// A policy that drives by itself, decision by decision, for whoever has a world of their own: the host's way from
/// features to targets, without its envelope.
///
/// Not for threads.
public final class PolicyDriver {
  private let loaded: PolicySource.Loaded
  private let source = PolicySource(ticks: 1)

  /// Loads a policy's folder for a rig.
  public init(_ folder: URL, rig: Rig) throws {
    loaded = try PolicySource.Loaded(
      folder, arm: rig.pairs[0].follower.arm, rig: rig, settings: try ControlPlan(rig, leaderMirrors: false).settings,
      weights: try Shaping.read(from: folder)?.reward.weights, generation: 1)
    source.load(Unmanaged.passUnretained(loaded))
  }

  /// Drops what is left of a chunk and what was seen before.
  public func begin() { source.forget() }

  /// The next command.
  public func next(position: JointVector, environment: EnvironmentReading, command: JointVector) -> JointVector {
    source.wish(position: position, environment: environment, command: command)
  }
}
