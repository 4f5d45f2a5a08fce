internal import ArgumentParser
internal import Foundation
internal import Session

/// A person takes over where the policy strays; the policy is trained anew from that, and goes on.
struct Correct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Correct a policy on the arm, and train it anew (DAgger).",
    discussion: Help.page(
      """
      The policy drives and the leader mirrors the arm. Where it strays, grab the leader (or press space or the pedal):
      the arm is yours from the next tick, without a step. Finish the episode by hand and press s; or give the arm back
      with space. After enough corrected frames a new policy is trained in a child process from all demonstrations and
      corrections, loaded between two episodes, and the next round begins.

        understudy correct --rig so101 --policy policies/first \\
                           --with demonstrations --dataset corrections \\
                           --policies policies --rounds 4

      \(Help.ending)

      \(Help.stop)
      """))

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy to begin with.") var policy: String
  @Option(help: "The dataset for the corrections; made if need be, added to if it is there.") var dataset: String
  @Option(help: "Datasets to train on beside the corrections.") var with: [String] = []
  @Option(help: "Where new policies go: DIR/round-1, DIR/round-2 …") var policies: String
  @Option(help: "How many rounds.") var rounds = 1
  @Option(help: "How many frames (decisions of a person) make a round.") var frames = 60
  @Option(help: "The number of the first episode, with a twin: which scenes. Without it: 10001, or on from the last.")
  var first: Int?

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds takes 1 or more.") }
    if frames < 1 { throw ValidationError("--frames takes 1 or more.") }
    if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
  }

  func run() throws {
    try Ending.catching {
      for round in 1...rounds {
        let output = "\(policies)/round-\(round)"
        if FileManager.default.fileExists(atPath: output) {
          throw HostError.inTheWay("\(output) is there already; name another folder with --policies, or move it away.")
        }
      }
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.policy = URL(filePath: policy)
      options.dataset = URL(filePath: dataset)
      options.demonstrations = with.map { URL(filePath: $0) }
      options.policies = URL(filePath: policies)
      options.continuesNumbering = first == nil
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .correct, rig: rig, settings: settings, seed: session.seed)
        plan.firstEpisode = first ?? 10_001
        plan.rounds = rounds
        plan.framesPerRound = frames
        return plan
      }
      let report = try live.run()
      let newest = report.policies.isEmpty ? policy : "\(policies)/round-\(report.policies.count)"
      try report.conclude(
        json: session.json, next: ["evaluate", "--rig", session.rig, "--policy", newest, "--episodes", "20"])
    }
  }
}
