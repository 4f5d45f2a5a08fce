internal import ArgumentParser
internal import Foundation
internal import Rehearsal
internal import Session

/// What a recovered reward is good for, measured.
struct TransferVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transfer",
    abstract: "Measure planning on a recovered reward against copying, after the dynamics change.",
    discussion: HelpText.page(
      """
      On `push`: a policy copies demonstrations, a reward is recovered from them. Then a joint is slowed to a third and the
      table is three times as rough. The planner is given these dynamics, the copy is not: that is what a reward makes
      possible. Beside them: planning on the task's own reward (ceiling), on equal weights (floor), and with the model as it
      was; and all again without the change. Each arm, seed and condition is a file in --dir: an interrupted comparison
      goes on where it was.

      5 seeds of 20 starts take about an hour on one core; --quick, 2 of 8, ten
      minutes.

        understudy-twin transfer --dir .transfer
        understudy-twin transfer --quick --dir .quick
      """))

  @Option(name: .customLong("dir"), help: "The folder for cells and the report.") var folder = ".transfer"
  @Flag(help: "2 seeds, 8 starts.") var quick = false
  @Option(name: .customLong("plan"), help: "Another plan: the plan.json of a comparison, edited.") var planFile: String?
  @Option(help: "Seeds: different numbers, as in 1,2,3; left out: the plan's.") var seeds: Seeds?
  @Option(help: "Starts a seed; left out: the plan's.") var episodes: Int?
  @Flag(help: "JSON instead of a table.") var json = false

  func run() throws {
    var plan = quick ? TransferPlan.quick : .full
    if let planFile {
      guard let data = FileManager.default.contents(atPath: planFile),
        let read = try? JSONDecoder().decode(TransferPlan.self, from: data)
      else { throw ValidationError("--plan takes the plan.json of a comparison, and \(planFile) is none.") }
      plan = read
    }
    if let seeds { plan.seeds = seeds.numbers }
    if let episodes {
      guard (1...1000).contains(episodes) else { throw ValidationError("--episodes takes 1 to 1000.") }
      plan.episodes = episodes
    }
    let place = URL(filePath: folder, directoryHint: .isDirectory)
    try Ending.study(in: place, json: json) { progress in
      try Transfer(plan, folder: place).run { cell, count in
        StandardStream.error.say(
          "\(cell.arm.rawValue), \(cell.isChanged ? "changed" : "as shown"), seed \(cell.seed): "
            + "\(cell.outcomes.count { $0 }) of \(cell.outcomes.count) in \(cell.took_s) s (of \(count) cells)\n")
        return progress("")
      }
    }
  }
}
