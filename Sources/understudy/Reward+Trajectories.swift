internal import ArgumentParser
internal import Arm
internal import Learning
internal import RealTime
internal import Session

extension Reward {
  /// Weights of named features, from an arm's demonstrations.
  struct Fit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fit a reward, linear in named features, to an arm's demonstrations.",
      discussion: """
        Maximum entropy over trajectories drawn around each successful demonstration, with importance weights. Kinematics
        alone: objects are taken to stand still, and episodes in which one moved are left out where a feature speaks of it.
        Features: distance.OBJECT and arrival.OBJECT (tool to object, mean and at the end), aside.A-B (how far the tool is
        from right behind A, as seen from B), height, clearance (under 30 mm over the table), effort (speeds squared),
        smoothness (accelerations squared), limits (near a joint's limit). A weight is what one unit is worth in nats, below
        0 what the person avoids; what demonstrations cannot tell is said.

          understudy reward fit demonstrations --rig twin-insert --output reward.json
          understudy reward fit demonstrations --rig twin-insert \\
            --features arrival.cup,effort --output reward.json

        With --rollouts objects move as a simulation has it, and features may speak of two of them (distance.puck-goal). Then
        the reward is fitted to pieces of --pieces commands, for a whole episode's commands stray where contact is unstable;
        slower and faster pieces are drawn too. Keep effort and smoothness in: they tell why the person went no faster, which
        is otherwise taken for not minding the goal. `reward plan` plans on the rest.

          understudy-twin rollouts --task push --socket .rollouts.sock &
          understudy reward fit demonstrations --rig twin-push \\
            --rollouts .rollouts.sock --output reward.json \\
            --features distance.puck,distance.puck-goal,aside.puck-goal,height,effort,smoothness

        By kinematics a fit takes seconds, over rollouts minutes or, with more samples, hours. With --checkpoint what was
        rolled out is kept, and the same command goes on after Ctrl-C or worse, to the same result to the bit.
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
    @Option(help: "Widest change of a joint that is drawn, in rad; left out: 0.2, with --rollouts 0.06.")
    var spread: Double?
    @Option(
      help: "Trajectories drawn at each of four widths, and again in each round; left out: 300, with --rollouts 60.")
    var samples: Int?
    @Option(help: "Rounds of drawing anew where the likelihood is; left out: 10, with --rollouts 3.") var rounds: Int?
    @Option(help: "With --rollouts: keep what was rolled out here, and go on from it.") var checkpoint: String?
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    func validate() throws {
      guard checkpoint == nil || rollouts != nil else {
        throw ValidationError("--checkpoint goes with --rollouts; by kinematics a fit takes seconds.")
      }
      guard (8...1000).contains(pieces) else { throw ValidationError("--pieces takes 8 to 1000 commands.") }
    }

    func run() throws {
      try Ending.catching {
        var configuration = rollouts == nil ? TrajectoryReward.Configuration.whole : .pieces
        configuration.spread_rad = spread ?? configuration.spread_rad
        configuration.samples = samples ?? configuration.samples
        configuration.rounds = rounds ?? configuration.rounds
        configuration.bootstrap = bootstrap
        let loaded = try Rig.load(rig)
        let fitting = try RewardFitting(rig: loaded, datasets: datasets)
        let names = features.map { $0.split(separator: ",").map(String.init) }
        let kept = checkpoint.map { "the same command goes on from \($0)" }
        let report = try Reward.untilStopped(kept: kept ?? (rollouts == nil ? nil : "--checkpoint FILE keeps it")) {
          progress in
          guard let rollouts else {
            return try fitting.fit(features: names, output: output, configuration, seed: seed, progress: progress)
          }
          let provider = try SocketRollouts(
            path: rollouts, rig: loaded,
            features: names ?? RewardFeature.all(environment: loaded.environmentNames, moving: true))
          return try fitting.fit(
            provider, pieces: pieces, output: output, configuration, seed: seed, checkpoint: checkpoint,
            progress: progress)
        }
        Output.show(report, json: json)
        Ending.next(
          ["reward", "score"] + datasets + ["--rig", rig, "--reward", output]
            + (rollouts.map { ["--rollouts", $0] } ?? []), json: json)
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

        A reward that was fitted with --rollouts is scored with them too, by pieces as long: trajectories near a
        demonstration are ones that nobody recorded, so somebody has to say where objects would have gone. What the
        demonstration itself came to is read from its log. ln P is then the mean of its pieces.

          understudy-twin rollouts --task push --socket .rollouts.sock &
          understudy reward score demonstrations --rig twin-push \\
            --reward reward.json --rollouts .rollouts.sock
        """)

    @Argument(help: "Datasets whose episodes are ranked, failures too.") var datasets: [String]
    @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
    @Option(help: "The file of `reward fit`.") var reward: String
    @Option(help: "The socket of a program that rolls out, where the reward was fitted with one.") var rollouts: String?
    @Option(help: "The seed of what is drawn.") var seed: UInt64 = 1
    @Option(help: "Widest change of a joint that is drawn, in rad; left out: as in the fit.") var spread: Double?
    @Option(help: "Trajectories drawn at each of four widths and in each round; left out: as in the fit.")
    var samples: Int?
    @Option(help: "Rounds of drawing anew where the likelihood is; left out: as in the fit.") var rounds: Int?
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    func run() throws {
      try Ending.catching {
        let loaded = try Rig.load(rig)
        let fitting = try RewardFitting(rig: loaded, datasets: datasets)
        let file = try RewardFile(path: reward)
        var configuration = file.configuration ?? TrajectoryReward.Configuration()
        configuration.spread_rad = spread ?? configuration.spread_rad
        configuration.samples = samples ?? configuration.samples
        configuration.rounds = rounds ?? configuration.rounds
        let ranking = try Reward.untilStopped { progress in
          guard let rollouts else { return try fitting.score(file, configuration, seed: seed, progress: progress) }
          let provider = try SocketRollouts(path: rollouts, rig: loaded, features: file.reward.weights.map(\.name))
          return try fitting.score(file, provider, configuration, seed: seed, progress: progress)
        }
        Output.show(ranking, json: json)
      }
    }
  }
}
