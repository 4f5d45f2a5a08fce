internal import ArgumentParser
internal import Foundation
internal import Session

/// Captures demonstrations.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Capture demonstrations through the leader.",
    discussion: """
      Set the scene and the leader to a start, press enter (or the pedal), do the task, press s for success or f for
      failure; d throws the episode out and does it again. Each episode is one MCAP file in the dataset, written while
      it happens: a killed process loses at most 20 ms.

        understudy record --rig so101 --dataset demonstrations --episodes 20 --task "insert the stylus"
      """)

  @OptionGroup var session: SessionOptions
  @Option(help: "The dataset's folder; made if need be, added to if it is there.") var dataset: String
  @Option(help: "End after so many episodes.") var episodes: Int?
  @Option(help: "The number of the first episode (with a twin: which scenes).") var first = 1
  @Option(help: "The task in words.") var task = ""

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.dataset = URL(filePath: dataset)
      options.task = task
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .record, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first
        return plan
      }
      try live.run().conclude(json: session.json)
    }
  }
}
