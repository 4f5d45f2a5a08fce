internal import ArgumentParser
internal import Foundation
internal import Session

/// Lets a policy drive.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a policy drive the arm.",
    discussion: """
      Before each episode the arm moves slowly to the rig's start pose. Press enter (or the pedal) when the scene is set;
      h stops and holds at any time, s and f end the episode with a label, q or Ctrl-C parks the arm.

        understudy run --rig so101 --policy policies/first
      """)

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy's folder.") var policy: String
  @Option(help: "End after so many episodes.") var episodes: Int?
  @Option(help: "The number of the first episode (with a twin: which scenes).") var first = 50_001
  @Option(help: "Keep the episodes in this dataset.") var dataset: String?

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.policy = URL(filePath: policy)
      options.dataset = dataset.map { URL(filePath: $0) }
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .run, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first
        return plan
      }
      try live.run().conclude(json: session.json)
    }
  }
}
