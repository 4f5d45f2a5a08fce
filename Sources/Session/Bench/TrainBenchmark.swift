internal import CRealtime
internal import Foundation
internal import Glibc
internal import Learning
internal import Policy
internal import RealTime

/// How fast training 12→128→128→6 is on one thread, beside PyTorch doing the same in another process.
public struct TrainBenchmark: Sendable {
  /// Turns that each takes.
  public var turns = 6
  /// Whether PyTorch takes part.
  public var peers = false

  /// The default.
  public init() {}

  static let frames = 20_000
  private static let widths = [12, 128, 128, 6]

  /// Measures.
  public func run() throws -> Benchmark {
    var benchmark = Benchmark("train")
    let table = Self.table(frames: Self.frames, features: 12, joints: 6)
    let python = try peers ? PythonPeers(models: []) : nil
    var best = 0.0
    for (batch, goal) in [(32, 15.0), (256, 5.0)] {
      var ours: [Double] = []
      var theirs: [Double] = []
      for _ in 0..<turns {
        ours.append(try Self.rate(table, batch: batch, epochs: 2))
        // About a third of a second each.
        if let python { theirs.append(try python.train(batch: batch, steps: 40_000 / batch / 4)) }
      }
      let rate = Self.median(ours)
      best = max(best, rate)
      benchmark.rows.append(
        .init(
          "12→128→128→6, Adam, batch \(batch)", "k samples/s", rate * 1e-3, beside: "PyTorch",
          theirs.isEmpty ? nil : Self.median(theirs) * 1e-3, goal: .ratioAtLeast(goal)))
    }
    let operations = 3 * 2 * zip(Self.widths, Self.widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    benchmark.rows.append(
      .init(
        "the better of both as arithmetic", "GFLOP/s", best * Double(operations) * 1e-9,
        beside: "OpenBLAS sgemm 768³", MatrixLibrary.multiplicationRate(size: 768)))
    benchmark.rows.append(try wholeRun(table))
    benchmark.rows.append(try memory())
    benchmark.notes.append("\(MatrixLibrary.description); \(operations / 1000) kFLOP a sample.")
    if let python { benchmark.notes.append("torch \(python.names["torch"] ?? ""), one thread, in turns with ours.") }
    return benchmark
  }

  /// The textbook's length: 100 epochs of 20 k frames in batches of 32.
  private func wholeRun(_ table: Frames) throws -> Benchmark.Row {
    var recipe = BehaviorCloning.Configuration.chapter
    recipe.name = "bench"
    let began = us_monotonic_ns()
    _ = try BehaviorCloning.train(table, recipe, seed: 1)
    let seconds = Double(us_monotonic_ns() - began) * 1e-9
    return .init("100 epochs of 20 k frames, batch 32", "s", seconds, goal: .atMost(5))
  }

  /// In a process of its own, because the peak is the process's.
  private func memory() throws -> Benchmark.Row {
    let words = OtherProgram("/proc/self/exe", ["bench", "train", "--only-memory"])?.finish() ?? ""
    guard let peak = Double(words.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw HostError.refused("The process that measures memory failed: \(words)")
    }
    return .init("peak memory, 1 M frames × 32 features", "MB", peak, goal: .atMost(600))
  }

  /// Trains an epoch of a million frames of 32 features; the process's peak in MB.
  public static func peakMemory() throws -> Double {
    let rate = try rate(table(frames: 1_000_000, features: 32, joints: 6), batch: 256, epochs: 1)
    guard rate > 0 else { throw HostError.refused("Nothing was trained.") }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }

  /// Samples a second of one network.
  static func rate(_ table: Frames, batch: Int, epochs: Int, hidden: [Int] = [128, 128]) throws -> Double {
    var recipe = BehaviorCloning.Configuration(name: "bench")
    recipe.ensemble = 1
    recipe.hidden = hidden
    recipe.batch = batch
    recipe.length = .epochs(epochs)
    return try BehaviorCloning.train(table, recipe, seed: 1).report.samplesPerSecond
  }

  /// A seeded table whose actions follow from its features.
  static func table(frames: Int, features: Int, joints: Int) -> Frames {
    var random = SplitMix64(seed: 9)
    var table = Frames(
      features: (0..<features).map { "feature.\($0)" }, actions: (0..<joints).map { "joint.\($0)" })
    table.reserve(frames)
    var row = [Float](repeating: 0, count: features)
    var actions = [Float](repeating: 0, count: joints)
    for frame in 0..<frames {
      for index in row.indices { row[index] = Float(random.uniform(-1...1)) }
      for index in actions.indices { actions[index] = row[index] * row[(index + 1) % features] }
      table.append(features: row, actions: actions, episode: frame / 200)
    }
    return table
  }

  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
