public import ArgumentParser
internal import Episodes
internal import Foundation
internal import Learning
internal import Policy
public import Session

/// A person takes over where the policy strays; the policy is trained anew from that, and goes on.
struct Correct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Correct a policy on the arm, and train it anew (DAgger).",
    discussion: Help.page(
      """
      The policy drives and the leader mirrors the arm. Where it strays, grab the leader (or press space or the pedal):
      the arm is yours from the next tick, without a step. Finish the episode by hand and press s; or give the arm back
      with space. After enough corrected frames a new policy is trained in a child process from all demonstrations and
      corrections, checked, loaded between two episodes, and the next round begins. b goes back to the policy before;
      after 5 failures in a row a new policy goes by itself.

        understudy correct --rig so101 --policy policies/first \\
                           --with demonstrations --dataset corrections \\
                           --policies policies --rounds 2

      With --gate the arm stops by itself and asks: take over, or press enter for "go on". ensemble asks where the
      networks disagree, thrifty also where a critic sees risk, both in about --budget of all decisions; random tosses a
      coin. dagger is label mode (classic DAgger): the leader is limp, the policy drives every episode to its end, and you
      move the leader all the while as you would move the arm. That is recorded as the action of every frame and never
      sent; it counts wherever the policy gets to. Only how the leader moves matters, not where it is: bring it near the
      arm's pose before each start, and keep hold of it. Space or the pedal take over. A killed session goes on where it was when the same command is given again.

      It ends by itself: after --rounds rounds; or once the policy is good enough, after --until successes in a row without
      help; or after --episodes episodes in this run, with code 75, and the same command goes on.

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
  @Option(help: "Good enough: so many successes in a row without help (20 of 20 is at least .84 with 95 %).")
  var until = 20
  @Option(help: "How many episodes at most in this run.") var episodes = 200
  @Option(help: "The number of the first episode, with a twin: which scenes. Without it: 10001, or on from the last.")
  var first: Int?
  @Option(help: "What asks for the person: none, ensemble, thrifty, random, or dagger for label mode.")
  var gate = GateName.none
  @Option(help: "The share of decisions in which the gate may ask.") var budget = 0.01
  @Option(help: "With --gate dagger: how often an episode is yours to drive: \(BetaSchedule.form).")
  var beta = "indicator"
  @Option(help: "How rows count in training: aggregate, iwr or sirius.") var weights = Weighting.aggregate
  @Flag(help: "Giving the arm back ends the episode (RaC: recover, correct, then end).") var endAfterCorrection = false

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds takes 1 or more.") }
    if frames < 1 { throw ValidationError("--frames takes 1 or more.") }
    if until < 1 { throw ValidationError("--until takes 1 or more.") }
    if episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if let first, first < 1 { throw ValidationError("--first takes 1 or more.") }
    guard BetaSchedule(beta, rounds: max(1, rounds)) != nil else {
      throw ValidationError("--beta takes \(BetaSchedule.form), not \(beta).")
    }
    guard budget > 0, budget < 1 else { throw ValidationError("--budget takes a share between 0 and 1.") }
  }

  func run() throws {
    try Ending.catching {
      let folder = URL(filePath: policies)
      let resumed = try earlierSession(in: folder)
      if let resumed, resumed.round >= rounds {
        throw HostError.refused(
          "The session in \(folder.path) has done its \(resumed.round) rounds; give --rounds a larger number to go on.")
      }
      for round in ((resumed?.round ?? 0) + 1)...rounds {
        let output = folder.appending(path: "round-\(round)")
        if FileManager.default.fileExists(atPath: output.path) {
          throw HostError.inTheWay(
            "\(output.path) is there already; name another folder with --policies, or move it away.")
        }
      }
      var options = LiveOptions(rig: try session.loadRig(), json: session.json, screen: session.screen)
      options.policy = try policyToDrive(resumed, in: folder)
      options.dataset = URL(filePath: dataset)
      options.demonstrations = with.map { URL(filePath: $0) }
      options.continuesNumbering = first == nil && resumed == nil
      options.policies = folder
      options.gate = gate
      options.budget = budget
      options.seed = session.seed
      options.trainingArguments = ["--weights", weights.rawValue] + (gate == .thrifty ? ["--critic"] : [])
      let live = try LiveSession(options) { rig, settings in
        var plan = SessionPlan(activity: .correct, rig: rig, settings: settings, seed: session.seed)
        plan.firstEpisode = first ?? 10_001
        plan.rounds = rounds
        plan.framesPerRound = frames
        plan.goodEnough = until
        plan.episodes = episodes
        plan.gate = gate
        plan.beta = BetaSchedule(beta, rounds: rounds) ?? .indicator
        plan.budget = budget
        plan.endsAfterCorrection = endAfterCorrection
        plan.resumed = resumed
        return plan
      }
      if gate.needsPersonAction {
        live.tell(
          "label mode: the leader is limp and its motion is recorded, never sent; hold it, and move it as you would move "
            + "the arm. A grab is not felt: space or the pedal take over.")
      }
      if let resumed {
        live.tell(
          "going on with an earlier session: \(resumed.round) of \(rounds) rounds done, \(resumed.frames) frames in this one"
        )
      }
      try session.run(live) { report in
        let newest = report.policies.last.map { "\(policies)/\(URL(filePath: $0).lastPathComponent)" } ?? policy
        return ["evaluate", "--rig", session.rig, "--policy", newest, "--episodes", "20"]
      }
    }
  }

  /// What an earlier session in this folder came to, if it was the same one.
  private func earlierSession(in folder: URL) throws -> SessionProgress? {
    guard var progress = try SessionProgress.read(from: folder) else { return nil }
    let own = (with + [dataset]).map { URL(filePath: $0).standardizedFileURL.path }
    guard progress.datasets == own else {
      throw HostError.refused(
        "\(folder.path) holds a session that learned from \(progress.datasets.joined(separator: ", ")), not from "
          + "\(own.joined(separator: ", ")); name the same datasets, or another folder with --policies.")
    }
    // An episode that was running when the session was killed has its number already.
    if let taken = try? Dataset.open(dataset).episodes.map(\.number).max() {
      progress.nextEpisode = max(progress.nextEpisode, Int(taken) + 1)
    }
    // Killed between the end of a training and its note of it.
    while FileManager.default.fileExists(atPath: folder.appending(path: "round-\(progress.round + 1)").path) {
      progress.round += 1
      progress.frames = 0
      progress.policy = "round-\(progress.round)"
    }
    return progress
  }

  private func policyToDrive(_ resumed: SessionProgress?, in folder: URL) throws -> URL {
    let first = URL(filePath: policy)
    guard let resumed, resumed.policy != first.lastPathComponent else {
      try checkGate(first)
      return first
    }
    let last = folder.appending(path: resumed.policy)
    try checkGate(last)
    return last
  }

  /// A gate that needs several networks is refused with a policy of one, before anything moves.
  private func checkGate(_ folder: URL) throws {
    guard gate.needsEnsemble else { return }
    let networks = try Policy.load(folder).description.network.ensemble
    if networks < 2 {
      throw HostError.refused(
        "The gate \(gate.rawValue) needs a policy of several networks, but \(folder.path) has one; train with --recipe "
          + "standard, or use --gate random or none.")
    }
  }
}

extension GateName: ExpressibleByArgument {}
