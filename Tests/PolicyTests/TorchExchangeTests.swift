import Foundation
import RealTime
import TestSupport
import Testing

@testable import Policy

@Suite struct TorchExchangeTests {
  /// A Sequential of these layers, in f64.
  static func run(_ layers: [DenseParameters], _ activation: NetworkShape.Activation, _ x: [Float]) -> [Double] {
    var shape = Example.description(features: x.count, hidden: layers.dropLast().map(\.outputs), actions: 1)
    shape.network.activation = activation
    shape.network.layerNorm = layers[0].norm != nil
    shape.interface.chunk = layers[layers.count - 1].outputs
    let plain = PolicyStatistics.Column(mean: 0, std: 1, min: -1e9, max: 1e9)
    shape.statistics.features = x.map { _ in plain }
    shape.statistics.actions = .init(repeating: plain, count: shape.interface.chunk)
    return Example.reference(shape, PolicyParameters(members: [layers]), x).mean
  }

  @Test(arguments: NetworkShape.Activation.allCases, [1, 3])
  func `one Sequential computes what the policy decides, and comes back as a policy that decides alike`(
    _ activation: NetworkShape.Activation, _ ensemble: Int
  ) throws {
    for (norm, history) in [(false, 1), (false, 2), (true, 1)] where !norm || ensemble == 1 {
      let description = Example.description(
        hidden: [16, 9], chunk: 2, ensemble: ensemble, activation: activation, layerNorm: norm, history: history)
      let parameters = Example.parameters(description, seed: 51)
      let policy = try Policy(description, parameters, kernels: Kernels.available[0])
      let file = try TorchExchange.sequential(description, parameters)
      #expect(TorchExchange.modules(description).count == (norm ? 7 : 5))
      let layers = try TorchExchange.layers(SafeTensorsTests.decode(file.encoded()))
      let (again, same) = try TorchExchange.policy(
        layers, activation: activation, interface: description.interface, limit: 100)
      let returned = try Policy(again, same, kernels: Kernels.available[0])
      #expect(again.interface.chunk == 2)
      var random = SplitMix64(seed: 52)
      for _ in 0..<20 {
        let features = Example.floats(12 * history, &random, scale: 2)
        let expected = Example.infer(policy, features).mean
        for (a, b) in zip(Self.run(layers, activation, features), expected) { #expect(abs(a - Double(b)) < 1e-5) }
        for (a, b) in zip(Example.infer(returned, features).mean, expected) { #expect(abs(a - b) < 1e-5) }
      }
    }
  }

  @Test func `what a Sequential cannot say is refused by name`() {
    for (shape, word) in [
      (NetworkShape(hidden: [8, 8], residual: true), "residual"),
      (NetworkShape(hidden: [8], head: .mixture(components: 2)), "mixtures"),
      (NetworkShape(hidden: [8], layerNorm: true, ensemble: 2), "several members"),
    ] {
      var description = Example.description(hidden: shape.hidden)
      description.network = shape
      let complaint = Example.complaint {
        _ = try TorchExchange.sequential(description, Example.parameters(description, seed: 1))
      }
      #expect(complaint.contains(word), "\(complaint)")
    }
  }

  @Test func `a state dict of something else is refused with its reason`() {
    func tensor(_ shape: Int..., value: Float = 0.5) -> SafeTensors.Tensor {
      .init(shape: shape, values: .init(repeating: value, count: shape.reduce(1, *)))
    }
    let cases: [([String: SafeTensors.Tensor], String)] = [
      ([:], "empty"),
      (["encoder.weight": tensor(2, 2)], "encoder.weight"),
      (["net.0.weight": tensor(2, 3)], "lacks"),
      (["net.0.weight": tensor(2, 3), "net.0.bias": tensor(3)], "shapes"),
      (["net.0.weight": tensor(2, 3, 3, 3), "net.0.bias": tensor(2)], "shapes"),
      (["net.0.weight": tensor(2, 3), "net.0.bias": tensor(2, value: .nan)], "NaN"),
      (["a.0.weight": tensor(2, 3), "b.0.bias": tensor(2)], "several modules"),
      (
        ["0.weight": tensor(2, 3), "0.bias": tensor(2), "2.weight": tensor(2, 4), "2.bias": tensor(2)],
        "takes 4 values"
      ),
    ]
    for (tensors, word) in cases {
      let complaint = Example.complaint { _ = try TorchExchange.layers(SafeTensors(tensors: tensors)) }
      #expect(complaint.contains(word) && complaint.contains("save_file"), "\(complaint)")
    }
    let layer = DenseParameters(inputs: 3, outputs: 4, weights: .init(repeating: 0, count: 12), bias: [0, 0, 0, 0])
    for features in [2, 3] {
      let interface = Example.description(features: features, actions: 3).interface
      let complaint = Example.complaint {
        _ = try TorchExchange.policy([layer], activation: .relu, interface: interface, limit: 1)
      }
      #expect(complaint.contains(features == 2 ? "3 inputs; expected the rig's 2 features" : "4 outputs"))
    }
  }

  @Test func `whatever a damaged state dict says, it is read or refused, never believed`() throws {
    let description = Example.description(hidden: [3], actions: 2)
    let file = try TorchExchange.sequential(description, Example.parameters(description, seed: 53))
    let bytes = try file.encoded()
    let whole = try TorchExchange.layers(file)
    var random = SplitMix64(seed: 54)
    for _ in 0..<200 * effort {
      var damaged = bytes
      for _ in 0...Int(random.next() % 3) {
        damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      if random.next() % 4 == 0 { damaged.removeLast(Int(random.next() % 40)) }
      guard let read = try? SafeTensorsTests.decode(damaged), let layers = try? TorchExchange.layers(read) else {
        continue
      }
      // What is taken fits together and is finite; only names and numbers may have changed.
      #expect(layers.count <= whole.count)
      for layer in layers { #expect((layer.weights + layer.bias).allSatisfy { $0.isFinite }) }
      for (layer, next) in zip(layers, layers.dropFirst()) { #expect(layer.outputs == next.inputs) }
    }
  }
}
