internal import RealTime

/// Intervals for paired differences by a hierarchical bootstrap: seeds are drawn with replacement, then starts within each
/// (Davison and Hinkley, 1997, section 3.8). Seeds vary more than starts; drawing starts alone would promise too much.
enum Bootstrap {
  /// Mean and 95 % interval of a statistic of [seed][start]; all rows of one seed are equally long.
  static func mean(_ values: [[Double]], resamples: Int = 4000, seed: UInt64 = 1) -> (
    mean: Double, interval: ClosedRange<Double>
  ) {
    let filled = values.filter { !$0.isEmpty }
    guard !filled.isEmpty else { return (.nan, -1...1) }
    let mean = average(filled.map(average))
    var random = SplitMix64(seed: seed)
    var means: [Double] = []
    for _ in 0..<resamples {
      var sum = 0.0
      for _ in filled {
        let row = filled[index(below: filled.count, &random)]
        var part = 0.0
        for _ in row { part += row[index(below: row.count, &random)] }
        sum += part / Double(row.count)
      }
      means.append(sum / Double(filled.count))
    }
    means.sort()
    return (mean, means[Int(0.025 * Double(resamples))]...means[Int(0.975 * Double(resamples)) - 1])
  }

  private static func index(below count: Int, _ random: inout SplitMix64) -> Int {
    min(count - 1, Int(random.uniform() * Double(count)))
  }

  private static func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
