public import Arm
internal import Episodes
internal import Foundation
public import Learning

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
  ) throws -> (kept: [DemonstratedTrajectory], moved: Int, short: Int) {
    var kept: [DemonstratedTrajectory] = []
    var moved = 0, short = 0
    let needsObjects = features.contains { $0.speaksOfObject }
    for dataset in opened {
      for entry in dataset.episodes where !onlySuccesses || entry.label == .success {
        let reader = try dataset.read(entry)
        try reader.session.check(rig, episode: entry.id)
        var records: [TickRecord] = []
        while let record = try reader.next() { records.append(record) }
        guard
          let trajectory = DemonstratedTrajectory(
            records, id: entry.id, decisionTicks: rig.loop_Hz / rig.decision_Hz,
            period_s: 1 / Double(rig.decision_Hz), environment: rig.environmentNames.count)
        else {
          short += 1
          continue
        }
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
          + "kinematics cannot tell how it would have moved otherwise; name a program that can (--rollouts), or leave its "
          + "features out (--features).")
    }
    return (kept, moved, short)
  }

  /// A person's trajectories of successful episodes, with what was recorded of them.
  public func demonstrations() throws -> [DemonstratedTrajectory] {
    try trajectories(onlySuccesses: true, features: []).kept
  }

  /// The number of an episode, by which a twin sets its scene.
  func number(of id: String) -> UInt32 {
    opened.lazy.flatMap(\.episodes).first { $0.id == id }?.number ?? 1
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
    try leaveAlone(output)
    let provider = try provider(features ?? RewardFeature.all(environment: rig.environmentNames))
    let (demonstrations, moved, _) = try trajectories(onlySuccesses: true, features: provider.features)
    let reward = try TrajectoryReward.fit(
      demonstrations, provider, joints: joints, configuration, seed: seed, progress: progress)
    let file = RewardFile(
      rig: rig.name, datasets: opened.map(\.digest), seed: seed, configuration, reward: reward)
    try file.write(output)
    return RewardReport(file: file, output: output, moved: moved)
  }

  /// Fits a reward over rollouts in which objects move, to pieces of `pieces` commands of the first `most` demonstrations
  /// (nil: of all), and writes its file. What was rolled out is kept in the file `checkpoint` until then: the same fit goes
  /// on from it.
  public func fit(
    _ provider: some TracedRollouts, pieces: Int, most: Int? = nil, output: String,
    _ configuration: TrajectoryReward.Configuration, seed: UInt64, checkpoint: String? = nil,
    progress: (Double) -> Bool
  ) throws -> RewardReport {
    try leaveAlone(output)
    let shown = try demonstrations()
    let parts = shown.prefix(most ?? shown.count).flatMap { $0.pieces(length: pieces, stride: pieces) }
    let begun = try check(provider, parts)
    let reward: TrajectoryReward.Recovered
    if let checkpoint {
      let settings = [rig.name, "\(seed)", "\(configuration)", "\(pieces)", String(describing: begun)]
      let identity = opened.map(\.digest) + settings
      let journal = try RolloutJournal(provider, file: URL(filePath: checkpoint), identity: identity)
      reward = try TrajectoryReward.fit(parts, journal, joints: joints, configuration, seed: seed, progress: progress)
    } else {
      reward = try TrajectoryReward.fit(parts, provider, joints: joints, configuration, seed: seed, progress: progress)
    }
    let file = RewardFile(
      rig: rig.name, datasets: opened.map(\.digest), seed: seed, configuration, pieces: pieces, reward: reward)
    try file.write(output)
    if let checkpoint { try? FileManager.default.removeItem(atPath: checkpoint) }
    return RewardReport(file: file, output: output, moved: 0)
  }

  private func leaveAlone(_ output: String) throws {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw RewardError.notWritten(path: output, reason: "it exists already")
    }
  }

  /// What the first command of all leads to, once it was found to be possible; nil where there is none.
  private func check(
    _ provider: some TracedRollouts, _ parts: [DemonstratedTrajectory]
  ) throws -> RolloutTrace? {
    guard let first = parts.first else { return nil }
    return try provider.check(
      first, joints: rig.pairs[0].follower.arm.jointNames, environment: rig.environmentNames)
  }

  /// Ranks the datasets' episodes, failures too, the worst first, under a reward that was fitted by kinematics.
  /// `configuration`: nil for the one that the reward was fitted with.
  public func score(
    _ file: RewardFile, _ configuration: TrajectoryReward.Configuration? = nil, seed: UInt64,
    progress: (Double) -> Bool = { _ in true }
  ) throws -> RewardRanking {
    try check(file)
    guard file.pieces == nil else {
      throw RewardError.setting(
        name: "--rollouts", found: "left out",
        expected: "the socket of a program that rolls out, for the reward was fitted over such rollouts")
    }
    let provider = try provider(file.reward.weights.map(\.name))
    let (shown, moved, short) = try trajectories(onlySuccesses: false, features: provider.features)
    return try rank(shown, provider, file, configuration, seed, moved: moved, short: short, progress)
  }

  /// Ranks them over rollouts in which objects move, by pieces as long as those that the reward was fitted to.
  public func score(
    _ file: RewardFile, _ provider: some TracedRollouts, _ configuration: TrajectoryReward.Configuration? = nil,
    seed: UInt64, progress: (Double) -> Bool = { _ in true }
  ) throws -> RewardRanking {
    try check(file)
    guard let pieces = file.pieces else {
      throw RewardError.setting(
        name: "--rollouts", found: "given",
        expected: "none, for the reward was fitted by kinematics (`reward fit --rollouts` makes one to score with)")
    }
    let (shown, moved, short) = try trajectories(onlySuccesses: false, features: [])
    let parts = shown.map { $0.pieces(length: pieces, stride: pieces) }
    _ = try check(provider, parts.flatMap(\.self))
    return try rank(
      parts.flatMap(\.self), provider, file, configuration, seed, moved: moved,
      short: short + parts.count(where: \.isEmpty), progress)
  }

  private func check(_ file: RewardFile) throws {
    guard file.rig == rig.name else {
      throw HostError.refused(
        "The reward was fitted on the rig \(file.rig), and this is \(rig.name); fit one to this rig's episodes.")
    }
  }

  private func rank(
    _ shown: [DemonstratedTrajectory], _ provider: some Rollouts, _ file: RewardFile,
    _ configuration: TrajectoryReward.Configuration?, _ seed: UInt64, moved: Int, short: Int,
    _ progress: (Double) -> Bool
  ) throws -> RewardRanking {
    let labels = Dictionary(
      opened.flatMap { $0.episodes.map { ($0.id, $0.label.rawValue) } }, uniquingKeysWith: { first, _ in first })
    return RewardRanking(
      scores: try TrajectoryReward.scores(
        shown, provider, joints: joints, file.reward, configuration ?? file.configuration ?? .init(), seed: seed,
        progress: progress),
      labels: labels, moved: moved, short: short)
  }
}
