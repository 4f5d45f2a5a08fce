import ArgumentParser
import Arm
import Foundation
import Learning
import Rehearsal
import Session
import Twin

/// Sessions on virtual time, by the same code as on an arm.
struct Rehearse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a session on virtual time: count a policy's success, demonstrate, or correct.",
    discussion: HelpText.page(
      """
      With --policy alone, counts successes over frozen starts that no other activity uses:

        understudy-twin rehearse --policy .demo/policies/before --episodes 50
        understudy-twin rehearse --policy .demo/policies/before --disturb bump

      With --demonstrate DIR, the scripted person adds demonstrations to a dataset. With --correct DIR, a correction
      session runs as `understudy correct` does: rounds of take-overs, each followed by training from scratch.
      """))

  @Option(help: "The twin's task: \(TwinWorld.tasks.joined(separator: ", ")).") var task = "insert"
  @Option(help: "Which of a family's tasks (\(TwinWorld.families.joined(separator: ", "))).") var variant: Int?
  @Option(help: "The rig, by name or path (default: the task's).") var rig: String?
  @Option(help: "The seed of scenes, person and training.") var seed: UInt64 = 7
  @Option(help: "The policy's folder.") var policy: String?
  @Option(help: "A second policy, run from the very same starts: exact McNemar test.") var against: String?
  @Option(help: "How many episodes.") var episodes: Int?
  @Option(help: "Correction: what asks for the person: none, ensemble, thrifty, random or dagger (label mode).")
  var gate = "none"
  @Option(help: "Correction: the share of decisions in which the gate may ask.") var budget = 0.02
  @Option(help: "With --gate dagger: how often the person drives an episode: \(BetaSchedule.form).")
  var beta = "indicator"
  @Option(help: "none, noise, noise=MRAD, drift=MRAD or bump.") var disturb = "none"
  @Option(help: "How arm and table differ from the scene: \(TwinDynamics.form).") var dynamics = "none"
  @Option(help: "Add demonstrations to this dataset.") var demonstrate: String?
  @Option(help: "Run a correction session into this dataset.") var correct: String?
  @Option(help: "Correction: datasets to train on beside the corrections.") var with: [String] = []
  @Option(help: "Correction: where new policies go.") var policies: String?
  @Option(help: "Correction: how many rounds.") var rounds = 4
  @Option(help: "Person-frames: in all for demonstrations, a round for corrections.") var frames: Int?
  @Option(help: "The number of the first scene.") var first: Int?
  @Option(help: "Cores to use when counting successes.") var cores = 2
  @Flag(help: "JSON instead of a table.") var json = false

  func validate() throws {
    if let episodes, episodes < 1 { throw ValidationError("--episodes takes 1 or more.") }
    if let frames, frames < 1 { throw ValidationError("--frames takes 1 or more.") }
    if rounds < 1 { throw ValidationError("--rounds takes 1 or more.") }
    if !(1...256).contains(cores) { throw ValidationError("--cores takes 1 to 256.") }
  }

  func run() async throws {
    do {
      try await rehearse()
    } catch {
      throw Ending.failure(error)
    }
  }

  private func rehearse() async throws {
    guard TwinWorld.tasks.contains(task) else {
      throw ValidationError("\(TwinError.unknownTask(task, known: TwinWorld.tasks))")
    }
    if variant != nil, !TwinWorld.families.contains(task) {
      throw ValidationError("\(TwinError.noVariants(task, families: TwinWorld.families))")
    }
    guard let disturbance = Disturbance(disturb) else {
      throw ValidationError("--disturb takes none, noise, noise=MRAD, drift=MRAD or bump, not \(disturb).")
    }
    var rehearsal = Rehearsal(rig: try Rig.load(rig ?? "twin-\(task)"), task: task, seed: seed)
    rehearsal.disturbance = disturbance
    guard let dynamics = TwinDynamics(dynamics) else {
      throw ValidationError("--dynamics takes \(TwinDynamics.form), not \(dynamics).")
    }
    rehearsal.dynamics = dynamics
    rehearsal.variant = variant
    guard let gate = GateName(rawValue: gate) else {
      throw ValidationError("--gate takes none, ensemble, thrifty, random or dagger, not \(gate).")
    }
    rehearsal.gate = gate
    rehearsal.budget = budget
    guard let schedule = BetaSchedule(beta, rounds: rounds) else {
      throw ValidationError("--beta takes \(BetaSchedule.form), not \(beta).")
    }
    rehearsal.beta = schedule
    rehearsal.person.watches = gate == .none
    rehearsal.training.trainsCritic = gate == .thrifty
    let began = Date()
    if let demonstrate {
      let report = try rehearsal.demonstrate(
        into: URL(filePath: demonstrate), episodes: episodes, frames: frames,
        first: first ?? Rehearsal.firstDemonstration)
      Output.show(report, json: json)
    } else if let correct, let policy, let policies {
      let report = try rehearsal.correct(
        URL(filePath: policy), demonstrations: with.map { URL(filePath: $0) }, into: URL(filePath: correct),
        policies: URL(filePath: policies), rounds: rounds, frames: frames ?? 60,
        first: first ?? Rehearsal.firstCorrection)
      Output.show(report, json: json)
    } else if let policy, let against {
      let outcomes = try [policy, against].map {
        try rehearsal.outcomes(URL(filePath: $0), episodes: episodes ?? 50)
      }
      let comparison = PolicyComparison(paired: [policy, against], outcomes[0], outcomes[1])
      Output.show(comparison, json: json)
    } else if let policy {
      let rate = try await rehearsal.evaluate(URL(filePath: policy), episodes: episodes ?? 50, cores: cores)
      if json {
        print(String(decoding: try Output.json(rate), as: UTF8.self))
      } else {
        print("\(task), \(disturb): \(rate.successes) of \(rate.trials), \(rate.text)")
      }
    } else {
      throw ValidationError(
        "Give --policy DIR to count successes, --demonstrate DIR, or --correct DIR with --policy and --policies.")
    }
    if !json { print("took \((Date().timeIntervalSince(began) * 10).rounded() / 10) s") }
  }
}
