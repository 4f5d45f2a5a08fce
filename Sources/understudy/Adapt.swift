public import ArgumentParser
internal import Arm
internal import Foundation
public import Learning
internal import RealTime
internal import Session

/// Tasks from one demonstration.
struct Adapt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Learn the next task of a family from one demonstration.",
    discussion: Help.page(
      """
      `train` once, from demonstrations of many tasks whose goals no feature tells, each task recorded under its own
      --task; `run` then makes a policy of one demonstration of a new one.

        understudy-twin generate --task reach --tasks 100 --dataset families
        understudy adapt train families --rig twin-reach --output reach
        understudy-twin generate --task reach --tasks 1 --first 5001 \\
          --demonstrations 1 --dataset shown
        understudy adapt run reach --rig twin-reach --demo shown \\
          --output policies/shown
      """),
    subcommands: [Family.self, Once.self])

  /// From many tasks.
  struct Family: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train",
      abstract: "Learn from datasets of many tasks how to learn the next one.",
      discussion: Help.page(
        """
        The key of a task is the episode's `task`. Takes 8 tasks or more with two successful demonstrations each. Finds
        out what a goal is (where the tool or an object ends, seen from the base or from an object), trains a policy to go to
        any goal, and weights from which a few gradient steps on one demonstration are enough (MAML, exact second order);
        on held-out tasks it sees which of the two ways does better, and `adapt run` goes that way. Refuses tasks whose goal
        the features tell anyway: `understudy train` does those.

          understudy adapt train families --rig twin-reach --output reach
          understudy adapt train families --rig twin-reach --output long \\
                                 --iterations 40000 --checkpoint long.training

        With --checkpoint the same command goes on after Ctrl-C, to the same result as without the pause. loss.svg in the
        folder draws the loss before and after adapting, by iteration.
        """))

    @Argument(help: "Datasets of demonstrations.") var datasets: [String]
    @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
    @Option(help: "The folder of what is learned; must not exist yet.") var output: String
    @Option(help: "The seed of weights and batches.") var seed: UInt64 = 1
    @Option(help: "Iterations of MAML, and as many of the network of all tasks.")
    var iterations = MetaPolicy.Configuration().iterations
    @Option(help: "MAML's step down the slope.") var innerRate = MetaPolicy.Configuration().meta.innerRate
    @Option(help: "How many such steps.") var innerSteps = MetaPolicy.Configuration().meta.innerSteps
    @Flag(inversion: .prefixedNo, help: "Learn each weight's step at each of these steps too (Meta-SGD).")
    var learnRates = MetaPolicy.Configuration().meta.learnsRates
    @Option(help: "Widths of MAML's hidden layers.") var hidden = "100,100"
    @Option(help: "Steps of the policy that goes to goals.") var goalSteps = MetaPolicy.Configuration().goalSteps
    @Option(help: "Keep the state of an unfinished training here, and go on from it.") var checkpoint: String?
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    private func settings() throws -> MetaPolicy.Configuration {
      var settings = MetaPolicy.Configuration()
      let widths = hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard (1...4).contains(widths.count), widths.allSatisfy({ (1...512).contains($0) }) else {
        throw ValidationError("--hidden takes one to four widths of 1 to 512, as in 64,64, not \(hidden).")
      }
      guard (1...10_000_000).contains(iterations), (1...10_000_000).contains(goalSteps), (1...20).contains(innerSteps),
        innerRate > 0, innerRate <= 10
      else {
        throw ValidationError(
          "--iterations and --goal-steps take 1 or more, --inner-steps 1 to 20, --inner-rate above 0 and at most 10.")
      }
      settings.meta.hidden = widths
      settings.meta.innerRate = innerRate
      settings.meta.innerSteps = innerSteps
      settings.meta.learnsRates = learnRates
      settings.iterations = iterations
      settings.goalSteps = goalSteps
      return settings
    }

    func run() throws {
      try Ending.catching {
        MatrixLibrary.restartWithBestCore()
        let signals = EndSignals()
        let line = ProgressLine()
        let trained = try Adaptation(rig: try Rig.load(rig)).train(
          datasets, output: output, try settings(), seed: seed, checkpoint: checkpoint
        ) { progress in
          line.show(
            "\(Int(100 * progress.share)) %, learning \(progress.part), loss \(String(format: "%.3g", progress.loss))")
          return signals.count == 0
        }
        line.clear()
        guard let trained else {
          Ending.complain(
            "Stopped before it was done; nothing was written"
              + (checkpoint.map { ", and the same command goes on from \($0)" }
                ?? " (--checkpoint FILE keeps the state)"))
          throw ExitCode(ExitStatus.interrupted(by: signals.first ?? SIGINT))
        }
        Output.show(trained, json: json)
        Ending.next(
          ["adapt", "run", output, "--rig", rig, "--demo", "EPISODE", "--output", "policies/shown"], json: json)
      }
    }
  }

  /// From one demonstration.
  struct Once: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run",
      abstract: "Make a policy of one demonstration, and let it drive.",
      discussion: Help.page(
        """
        --demo is an episode's log (.mcap), a dataset with --episode, or a file of observations without actions: a person's
        hand and the objects, as a tracker gives them (.csv or .jsonl, see OneShot.md). It need not begin where the arm will.
        Without --episodes the policy's folder is written and nothing moves.

          understudy adapt run reach --rig twin-reach --demo shown \\
            --output policies/shown
          understudy adapt run reach --rig twin-reach --demo hand.csv \\
            --output policies/hand --episodes 3
          understudy adapt run reach --rig twin-reach --demo shown \\
            --method maml --output policies/maml

        \(Help.ending)
        """))

    @Argument(help: "The folder of `adapt train`.") var family: String
    @OptionGroup var session: SessionOptions
    @Option(help: "The demonstration.") var demo: String
    @Option(help: "With a dataset: which of its episodes, by number or id.") var episode: String?
    @Option(help: "goal, maml, fine-tune or none; left out: what did best on held-out tasks.")
    var method: MetaPolicy.Method?
    @Option(help: "The policy's folder; must not exist yet.") var output: String
    @Option(help: "Let it drive for so many episodes.") var episodes: Int?
    @Option(help: "The number of the first episode, with a twin: which scenes.") var first: Int?
    @Option(help: "Keep the episodes in this dataset.") var dataset: String?

    func validate() throws {
      if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
      if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
    }

    func run() throws {
      try Ending.catching {
        let adapted = try Adaptation(rig: try session.loadRig()).adapt(
          family, demonstration: demo, episode: episode, method: method, output: output)
        Output.show(adapted, json: session.json)
        guard let episodes else {
          return Ending.next(["run", "--rig", session.rig, "--policy", output, "--episodes", "3"], json: session.json)
        }
        var options = LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)
        options.policy = URL(filePath: output)
        options.dataset = dataset.map { URL(filePath: $0) }
        options.continuesNumbering = first == nil
        let live = try LiveSession(options) { rig, settings in
          var plan = SessionPlan(activity: .run, rig: rig, settings: settings, seed: session.seed)
          plan.episodes = episodes
          plan.firstEpisode = first ?? 50_001
          return plan
        }
        try session.run(live) { _ in
          ["evaluate", "--rig", session.rig, "--policy", output]
        }
      }
    }
  }
}

extension MetaPolicy.Method: ExpressibleByArgument {}
