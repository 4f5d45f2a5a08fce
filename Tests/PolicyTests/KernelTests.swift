import CKernels
import RealTime
import Testing

@testable import Policy

@Suite struct KernelTests {
  /// (inputs, outputs): all small ones near the limits of the layout, then seeded ones.
  static let shapes: [(Int, Int)] = {
    var random = SplitMix64(seed: 11)
    let limits = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 64, 65, 112, 127, 128, 129]
    let seeded = (0..<60).map { _ in (1 + Int(random.next() % 300), 1 + Int(random.next() % 300)) }
    return limits.map { (12, $0) } + limits.map { ($0, 6) } + limits.map { ($0, 40) } + seeded
  }()

  @Test func `every kernel gives the scalar kernel's bits in f32`() throws {
    let scalar = try #require(Kernels.available.last)
    #expect(scalar.name == "scalar")
    var random = SplitMix64(seed: 1)
    for (inputs, outputs) in Self.shapes {
      let arena = Arena()
      let dense = Example.dense(inputs, outputs, &random)
      let x = Example.floats(inputs, &random)
      for relu in [false, true] {
        var layer = arena.f32(dense, relu: relu)
        let expected = Self.run(&layer, x, scalar, arena)
        for kernels in Kernels.available {
          #expect(Self.run(&layer, x, kernels, arena).bits == expected.bits, "\(kernels) \(inputs)→\(outputs)")
        }
      }
    }
  }

  @Test func `every kernel's int8 sums are the integers' own`() {
    var random = SplitMix64(seed: 2)
    for (inputs, outputs) in Self.shapes {
      let arena = Arena()
      let dense = Example.dense(inputs, outputs, &random)
      let x = Example.floats(inputs, &random)
      for relu in [false, true] {
        var layer = arena.int8(dense, relu: relu)
        let (q, scale) = Self.quantizeByHand(x)
        let expected = Self.integers(dense, q).enumerated().map { o, sum in
          let result = dense.bias[o].addingProduct(Float(sum), layer.scales[o] * scale)
          return relu && result < 0 ? 0 : result
        }
        for kernels in Kernels.available {
          let found = Self.run(&layer, x, kernels, arena)
          #expect(found.q == q && found.scale == scale, "\(kernels) \(inputs)→\(outputs)")
          #expect(found.y.bits == expected.bits, "\(kernels) \(inputs)→\(outputs)")
        }
      }
    }
  }

  @Test func `the largest integers do not overflow`() {
    for inputs in [4, 128, 300] {
      let arena = Arena()
      for sign: Float in [1, -1] {
        let weights = [Float](repeating: sign, count: inputs * 20)
        let dense = DenseParameters(inputs: inputs, outputs: 20, weights: weights, bias: .init(repeating: 0, count: 20))
        var layer = arena.int8(dense, relu: false)
        for kernels in Kernels.available {
          let y = Self.run(&layer, [Float](repeating: 1, count: inputs), kernels, arena).y
          #expect(y.allSatisfy { abs($0 - sign * Float(inputs)) < 1e-4 * Float(inputs) }, "\(kernels)")
        }
      }
    }
  }

  @Test func `quantizing rounds ties to even and keeps the sign`() {
    let arena = Arena()
    // 127 / 127 = 1: every value is its own multiple of the scale.
    let x: [Float] = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.49, -127, 0, -0.0, 126.5, 125.5]
    for kernels in Kernels.available {
      let q = arena.pointer(Int8.self, 64)
      #expect(us_quantize(kernels.pointer, x, Int32(x.count), q) == 1)
      #expect((0..<x.count).map { q[$0] } == [127, 0, 2, 2, 0, -2, -2, 3, -127, 0, 0, 126, 126], "\(kernels)")
      #expect((x.count..<64).allSatisfy { q[$0] == 0 })
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `what is not finite makes a quantized layer NaN`(_ poison: Float) {
    let arena = Arena()
    var random = SplitMix64(seed: 3)
    let dense = Example.dense(21, 9, &random)
    for index in [0, 7, 20] {
      var x = Example.floats(21, &random)
      x[index] = poison
      for kernels in Kernels.available {
        var layer = arena.int8(dense, relu: true)
        #expect(Self.run(&layer, x, kernels, arena).y.areNaN, "\(kernels)")
      }
    }
  }

  @Test func `vectors too small to scale are zero`() {
    let arena = Arena()
    for value: Float in [0, 1e-38, .leastNonzeroMagnitude, -1e-31] {
      for kernels in Kernels.available {
        let q = arena.pointer(Int8.self, 64)
        #expect(us_quantize(kernels.pointer, [value, 0, value], 3, q) == 0)
        #expect((0..<64).allSatisfy { q[$0] == 0 })
      }
    }
  }

  @Test func `ReLU keeps NaN and negative zero as they are`() {
    for kernels in Kernels.available {
      let arena = Arena()
      for outputs in [6, 12, 40] {
        let dense = DenseParameters(
          inputs: 1, outputs: outputs, weights: .init(repeating: 1, count: outputs),
          bias: .init(repeating: -0.0, count: outputs))
        var layer = arena.f32(dense, relu: true)
        #expect(Self.run(&layer, [.nan], kernels, arena).areNaN)
        #expect(Self.run(&layer, [-1], kernels, arena).bits == .init(repeating: 0, count: outputs))
        #expect(Self.run(&layer, [2], kernels, arena) == .init(repeating: 2, count: outputs))
      }
    }
  }

  @Test func `the environment chooses the kernels, and a wrong name is refused`() throws {
    #expect(try Kernels.chosen(environment: [:]) == Kernels.available[0])
    #expect(try Kernels.chosen(environment: ["UNDERSTUDY_KERNELS": "scalar"]).name == "scalar")
    let names = Kernels.available.map(\.name)
    #expect(throws: PolicyError.kernelsUnknown(name: "mmx", available: names)) {
      try Kernels.chosen(environment: ["UNDERSTUDY_KERNELS": "mmx"])
    }
  }
}

extension KernelTests {
  static func run(_ layer: inout us_dense_f32, _ x: [Float], _ kernels: Kernels, _ arena: Arena) -> [Float] {
    let y = arena.floats(Int(layer.stride))
    us_dense_f32_run(kernels.pointer, &layer, arena.floats(x), y)
    return (0..<Int(layer.outputs)).map { y[$0] }
  }

  static func run(_ layer: inout us_dense_int8, _ x: [Float], _ kernels: Kernels, _ arena: Arena)
    -> (q: [Int8], scale: Float, y: [Float])
  {
    let q = arena.pointer(Int8.self, x.count + 64)
    let y = arena.floats(Int(layer.stride))
    let scale = us_quantize(kernels.pointer, arena.floats(x), Int32(x.count), q)
    us_dense_int8_run(kernels.pointer, &layer, q, scale, y)
    return ((0..<x.count).map { q[$0] }, scale, (0..<Int(layer.outputs)).map { y[$0] })
  }

  static func quantizeByHand(_ x: [Float]) -> ([Int8], Float) {
    let largest = x.map(abs).max() ?? 0
    return (x.map { Int8(($0 * (127 / largest)).rounded(.toNearestOrEven)) }, largest / 127)
  }

  static func integers(_ dense: DenseParameters, _ q: [Int8]) -> [Int] {
    (0..<dense.outputs).map { o in
      let row = dense.weights[(o * dense.inputs)..<((o + 1) * dense.inputs)]
      let scale = (row.map(abs).max() ?? 0) / 127
      return zip(row, q).reduce(0) { $0 + Int(($1.0 / scale).rounded(.toNearestOrEven)) * Int($1.1) }
    }
  }
}
