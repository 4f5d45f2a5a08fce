import Policy
import RealTime
import Testing

@testable import Learning

@Suite struct HeadTests {
  static func answers(_ trained: TrainedPolicy, _ rows: [[Float]]) throws -> [[Float]] {
    let policy = try trained.policy(trained.description(arm: "a", representation: .absolute, decision_Hz: 1))
    return rows.map { row in
      var action = [Float](repeating: .nan, count: policy.actionCount)
      row.withUnsafeBufferPointer { x in
        action.withUnsafeMutableBufferPointer { _ = policy.infer(x, mean: $0) }
      }
      return action
    }
  }

  @Test(arguments: [1, 3]) func `where people go left or right, a mixture goes one way and a mean goes between`(
    _ ensemble: Int
  ) throws {
    var random = SplitMix64(seed: 41)
    var frames = Frames(features: ["x"], actions: ["a"], chunk: 2)
    for row in 0..<400 {
      let side: Float = row % 2 == 0 ? 1 : -1
      let step = side * (1 + Float(random.normal()) * 0.02)
      frames.append(features: [Float(random.normal())], actions: [step, 2 * step], episode: row / 20)
    }
    var recipe = Tables.quick
    recipe.ensemble = ensemble
    recipe.length = .steps(600)
    let rows: [[Float]] = [[-1], [0], [0.5]]
    for answer in try Self.answers(try BehaviorCloning.train(frames, recipe, seed: 1), rows) {
      #expect(abs(answer[0]) < 0.5)
    }
    recipe.head = .mixture(2)
    for answer in try Self.answers(try BehaviorCloning.train(frames, recipe, seed: 1), rows) {
      #expect(abs(abs(answer[0]) - 1) < 0.15)
      // Both decisions of a chunk belong to one plan.
      #expect(abs(answer[1] - 2 * answer[0]) < 0.3)
    }
  }

  @Test func `a discrete gripper answers with values that it had, beside joints that move freely`() throws {
    var random = SplitMix64(seed: 42)
    var frames = Frames(features: ["x", "y"], actions: ["a", "gripper"])
    for row in 0..<400 {
      let (x, y) = (Float(random.normal()), Float(random.normal()))
      frames.append(features: [x, y], actions: [0.1 * x, y > 0 ? 0.8 : y > -0.7 ? 0 : -0.2], episode: row / 20)
    }
    var recipe = Tables.quick
    recipe.head = .categorical(["gripper": 10])
    recipe.length = .steps(800)
    let trained = try BehaviorCloning.train(frames, recipe, seed: 1)
    guard case .categorical(let levels) = trained.network.head else { return #expect(Bool(false)) }
    #expect(levels["gripper"]?.count == 3)
    let answers = try Self.answers(trained, [[1, 1], [-1, -0.35], [0, -1.5]])
    for (answer, expected) in zip(answers, [[0.1, 0.8], [-0.1, 0], [0, -0.2]] as [[Float]]) {
      #expect(abs(answer[0] - expected[0]) < 0.02 && abs(answer[1] - expected[1]) < 1e-4, "\(answer)")
    }
    // Fully discrete: every joint chooses.
    recipe.head = .categorical(["gripper": 10, "a": 20])
    let discrete = try BehaviorCloning.train(frames, recipe, seed: 1)
    #expect(discrete.network.head.levels(of: "a")?.count ?? 0 > 10)
  }

  @Test func `a joint that only ever had one value, or that is not there, cannot choose`() {
    var frames = Frames(features: ["x"], actions: ["a"])
    for row in 0..<40 { frames.append(features: [Float(row)], actions: [0.5], episode: row) }
    var recipe = Tables.quick
    recipe.head = .categorical(["a": 4])
    #expect(throws: LearningError.oneLevel(joint: "a")) { try BehaviorCloning.train(frames, recipe, seed: 1) }
    recipe.head = .categorical(["b": 4])
    #expect(throws: LearningError.self) { try BehaviorCloning.train(frames, recipe, seed: 1) }
  }

  @Test func `special layers learn a known function`() throws {
    var frames = Tables.smooth(600)
    frames.heldOut = [3, 11, 27]
    for activation in NetworkShape.Activation.allCases {
      var recipe = BehaviorCloning.Configuration(name: "special")
      recipe.activation = activation
      recipe.hidden = [48, 48, 48]
      recipe.layerNorm = true
      recipe.residual = true
      recipe.averaging = 0.99
      recipe.optimizer = .adamW
      recipe.weightDecay = 1e-3
      recipe.ensemble = 1
      recipe.length = .steps(800)
      let trained = try BehaviorCloning.train(frames, recipe, seed: 1)
      // What always answering the mean would get: 0.037.
      #expect(trained.report.heldOutError[0] < 0.006, "\(activation)")
      #expect(trained.network.layerNorm && trained.network.residual)
    }
  }

  @Test func `training with int8 in sight sees what int8 will do`() throws {
    let frames = Tables.smooth(200)
    var recipe = Tables.quick
    recipe.ensemble = 1
    recipe.quantizationAware = 0.5
    let trained = try BehaviorCloning.train(frames, recipe, seed: 2)
    let description = trained.description(arm: "a", representation: .absolute, decision_Hz: 1, precision: .int8)
    let policy = try trained.policy(description)
    let network = TrainingNetwork<Float>(widths: [3, 16, 16, 2], activation: .relu, rows: 1)
    network.set(trained.parameters.members[0])
    network.quantizes = true
    let input = description.statistics.featureNormalisation(standardised: true)
    let output = description.statistics.actionNormalisation(standardised: true)
    for row in 0..<frames.count {
      let features = Array(frames.features(of: row))
      for (index, units) in input.enumerated() {
        network.input.pointer[index] = (features[index] - units.offset) / units.scale
      }
      network.forward(rows: 1)
      var action: [Float] = [0, 0]
      features.withUnsafeBufferPointer { x in
        action.withUnsafeMutableBufferPointer { _ = policy.infer(x, mean: $0) }
      }
      for (index, column) in description.statistics.actions.enumerated() {
        let seen = network.output.pointer[index] * output[index].scale + output[index].offset
        // In deviations of the action. An activation on the edge of a step may fall to either side.
        #expect(abs(min(max(seen, column.min), column.max) - action[index]) / output[index].scale < 0.01)
      }
    }
  }
}
