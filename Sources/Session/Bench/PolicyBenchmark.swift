internal import CKernels
internal import CRealtime
internal import Foundation
internal import Learning
internal import Policy
internal import RealTime

/// How long a decision takes, in f32 and int8, beside OpenBLAS computing the same network in the same process, and beside
/// PyTorch, ONNX Runtime and numpy in another.
public struct PolicyBenchmark: Sendable {
  /// How many samples of each; a sample is the mean of some dozens of decisions, because one is shorter than a clock read.
  public var samples = 400
  /// Whether Python's frameworks take part.
  public var peers = false

  /// The default.
  public init() {}

  private static let decisions = 64
  private static let shapes = [[12, 128, 128, 6], [64, 256, 256, 6], [32, 512, 512, 96]]

  /// Measures.
  public func run() throws -> Benchmark {
    var benchmark = Benchmark("policy")
    let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let subjects = try Self.shapes.enumerated().map { try Subject($1, folder: folder.appending(path: "\($0)")) }
    let python = try peers ? PythonPeers(models: subjects.map(\.weights)) : nil
    for (index, subject) in subjects.enumerated() {
      try check(subject, python, model: index)
      benchmark.rows += try rows(subject, python, model: index, isFirst: index == 0)
    }
    benchmark.rows += try members(subjects[0])
    benchmark.rows.append(try opening(subjects[0]))
    benchmark.notes.append("\(try Kernels.chosen().name) kernels; \(MatrixLibrary.description).")
    if let python {
      let versions = python.names.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      benchmark.notes.append("\(versions.joined(separator: ", ")), one thread each, interleaved with ours.")
    }
    return benchmark
  }

  /// One shape of network, and all that is timed of it.
  private final class Subject {
    let widths: [Int]
    let plain: Policy
    let small: Policy
    let library: MatrixLibraryNetwork
    let inputs: Inputs
    let out: UnsafeMutableBufferPointer<Float>
    let folder: URL

    var weights: URL { folder.appending(path: Policy.weightsFile) }
    var name: String { widths.map(String.init).joined(separator: "→") }
    /// Bytes of weights and biases.
    func bytes(_ precision: NetworkShape.Precision) -> Int {
      zip(widths, widths.dropFirst()).enumerated().reduce(0) { sum, layer in
        let (inputs, outputs) = layer.element
        return sum + (precision == .int8 && layer.offset > 0 ? inputs * outputs : 4 * inputs * outputs) + 4 * outputs
      }
    }

    init(_ widths: [Int], folder: URL) throws {
      self.widths = widths
      self.folder = folder
      let description = Self.description(widths, members: 1, .float32)
      let parameters = SampleNetwork.parameters(description, seed: 1)
      try FileManager.default.createDirectory(
        at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Policy.save(description, parameters, to: folder)
      plain = try Policy(description, parameters, kernels: try Kernels.chosen())
      small = try Policy(Self.description(widths, members: 1, .int8), parameters, kernels: try Kernels.chosen())
      library = MatrixLibraryNetwork(parameters.members[0])
      inputs = Inputs(width: widths[0], count: PolicyBenchmark.decisions)
      out = .allocate(capacity: widths[widths.count - 1])
    }

    deinit { out.deallocate() }

    static func description(_ widths: [Int], members: Int, _ precision: NetworkShape.Precision) -> PolicyDescription {
      // More outputs than an arm has joints are a chunk in truth; to the kernels it is the same.
      let outputs = widths[widths.count - 1]
      let joints = min(outputs, 6)
      var description = SampleNetwork.description(
        arm: "bench", features: (0..<widths[0]).map { "feature.\($0)" }, hidden: Array(widths[1..<(widths.count - 1)]),
        actions: (0..<joints).map { "action.\($0)" }, range: 1000, ensemble: members, precision: precision)
      description.interface.chunk = outputs / joints
      description.statistics.actions = (0..<outputs).map { _ in description.statistics.actions[0] }
      return description
    }
  }

  /// All must compute the same network, or the comparison says nothing.
  private func check(_ subject: Subject, _ python: PythonPeers?, model: Int) throws {
    func agree(_ found: some Sequence<Float>, _ expected: some Sequence<Float>, _ who: String) throws(HostError) {
      guard zip(found, expected).allSatisfy({ abs($0 - $1) <= 1e-4 * max(1, abs($1)) }) else {
        throw .refused("The kernels and \(who) disagree about the same network; run `make test`.")
      }
    }
    for index in 0..<subject.inputs.count {
      _ = subject.plain.infer(subject.inputs[index], mean: subject.out)
      try agree(subject.out, subject.library.run(subject.inputs[index]), "OpenBLAS")
    }
    guard let python else { return }
    let fixed = (0..<subject.widths[0]).map { Float(sin(Double($0 + 1))) }
    _ = fixed.withUnsafeBufferPointer { subject.plain.infer($0, mean: subject.out) }
    for framework in ["torch", "onnxruntime", "numpy"] {
      try agree(subject.out, try python.outputs(framework, model: model), framework)
    }
  }

  private func rows(_ subject: Subject, _ python: PythonPeers?, model: Int, isFirst: Bool) throws -> [Benchmark.Row] {
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: subject.bytes(.float32) / 8 + 64)
    words.initialize(repeating: 1, count: subject.bytes(.float32) / 8 + 64)
    defer { words.deallocate() }
    var contestants: [(name: String, run: () throws -> Int64)] = [
      ("f32", { time(subject.inputs) { _ = subject.plain.infer($0, mean: subject.out) } }),
      ("int8", { time(subject.inputs) { _ = subject.small.infer($0, mean: subject.out) } }),
      ("OpenBLAS", { time(subject.inputs) { _ = subject.library.run($0) } }),
      ("limit f32", { time(subject.inputs) { _ in blackHole(words, subject.bytes(.float32)) } }),
      ("limit int8", { time(subject.inputs) { _ in blackHole(words, subject.bytes(.int8)) } }),
    ]
    if let python {
      for framework in ["onnxruntime", "torch", "numpy"] {
        contestants.append((framework, { try python.infer(framework, model: model, count: Self.decisions) }))
      }
    }
    let p50 = try medians(contestants)
    func row(_ precision: String, beside peer: String, _ key: String, goal: Double?) -> Benchmark.Row {
      .init(
        "\(subject.name) \(precision), batch 1, p50", "µs", p50[precision] ?? .nan, beside: peer, p50[key],
        goal: isFirst ? goal.map { .ratioAtMost($0) } : nil)
    }
    var rows = [
      row("f32", beside: "OpenBLAS sgemv", "OpenBLAS", goal: 0.5),
      row("int8", beside: "OpenBLAS sgemv", "OpenBLAS", goal: 0.25),
      row("f32", beside: "reading its weights once", "limit f32", goal: nil),
      row("int8", beside: "reading its weights once", "limit int8", goal: nil),
    ]
    guard python != nil else { return rows }
    rows += [
      row("int8", beside: "ONNX Runtime", "onnxruntime", goal: 0.05),
      row("f32", beside: "ONNX Runtime", "onnxruntime", goal: nil),
      row("f32", beside: "PyTorch eager", "torch", goal: nil), row("f32", beside: "numpy", "numpy", goal: nil),
    ]
    return rows
  }

  /// Five members in one pass beside one.
  private func members(_ subject: Subject) throws -> [Benchmark.Row] {
    func ensemble(_ precision: NetworkShape.Precision) throws -> Policy {
      let description = Subject.description(subject.widths, members: 5, precision)
      return try Policy(description, SampleNetwork.parameters(description, seed: 2), kernels: try Kernels.chosen())
    }
    let (plain, small) = (try ensemble(.float32), try ensemble(.int8))
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 5 * subject.bytes(.float32) / 8 + 64)
    words.initialize(repeating: 1, count: 5 * subject.bytes(.float32) / 8 + 64)
    defer { words.deallocate() }
    let p50 = try medians([
      ("f32", { time(subject.inputs) { _ = subject.plain.infer($0, mean: subject.out) } }),
      ("five f32", { time(subject.inputs) { _ = plain.infer($0, mean: subject.out) } }),
      ("int8", { time(subject.inputs) { _ = subject.small.infer($0, mean: subject.out) } }),
      ("five int8", { time(subject.inputs) { _ = small.infer($0, mean: subject.out) } }),
      ("limit f32", { time(subject.inputs) { _ in blackHole(words, 5 * subject.bytes(.float32)) } }),
      ("limit int8", { time(subject.inputs) { _ in blackHole(words, 5 * subject.bytes(.int8)) } }),
    ])
    return [("f32", 5.0), ("int8", 3.5)].flatMap { precision, goal in
      func row(_ beside: String, _ key: String, _ goal: Benchmark.Goal?) -> Benchmark.Row {
        .init(
          "\(subject.name) \(precision), five members", "µs", p50["five \(precision)"] ?? .nan, beside: beside,
          p50[key], goal: goal)
      }
      return [
        row("one member", precision, .ratioAtMost(goal)),
        row("reading their weights once", "limit \(precision)", nil),
      ]
    }
  }

  /// From a folder on disk to a policy ready to run.
  private func opening(_ subject: Subject) throws -> Benchmark.Row {
    let times = try (0..<40).map { _ in
      let began = us_monotonic_ns()
      _ = try Policy.load(subject.folder)
      return us_monotonic_ns() - began
    }
    let p50 = Double(WakeLatencyRun.percentile(0.5, of: times.sorted())) * 1e-6
    return .init("opening a policy of \(subject.name), p50", "ms", p50, goal: .atMost(5))
  }

  /// The median time of one decision of each, in µs; all take turns.
  private func medians(_ contestants: [(name: String, run: () throws -> Int64)]) throws -> [String: Double] {
    var times = [[Int64]](repeating: [], count: contestants.count)
    for turn in 0..<samples {
      // Forth and back, so that a machine that warms up or slows down favours nobody.
      for index in turn % 2 == 0 ? Array(contestants.indices) : contestants.indices.reversed() {
        times[index].append(try contestants[index].run())
      }
    }
    var medians: [String: Double] = [:]
    for (contestant, times) in zip(contestants, times) {
      medians[contestant.name] =
        Double(WakeLatencyRun.percentile(0.5, of: times.sorted())) * 1e-3 / Double(Self.decisions)
    }
    return medians
  }

  /// Reads memory in a way that no compiler leaves out.
  private func blackHole(_ words: UnsafePointer<UInt64>, _ bytes: Int) { _ = us_read_all(words, Int64(bytes / 8)) }

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
