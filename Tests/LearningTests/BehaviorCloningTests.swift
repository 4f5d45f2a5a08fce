import Foundation
import Policy
import RealTime
import Testing

@testable import Learning

@Suite struct BehaviorCloningTests {
  @Test func `the default learns a known function`() throws {
    var frames = Tables.smooth(600)
    frames.heldOut = [3, 11, 27]
    let trained = try BehaviorCloning.train(frames, seed: 1)
    // The actions' standard deviations are about 0.037 and 0.0058.
    #expect(trained.report.heldOutError[0] < 0.003)
    #expect(trained.report.heldOutError[1] < 0.0006)
    let curve = trained.report.curve
    #expect(curve.last?.step == 1500 && curve.count == 20)
    #expect(try #require(curve.last).training < 0.01 * (try #require(curve.first)).training + 0.005)
    #expect(trained.report.heldOutFrames == 60 && trained.report.frames == 540)
  }

  @Test func `the chapter's recipe takes raw numbers and whole epochs`() throws {
    var recipe = BehaviorCloning.Configuration.chapter
    recipe.length = .epochs(3)
    let trained = try BehaviorCloning.train(Tables.smooth(100), recipe, seed: 1)
    #expect(trained.report.curve.map(\.step) == [4, 8, 12])
    #expect(trained.network == NetworkShape(hidden: [128, 128], ensemble: 1, standardised: false))
    let raw = trained.statistics.featureNormalisation(standardised: trained.network.standardised)
    #expect(raw.allSatisfy { $0.offset == 0 && $0.scale == 1 })
    #expect(trained.lineage.recipe == "chapter")
  }

  @Test func `the same seed gives the same bytes, another seed others`() throws {
    let frames = Tables.smooth(200)
    let folder = FileManager.default.temporaryDirectory.appending(path: "bc-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    func bytes(_ name: String, seed: UInt64) throws -> [Data] {
      let trained = try BehaviorCloning.train(frames, Tables.quick, seed: seed)
      let place = folder.appending(path: name)
      let description = trained.description(arm: "so101", representation: .relativeToCommand, decision_Hz: 25)
      try trained.save(to: place, description: description)
      return try [Policy.weightsFile, Policy.descriptionFile].map { try Data(contentsOf: place.appending(path: $0)) }
    }
    let first = try bytes("1", seed: 7)
    #expect(try bytes("2", seed: 7) == first)
    #expect(try bytes("3", seed: 8)[0] != first[0])
  }

  @Test func `what is saved decides as what was trained`() throws {
    let trained = try BehaviorCloning.train(Tables.smooth(200), Tables.quick, seed: 2)
    let folder = FileManager.default.temporaryDirectory.appending(path: "bc-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var description = trained.description(arm: "so101", representation: .absolute, decision_Hz: 50)
    description.lineage.dataset = "sha256:0"
    try trained.save(to: folder, description: description)
    #expect(throws: PolicyError.exists(path: folder.path)) { try trained.save(to: folder, description: description) }
    let (one, other) = (try trained.policy(description), try Policy.load(folder))
    #expect(other.description.lineage.dataset == "sha256:0" && other.description.lineage.frames == 200)
    try other.check(arm: "so101", features: ["joint.a", "cup-tool.x", "cup-tool.y"], actions: ["a", "b"])
    let features: [Float] = [0.2, -0.1, 0.05]
    var (a, b) = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2))
    let doubts = features.withUnsafeBufferPointer { x in
      (
        a.withUnsafeMutableBufferPointer { one.infer(x, mean: $0) },
        b.withUnsafeMutableBufferPointer { other.infer(x, mean: $0) }
      )
    }
    #expect(a == b && doubts.0 == doubts.1 && doubts.0 > 0)
  }

  @Test func `held-out episodes and rows of weight 0 teach nothing`() throws {
    func train(_ change: (inout Frames) -> Void) throws -> PolicyParameters {
      var frames = Frames(features: ["x"], actions: ["a"])
      for row in 0..<90 {
        let x = Float(row % 10) / 10
        // Rows of episode 2 are nonsense, as far as anybody looks.
        frames.append(features: [x], actions: [row / 30 == 2 ? 9 : x], episode: row / 30)
      }
      change(&frames)
      return try BehaviorCloning.train(frames, Tables.quick, seed: 3).parameters
    }
    let without = try train { $0.heldOut = [2] }
    #expect(try train { frames in for row in 60..<90 { frames.weights[row] = 0 } } == without)
    #expect(try train { _ in } != without)
  }

  @Test func `weights pull the answer where people disagree`() throws {
    func answer(_ weight: Float) throws -> Float {
      var frames = Frames(features: ["x"], actions: ["a"])
      for row in 0..<200 {
        // At every x half of the rows say 0 and half say 1.
        let says = row / 10 % 2
        frames.append(
          features: [Float(row % 10)], actions: [Float(says)], episode: row, weight: says == 0 ? 1 : weight)
      }
      var recipe = Tables.quick
      recipe.length = .steps(400)
      let trained = try BehaviorCloning.train(frames, recipe, seed: 4)
      let policy = try trained.policy(trained.description(arm: "a", representation: .absolute, decision_Hz: 1))
      var action: [Float] = [0]
      _ = [Float(4)].withUnsafeBufferPointer { x in action.withUnsafeMutableBufferPointer { policy.infer(x, mean: $0) }
      }
      return action[0]
    }
    #expect(abs(try answer(1) - 0.5) < 0.1)
    #expect(abs(try answer(4) - 0.8) < 0.1)
  }

  @Test func `the end of a chunk that never happened is not learned`() throws {
    var frames = Frames(features: ["x"], actions: ["a", "b"], chunk: 3)
    for row in 0..<60 {
      let x = Float(row % 7)
      // The third decision lies beyond the episode's end in every second row, where NaN stands for nothing.
      let last: Float = row % 2 == 0 ? x : .nan
      frames.append(
        features: [x], actions: [x, 1, 2 * x, 1, last, row % 2 == 0 ? 1 : .nan], episode: row / 20,
        validSteps: row % 2 == 0 ? 3 : 2)
    }
    var recipe = Tables.quick
    recipe.length = .steps(800)
    let trained = try BehaviorCloning.train(frames, recipe, seed: 5)
    #expect(trained.statistics.actions[4].max == 6)
    #expect(trained.report.constantActions == ["b"])
    let error = try trained.error(on: frames, rows: Array(0..<60))
    #expect(error.count == 6 && error[4] < 0.3 && error[5] == 0)
  }

  @Test func `stopping keeps the best that was seen`() throws {
    var frames = Tables.smooth(200, noise: 0.05)
    frames.heldOut = [0, 4]
    var recipe = Tables.quick
    recipe.length = .steps(400)
    var seen: [TrainingProgress] = []
    let trained = try BehaviorCloning.train(frames, recipe, seed: 6) {
      seen.append($0)
      return seen.count < 5
    }
    #expect(trained.report.stoppedEarly && seen.last?.step == 100)
    #expect(trained.report.notes.contains { $0.contains("ended early") })
    recipe.length = .steps(4000)
    recipe.cosine = false
    recipe.learningRate = 0.01
    recipe.patience = 3
    let patient = try BehaviorCloning.train(frames, recipe, seed: 6)
    let losses = patient.report.curve.compactMap(\.heldOut)
    let best = try #require(losses.min())
    #expect(patient.report.stoppedEarly && losses.suffix(3).allSatisfy { $0 >= best })
  }
}
