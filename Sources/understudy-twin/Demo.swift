internal import ArgumentParser
internal import Foundation
internal import Rehearsal
internal import Session

/// The whole loop on the twin, by the verbs that one types on an arm.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the whole loop: demonstrate, train, run, correct, train again, run again.",
    discussion: HelpText.page(
      """
      Starts a twin and then the verbs of `understudy` beside it, through serial ports, in real time; what takes too long
      to watch (more rounds of correction, counting successes) runs the same sessions on virtual time. Ends with a table,
      a plot and what to type next. Ctrl-C parks the arm and ends everything; files stay whole.
      """))

  @Option(help: "The seed: another one gives other scenes and other numbers.") var seed: UInt64 = 7
  @Option(name: .customLong("dir"), help: "The folder for everything that is made; emptied first.") var folder = ".demo"
  @Option(help: "Evaluation episodes of each policy under each condition.") var episodes = 60

  func run() async throws {
    var demonstration = try Demonstration(
      folder: URL(filePath: folder, directoryHint: .isDirectory), seed: seed, evaluations: episodes)
    do {
      try await demonstration.run()
    } catch {
      throw Ending.failure(error)
    }
  }
}
