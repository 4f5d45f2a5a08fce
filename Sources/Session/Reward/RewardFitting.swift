public import Arm
internal import Episodes
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

  init(rig: String, datasets: [String], seed: UInt64, reward: TrajectoryReward.Recovered) {
    self.rig = rig
    self.datasets = datasets
    self.seed = seed
    self.reward = reward
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

/// Rewards from datasets of an arm: what the verbs `reward fit` and `reward score` do.
public struct RewardFitting {
  private let rig: Rig
  private let opened: [Dataset]

  /// How far an object may move while it is taken to stand still.
  private static let standsStill_m = 0.01

  /// Opens the datasets.
  public init(rig: Rig, datasets: [String]) throws {
    self.rig = rig
    opened = try datasets.map { try Dataset.open($0) }
  }

  /// A person's trajectories, of successes or of all; those in which objects moved are left out where a feature needs
  /// them to stand still.
  private func trajectories(
    onlySuccesses: Bool, features: [RewardFeature]
  ) throws -> (kept: [DemonstratedTrajectory], moved: Int) {
    var kept: [DemonstratedTrajectory] = []
    var moved = 0
    let needsObjects = features.contains { $0.speaksOfObject }
    for dataset in opened {
      for entry in dataset.episodes where !onlySuccesses || entry.label == .success {
        let reader = try dataset.read(entry)
        var records: [TickRecord] = []
        while let record = try reader.next() { records.append(record) }
        guard
          let trajectory = DemonstratedTrajectory(
            records, id: entry.id, decisionTicks: rig.loop_Hz / rig.decision_Hz,
            period_s: 1 / Double(rig.decision_Hz), environment: rig.environmentNames.count)
        else { continue }
        guard !needsObjects || trajectory.objectsMoved <= Self.standsStill_m else {
          moved += 1
          continue
        }
        kept.append(trajectory)
      }
    }
    guard !kept.isEmpty || moved == 0 else {
      throw HostError.refused(
        "In all \(moved) episodes an object moved by more than \(Figures.short(Self.standsStill_m * 1000)) mm, and "
          + "kinematics cannot tell how it would have moved otherwise; leave its features out (--features).")
    }
    return (kept, moved)
  }

  /// A person's trajectories of successful episodes, with what was recorded of them.
  public func demonstrations() throws -> [DemonstratedTrajectory] {
    try trajectories(onlySuccesses: true, features: []).kept
  }

  private func provider(_ names: [String]) throws -> KinematicRollouts {
    KinematicRollouts(
      features: try names.map { try RewardFeature($0, environment: rig.environmentNames) },
      arm: rig.pairs[0].follower.arm, tool_m: rig.tool_m)
  }

  private var joints: Int { rig.pairs[0].follower.arm.tool.joint + 1 }

  /// Fits a reward and writes its file. `features`: nil for all that the rig knows.
  public func fit(
    features: [String]?, output: String, _ configuration: TrajectoryReward.Configuration, seed: UInt64,
    progress: (Double) -> Bool
  ) throws -> RewardReport {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw RewardError.notWritten(path: output, reason: "it exists already")
    }
    let provider = try provider(features ?? RewardFeature.all(environment: rig.environmentNames))
    let (demonstrations, moved) = try trajectories(onlySuccesses: true, features: provider.features)
    let reward = try TrajectoryReward.fit(
      demonstrations, provider, joints: joints, configuration, seed: seed, progress: progress)
    let file = RewardFile(rig: rig.name, datasets: opened.map(\.digest), seed: seed, reward: reward)
    try file.write(output)
    return RewardReport(file: file, output: output, moved: moved)
  }

  /// Fits a reward over rollouts in which objects move, to pieces of `pieces` commands of the first `most` demonstrations
  /// (nil: of all), and writes its file.
  public func fit(
    _ provider: some TracedRollouts, pieces: Int, most: Int? = nil, output: String,
    _ configuration: TrajectoryReward.Configuration, seed: UInt64, progress: (Double) -> Bool
  ) throws -> RewardReport {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw RewardError.notWritten(path: output, reason: "it exists already")
    }
    let shown = try demonstrations()
    let parts = shown.prefix(most ?? shown.count).flatMap { $0.pieces(length: pieces, stride: pieces) }
    let reward = try TrajectoryReward.fit(
      parts, provider, joints: joints, configuration, seed: seed, progress: progress)
    let file = RewardFile(rig: rig.name, datasets: opened.map(\.digest), seed: seed, reward: reward)
    try file.write(output)
    return RewardReport(file: file, output: output, moved: 0)
  }

  /// Ranks the datasets' episodes, failures too, the worst first.
  public func score(
    _ file: RewardFile, _ configuration: TrajectoryReward.Configuration, seed: UInt64
  ) throws -> RewardRanking {
    guard file.rig == rig.name else {
      throw HostError.refused(
        "The reward was fitted on the rig \(file.rig), and this is \(rig.name); fit one to this rig's episodes.")
    }
    let provider = try provider(file.reward.weights.map(\.name))
    let (demonstrations, moved) = try trajectories(onlySuccesses: false, features: provider.features)
    let labels = Dictionary(
      opened.flatMap { $0.episodes.map { ($0.id, $0.label.rawValue) } }, uniquingKeysWith: { first, _ in first })
    return RewardRanking(
      scores: try TrajectoryReward.scores(
        demonstrations, provider, joints: joints, file.reward, configuration, seed: seed),
      labels: labels, moved: moved)
  }
}

/// What `reward fit` found, for people and machines.
public struct RewardReport: Sendable, Encodable, CustomStringConvertible {
  /// As it was written.
  public let file: RewardFile
  /// Where.
  public let output: String
  /// Episodes left out because an object moved.
  public let moved: Int

  /// For people.
  public var description: String {
    var table = TextTable(
      ["feature", "unit", "nats a unit", "90 % interval", "nats a deviation", "shown", "expected"],
      numbers: [2, 4, 5, 6])
    for weight in file.reward.weights {
      let interval = weight.interval.map { Figures.short($0) }.joined(separator: " to ")
      table.add(
        weight.name, weight.unit, Figures.short(weight.value), interval,
        Figures.short(weight.value * weight.deviation), Figures.short(weight.demonstrated),
        Figures.short(weight.expected))
    }
    var lines = ["\(output): \(file.reward.episodes) demonstrations", "\(table)"]
    let effective = file.reward.effectiveSamples
    lines.append(
      "  effective samples: at least \(Figures.short(effective.first)), on average \(Figures.short(effective.last)), of "
        + "\(file.reward.samples)")
    if (effective.first ?? 0) < 10 {
      lines.append("  that is few, and the weights are rough: raise --samples and --rounds, or lower --spread")
    }
    if moved > 0 { lines.append("  \(moved) episodes left out: an object moved in them") }
    for unknown in file.reward.unknown {
      let parts = unknown.direction.sorted { abs($0.value) > abs($1.value) }
        .map { "\(Figures.short($0.value)) \($0.key)" }.joined(separator: ", ")
      lines.append("  cannot be told from these demonstrations: \(parts)")
    }
    return lines.joined(separator: "\n")
  }
}

/// What `reward score` found.
public struct RewardRanking: Sendable, Encodable, CustomStringConvertible {
  /// The worst first.
  public let scores: [TrajectoryReward.Score]
  /// Labels by episode.
  public let labels: [String: String]
  /// Episodes left out because an object moved.
  public let moved: Int

  /// For people.
  public var description: String {
    var table = TextTable(["episode", "label", "ln P", "worst in", "which costs"], numbers: [2, 4])
    for score in scores {
      table.add(
        score.id, labels[score.id] ?? "", Figures.short(score.logLikelihood), score.worst,
        "\(Figures.short(score.cost)) nats")
    }
    return "\(table)" + (moved > 0 ? "\n  \(moved) episodes left out: an object moved in them" : "")
  }
}
