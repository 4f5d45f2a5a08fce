internal import ArgumentParser
internal import Foundation
internal import Learning
internal import Session

/// A person rewards and scolds a running policy.
struct Shape: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reward and scold a running policy until it moves as you like (TAMER).",
    discussion: Help.page(
      """
      The policy drives; press + when you like what you see and - when you do not (or send {"pedal": "reward"} and {"pedal":
      "scold"} to the rig's pedal socket, from two pedals). A press speaks of what the arm did 0.2 to 0.8 s ago. From what
      you said before, the arm does at each decision, of 32 actions near the policy's, the one that you would like best: at
      once, within the same limits as ever.

        understudy shape --rig so101 --policy policies/first \\
                         --output policies/gentle --dataset shaping

      It is a channel for taste and no way to teach a task: it makes a motion slower or gentler, and leaves alone what you
      never judged; a taste for higher spoiled the task where that was measured. What you like near an object and away from
      one is learned separately.
      After some 30 presses the change shows; go on saying what you think as it changes.

      --output is a policy like any other, for `run`, `evaluate` and `correct`; it holds its parent and your taste, which is
      written down with every press. The same command goes on with it. Every press is in the dataset's logs.

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy to shape; it is left as it is.") var policy: String
  @Option(help: "The shaped policy's folder; made, or gone on with.") var output: String
  @Option(help: "The dataset for the episodes, with all that you press; made if need be.") var dataset: String
  @Option(help: "End after so many episodes.") var episodes: Int?
  @Option(help: "The number of the first episode, with a twin: which scenes. Without it: 30001, or on from the last.")
  var first: Int?
  @Option(help: "How late a press comes: short (0.2 to 0.8 s) or long (0.2 to 4 s).") var delays = Delays.short

  /// Windows of delays, by name.
  enum Delays: String, ExpressibleByArgument, CaseIterable {
    /// 0.2 to 0.8 s.
    case short
    /// 0.2 to 4 s.
    case long

    var window: HumanReward.Window { self == .short ? .short : .long }
  }

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.policy = URL(filePath: policy)
      options.shaped = URL(filePath: output)
      options.delays = delays.window
      options.dataset = URL(filePath: dataset)
      options.continuesNumbering = first == nil
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .shape, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first ?? 30_001
        return plan
      }
      if let shaping = live.shaping, shaping.reward.rewards + shaping.reward.scoldings > 0 {
        live.tell(
          "going on with \(output): liked \(shaping.reward.rewards), disliked \(shaping.reward.scoldings) so far")
      }
      try session.run(live) { _ in
        ["evaluate", "--rig", session.rig, "--policy", output, "--against", policy, "--episodes", "20"]
      }
    }
  }
}
