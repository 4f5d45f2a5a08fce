internal import RealTime

/// How late the loop wakes, beside cyclictest in the same minutes, and what a tick costs without a bus.
///
/// Ours and cyclictest take turns (ABBA), so that what else the machine does falls on both alike.
public struct LoopBenchmark: Sendable {
  /// Periods a second.
  public var rate_Hz = 200
  /// How long each of the two runs, in all.
  public var seconds = 10.0
  /// Turns of each.
  public var blocks = 10
  /// Whether stress-ng keeps the machine busy meanwhile.
  public var stress = false

  /// The default: 200 Hz, ten seconds of each, an idle machine.
  public init() {}

  /// Measures.
  public func run() throws -> Benchmark {
    var benchmark = Benchmark("loop")
    var load: OtherProgram?
    if stress {
      load = OtherProgram("stress-ng", ["--cpu", "2", "--io", "1", "--quiet"])
      if load == nil {
        benchmark.notes.append("stress-ng is not installed, so the machine was idle: sudo apt install stress-ng.")
      }
    }
    let granted = Grant.askForProcess()
    let block = seconds / Double(blocks)
    var ours: [[Int64]] = []
    var theirs: [[Int64]] = []
    var missed = 0
    var grants: [Grant] = []
    func measure() throws(RateLoopError) {
      let run = try WakeLatencyRun(rate_Hz: rate_Hz, seconds: block)
      ours.append(run.latencies_ns)
      missed += run.missed
      grants = granted + run.grants
    }
    for index in 0..<blocks {
      // A B B A: who begins changes with every pair.
      if index % 2 == 0 { try measure() }
      let isFIFO = grants.isEmpty || grants.contains { $0.name.hasPrefix("SCHED_FIFO") && $0.granted }
      let beats = max(1, Int(Double(rate_Hz) * block))
      if let block = CyclicTest.run(rate_Hz: rate_Hz, beats: beats, isFIFO: isFIFO) { theirs.append(block) }
      if index % 2 == 1 { try measure() }
    }
    benchmark.rows = Self.rows(ours: ours, theirs: theirs.count == blocks ? theirs : nil)
    benchmark.rows.append(.init("missed periods", "of \(ours.joined().count)", Double(missed)))
    benchmark.rows += try TickBenchmark(rate_Hz: rate_Hz, seconds: seconds).rows()
    if !stress {
      do {
        benchmark.rows += try RunBenchmark(rate_Hz: rate_Hz, seconds: seconds).rows()
      } catch {
        // A machine that is too busy for the bus at this rate refuses the session, not the other figures.
        benchmark.notes.append("A whole session was not measured: \(error)")
      }
    }
    if theirs.count != blocks {
      benchmark.notes.append("cyclictest was not compared: sudo apt install rt-tests, or it was refused.")
    }
    let refused = grants.filter { !$0.granted }.map(\.name)
    if !refused.isEmpty {
      benchmark.notes.append("Not granted: \(refused.joined(separator: ", ")); see `understudy doctor`.")
    }
    _ = load
    return benchmark
  }

  private static func rows(ours: [[Int64]], theirs: [[Int64]]?) -> [Benchmark.Row] {
    let mine = ours.joined().sorted()
    let others = theirs.map { $0.joined().sorted() }
    return [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)].map { name, share in
      func at(_ sorted: [Int64]) -> Double { Double(WakeLatencyRun.percentile(share, of: sorted)) * 1e-3 }
      var row = Benchmark.Row(
        "wake latency \(name)", "µs", at(mine), beside: "cyclictest", others.map(at),
        goal: name == "p99" ? .ratioAtMost(1.5) : nil)
      if name == "p99", let theirs { row.interval = interval(share, ours, theirs) }
      return row
    }
  }

  /// The 95 % interval of the ratio of percentiles, by drawing blocks with replacement (seeded).
  static func interval(_ share: Double, _ ours: [[Int64]], _ theirs: [[Int64]]) -> ClosedRange<Double>? {
    var random = SplitMix64(seed: 1)
    let ratios = (0..<1000).compactMap { _ -> Double? in
      let drawn = ours.indices.map { _ in Int.random(in: ours.indices, using: &random) }
      let mine = WakeLatencyRun.percentile(share, of: drawn.flatMap { ours[$0] }.sorted())
      let other = WakeLatencyRun.percentile(share, of: drawn.flatMap { theirs[$0] }.sorted())
      return other > 0 ? Double(mine) / Double(other) : nil
    }.sorted()
    guard ratios.count == 1000 else { return nil }
    return ratios[25]...ratios[974]
  }
}

/// cyclictest of rt-tests: the measure that everybody trusts.
enum CyclicTest {
  /// Beyond this many microseconds cyclictest only counts.
  private static let largest_us = 20_000

  /// So many beats at a rate; the latency of each, in nanoseconds. Nil where it is not installed or was refused.
  static func run(rate_Hz: Int, beats: Int, isFIFO: Bool) -> [Int64]? {
    let scheduling = isFIFO ? ["--priority=80", "--mlockall"] : ["--policy=other"]
    let arguments =
      ["--quiet", "--threads=1", "--interval=\(1_000_000 / rate_Hz)", "--loops=\(beats)", "--histogram=\(largest_us)"]
      + scheduling + (LoopCPU.standard.map { ["--affinity=\($0)"] } ?? [])
    return OtherProgram("cyclictest", arguments)?.finish().flatMap(parse)
  }

  /// Lines `000012 000345` are microseconds and how often; what lies beyond stands in `# Histogram Overflows`.
  static func parse(_ text: String) -> [Int64]? {
    var latencies: [Int64] = []
    var largest: Int64 = 0
    var beyond = 0
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") {
        let value = line.split(separator: ":").last.flatMap { Int64($0.filter { !$0.isWhitespace }) } ?? 0
        if line.hasPrefix("# Max Latencies") { largest = value }
        if line.hasPrefix("# Histogram Overflows") { beyond = Int(value) }
        continue
      }
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count == 2, let microseconds = Int64(words[0]), let count = Int(words[1]) else { continue }
      latencies += [Int64](repeating: microseconds * 1000, count: count)
    }
    latencies += [Int64](repeating: largest * 1000, count: beyond)
    return latencies.isEmpty ? nil : latencies
  }
}
