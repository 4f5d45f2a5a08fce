internal import Arm
internal import CKernels
internal import RealTime

/// Smooth changes of a trajectory, drawn from mixtures of normal distributions whose densities are known.
///
/// A change adds to each joint Σₖ cₖ (1 − cos kπs)/2 with s from 0 at the beginning to 1 at the end: it begins at nothing
/// with no speed, because where a trajectory begins is given, and may end anywhere. Where the pace is drawn too, a last
/// number stretches the demonstrated way itself: without it nothing drawn is slower than what was shown, and that the person
/// went on towards the goal would say nothing about the goal. All c together are one vector.
struct TrajectoryProposal {
  /// Waves a joint; fewer where the pace is drawn, which is for short pieces: the samples have to fill all dimensions.
  static let waves = 4
  static let wavesOfPieces = 2

  /// One normal distribution of coefficients, by the Cholesky factor of its covariance.
  struct Normal {
    let mean: [Double]
    /// Lower triangle, row by row in full rows.
    let factor: [[Double]]
    private let logNorm: Double

    init(mean: [Double], factor: [[Double]]) {
      self.mean = mean
      self.factor = factor
      logNorm =
        -0.5 * Double(mean.count) * us_fixed_log(2 * .pi)
        - mean.indices.reduce(0) { $0 + us_fixed_log(factor[$1][$1]) }
    }

    func draw(_ random: inout SplitMix64) -> [Double] {
      let z = mean.map { _ in random.normal() }
      return mean.indices.map { row in (0...row).reduce(mean[row]) { $0 + factor[row][$1] * z[$1] } }
    }

    func logDensity(_ x: [Double]) -> Double {
      var z = [Double](repeating: 0, count: mean.count)
      var square = 0.0
      for row in mean.indices {
        var rest = x[row] - mean[row]
        for column in 0..<row { rest -= factor[row][column] * z[column] }
        z[row] = rest / factor[row][row]
        square += z[row] * z[row]
      }
      return logNorm - square / 2
    }
  }

  /// The mixture's parts with how many samples came from each.
  private(set) var parts: [(normal: Normal, count: Int)] = []
  /// All samples so far; the first is no change: the demonstration.
  private(set) var coefficients: [[Double]]
  let joints: Int

  /// Begins with four widths around no change, the largest `spread_rad` for the slowest wave, and `pace` for the pace.
  init(joints: Int, spread_rad: Double, pace: Double? = nil, samplesPerPart: Int, random: inout SplitMix64) {
    self.joints = joints
    let waves = pace == nil ? Self.waves : Self.wavesOfPieces
    let widest =
      (0..<joints * waves).map { spread_rad / Double($0 % waves + 1) } + (pace.map { [$0] } ?? [])
    let count = widest.count
    coefficients = [[Double](repeating: 0, count: count)]
    for halving in 0..<4 {
      let factor = (0..<count).map { row in
        (0..<count).map { column in row == column ? widest[row] / Double(1 << halving) : 0 }
      }
      add(Normal(mean: coefficients[0], factor: factor), samplesPerPart, &random)
    }
  }

  /// Draws `count` more from one more distribution.
  mutating func add(_ normal: Normal, _ count: Int, _ random: inout SplitMix64) {
    parts.append((normal, count))
    for _ in 0..<count { coefficients.append(normal.draw(&random)) }
  }

  /// How densely the whole mixture draws at `x` (the balance heuristic: whichever part it came from).
  func logDensity(_ x: [Double]) -> Double {
    let total = us_fixed_log(Double(parts.reduce(0) { $0 + $1.count }))
    let logs = parts.map { $0.normal.logDensity(x) + us_fixed_log(Double($0.count)) - total }
    let top = logs.max() ?? 0
    return top + us_fixed_log(logs.reduce(0) { $0 + us_fixed_exp($1 - top) })
  }

  /// The normal distribution of the samples under `shares`, flattened until enough of them count, and widened: what to
  /// draw from next where the likelihood is. nil where its covariance is none.
  func refined(_ shares: [Double], widening: Double = 1.3) -> Normal? {
    let enough = Double(2 * coefficients[0].count)
    var flat = shares
    var power = 1.0
    while 1 / flat.reduce(0, { $0 + $1 * $1 }) < enough, power > 1e-3 {
      power *= 0.8
      let top = shares.max() ?? 1
      flat = shares.map { $0 > 0 ? us_fixed_exp(power * us_fixed_log($0 / top)) : 0 }
      let sum = flat.reduce(0, +)
      flat = flat.map { $0 / sum }
    }
    let count = coefficients[0].count
    var mean = [Double](repeating: 0, count: count)
    for (share, x) in zip(flat, coefficients) { for i in 0..<count { mean[i] += share * x[i] } }
    var covariance = [[Double]](repeating: mean.map { _ in 0 }, count: count)
    for (share, x) in zip(flat, coefficients) {
      for i in 0..<count { for j in 0...i { covariance[i][j] += share * (x[i] - mean[i]) * (x[j] - mean[j]) } }
    }
    // Half of what stands off the diagonal: so few samples cannot know it better.
    for i in 0..<count {
      for j in 0..<i { covariance[i][j] *= 0.5 * widening * widening }
      covariance[i][i] = covariance[i][i] * widening * widening + 1e-10
    }
    return Cholesky(covariance).map { Normal(mean: mean, factor: $0.factor) }
  }

  /// `path` with a change, joint by joint; of the pace first, where there is a number for it.
  static func apply(_ change: [Double], to path: [JointVector], joints: Int) -> [JointVector] {
    var result = path
    let hasPace = change.count == joints * wavesOfPieces + 1
    let waves = hasPace ? wavesOfPieces : waves
    if hasPace, let start = path.first, let pace = change.last {
      for index in path.indices { result[index] += (path[index] - start) * Float(pace) }
    }
    let last = Double(max(1, path.count - 1))
    for index in path.indices {
      for wave in 0..<waves {
        let shape = (1 - us_fixed_cos(Double(wave + 1) * .pi * Double(index) / last)) / 2
        for joint in 0..<joints { result[index][joint] += Float(change[joint * waves + wave] * shape) }
      }
    }
    return result
  }
}

/// The samples around one demonstration.
struct Drawn {
  private(set) var sample: TrajectorySample
  private var proposal: TrajectoryProposal
  /// [sample]
  private var isPossible: [Bool] = []
  private let demonstration: DemonstratedTrajectory

  init(
    _ demonstration: DemonstratedTrajectory, _ provider: some Rollouts, joints: Int,
    _ configuration: TrajectoryReward.Configuration, _ random: inout SplitMix64
  ) throws(RewardError) {
    self.demonstration = demonstration
    proposal = TrajectoryProposal(
      joints: joints, spread_rad: configuration.spread_rad, pace: configuration.pace,
      samplesPerPart: configuration.samples, random: &random)
    sample = TrajectorySample(counts: [], logDensity: [])
    try roll(provider)
  }

  /// Rolls out what has no counts yet; densities change for all, because the mixture has. What nobody could have commanded
  /// is drawn with the demonstration's counts and no weight: beyond a joint's range features grow without end, and a reward
  /// would go there.
  private mutating func roll(_ provider: some Rollouts) throws(RewardError) {
    let isFirst = sample.counts.isEmpty
    let paths = proposal.coefficients[sample.counts.count...].map {
      TrajectoryProposal.apply($0, to: demonstration.path, joints: proposal.joints)
    }
    let fresh = paths.indices.map { (isFirst && $0 == 0) || provider.isPossible(paths[$0]) }
    var rolled = try provider.counts(
      of: zip(paths, fresh).compactMap { $1 ? $0 : nil }, in: demonstration.scene)[...]
    for possible in fresh {
      guard possible, let counts = rolled.popFirst() else {
        sample.counts.append(sample.counts[0])
        continue
      }
      sample.counts.append(counts)
    }
    isPossible += fresh
    if isFirst, let shown = provider.counts(shown: demonstration) { sample.counts[0] = shown }
    sample.logDensity = zip(proposal.coefficients, isPossible).map { $1 ? proposal.logDensity($0) : .infinity }
  }

  mutating func refine(
    _ shares: [Double], _ provider: some Rollouts, _ count: Int, _ random: inout SplitMix64
  ) throws(RewardError) {
    guard let normal = proposal.refined(shares) else { return }
    proposal.add(normal, count, &random)
    try roll(provider)
  }
}
