internal import CKernels

/// Trajectories around one demonstration: what a sampled likelihood is made of.
struct TrajectorySample {
  /// [sample][feature], the demonstration first: it must be among them, or the likelihood has no bound.
  var counts: [[Double]]
  /// [sample]: logarithm of how densely that trajectory was drawn. Leaving it out would make the estimate inconsistent
  /// (Finn, Levine and Abbeel, 2016, appendix B).
  var logDensity: [Double]
}

/// Maximum-entropy inverse reinforcement learning over sampled trajectories: P(τ) ∝ exp(w · counts(τ)).
///
///     ln P(demonstration) = w · counts − ln (1/M) Σⱼ exp(w · countsⱼ) / qⱼ
///
/// Weights are of standardised counts: one deviation over all samples, so that one decay suits all. Convex in them.
struct SampledLikelihood {
  /// [feature]: the deviation within an episode's samples; 0 for a feature that never varies.
  let scale: [Double]
  let weightDecay: Double
  /// [episode][sample · features + feature], standardised.
  private let counts: [[Double]]
  private let logDensity: [[Double]]
  private var features: Int { scale.count }

  init(_ samples: [TrajectorySample], weightDecay: Double, scale given: [Double]? = nil) {
    let scale = given ?? Self.deviations(samples)
    self.scale = scale
    self.weightDecay = weightDecay
    counts = samples.map { sample in
      sample.counts.flatMap { row in zip(row, scale).map { $1 > 0 ? $0 / $1 : 0 } }
    }
    logDensity = samples.map(\.logDensity)
  }

  /// The root mean square over episodes of each feature's deviation; nothing where it is rounding.
  static func deviations(_ samples: [TrajectorySample]) -> [Double] {
    let features = samples.first?.counts.first?.count ?? 0
    return (0..<features).map { feature in
      var variance = 0.0, size = 0.0
      for sample in samples {
        let values = sample.counts.map { $0[feature] }
        let mean = values.reduce(0, +) / Double(values.count)
        variance += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        size = max(size, values.reduce(0) { max($0, abs($1)) })
      }
      let deviation = (variance / Double(max(1, samples.count))).squareRoot()
      return deviation > 1e-9 * size ? deviation : 0
    }
  }

  var episodes: Int { counts.count }
  /// Of an episode.
  var samples: Int { logDensity.first?.count ?? 0 }

  /// w · counts of an episode's demonstration, standardised.
  private func demonstratedReward(_ weights: [Double], episode: Int) -> Double {
    zip(weights, demonstrated(episode: episode)).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Shares of an episode's samples under the weights, which sum to 1, and ln Z.
  func shares(_ weights: [Double], episode: Int) -> (shares: [Double], logZ: Double) {
    let density = logDensity[episode]
    let width = features
    let shares = [Double](unsafeUninitializedCapacity: density.count) { logs, count in
      counts[episode].withUnsafeBufferPointer { rows in
        for sample in density.indices {
          var sum = -density[sample]
          for index in 0..<width { sum += weights[index] * rows[sample * width + index] }
          logs[sample] = sum
        }
      }
      count = density.count
    }
    let top = shares.max() ?? 0
    var chances = shares
    var sum = 0.0
    for index in chances.indices {
      chances[index] = us_fixed_exp(chances[index] - top)
      sum += chances[index]
    }
    let inverse = 1 / sum
    for index in chances.indices { chances[index] *= inverse }
    return (chances, top + us_fixed_log(sum / Double(chances.count)))
  }

  /// Adds `factor` · Σ shares · counts of an episode.
  private func addMeans(_ chances: [Double], episode: Int, factor: Double, to sums: inout [Double]) {
    let width = features
    counts[episode].withUnsafeBufferPointer { rows in
      for (sample, chance) in chances.enumerated() where chance > 0 {
        for index in 0..<width { sums[index] += factor * chance * rows[sample * width + index] }
      }
    }
  }

  /// ln P of an episode's demonstration, relative to the volume that was sampled.
  func logLikelihood(_ weights: [Double], episode: Int) -> Double {
    demonstratedReward(weights, episode: episode) - shares(weights, episode: episode).logZ
  }

  /// How many equally weighted samples an episode's are worth: near 1 means that the estimate rests on one of them.
  func effectiveSamples(_ weights: [Double], episode: Int) -> Double {
    1 / shares(weights, episode: episode).shares.reduce(0) { $0 + $1 * $1 }
  }

  /// [feature], standardised: what the weights expect in an episode.
  func means(_ weights: [Double], episode: Int) -> [Double] {
    var means = [Double](repeating: 0, count: weights.count)
    addMeans(shares(weights, episode: episode).shares, episode: episode, factor: 1, to: &means)
    return means
  }

  /// [feature], standardised: of an episode's demonstration.
  func demonstrated(episode: Int) -> [Double] { Array(counts[episode].prefix(features)) }

  /// The mean over episodes of −ln P, decay added, and its slope. `multiplicity` counts episodes more or less often: the
  /// bootstrap.
  func evaluate(_ weights: [Double], multiplicity: [Double]? = nil) -> (Double, [Double]) {
    var value = weights.reduce(0) { $0 + weightDecay / 2 * $1 * $1 }
    var slope = weights.map { weightDecay * $0 }
    let total = multiplicity?.reduce(0, +) ?? Double(episodes)
    for episode in counts.indices {
      let part = (multiplicity?[episode] ?? 1) / total
      guard part > 0 else { continue }
      let (chances, logZ) = shares(weights, episode: episode)
      value += part * (logZ - demonstratedReward(weights, episode: episode))
      addMeans(chances, episode: episode, factor: part, to: &slope)
      for index in slope.indices { slope[index] -= part * counts[episode][index] }
    }
    return (value, slope)
  }

  /// The curvature of `evaluate`: the features' covariance under the weights, a mean over episodes, decay added.
  func curvature(_ weights: [Double]) -> [[Double]] {
    let zero = [Double](repeating: 0, count: weights.count)
    var result = [[Double]](repeating: zero, count: weights.count)
    for episode in counts.indices {
      let means = means(weights, episode: episode)
      for (sample, chance) in shares(weights, episode: episode).shares.enumerated() {
        let row = Array(counts[episode][(sample * features)..<((sample + 1) * features)])
        for a in zero.indices {
          for b in zero.indices {
            result[a][b] += chance * (row[a] - means[a]) * (row[b] - means[b]) / Double(episodes)
          }
        }
      }
    }
    for index in zero.indices { result[index][index] += weightDecay }
    return result
  }

  /// The weights under which the demonstrations are the likeliest.
  func maximise(from start: [Double], multiplicity: [Double]? = nil) throws(RewardError) -> [Double] {
    var weights = start
    var (value, slope) = evaluate(weights, multiplicity: multiplicity)
    var descent = QuasiNewton()
    for _ in 0..<300 where slope.contains(where: { abs($0) > 1e-5 }) {
      guard
        let next = try descent.step(
          weights, value: value, slope: slope,
          evaluate: { (x) throws(RewardError) in evaluate(x, multiplicity: multiplicity) })
      else { break }
      (weights, value, slope) = next
    }
    guard weights.allSatisfy(\.isFinite) else { throw .diverged(step: 0) }
    return weights
  }
}
