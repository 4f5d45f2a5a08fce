import RealTime
import Testing

@testable import Policy

@Suite struct QuantizationTests {
  static func rows(_ count: Int, features: Int = 12) -> [Float] {
    var random = SplitMix64(seed: 41)
    return Example.floats(count * features, &random)
  }

  @Test func `int8 of a plain network is ready, and the check says by how much it deviates`() throws {
    let description = Example.description(hidden: [128, 128], actions: 6, ensemble: 5)
    let check = try QuantizationCheck.compare(
      description, Example.parameters(description, seed: 42), rows: Self.rows(2000))
    #expect(check.frames == 2000 && check.columns.map(\.name) == description.interface.actions)
    #expect(check.columns.allSatisfy { $0.rms > 0 && $0.rms < 0.02 && $0.p999 > $0.rms && $0.p999 < 0.1 })
    #expect(check.objections().isEmpty)
    // A policy that is itself nearly exact must not lose that.
    #expect(check.objections(error: .init(repeating: 0.001, count: 6)).count == 6)
  }

  @Test func `one large weight among small ones is found out`() throws {
    let description = Example.description(hidden: [16, 16], actions: 2, chunk: 2)
    var parameters = Example.parameters(description, seed: 43)
    // A unit fed by two huge inputs that cancel: eight bits cannot hold the small rest.
    parameters.members[0][1].weights[0] = 400
    parameters.members[0][1].weights[1] = -400
    for output in 0..<4 { parameters.members[0][2].weights[output * 16] = 0.5 }
    let check = try QuantizationCheck.compare(description, parameters, rows: Self.rows(200))
    #expect(check.columns.map(\.name) == ["shoulder_pan", "shoulder_lift", "shoulder_pan+1", "shoulder_lift+1"])
    #expect(check.objections().first?.contains("shoulder_pan deviates") == true)
  }

  @Test func `without frames nothing is claimed`() throws {
    let description = Example.description()
    let check = try QuantizationCheck.compare(description, Example.parameters(description, seed: 44), rows: [])
    #expect(check.frames == 0 && check.objections().count == 1)
  }

  @Test func `constant actions do not deviate`() throws {
    var description = Example.description(actions: 2)
    description.statistics.actions[1] = .init(mean: 0.3, std: 0, min: 0.3, max: 0.3)
    let check = try QuantizationCheck.compare(
      description, Example.parameters(description, seed: 45), rows: Self.rows(50))
    #expect(check.columns[1].rms == 0 && check.columns[1].p999 == 0)
  }
}
