internal import ArgumentParser
internal import Arm
internal import Learning
internal import RealTime
internal import Session

/// How trajectories are sampled, for verbs that do.
struct RewardSampling: ParsableArguments {
  @Option(help: "Widest change of a joint that is drawn around a demonstration, in rad.") var spread = 0.2
  @Option(help: "Trajectories drawn at each of four widths, and again in each round.") var samples = 300
  @Option(help: "Rounds of drawing anew where the likelihood is.") var rounds = 10

  /// As the library takes it.
  var configuration: TrajectoryReward.Configuration {
    var configuration = TrajectoryReward.Configuration()
    configuration.spread_rad = spread
    configuration.samples = samples
    configuration.rounds = rounds
    return configuration
  }
}

extension Reward {
  /// Weights of named features, from an arm's demonstrations.
  struct Fit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fit a reward, linear in named features, to an arm's demonstrations.",
      discussion: """
        Maximum entropy over trajectories drawn around each successful demonstration, with importance weights. Kinematics
        alone: objects are taken to stand still, and episodes in which one moved are left out where a feature speaks of it.
        Features: distance.OBJECT and arrival.OBJECT (tool to object, mean and at the end), height, clearance (under 30 mm
        over the table), effort (speeds squared), smoothness (accelerations squared), limits (near a joint's limit). A weight
        is what one unit is worth in nats, below 0 what the person avoids; what demonstrations cannot tell is said.

          understudy reward fit demonstrations --rig twin-insert --output reward.json
          understudy reward fit demonstrations --rig twin-insert --features arrival.cup,effort --output reward.json

        With --rollouts objects move as a simulation has it, and features may speak of two of them (distance.puck-goal). Then
        the reward is fitted to pieces of --pieces commands, for a whole episode's commands stray where contact is unstable.
        A reward that shall be planned on under other dynamics should speak of where things are alone: leave effort out.

          understudy-twin rollouts --task push --socket .rollouts.sock &
          understudy reward fit demonstrations --rig twin-push --rollouts .rollouts.sock --spread 0.04 --samples 30 \\
                            --rounds 3 --features distance.puck,distance.puck-goal,height --output reward.json
        """)

    @Argument(help: "Datasets to learn from.") var datasets: [String]
    @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
    @Option(help: "The reward's file; must not exist yet.") var output: String
    @Option(help: "Features, as in arrival.cup,effort; left out: all that speak of the rig.") var features: String?
    @Option(help: "The socket of a program that rolls out, `understudy-twin rollouts` for one; left out: kinematics.")
    var rollouts: String?
    @Option(help: "With --rollouts: commands a piece.") var pieces = 16
    @Option(help: "Draws of episodes with replacement, for intervals.") var bootstrap = 60
    @Option(help: "The seed of what is drawn.") var seed: UInt64 = 1
    @OptionGroup var sampling: RewardSampling
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    func run() throws {
      try Ending.catching {
        let signals = EndSignals()
        let line = ProgressLine()
        var configuration = sampling.configuration
        configuration.bootstrap = bootstrap
        let loaded = try Rig.load(rig)
        let fitting = try RewardFitting(rig: loaded, datasets: datasets)
        let names = features.map { $0.split(separator: ",").map(String.init) }
        func progress(_ share: Double) -> Bool {
          line.show("\(Int(100 * share)) %")
          return signals.count == 0
        }
        let report: RewardReport
        if let rollouts {
          let provider = try SocketRollouts(
            path: rollouts, rig: loaded,
            features: names ?? RewardFeature.all(environment: loaded.environmentNames, moving: true))
          report = try fitting.fit(
            provider, pieces: pieces, output: output, configuration, seed: seed, progress: progress)
        } else {
          report = try fitting.fit(
            features: names, output: output, configuration, seed: seed, progress: progress)
        }
        line.clear()
        Output.show(report, json: json)
      }
    }
  }

  /// Which demonstrations are bad.
  struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rank episodes by how likely a reward makes them, the worst first: finds bad demonstrations.",
      discussion: """
        ln P says how the demonstration compares with trajectories near it; the last columns name the feature that speaks
        against it the most. Relabel what is bad with `understudy edit-dataset`.

          understudy reward score demonstrations --rig twin-insert --reward reward.json
        """)

    @Argument(help: "Datasets whose episodes are ranked, failures too.") var datasets: [String]
    @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
    @Option(help: "The file of `reward fit`.") var reward: String
    @Option(help: "The seed of what is drawn.") var seed: UInt64 = 1
    @OptionGroup var sampling: RewardSampling
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    func run() throws {
      try Ending.catching {
        let ranking = try RewardFitting(rig: try Rig.load(rig), datasets: datasets).score(
          try RewardFile(path: reward), sampling.configuration, seed: seed)
        Output.show(ranking, json: json)
      }
    }
  }
}
