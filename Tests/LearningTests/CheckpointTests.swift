import Foundation
import Policy
import RealTime
import Testing

@testable import Learning

@Suite struct CheckpointTests {
  /// A recipe with everything that must survive a pause: dropout, an average, shuffles, epochs that do not fit.
  static var recipe: BehaviorCloning.Configuration {
    var recipe = Tables.quick
    recipe.dropout = 0.2
    recipe.averaging = 0.9
    recipe.weightDecay = 0.01
    recipe.optimizer = .adamW
    recipe.gradientLimit = 1
    recipe.length = .steps(100)
    return recipe
  }

  static func table() -> Frames {
    var frames = Tables.smooth(230)
    frames.heldOut = [2, 5]
    return frames
  }

  static func withFile(_ body: (URL) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "training-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file)
  }

  @Test func `a training that was stopped goes on to the same weights as one that was not`() throws {
    try Self.goesOn(Self.table(), Self.recipe)
    // A table smaller than a batch is gone over more than once a step.
    var wide = Self.recipe
    wide.batch = 128
    try Self.goesOn(Tables.smooth(50), wide)
  }

  static func goesOn(_ table: Frames, _ recipe: BehaviorCloning.Configuration) throws {
    let whole = try BehaviorCloning.train(table, recipe, seed: 4)
    for pauses in [[15], [5, 50, 95]] {
      try Self.withFile { file in
        for pause in pauses {
          let stopped = try BehaviorCloning.train(table, recipe, seed: 4, checkpoint: file) {
            $0.step < pause
          }
          #expect(stopped.report.stoppedEarly)
        }
        let resumed = try BehaviorCloning.train(table, recipe, seed: 4, checkpoint: file)
        #expect(resumed.parameters == whole.parameters)
        #expect(resumed.report.curve == whole.report.curve)
        // Nothing is left to go on from.
        #expect(!FileManager.default.fileExists(atPath: file.path))
      }
    }
  }

  @Test func `threads change how long training takes, not what comes out`() throws {
    var recipe = Self.recipe
    recipe.ensemble = 4
    let alone = try BehaviorCloning.train(Self.table(), recipe, seed: 4)
    recipe.threads = 3
    #expect(try BehaviorCloning.train(Self.table(), recipe, seed: 4).parameters == alone.parameters)
  }

  @Test func `the state of another training is refused by what differs, and a damaged one by what is wrong`() throws {
    try Self.withFile { file in
      func complaint(_ frames: Frames, _ recipe: BehaviorCloning.Configuration, seed: UInt64) -> String {
        do {
          _ = try BehaviorCloning.train(frames, recipe, seed: seed, checkpoint: file)
          return ""
        } catch {
          return "\(error)"
        }
      }
      _ = try BehaviorCloning.train(Self.table(), Self.recipe, seed: 4, checkpoint: file) { _ in false }
      let state = try Data(contentsOf: file)
      #expect(complaint(Self.table(), Self.recipe, seed: 5).contains("its seed differs"))
      #expect(complaint(Tables.smooth(230), Self.recipe, seed: 4).contains("its data differs"))
      var other = Self.recipe
      other.dropout = 0.1
      #expect(complaint(Self.table(), other, seed: 4).contains("its recipe differs"))
      #expect(try Data(contentsOf: file) == state)
      for damaged in [Data(), Data("hello, world".utf8), state.prefix(state.count - 40)] {
        try damaged.write(to: file)
        let words = complaint(Self.table(), Self.recipe, seed: 4)
        #expect(words.contains("cannot be gone on from") && words.hasSuffix("Remove it to begin anew."), "\(words)")
      }
    }
  }
}
