internal import ArgumentParser
internal import Foundation
internal import Session

/// Plays a recording on the arm.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play a recorded episode on the arm, through the envelope.",
    discussion: Help.page(
      """
      The arm lifts its tool, moves slowly to the recording's first pose, and follows its commands; every one passes the
      envelope, as if a policy wished for it. Any key stops it where it is. At the end it parks, and tells how far each
      joint was from its command, and from where it was in the recording.

        understudy replay demonstrations/2026-07-31T101530Z-3fa2-e0001.mcap \\
                          --rig so101 --speed 0.5
        understudy replay demonstrations --episode 3 --rig so101
      """))

  @OptionGroup var session: SessionOptions
  @Argument(help: "The log of one episode (.mcap), or a dataset's folder.") var recording: String
  @Option(help: "In a dataset: which episode, by id or by its place in the list from 1.") var episode: String?
  @Option(help: "How fast, as a factor: 0.05 to 4.") var speed = 1.0
  @Option(help: "Keep what happens in this dataset.") var dataset: String?

  func validate() throws {
    guard (0.05...4).contains(speed) else { throw ValidationError("--speed takes 0.05 to 4, not \(speed).") }
  }

  func run() throws {
    try Ending.catching {
      var options = LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)
      options.dataset = dataset.map { URL(filePath: $0) }
      let replay = try RecordedEpisode(recording, episode: episode, for: options.rig)
      options.task = replay.task
      let live = try LiveSession(options) { rig, settings in
        replay.plan(rig: rig, settings: settings, speed: speed, seed: session.seed)
      }
      try live.run().conclude(json: session.json)
    }
  }
}
