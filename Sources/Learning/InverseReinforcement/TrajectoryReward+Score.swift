internal import RealTime

/// Ranking.
extension TrajectoryReward {
  /// Ranks episodes under a reward, the worst first: bad ones have better trajectories near them. An episode in pieces
  /// counts by their mean.
  public static func scores(
    _ demonstrations: [DemonstratedTrajectory], _ provider: some Rollouts, joints: Int, _ reward: Recovered,
    _ configuration: Configuration = Configuration(), seed: UInt64 = 1,
    progress: (Double) -> Bool = { _ in true }
  ) throws(RewardError) -> [Score] {
    try configuration.validate()
    var random = SplitMix64(seed: seed)
    let scale = reward.weights.map(\.deviation)
    let weights = reward.weights.map { $0.value * $0.deviation }
    var found: [(id: String, pieces: [(logLikelihood: Double, nats: [Double])])] = []
    for (index, demonstration) in demonstrations.enumerated() {
      guard progress(Double(index) / Double(demonstrations.count)) else { throw .stopped }
      var drawn = try Drawn(demonstration, provider, joints: joints, configuration, &random)
      var likelihood = SampledLikelihood([drawn.sample], weightDecay: 0, scale: scale)
      for _ in 0..<configuration.rounds {
        try drawn.refine(likelihood.shares(weights, episode: 0).shares, provider, configuration.samples, &random)
        likelihood = SampledLikelihood([drawn.sample], weightDecay: 0, scale: scale)
      }
      let expected = likelihood.means(weights, episode: 0)
      let costs = zip(expected, likelihood.demonstrated(episode: 0)).map { $0 - $1 }
      let piece = (likelihood.logLikelihood(weights, episode: 0), zip(costs, weights).map { $0 * $1 })
      if found.last?.id == demonstration.id {
        found[found.count - 1].pieces.append(piece)
      } else {
        found.append((demonstration.id, [piece]))
      }
    }
    return found.map { id, pieces in
      func mean(_ value: ((logLikelihood: Double, nats: [Double])) -> Double) -> Double {
        pieces.reduce(0) { $0 + value($1) } / Double(pieces.count)
      }
      let nats = weights.indices.map { index in mean { $0.nats[index] } }
      let worst = nats.indices.max { nats[$0] < nats[$1] } ?? 0
      return Score(id: id, logLikelihood: mean(\.logLikelihood), worst: reward.weights[worst].name, cost: nats[worst])
    }.sorted { $0.logLikelihood < $1.logLikelihood }
  }
}
