import Foundation
import Testing

@testable import Session

@Suite struct TrainerTests {
  /// A program that stands in for `understudy train`.
  private func state(of script: String) async throws -> TrainingState {
    let folder = FileManager.default.temporaryDirectory.appending(path: "trainer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = folder.appending(path: "train")
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: program)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
    let trainer = ChildTrainer(executable: program, arguments: [])
    trainer.begin(datasets: [folder], output: folder.appending(path: "round-1"), parent: nil, seed: 1)
    for _ in 0..<500 {
      guard case .running = trainer.state else { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    return trainer.state
  }

  @Test func `a training child that is killed is a failure that says so`() async throws {
    guard case .killed(let words) = try await state(of: "kill -9 $$") else {
      Issue.record("it did not fail")
      return
    }
    #expect(words.contains("killed by signal 9") && words.contains("policy before goes on"))
  }

  @Test func `a training child that complains is quoted, and one that ends well is done`() async throws {
    guard case .failed(let words) = try await state(of: "echo 'no episodes' >&2; exit 65") else {
      Issue.record("it did not fail")
      return
    }
    #expect(words == "Training failed: no episodes")
    guard case .finished = try await state(of: "exit 0") else {
      Issue.record("it did not finish")
      return
    }
  }
}
