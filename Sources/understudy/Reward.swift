internal import ArgumentParser
internal import Foundation
internal import Learning
internal import RealTime
internal import Session

/// Rewards recovered from demonstrations.
struct Reward: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Recover what demonstrations were good at (maximum-entropy inverse reinforcement learning).",
    discussion: """
      Behaviour cloning copies what was done. A reward says why, and can be planned on when the arm or the table changes.

        understudy reward fit demonstrations --rig twin-insert --output reward.json
        understudy reward score demonstrations --rig twin-insert --reward reward.json
        understudy reward plot reward.json --output reward.svg
        understudy reward plan reward.json demonstrations --rig twin-push \\
          --rollouts .rollouts.sock --output plan.mcap
        understudy reward tabular grid.json
      """,
    subcommands: [Fit.self, Score.self, Plan.self, Plot.self, Tabular.self])

  /// Shows how far `body` is, and ends the program where a signal stops it. `kept`: what becomes of what was done.
  static func untilStopped<Value>(kept: String? = nil, _ body: ((Double) -> Bool) throws -> Value) throws -> Value {
    let signals = EndSignals()
    let line = ProgressLine()
    defer { line.clear() }
    do {
      return try body { share in
        line.show("\(Int(100 * share)) %")
        return signals.count == 0
      }
    } catch RewardError.stopped {
      line.clear()
      Ending.complain("Stopped before it was done; nothing was written" + (kept.map { "; \($0)" } ?? ""))
      throw ExitCode(ExitStatus.interrupted(by: signals.first ?? SIGINT))
    }
  }

  /// Where every state can be listed.
  struct Tabular: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Recover the reward of a problem whose states and transitions are listed in a JSON file.",
      discussion: """
        Maximum causal entropy (Ziebart, Bagnell and Dey, 2010): the reward under which a soft-optimal planner visits
        states as often as the demonstrations do. Ends once visits agree to --tolerance, or feature counts to a tenth
        of it; exit code 1 if neither was reached. The file:

          {"transition": [[[0.9, 0.1], [0, 1]], [[1, 0], [0, 1]]],   [state][action][next state]
           "initial_distribution": [1, 0],
           "horizon": 3,                                             left out: endless, with a discount below 1
           "discount": 1,
           "observation": [[1, 0], [0, 1]],                          features; left out: each state is its own
           "demonstrations": [[0, 0, 1, 1], [0, 1, 1, 0]]}           states; or the true "reward"

          understudy reward tabular grid.json
          understudy reward tabular grid.json --hidden 32,32 --weight-decay 0.001 --json
        """)

    /// What a plan's entropy is counted over.
    enum Entropy: String, ExpressibleByArgument, CaseIterable { case causal, trajectory }

    @Argument(help: "The problem's file.") var file: String
    @Option(help: "Widths of the reward network's hidden layers, as in 32,32; left out: a weight for each feature.")
    var hidden: String?
    @Option(help: "The discount, instead of the file's.") var discount: Double?
    @Option(help: "What the plan's entropy is counted over: causal (2010) or trajectory (2008).")
    var entropy = Entropy.causal
    @Option(help: "Visits may differ by so much.") var tolerance = 1e-3
    @Option(help: "Pull of the weights towards zero; use it where demonstrations are few.") var weightDecay = 0.0
    @Option(help: "Plans after which it ends, done or not.") var mostPlans = 5_000
    @Option(help: "The seed of the network's weights.") var seed: UInt64 = 1
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    private func settings() throws -> InverseReinforcement.Configuration {
      var settings = InverseReinforcement.Configuration()
      if let hidden {
        let widths = hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard widths.allSatisfy({ $0 != nil }) else {
          throw ValidationError("--hidden takes widths as in 32,32, not \(hidden).")
        }
        settings.hidden = widths.compactMap(\.self)
      }
      settings.weightDecay = weightDecay
      settings.visitTolerance = tolerance
      settings.slopeTolerance = tolerance / 10
      settings.mostPlans = mostPlans
      settings.entropy = entropy == .causal ? .causal : .trajectory
      return settings
    }

    func run() throws {
      try Ending.catching {
        let signals = EndSignals()
        let line = ProgressLine()
        let reward = try TabularReward(file: file, discount: discount, try settings(), seed: seed) { plans, gap in
          line.show("plan \(plans) of at most \(mostPlans), visits differ by \(String(format: "%.2g", gap))")
          return signals.count == 0
        }
        line.clear()
        Output.show(reward, json: json)
        if !reward.agrees {
          Ending.complain(
            "Expert and learner do not agree after \(reward.plans) plans; allow more (--most-plans), take another --seed of "
              + "a network, or features that tell more")
          throw ExitCode(1)
        }
      }
    }
  }
}
