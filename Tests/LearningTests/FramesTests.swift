import Policy
import Testing

@testable import Learning

@Suite struct FramesTests {
  @Test func `poison is refused by name, row and episode`() {
    var frames = Tables.smooth(50)
    frames.append(features: [0, .nan, 0], actions: [0, 0], episode: 9)
    let complaint = #expect(throws: LearningError.self) { try BehaviorCloning.train(frames, Tables.quick, seed: 1) }
    guard case .notFinite("feature", "cup-tool.x", _, 50, 9) = complaint else {
      Issue.record("\(String(describing: complaint))")
      return
    }
    var actions = Tables.smooth(50)
    actions.append(features: [0, 0, 0], actions: [0, .infinity], episode: 7)
    #expect(
      throws: LearningError.notFinite(kind: "action", name: "b", value: .infinity, row: 50, episode: 7)
    ) { try BehaviorCloning.train(actions, Tables.quick, seed: 1) }
    var weights = Tables.smooth(50)
    weights.weights[8] = -1
    #expect(throws: LearningError.weight(value: -1, row: 8, episode: 0)) {
      try BehaviorCloning.train(weights, Tables.quick, seed: 1)
    }
  }

  @Test func `nothing to learn from is an error`() {
    #expect(throws: LearningError.empty) { try BehaviorCloning.train(Frames(features: ["x"], actions: ["a"]), seed: 1) }
    var frames = Tables.smooth(40)
    frames.heldOut = [0, 1]
    #expect(throws: LearningError.nothingToLearnFrom(frames: 40, heldOutEpisodes: 2)) {
      try BehaviorCloning.train(frames, Tables.quick, seed: 1)
    }
  }

  @Test func `a recipe out of its bounds is refused`() {
    let changes: [(inout BehaviorCloning.Configuration) -> Void] = [
      { $0.batch = 0 }, { $0.ensemble = 0 }, { $0.hidden = [0] }, { $0.learningRate = .nan }, { $0.weightDecay = -1 },
      { $0.length = .steps(0) }, { $0.length = .epochs(-1) }, { $0.loss = .huber(knee: 0) }, { $0.patience = 0 },
      { $0.gradientLimit = 0 },
    ]
    for change in changes {
      var recipe = Tables.quick
      change(&recipe)
      #expect(throws: LearningError.self) { try BehaviorCloning.train(Tables.smooth(40), recipe, seed: 1) }
    }
    #expect(throws: LearningError.self) {
      try BehaviorCloning.train(Frames(features: ["x"], actions: ["a"], chunk: 0), seed: 1)
    }
  }

  @Test func `a rate that blows up is named`() {
    var recipe = Tables.quick
    recipe.learningRate = 1e20
    #expect(throws: LearningError.self) { try BehaviorCloning.train(Tables.smooth(100), recipe, seed: 1) }
  }

  @Test func `constant columns are reported and do no harm`() throws {
    var frames = Frames(features: ["x", "still"], actions: ["a", "idle"])
    for row in 0..<60 {
      let x = Float(row % 6) / 6
      frames.append(features: [x, 0.7 + 1e-5 * Float(row % 2)], actions: [x, 0.25], episode: row / 20)
    }
    let trained = try BehaviorCloning.train(frames, Tables.quick, seed: 1)
    #expect(trained.report.constantFeatures == ["still"] && trained.report.constantActions == ["idle"])
    #expect(trained.statistics.features[1].std < 1e-4 && trained.statistics.actions[1].min == 0.25)
    #expect(trained.report.notes.contains { $0.contains("still") })
    let error = try trained.error(on: frames, rows: [0, 5, 9])
    #expect(error[1] == 0)
  }

  @Test func `one episode trains without held-out rows and says so`() throws {
    var frames = Tables.smooth(40, episodeLength: 40)
    frames.holdOut(share: 1)
    let report = try BehaviorCloning.train(frames, Tables.quick, seed: 1).report
    #expect(report.heldOutFrames == 0 && report.heldOutError.isEmpty)
    #expect(report.curve.allSatisfy { $0.heldOut == nil })
    #expect(report.notes.first?.hasPrefix("There is one episode only") == true)
  }

  @Test func `an episode is held out for ever, whatever else is in the table`() {
    var small = Tables.smooth(400)
    var large = Tables.smooth(4000)
    small.holdOut(share: 0.2)
    large.holdOut(share: 0.2)
    #expect(small.heldOut == large.heldOut.filter { $0 < 20 })
    #expect((25...55).contains(large.heldOut.count))
    large.holdOut(share: 0)
    #expect(large.heldOut.isEmpty)
  }

  @Test func `tables join row by row`() {
    var frames = Tables.smooth(20)
    var more = Tables.smooth(10, seed: 4)
    more.heldOut = [0]
    frames.append(more)
    #expect(frames.count == 30 && frames.heldOut == [0])
    #expect(frames.features(of: 25).elementsEqual(more.features(of: 5)))
    #expect(frames.actions(of: 25).elementsEqual(more.actions(of: 5)))
  }
}
