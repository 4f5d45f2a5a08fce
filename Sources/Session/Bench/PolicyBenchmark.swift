internal import CRealtime
internal import Learning
internal import Policy
internal import RealTime

/// How long a decision takes, in f32 and int8, beside OpenBLAS computing the same network in the same process.
public struct PolicyBenchmark: Sendable {
  /// How many samples of each; a sample is the mean of some dozens of decisions, because one is shorter than a clock read.
  public var samples = 400

  /// The default.
  public init() {}

  private static let decisions = 64

  /// Measures.
  public func run() throws -> Benchmark {
    var benchmark = Benchmark("policy")
    benchmark.rows += try rows([12, 128, 128, 6], goals: (0.5, 0.25))
    benchmark.rows += try rows([64, 256, 256, 6], goals: nil)
    benchmark.notes.append("\(try Kernels.chosen().name) kernels; \(MatrixLibrary.description).")
    return benchmark
  }

  private func rows(_ widths: [Int], goals: (f32: Double, int8: Double)?) throws -> [Benchmark.Row] {
    let plain = try network(widths, .float32)
    let small = try network(widths, .int8)
    let reference = MatrixLibraryNetwork(plain.parameters.members[0])
    let inputs = Inputs(width: widths[0], count: Self.decisions)
    let out = UnsafeMutableBufferPointer<Float>.allocate(capacity: widths[widths.count - 1])
    defer { out.deallocate() }
    try check(plain.policy, reference, inputs, out)
    var times: (f32: [Int64], int8: [Int64], library: [Int64]) = ([], [], [])
    for turn in 0..<samples {
      // Forth and back, so that a machine that warms up or slows down favours nobody.
      for contestant in turn % 2 == 0 ? [0, 1, 2] : [2, 1, 0] {
        switch contestant {
        case 0: times.f32.append(time(inputs) { _ = plain.policy.infer($0, mean: out) })
        case 1: times.library.append(time(inputs) { _ = reference.run($0) })
        default: times.int8.append(time(inputs) { _ = small.policy.infer($0, mean: out) })
        }
      }
    }
    func median(_ times: [Int64]) -> Double {
      Double(WakeLatencyRun.percentile(0.5, of: times.sorted())) * 1e-3 / Double(Self.decisions)
    }
    let shape = widths.map(String.init).joined(separator: "→")
    let library = median(times.library)
    return [
      .init(
        "\(shape) f32, batch 1, p50", "µs", median(times.f32), beside: "OpenBLAS sgemv", library,
        goal: goals.map { .ratioAtMost($0.f32) }),
      .init(
        "\(shape) int8, batch 1, p50", "µs", median(times.int8), beside: "OpenBLAS sgemv", library,
        goal: goals.map { .ratioAtMost($0.int8) }),
    ]
  }

  private func network(
    _ widths: [Int], _ precision: NetworkShape.Precision
  ) throws -> (policy: Policy, parameters: PolicyParameters) {
    let description = SampleNetwork.description(
      arm: "bench", features: (0..<widths[0]).map { "feature.\($0)" }, hidden: Array(widths[1..<(widths.count - 1)]),
      actions: (0..<widths[widths.count - 1]).map { "action.\($0)" }, range: 1000, ensemble: 1, precision: precision)
    let parameters = SampleNetwork.parameters(description, seed: 1)
    return (try Policy(description, parameters, kernels: try Kernels.chosen()), parameters)
  }

  /// Both must compute the same network, or the comparison says nothing.
  private func check(
    _ policy: Policy, _ reference: MatrixLibraryNetwork, _ inputs: Inputs, _ out: UnsafeMutableBufferPointer<Float>
  ) throws(HostError) {
    for index in 0..<inputs.count {
      _ = policy.infer(inputs[index], mean: out)
      let theirs = reference.run(inputs[index])
      guard zip(out, theirs).allSatisfy({ abs($0 - $1) <= 1e-4 * max(1, abs($1)) }) else {
        throw .refused("The kernels and OpenBLAS disagree about the same network; run `make test`.")
      }
    }
  }

  private func time(_ inputs: Inputs, _ body: (UnsafeBufferPointer<Float>) -> Void) -> Int64 {
    let began = us_monotonic_ns()
    for index in 0..<inputs.count { body(inputs[index]) }
    return us_monotonic_ns() - began
  }

  /// Seeded vectors, one behind the other.
  private final class Inputs {
    let count: Int
    private let width: Int
    private let values: UnsafeMutableBufferPointer<Float>

    init(width: Int, count: Int) {
      self.width = width
      self.count = count
      values = .allocate(capacity: width * count)
      var random = SplitMix64(seed: 2)
      for index in values.indices { values.initializeElement(at: index, to: Float(random.normal())) }
    }

    deinit { values.deallocate() }

    subscript(index: Int) -> UnsafeBufferPointer<Float> {
      UnsafeBufferPointer(rebasing: values[(index * width)..<((index + 1) * width)])
    }
  }
}
