internal import ArgumentParser
internal import Session

/// The follower follows the leader; nothing is kept.
struct Teleoperate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Move the follower with the leader.",
    discussion: Help.page(
      """
      Torque comes on where the follower is; it then moves slowly to where the leader is, and follows it. h holds, enter
      goes on, q or Ctrl-C ends.

        understudy teleoperate --rig so101

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions

  func run() throws {
    try Ending.catching {
      let live = try LiveSession(LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)) {
        rig, settings in
        SessionPlan(activity: .teleoperate, rig: rig, settings: settings, seed: session.seed)
      }
      try session.run(live) { _ in
        ["record", "--rig", session.rig, "--dataset", "demonstrations", "--episodes", "6"]
      }
    }
  }
}
