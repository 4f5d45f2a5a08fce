internal import Foundation

/// Trains round after round, and waits for the recorder before each.
final class TrainingRounds {
  private let trainer: any Trainer
  private let datasets: [URL]
  private let policies: URL
  private let seed: UInt64
  private let firstRound: Int
  private var waiting: Int?
  private var output: URL?

  init(trainer: any Trainer, datasets: [URL], policies: URL, seed: UInt64, firstRound: Int) {
    self.firstRound = firstRound
    self.trainer = trainer
    self.datasets = datasets
    self.policies = policies
    self.seed = seed
  }

  func begin(_ round: Int) { waiting = firstRound + round - 1 }

  func state(recorderIsSettled: Bool, parent: URL?) -> TrainingState {
    if let round = waiting {
      guard recorderIsSettled else { return .running(0) }
      waiting = nil
      let folder = policies.appending(path: "round-\(round)")
      output = folder
      trainer.begin(datasets: datasets, output: folder, parent: parent, seed: seed &+ UInt64(round))
    }
    return trainer.state
  }

  func takeFinished() -> URL? {
    defer { output = nil }
    return output
  }

  /// Writes what a killed session has to know, all or nothing.
  func keep(_ progress: SessionProgress) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileManager.default.createDirectory(at: policies, withIntermediateDirectories: true)
    try encoder.encode(progress).write(to: SessionProgress.file(in: policies), options: .atomic)
  }
}
