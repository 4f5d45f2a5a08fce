internal import ArgumentParser
internal import Foundation
internal import Session

/// Captures demonstrations.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Capture demonstrations through the leader.",
    discussion: Help.page(
      """
      Set the scene and the leader to a start, press enter (or the pedal), do the task, press s for success, f for failure
      or e for no verdict; d throws the episode out and does it again, p pauses it. With --reset-time the next episode
      begins by itself. --episodes counts those that are kept; what is thrown out, or cut short by a fault, is recorded once more.
      Each episode is one MCAP file in the dataset, written while it happens: a killed process loses at
      most 20 ms. A second session into the same dataset numbers its episodes on; with --resume it ends when the dataset
      has --episodes in all.

        understudy record --rig so101 --dataset demonstrations --episodes 20 \\
                          --task "insert the stylus"
        understudy record --rig so101 --dataset demonstrations --episodes 50 \\
                          --resume --reset-time 10

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The dataset's folder; made if need be, added to if it is there.") var dataset: String
  @Option(help: "End after so many episodes; with --resume, when the dataset has so many.") var episodes: Int?
  @Option(help: "The number of the first episode, with a twin: which scenes. Without it: 1, or on from the last.")
  var first: Int?
  @Flag(help: "Count the episodes that the dataset has already.") var resume = false
  @Option(help: "The task in words.") var task = ""
  @Option(help: "Who holds the leader.") var person = ""
  @Option(help: "Free words that every episode gets.") var notes = ""
  @Option(help: "Seconds after which an episode is over, unlabelled.") var episodeTime: Double?
  @Option(help: "Seconds to set the scene in; then the next episode begins by itself.") var resetTime: Double?

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
    if resume, first != nil { throw ValidationError("--resume goes on with the dataset's numbers; leave --first out.") }
    for (name, value) in [("--episode-time", episodeTime), ("--reset-time", resetTime)] {
      if let value, !(0.1...86_400).contains(value) { throw ValidationError("\(name) takes 0.1 to 86400 seconds.") }
    }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)
      options.dataset = URL(filePath: dataset)
      options.task = task
      options.person = person
      options.notes = notes
      options.continuesNumbering = first == nil
      let course = try RecordingCourse(dataset, episodes: episodes, first: first, resume: resume)
      guard let first = course.first else { return Output.show(course, json: session.json) }
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .record, rig: rig, settings: settings, seed: session.seed)
        plan.episodes = course.episodes
        plan.firstEpisode = first
        plan.recordingLimit = episodeTime.map { .seconds($0) }
        plan.resetInterval = resetTime.map { .seconds($0) }
        return plan
      }
      try session.run(live) { report in
        report.unassisted.successes > 0
          ? ["train", dataset, "--rig", session.rig, "--output", "policies/first"]
          : ["record", "--rig", session.rig, "--dataset", dataset]
      }
    }
  }
}
