internal import ArgumentParser
internal import Foundation
internal import Session

/// Lets a policy drive.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a policy drive the arm.",
    discussion: Help.page(
      """
      Before each episode the arm moves slowly to the rig's start pose. Press enter (or the pedal) when the scene is set;
      then the policy drives and the leader mirrors the arm. Grab the leader (or press space) to take over, space again to
      give back. s and f end the episode with a label, h stops and holds at any time, q or Ctrl-C ends.

        understudy run --rig so101 --policy policies/first
        understudy run --rig so101 --policy policies/first \\
                       --episodes 3 --dataset runs

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy's folder.") var policy: String
  @Option(help: "End after so many episodes.") var episodes: Int?
  @Option(help: "The number of the first episode, with a twin: which scenes. Without it: 50001, or on from the last.")
  var first: Int?
  @Option(help: "Keep the episodes in this dataset.") var dataset: String?

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)
      options.policy = URL(filePath: policy)
      options.dataset = dataset.map { URL(filePath: $0) }
      options.continuesNumbering = first == nil
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .run, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first ?? 50_001
        return plan
      }
      try session.run(live) { report in
        let rate = report.unassisted
        if rate.trials > 0, rate.successes == rate.trials {
          return ["evaluate", "--rig", session.rig, "--policy", policy, "--episodes", "20"]
        }
        return [
          "correct", "--rig", session.rig, "--policy", policy, "--with", "demonstrations", "--dataset", "corrections",
          "--policies", "policies",
        ]
      }
    }
  }
}
