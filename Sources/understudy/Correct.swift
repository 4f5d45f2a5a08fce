internal import ArgumentParser
internal import Foundation
internal import Session

/// A person takes over where the policy strays; the policy is trained anew from that, and goes on.
struct Correct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Correct a policy on the arm, and train it anew (DAgger).",
    discussion: """
      The policy drives and the leader mirrors the arm. Where it strays, grab the leader (or press space or the pedal):
      the arm is yours from the next tick, without a step. Finish the episode by hand and press s; or give the arm back
      with space. After enough corrected frames a new policy is trained in a child process from all demonstrations and
      corrections, loaded between two episodes, and the next round begins.

        understudy correct --rig so101 --policy policies/first --with demonstrations \\
                           --dataset corrections --policies policies --rounds 4
      """)

  @OptionGroup var session: SessionOptions
  @Option(help: "The policy to begin with.") var policy: String
  @Option(help: "The dataset for the corrections; made if need be, added to if it is there.") var dataset: String
  @Option(help: "Datasets to train on beside the corrections.") var with: [String] = []
  @Option(help: "Where new policies go: DIR/round-1, DIR/round-2 …") var policies: String
  @Option(help: "How many rounds.") var rounds = 1
  @Option(help: "A person's frames in a round.") var frames = 60
  @Option(help: "The number of the first episode (with a twin: which scenes).") var first = 10_001

  func run() throws {
    try Ending.catching {
      for round in 1...max(1, rounds) {
        let output = URL(filePath: policies).appending(path: "round-\(round)")
        if FileManager.default.fileExists(atPath: output.path) {
          throw HostError.refused("\(output.path) is there already; name another folder with --policies.")
        }
      }
      var options = LiveOptions(rig: try session.loadRig(), json: session.json)
      options.policy = URL(filePath: policy)
      options.dataset = URL(filePath: dataset)
      options.demonstrations = with.map { URL(filePath: $0) }
      options.policies = URL(filePath: policies)
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .correct, rig: rig, settings: settings, seed: session.seed)
        plan.firstEpisode = first
        plan.rounds = rounds
        plan.framesPerRound = frames
        return plan
      }
      try live.run().conclude(json: session.json)
    }
  }
}
