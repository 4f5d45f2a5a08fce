import Arm
import CKernels
import Episodes
import Foundation
import Policy
import RealTime
import Testing

@testable import Control

/// A policy of one joint whose network is one dense layer, so that each wish can be worked out by hand.
@Suite struct PolicySourceTests {
  /// Looks at the joint's position, `history` decisions back; `bias` and `weights` are [step] and [step][decision].
  static func source(
    _ representation: ActionRepresentation, _ execution: ChunkExecution, weights: [[Float]], bias: [Float]
  ) throws -> (source: PolicySource, loaded: PolicySource.Loaded) {
    let (chunk, history) = (bias.count, weights[0].count)
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let arm = try ArmDescription.load("so101-follower", from: Hardware(root: root.appending(path: "hardware")))
    let column = PolicyStatistics.Column(mean: 0, std: 1, min: -9, max: 9)
    let description = PolicyDescription(
      interface: PolicyInterface(
        arm: arm.name, features: ["joint.shoulder_pan"], actions: ["shoulder_pan"], representation: representation,
        decision_Hz: 25, chunk: chunk, execution: execution, history: history),
      network: NetworkShape(hidden: [], standardised: false),
      statistics: PolicyStatistics(features: [column], actions: .init(repeating: column, count: chunk)))
    let layer = DenseParameters(inputs: history, outputs: chunk, weights: weights.flatMap { $0 }, bias: bias)
    let policy = try Policy(
      description, PolicyParameters(members: [[layer]]), kernels: Kernels.chosen(environment: [:]))
    let plan = PolicySource.Plan(
      features: try FeaturePlan(["joint.shoulder_pan"], arm: arm), joints: [0], representation: representation,
      chunk: chunk, execution: execution)
    let loaded = PolicySource.Loaded(policy: policy, plan: plan, generation: 1)
    let source = PolicySource(ticks: 1)
    source.load(Unmanaged.passUnretained(loaded))
    return (source, loaded)
  }

  /// The wishes for the first joint while it stands at each of `positions` and was commanded `commands`.
  static func wishes(_ source: PolicySource, _ positions: [Float], _ commands: [Float]) -> [Float] {
    zip(positions, commands).map { position, command in
      var (at, commanded) = (JointVector.zero, JointVector(repeating: 5))
      (at[0], commanded[0]) = (position, command)
      let wish = source.wish(position: at, environment: EnvironmentReading(), command: commanded)
      // Nobody moves the other joints.
      #expect(wish[1] == 5 && wish[7] == 5)
      return wish[0]
    }
  }

  @Test func `an action means what its representation says`() throws {
    let bias: [Float] = [0.5, 0.75]
    let weights: [[Float]] = [[0], [0]]
    for (representation, expected): (ActionRepresentation, [Float]) in [
      (.absolute, [0.5, 0.75]), (.relativeToPresent, [1.5, 1.75]), (.relativeToCommand, [3.5, 4.75]),
    ] {
      let (source, loaded) = try Self.source(representation, .horizon(2), weights: weights, bias: bias)
      // The second step of the chunk still counts from where the arm was at the inference, but from the newer command.
      withExtendedLifetime(loaded) { #expect(Self.wishes(source, [1, 2], [3, 4]) == expected) }
    }
  }

  @Test func `a chunk is carried out up to its horizon and then decided anew`() throws {
    // Step s of a chunk that was decided at position p asks for p + s.
    let (source, loaded) = try Self.source(
      .absolute, .horizon(2), weights: [[1], [1], [1]], bias: [0, 1, 2])
    withExtendedLifetime(loaded) {
      #expect(Self.wishes(source, [1, 5, 2, 6, 3], [0, 0, 0, 0, 0]) == [1, 2, 2, 3, 3])
      // A change of who commands drops the rest of the chunk.
      source.forget()
      #expect(Self.wishes(source, [1], [0]) == [1])
      source.forget()
      #expect(Self.wishes(source, [4], [0]) == [4])
    }
  }

  @Test func `temporal ensembling is ACT's: the oldest plan counts most`() throws {
    let decay = 0.7
    let (source, loaded) = try Self.source(
      .absolute, .ensembling(decay: decay), weights: [[1], [1], [1]], bias: [0, 0.25, 0.5])
    let positions: [Float] = [1, 3, 2, 5, 4]
    let found = withExtendedLifetime(loaded) { Self.wishes(source, positions, [0, 0, 0, 0, 0]) }
    for now in positions.indices {
      let oldest = max(0, now - 2)
      var (sum, total) = (0.0, 0.0)
      for (index, made) in (oldest...now).enumerated() {
        let weight = us_fixed_exp(-decay * Double(index))
        sum += weight * (Double(positions[made]) + 0.25 * Double(now - made))
        total += weight
      }
      #expect(abs(Double(found[now]) - sum / total) < 1e-6, "decision \(now)")
    }
  }

  @Test func `plans in steps from the command before are averaged as positions`() throws {
    // Each plan: up by 1, then by another 1, from the command in force.
    let (source, loaded) = try Self.source(
      .relativeToCommand, .ensembling(decay: 0), weights: [[0], [0]], bias: [1, 1])
    withExtendedLifetime(loaded) {
      // At first 10 + 1; then the mean of 10 + 2 and 20 + 1; then of 20 + 2 and 0 + 1.
      #expect(Self.wishes(source, [0, 0, 0], [10, 20, 0]) == [11, 16.5, 11.5])
    }
  }

  @Test func `a history begins with what is seen first, and begins anew with every change of who commands`() throws {
    // present + 10 × the one before + 100 × the one before that, in thousandths.
    let (source, loaded) = try Self.source(
      .absolute, .horizon(1), weights: [[0.001, 0.01, 0.1]], bias: [0])
    withExtendedLifetime(loaded) {
      let found = Self.wishes(source, [1, 2, 3, 4], [0, 0, 0, 0])
      for (a, b) in zip(found, [0.111, 0.112, 0.123, 0.234] as [Float]) { #expect(abs(a - b) < 1e-6) }
      source.forget()
      #expect(abs(Self.wishes(source, [7], [0])[0] - 0.777) < 1e-6)
    }
  }
}
