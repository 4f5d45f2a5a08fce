import RealTime
import Testing

@testable import Policy

@Suite struct InferenceTests {
  @Test(arguments: [([Int](), 1, 1), ([8], 1, 2), ([128, 128], 5, 1), ([40, 24, 17], 3, 4)])
  func `a policy computes its formula`(_ hidden: [Int], _ ensemble: Int, _ chunk: Int) throws {
    for activation in NetworkShape.Activation.allCases {
      let description = Example.description(hidden: hidden, chunk: chunk, ensemble: ensemble, activation: activation)
      let parameters = Example.parameters(description, seed: 6)
      let policy = try Policy(description, parameters, kernels: Kernels.available[0])
      var random = SplitMix64(seed: 7)
      for _ in 0..<20 {
        let features = Example.floats(12, &random, scale: 3)
        let found = Example.infer(policy, features)
        let expected = Example.reference(description, parameters, features)
        for (a, b) in zip(found.mean, expected.mean) { #expect(abs(Double(a) - b) < 1e-5) }
        #expect(found.mean.count == chunk * 5)
        #expect(expected.doubt.isNaN ? found.doubt.isNaN : abs(Double(found.doubt) - expected.doubt) < 1e-4)
      }
    }
  }

  @Test(arguments: [1, 3], [ActionHead.mean, .mixture(components: 4), .categorical(levels: Self.levels)])
  func `special layers and heads compute their formula, with the same bits in every kernel`(
    _ ensemble: Int, _ head: ActionHead
  ) throws {
    for (norm, residual, history) in [(true, false, 1), (false, true, 2), (true, true, 3)] {
      for activation in NetworkShape.Activation.allCases {
        let description = Example.description(
          hidden: [24, 24, 24, 10], actions: 6, chunk: 2, ensemble: ensemble, activation: activation, layerNorm: norm,
          residual: residual, head: head, history: history)
        let parameters = Example.parameters(description, seed: 26)
        let policies = try Kernels.available.map { try Policy(description, parameters, kernels: $0) }
        var random = SplitMix64(seed: 27)
        for _ in 0..<10 {
          let features = Example.floats(12 * history, &random, scale: 3)
          let expected = Example.reference(description, parameters, features)
          let all = policies.map { Example.infer($0, features) }
          for found in all { #expect(found.mean.bits == all[0].mean.bits) }
          for (a, b) in zip(all[0].mean, expected.mean) { #expect(abs(Double(a) - b) < 1e-5) }
          #expect(
            expected.doubt.isNaN ? all[0].doubt.isNaN : abs(Double(all[0].doubt) - expected.doubt) < 1e-4)
        }
      }
    }
  }

  static let levels: [String: [Float]] = ["gripper": [0, 0.1], "elbow_flex": [-0.2, 0, 0.05, 0.3]]

  @Test(arguments: [ActionHead.mixture(components: 4), .categorical(levels: Self.levels)])
  func `no head hides a number that is not finite`(_ head: ActionHead) throws {
    for ensemble in [1, 3] {
      let description = Example.description(actions: 6, chunk: 2, ensemble: ensemble, head: head)
      let policy = try Policy(description, Example.parameters(description, seed: 28), kernels: Kernels.available[0])
      var features = [Float](repeating: 0, count: 12)
      #expect(Example.infer(policy, features).mean.allSatisfy { $0.isFinite })
      features[4] = .nan
      #expect(Example.infer(policy, features).mean.areNaN)
    }
  }

  @Test func `what int8 cannot compute is refused by name`() {
    for shape in [
      NetworkShape(hidden: [8], activation: .tanh), NetworkShape(hidden: [8], layerNorm: true),
      NetworkShape(hidden: [8], residual: true), NetworkShape(hidden: [8], head: .mixture(components: 2)),
    ] {
      var description = Example.description(hidden: [8])
      description.network = shape
      description.network.precision = .int8
      let complaint = Example.complaint { try description.validate() }
      #expect(complaint.contains("network.precision is int8; expected float32"), "\(complaint)")
    }
  }

  @Test func `doubt counts in training variances, standardised or not, and leaves constants out`() throws {
    // Two networks of one bias each: they say 1 and 3 inside, whatever the features.
    var description = Example.description(hidden: [], actions: 2, ensemble: 2)
    description.statistics.actions = [
      .init(mean: 0, std: 0.5, min: -9, max: 9), .init(mean: 7, std: 1e-5, min: 7, max: 7),
    ]
    let parameters = PolicyParameters(
      members: [1, 3].map {
        [DenseParameters(inputs: 12, outputs: 2, weights: .init(repeating: 0, count: 24), bias: [$0, $0])]
      })
    let features = [Float](repeating: 0, count: 12)
    let inside = Example.infer(try Policy(description, parameters, kernels: Kernels.available[0]), features)
    // The variance is 1 in units of the training variance, over two actions.
    #expect(inside.mean == [1, 7] && inside.doubt == 0.5)
    description.network.standardised = false
    let raw = Example.infer(try Policy(description, parameters, kernels: Kernels.available[0]), features)
    #expect(raw.mean == [2, 7] && raw.doubt == 2)
  }

  @Test(arguments: NetworkShape.Precision.allCases)
  func `a decision has the same bits with every kernel`(_ precision: NetworkShape.Precision) throws {
    for activation in NetworkShape.Activation.allCases where precision == .float32 || activation == .relu {
      let description = Example.description(
        hidden: [128, 100], actions: 6, ensemble: 3, activation: activation, precision: precision)
      let parameters = Example.parameters(description, seed: 8)
      let policies = try Kernels.available.map { try Policy(description, parameters, kernels: $0) }
      var random = SplitMix64(seed: 9)
      for _ in 0..<50 {
        let features = Example.floats(12, &random, scale: 3)
        let all = policies.map { Example.infer($0, features) }
        for one in all {
          #expect(one.mean.bits == all[0].mean.bits && one.doubt.bitPattern == all[0].doubt.bitPattern)
        }
      }
    }
  }

  /// Narrow layers sum in four parts: they have to in company, too.
  @Test func `a network says the same to the bit alone and as a member of an ensemble`() throws {
    var random = SplitMix64(seed: 31)
    func width() -> Int { 1 + Int(random.next() % 20) }
    var narrow = 0
    for round in 0..<150 {
      let hidden = (0..<Int(random.next() % 4)).map { _ in width() }
      let members = 1 + round % 5
      let quantized = round % 3 == 0
      let activations = NetworkShape.Activation.allCases
      var description = Example.description(
        features: width(), hidden: hidden, actions: 1 + Int(random.next() % 6), chunk: 1 + Int(random.next() % 3),
        ensemble: members, activation: quantized ? .relu : activations[Int(random.next() % 3)],
        precision: quantized ? .int8 : .float32, layerNorm: !quantized && round % 4 == 1,
        residual: !quantized && round % 5 == 2)
      let parameters = Example.parameters(description, seed: random.next())
      let features = Example.floats(description.widths[0], &random, scale: 3)
      let outputs = description.widths.last ?? 0
      for kernels in Kernels.available {
        let together = try Policy(description, parameters, kernels: kernels)
        _ = Example.infer(together, features)
        description.network.ensemble = 1
        for member in 0..<members {
          let own = PolicyParameters(members: [parameters.members[member]])
          let alone = try Policy(description, own, kernels: kernels)
          _ = Example.infer(alone, features)
          for output in 0..<outputs {
            let said = together.scratch.outputs[member * together.scratch.outputPitch + output]
            #expect(
              said.bitPattern == alone.scratch.outputs[output].bitPattern,
              "\(kernels), widths \(description.widths), member \(member) of \(members), output \(output)")
          }
        }
        description.network.ensemble = members
      }
      if members > 1, description.widths[1] <= 16 { narrow += 1 }
    }
    #expect(narrow > 50)
  }

  @Test func `int8 stays near f32`() throws {
    let description = Example.description(hidden: [128, 128], ensemble: 1)
    let parameters = Example.parameters(description, seed: 10)
    var quantized = description
    quantized.network.precision = .int8
    let policies = try [description, quantized].map { try Policy($0, parameters, kernels: Kernels.available[0]) }
    var random = SplitMix64(seed: 11)
    for _ in 0..<200 {
      let features = Example.floats(12, &random, scale: 2)
      let (a, b) = (Example.infer(policies[0], features).mean, Example.infer(policies[1], features).mean)
      // In standard deviations of the action, which is 0.1 here.
      for (a, b) in zip(a, b) { #expect(abs(a - b) / 0.1 < 0.03) }
    }
  }

  @Test func `actions stay within what training saw`() throws {
    var description = Example.description(hidden: [])
    description.statistics.actions[1].min = 0.05
    description.statistics.actions[1].max = 0.06
    let policy = try Policy(description, Example.parameters(description, seed: 12), kernels: Kernels.available[0])
    var random = SplitMix64(seed: 13)
    let actions = (0..<100).map { _ in Example.infer(policy, Example.floats(12, &random, scale: 3)).mean[1] }
    #expect(actions.min() == 0.05 && actions.max() == 0.06)
  }

  @Test(arguments: NetworkShape.Precision.allCases)
  func `one feature that is not finite makes every action NaN`(_ precision: NetworkShape.Precision) throws {
    let description = Example.description(ensemble: 2, precision: precision)
    let policy = try Policy(description, Example.parameters(description, seed: 14), kernels: Kernels.available[0])
    for index in [0, 5, 11] {
      var features = [Float](repeating: 0, count: 12)
      features[index] = .nan
      let found = Example.infer(policy, features)
      #expect(found.mean.areNaN && found.doubt.isNaN)
    }
  }

  @Test func `buffers of the wrong length give NaN and touch nothing else`() throws {
    let description = Example.description(ensemble: 2)
    let policy = try Policy(description, Example.parameters(description, seed: 15), kernels: Kernels.available[0])
    for count in [0, 11, 13] {
      let found = Example.infer(policy, [Float](repeating: 0, count: count))
      #expect(found.mean.areNaN && found.doubt.isNaN)
    }
  }

  @Test func `features outside the training range are named`() throws {
    let description = Example.description()
    let policy = try Policy(description, Example.parameters(description, seed: 16), kernels: Kernels.available[0])
    // The range is −2…3 and the slack 5 % of it.
    var features = [Float](repeating: 0, count: 12)
    features[0] = 3.2
    features[3] = 3.3
    features[7] = -2.26
    features[11] = .nan
    let mask = features.withUnsafeBufferPointer { policy.outsideTrainingRange($0) }
    #expect(mask == 1 << 3 | 1 << 7 | 1 << 11)
    #expect(policy.featureNames(mask) == ["feature.3", "feature.7", "feature.11"])
  }
}
