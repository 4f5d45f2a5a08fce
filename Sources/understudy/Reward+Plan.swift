internal import ArgumentParser
internal import Arm
internal import Learning
internal import RealTime
internal import Session

extension Reward {
  /// A motion planned on a reward.
  struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Plan a motion on a reward into an episode that `understudy replay` plays through the envelope.",
      discussion: """
        Model predictive path integral control: candidates around demonstrated motion are rolled out by another program, and
        the best few commands are carried out in the model before the next plan. The model's dynamics are the program's: start
        it with the changes that the arm or the table have had.

          understudy-twin rollouts --task push --socket .rollouts.sock \\
            --dynamics friction=3 &
          understudy reward plan reward.json demonstrations --rig twin-push \\
                            --rollouts .rollouts.sock --output plan.mcap
          understudy replay plan.mcap --rig twin-push

        The plan is open loop: what it does not know, the arm will not correct.
        """)

    @Argument(help: "The file of `reward fit`.") var reward: String
    @Argument(help: "Datasets whose demonstrations are the first candidates.") var datasets: [String]
    @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
    @Option(help: "The socket of a program that rolls out.") var rollouts: String
    @Option(help: "The episode's log; must not exist yet.") var output: String
    @Option(help: "Begin where this successful demonstration began, from 1.") var from = 1
    @Option(help: "How long the motion is; left out: a quarter longer than the longest demonstration.")
    var seconds: Double?
    @Option(help: "Candidates a round.") var candidates = 24
    @Option(help: "How long planning may take.") var mostSeconds = 120.0
    @Option(help: "The seed of what is drawn.") var seed: UInt64 = 1
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    func validate() throws {
      guard (8...10_000).contains(candidates) else { throw ValidationError("--candidates takes 8 to 10000.") }
      guard (0.1...3600).contains(mostSeconds), seconds.map({ (0.2...60).contains($0) }) ?? true else {
        throw ValidationError("--seconds takes 0.2 to 60, --most-seconds 0.1 to 3600.")
      }
    }

    func run() throws {
      try Ending.catching {
        var planning = RewardPlanning(rig: try Rig.load(rig))
        planning.seconds = seconds
        planning.mostSeconds = mostSeconds
        planning.configuration.samples = candidates
        let result = try Reward.untilStopped { progress in
          try planning.plan(
            try RewardFile(path: reward), demonstrations: datasets, from: from, rollouts: rollouts, output: output,
            seed: seed, progress: progress)
        }
        Output.show(result, json: json)
        Ending.next(["replay", output, "--rig", rig], json: json)
      }
    }
  }

  /// A picture of a reward.
  struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draw a reward: weights with intervals, what was shown and is expected, what cannot be told.",
      discussion: """
          understudy reward plot reward.json --output reward.svg
        """)

    @Argument(help: "The file of `reward fit`.") var reward: String
    @Option(help: "The picture (SVG); must not exist yet.") var output: String

    func run() throws {
      try Ending.catching {
        try RewardChart(try RewardFile(path: reward)).write(output)
        print("\(output)")
      }
    }
  }
}
