import Testing

@testable import Learning

@Suite struct AdamTests {
  static func configuration(_ change: (inout BehaviorCloning.Configuration) -> Void = { _ in })
    -> BehaviorCloning.Configuration
  {
    var configuration = BehaviorCloning.Configuration.standard
    change(&configuration)
    return configuration
  }

  @Test func `two steps are the ones computed by hand`() {
    let adam = Adam<Double>(1, Self.configuration())
    let p = Buffer([1.0])
    adam.step(p, Buffer([0.5]), rate: 0.1)
    // m = 0.05, v = 0.00025; corrected 0.5 and 0.25; 1 − 0.1 · 0.5 / (0.5 + 1e-8).
    #expect(abs(p.pointer[0] - 0.900000002) < 1e-15)
    adam.step(p, Buffer([-1.0]), rate: 0.1)
    // m = 0.045 − 0.1 = −0.055, over 0.19: −0.28947368; v = 0.00024975 + 0.001, over 0.001999: 0.62518759.
    let expected = 0.900000002 - 0.1 * (-0.055 / 0.19) / ((0.00124975 / 0.001999).squareRoot() + 1e-8)
    #expect(abs(p.pointer[0] - expected) < 1e-15)
  }

  @Test func `weight decay joins the gradient in Adam and shrinks the weight in AdamW`() {
    let coupled = Adam<Double>(1, Self.configuration { $0.weightDecay = 0.1 })
    let p = Buffer([2.0])
    coupled.step(p, Buffer([0.0]), rate: 0.1)
    // The gradient is 0.2; the first step of Adam has the length of the rate whatever the gradient's size.
    #expect(abs(p.pointer[0] - 1.9) < 1e-7)
    let decoupled = Adam<Double>(
      1,
      Self.configuration {
        $0.weightDecay = 0.1
        $0.optimizer = .adamW
      })
    let q = Buffer([2.0])
    decoupled.step(q, Buffer([0.0]), rate: 0.1)
    #expect(q.pointer[0] == 2 * (1 - 0.01))
  }

  @Test func `a gradient that is too long keeps its direction`() {
    // Adam hides a gradient's length in its first step, so the second tells: momentum remembers what was let through.
    let limited = Adam<Double>(2, Self.configuration { $0.gradientLimit = 1 })
    let free = Adam<Double>(2, Self.configuration())
    let (p, q) = (Buffer([0.0, 0.0]), Buffer([0.0, 0.0]))
    limited.step(p, Buffer([30.0, 40.0]), rate: 0.1)
    free.step(q, Buffer([0.6, 0.8]), rate: 0.1)
    limited.step(p, Buffer([0.3, 0.1]), rate: 0.1)
    free.step(q, Buffer([0.3, 0.1]), rate: 0.1)
    for index in 0..<2 { #expect(abs(p.pointer[index] - q.pointer[index]) < 1e-7) }
  }

  @Test func `f32 and f64 agree, whatever the vector's length`() {
    for count in [1, 7, 8, 33, 100] {
      let (a, b) = (Adam<Float>(count, Self.configuration()), Adam<Double>(count, Self.configuration()))
      let (p, q) = (Buffer<Float>(count), Buffer<Double>(count))
      for step in 0..<20 {
        let gradient = (0..<count).map { Double(($0 * 7 + step * 3) % 11) / 5 - 1 }
        a.step(p, Buffer(gradient.map { Float($0) }), rate: 0.01)
        b.step(q, Buffer(gradient), rate: 0.01)
      }
      for index in 0..<count { #expect(abs(Double(p.pointer[index]) - q.pointer[index]) < 1e-5) }
    }
  }
}
