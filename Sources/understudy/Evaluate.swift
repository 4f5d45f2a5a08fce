internal import ArgumentParser
internal import Foundation
internal import Session

/// Counts a policy's success.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Count a policy's success over many starts.",
    discussion: Help.page(
      """
      Runs as many episodes as asked for; labels come from the environment where it tells them (task.success,
      task.failure), else from the person's s and f. The share is printed with its 95 % Wilson interval. The same --first
      and --seed give a twin the same scenes, for every policy.

        understudy evaluate --rig so101 --policy policies/round-4 --episodes 20

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy's folder.") var policy: String
  @Option(help: "How many episodes.") var episodes = 20
  @Option(help: "The number of the first episode, with a twin: which scenes.") var first = 100_001
  @Option(help: "Keep the episodes in this dataset.") var dataset: String?

  func validate() throws {
    if episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if first < 1 { throw ValidationError("--first takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.policy = URL(filePath: policy)
      options.dataset = dataset.map { URL(filePath: $0) }
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .evaluate, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first
        plan.labelsByTruth = true
        return plan
      }
      try live.run().conclude(
        json: session.json,
        next: [
          "correct", "--rig", session.rig, "--policy", policy, "--with", "demonstrations", "--dataset", "corrections",
          "--policies", "policies",
        ])
    }
  }
}
