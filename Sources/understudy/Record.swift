internal import ArgumentParser
internal import Foundation
internal import Session

/// Captures demonstrations.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Capture demonstrations through the leader.",
    discussion: Help.page(
      """
      Set the scene and the leader to a start, press enter (or the pedal), do the task, press s for success or f for
      failure; d throws the episode out and does it again. Each episode is one MCAP file in the dataset, written while
      it happens: a killed process loses at most 20 ms. A second session into the same dataset numbers its episodes on.

        understudy record --rig so101 --dataset demonstrations --episodes 20 \\
                          --task "insert the stylus"

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The dataset's folder; made if need be, added to if it is there.") var dataset: String
  @Option(help: "End after so many episodes.") var episodes: Int?
  @Option(help: "The number of the first episode, with a twin: which scenes. Without it: 1, or on from the last.")
  var first: Int?
  @Option(help: "The task in words.") var task = ""

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.dataset = URL(filePath: dataset)
      options.task = task
      options.continuesNumbering = first == nil
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .record, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = episodes
        plan.firstEpisode = first ?? 1
        return plan
      }
      let report = try live.run()
      let worked = report.unassisted.successes > 0
      try report.conclude(
        json: session.json,
        next: worked
          ? ["train", dataset, "--rig", session.rig, "--output", "policies/first"]
          : ["record", "--rig", session.rig, "--dataset", dataset])
    }
  }
}
