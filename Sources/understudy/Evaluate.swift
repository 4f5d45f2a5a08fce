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

      With --against, two policies drive in pairs of episodes in random order, so that neither a tired person nor a warm
      servo favours one; their difference is printed with its 95 % interval. (On virtual time, where both can have the
      very same starts, `understudy-twin rehearse --against` tests the pairs.)

        understudy evaluate --rig so101 --policy policies/round-4 \\
                            --against policies/first --episodes 40

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy's folder.") var policy: String
  @Option(help: "A second policy to compare with.") var against: String?
  @Option(help: "How many episodes.") var episodes = 20
  @Option(help: "The number of the first episode, with a twin: which scenes.") var first = 100_001
  @Option(help: "Keep the episodes in this dataset.") var dataset: String?

  func validate() throws {
    if episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if first < 1 { throw ValidationError("--first takes 1 or more.") }
    guard let against else { return }
    if URL(filePath: against).lastPathComponent == URL(filePath: policy).lastPathComponent {
      throw ValidationError("--policy and --against must be folders of different names: logs tell policies by them.")
    }
    if episodes % 2 != 0 { throw ValidationError("--against takes an even number of --episodes: they come in pairs.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)
      options.policy = URL(filePath: policy)
      options.against = against.map { URL(filePath: $0) }
      options.dataset = dataset.map { URL(filePath: $0) }
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .evaluate, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first
        plan.labelsByTruth = true
        return plan
      }
      try session.run(live) { report in
        if let against, let comparison = report.comparison(policy, against) {
          Output.show(comparison, json: session.json)
        }
        return [
          "correct", "--rig", session.rig, "--policy", policy, "--with", "demonstrations", "--dataset", "corrections",
          "--policies", "policies",
        ]
      }
    }
  }
}
