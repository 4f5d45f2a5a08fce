public import Arm
internal import Foundation
public import Learning

/// A reward of trajectories as it stands in a file, with where it comes from.
public struct RewardFile: Sendable, Codable {
  /// 1.
  public var version = 1
  /// The rig whose arm, tool and environment it speaks of.
  public let rig: String
  /// Digests of the datasets that it was fitted to.
  public let datasets: [String]
  /// The seed.
  public let seed: UInt64
  /// How trajectories were drawn; episodes are scored alike.
  public let configuration: TrajectoryReward.Configuration?
  /// Commands a piece, where it was fitted over a simulation's rollouts to pieces of episodes; nil: to whole episodes, by
  /// kinematics.
  public let pieces: Int?
  /// Weights, what is unknown, and how well it was sampled.
  public let reward: TrajectoryReward.Recovered

  /// Reads a file.
  public init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw RewardError.unreadable(path: path) }
    do {
      self = try JSONDecoder().decode(RewardFile.self, from: data)
    } catch {
      throw RewardError.malformed(key: "reward", problem: "\(path) is no file of `understudy reward fit`")
    }
    guard version == 1 else {
      throw RewardError.malformed(key: "version", problem: "\(path) has version \(version); this program reads 1")
    }
  }

  init(
    rig: String, datasets: [String], seed: UInt64, _ configuration: TrajectoryReward.Configuration, pieces: Int? = nil,
    reward: TrajectoryReward.Recovered
  ) {
    self.rig = rig
    self.datasets = datasets
    self.seed = seed
    self.configuration = configuration
    self.pieces = pieces
    self.reward = reward
  }

  /// The weights that are planned on: of where things are, not of how the arm moved.
  public func planned(_ rig: Rig) throws -> [TrajectoryReward.Weight] {
    let planned = try reward.weights.filter {
      try !RewardFeature($0.name, environment: rig.environmentNames).speaksOfMotion
    }
    guard !planned.isEmpty else {
      throw HostError.refused(
        "The reward speaks of how the arm moves alone (\(reward.weights.map(\.name).joined(separator: ", "))): the best "
          + "plan on it is to stand still; fit one with features of where things are too.")
    }
    return planned
  }

  /// What it was fitted to, in words.
  var basis: String {
    guard let pieces else { return Figures.count(reward.episodes, "demonstration") }
    return "\(Figures.count(reward.episodes, "piece")) of \(pieces) commands of demonstrations"
  }

  /// Writes the file; nothing is overwritten.
  func write(_ path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try encoder.encode(self).write(to: URL(filePath: path), options: .withoutOverwriting)
    } catch {
      throw RewardError.notWritten(path: path, reason: error.localizedDescription)
    }
  }
}
