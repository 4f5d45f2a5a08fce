import Arm
import Foundation
import RealTime
import Testing

@testable import Learning

@Suite struct TrajectoryRewardTests {
  /// A provider whose reward is known: the first joint's mean square, its mean, and something that never varies.
  struct SquareRollouts: Rollouts {
    let features: [RewardFeature]

    init() throws {
      features = try ["effort", "height", "limits"].map { try RewardFeature($0, environment: []) }
    }

    func counts(of trajectories: [[JointVector]], in scene: RolloutScene) -> [[Double]] {
      trajectories.map { path in
        let values = path.map { Double($0[0]) }
        let count = Double(values.count)
        return [values.reduce(0) { $0 + $1 * $1 } / count, values.reduce(0, +) / count, 7]
      }
    }
  }

  static let scene = RolloutScene(environment: [], period_s: 0.04)
  static let still = [JointVector](repeating: .zero, count: 30)

  /// Trajectories drawn exactly from P ∝ exp(−strength · mean square).
  private func demonstrations(_ count: Int, strength: Double, seed: UInt64) -> [DemonstratedTrajectory] {
    var random = SplitMix64(seed: seed)
    let waves = TrajectoryProposal.waves
    let shapes = (0..<waves).map { wave in
      TrajectoryProposal.apply((0..<waves).map { $0 == wave ? 1 : 0 }, to: Self.still, joints: 1).map { Double($0[0]) }
    }
    let gram = (0..<waves).map { a in
      (0..<waves).map { b in zip(shapes[a], shapes[b]).reduce(0) { $0 + $1.0 * $1.1 } / 30 }
    }
    guard let factor = Cholesky(gram)?.factor else { return [] }
    return (0..<count).map { index in
      // The mean square is |Lᵀ c|²: normal with variance 1 / (2 strength) along each axis.
      let z = (0..<waves).map { _ in random.normal() / (2 * strength).squareRoot() }
      var c = [Double](repeating: 0, count: waves)
      for row in (0..<waves).reversed() {
        var rest = z[row]
        for below in (row + 1)..<max(row + 1, waves) { rest -= factor[below][row] * c[below] }
        c[row] = rest / factor[row][row]
      }
      return DemonstratedTrajectory(
        id: "\(index)", path: TrajectoryProposal.apply(c, to: Self.still, joints: 1), scene: Self.scene)
    }
  }

  @Test func `the weight that demonstrations were drawn with is found, and what never varies is called unknown`() throws
  {
    var configuration = TrajectoryReward.Configuration()
    configuration.weightDecay = 0
    configuration.samples = 80
    configuration.bootstrap = 30
    let found = try TrajectoryReward.fit(
      demonstrations(50, strength: 400, seed: 1), try SquareRollouts(), joints: 1, configuration)
    let weights = found.weights
    #expect(weights[0].value < -280 && weights[0].value > -560, "\(weights[0])")
    #expect(weights[0].interval[0] < -400 && weights[0].interval[1] > -520, "\(weights[0])")
    // The mean has no weight of its own: 0 lies in its interval, which is narrow against the deviation.
    #expect(weights[1].interval[0] < 0 && weights[1].interval[1] > 0, "\(weights[1])")
    #expect(weights[2].value == 0 && weights[2].deviation == 0)
    #expect(found.unknown.contains { $0.direction == ["limits": 1] })
    for weight in weights { #expect(abs(weight.demonstrated - weight.expected) < 1e-3 * max(1, weight.deviation)) }
    #expect(found.effectiveSamples[0] > 20 && found.samples == 1 + 7 * 80, "\(found.effectiveSamples)")
  }

  /// How far a joint is from 1 rad, and what it costs to move: a person who goes there at a pace of their own.
  struct GoingRollouts: Rollouts {
    var features: [RewardFeature]

    init(_ names: [String]) throws { features = try names.map { try RewardFeature($0, environment: []) } }

    func counts(of trajectories: [[JointVector]], in scene: RolloutScene) -> [[Double]] {
      trajectories.map { path in
        let values = path.map { Double($0[0]) }
        let steps = zip(values, values.dropFirst()).map { $1 - $0 }
        let all = [
          "height": values.reduce(0) { $0 + abs(1 - $1) } / Double(values.count),
          "effort": steps.reduce(0) { $0 + $1 * $1 } / Double(values.count) / (scene.period_s * scene.period_s),
        ]
        return features.map { all[$0.name] ?? 0 }
      }
    }
  }

  @Test func `that a person goes to a goal no faster is told by effort, and without it the goal is not found`() throws {
    // Half a radian a second for 16 commands: that is best where a rad of distance is worth what 3.1 (rad/s)² are.
    var random = SplitMix64(seed: 9)
    let (speed, period_s, count) = (0.5, 0.04, 16)
    let demonstrations = (0..<40).map { index in
      let own = speed * (1 + 0.05 * random.normal())
      let path = (1...count).map { JointVector(Float(own * period_s * Double($0)), 0, 0, 0, 0, 0, 0, 0) }
      return DemonstratedTrajectory(id: "\(index)", path: path, scene: Self.scene)
    }
    var configuration = TrajectoryReward.Configuration.pieces
    configuration.bootstrap = 20
    let both = try TrajectoryReward.fit(
      demonstrations, try GoingRollouts(["height", "effort"]), joints: 1, configuration
    ).weights
    #expect(both[0].interval[1] < 0 && both[1].interval[1] < 0, "\(both)")
    let worth = both[0].value / both[1].value, expected = 4 * speed / (period_s * Double(count))
    #expect(worth > 0.6 * expected && worth < 1.7 * expected, "\(worth) for \(expected)")
    let alone = try TrajectoryReward.fit(
      demonstrations, try GoingRollouts(["height"]), joints: 1, configuration
    ).weights
    #expect(abs(alone[0].value * alone[0].deviation) < 0.2 * abs(both[0].value * both[0].deviation), "\(alone) \(both)")
  }

  /// A provider that knows a limit, and whose features are a joint's mean, and half of it.
  struct LimitedRollouts: Rollouts {
    let features: [RewardFeature]

    init() throws { features = try ["height", "limits"].map { try RewardFeature($0, environment: []) } }

    func counts(of trajectories: [[JointVector]], in scene: RolloutScene) -> [[Double]] {
      trajectories.map { path in
        let mean = path.reduce(0) { $0 + Double($1[0]) } / Double(path.count)
        return [mean, mean / 2]
      }
    }

    func isPossible(_ trajectory: [JointVector]) -> Bool { trajectory.allSatisfy { $0[0] <= 0.05 } }
  }

  @Test func `what cannot be commanded counts nothing, and features that say the same are called so`() throws {
    // Close to the limit, as near as can be: nothing possible is much better, whatever was drawn.
    let path = (1...30).map { JointVector(Float(0.0015 * Double($0)), 0, 0, 0, 0, 0, 0, 0) }
    let demonstrations = (0..<6).map { DemonstratedTrajectory(id: "\($0)", path: path, scene: Self.scene) }
    var configuration = TrajectoryReward.Configuration()
    configuration.bootstrap = 20
    let provider = try LimitedRollouts()
    let found = try TrajectoryReward.fit(demonstrations, provider, joints: 1, configuration)
    #expect(found.weights[0].value > 0, "the person went up: \(found.weights)")
    #expect(found.unknown.contains { Set($0.direction.keys) == ["height", "limits"] }, "\(found.unknown)")
    configuration.rounds = 10
    for seed in 1...5 {
      let scores = try TrajectoryReward.scores(
        demonstrations, provider, joints: 1, found, configuration, seed: UInt64(seed))
      // Ten rounds of going where the reward is greatest: without a limit they go without end.
      #expect(scores.allSatisfy { $0.logLikelihood > -5 }, "\(scores)")
    }
  }

  @Test func `without the weights of importance the answer would be wrong`() throws {
    var random = SplitMix64(seed: 5)
    let provider = try SquareRollouts()
    let samples = demonstrations(50, strength: 400, seed: 1).map { demonstration in
      let proposal = TrajectoryProposal(joints: 1, spread_rad: 0.2, samplesPerPart: 100, random: &random)
      let paths = proposal.coefficients.map { TrajectoryProposal.apply($0, to: demonstration.path, joints: 1) }
      return TrajectorySample(
        counts: provider.counts(of: paths, in: Self.scene).map { [$0[0]] },
        logDensity: proposal.coefficients.map { proposal.logDensity($0) })
    }
    func weight(_ samples: [TrajectorySample]) throws -> Double {
      let likelihood = SampledLikelihood(samples, weightDecay: 0)
      return try likelihood.maximise(from: [0])[0] / likelihood.scale[0]
    }
    let careful = try weight(samples)
    let careless = try weight(samples.map { TrajectorySample(counts: $0.counts, logDensity: $0.counts.map { _ in 0 }) })
    #expect(abs(careful + 400) < 80 && abs(careless + 400) > 90, "\(careful), \(careless)")
  }

  @Test func `a mixture's density integrates to one, and refining finds where the likelihood is`() throws {
    var random = SplitMix64(seed: 6)
    var proposal = TrajectoryProposal(joints: 1, spread_rad: 0.2, samplesPerPart: 1000, random: &random)
    // A normal distribution elsewhere, estimated by importance: its integral is 1 and its mean is found.
    let target = TrajectoryProposal.Normal(
      mean: [0.1, -0.02, 0, 0.01], factor: (0..<4).map { a in (0..<4).map { a == $0 ? 0.03 / Double(a + 1) : 0 } })
    func shares() -> [Double] {
      proposal.coefficients.map { exp(target.logDensity($0) - proposal.logDensity($0)) }
    }
    let integral = shares().reduce(0, +) / Double(proposal.coefficients.count)
    #expect(abs(integral - 1) < 0.15, "\(integral)")
    let found = shares()
    let sum = found.reduce(0, +)
    let normal = try #require(proposal.refined(found.map { $0 / sum }))
    #expect(zip(normal.mean, target.mean).allSatisfy { abs($0 - $1) < 0.01 }, "\(normal.mean)")
    proposal.add(normal, 1000, &random)
    let refined = shares()
    let total = refined.reduce(0, +)
    #expect(abs(total / Double(refined.count) - 1) < 0.1)
    #expect(total * total / refined.reduce(0) { $0 + $1 * $1 } > 600)
  }

  @Test func `a demonstration that strays is ranked worst, and the reason is named`() throws {
    var all = demonstrations(20, strength: 400, seed: 2)
    let provider = try SquareRollouts()
    var configuration = TrajectoryReward.Configuration()
    configuration.samples = 40
    configuration.bootstrap = 0
    let found = try TrajectoryReward.fit(all, provider, joints: 1, configuration)
    let bad = TrajectoryProposal.apply([0.5, 0, 0.3, 0], to: Self.still, joints: 1)
    all.append(DemonstratedTrajectory(id: "bad", path: bad, scene: Self.scene))
    let scores = try TrajectoryReward.scores(all, provider, joints: 1, found, configuration)
    #expect(scores[0].id == "bad" && scores[0].worst == "effort" && scores[0].cost > 5, "\(scores.prefix(3))")
    #expect(scores.map(\.logLikelihood) == scores.map(\.logLikelihood).sorted())
    let again = try TrajectoryReward.fit(
      demonstrations(20, strength: 400, seed: 2), provider, joints: 1, configuration)
    #expect(again.weights == found.weights)
  }

  @Test func `kinematic features are what their names say`() throws {
    let arm = try ArmDescription.load("so101-follower")
    let names = ["distance.cup", "arrival.cup", "height", "clearance", "effort", "smoothness", "limits"]
    let features = try names.map { try RewardFeature($0, environment: ["cup.x", "cup.y", "cup.z"]) }
    let rollouts = KinematicRollouts(features: features, arm: arm, tool_m: nil)
    var pose = JointVector.zero
    for joint in 0..<5 { pose[joint] = Float(arm.joints[joint].lower_rad + arm.joints[joint].upper_rad) / 2 }
    let tool = SIMD3<Double>(Kinematics(arm).pose(pose).position_m)
    let scene = RolloutScene(environment: [tool.x, tool.y + 0.1, tool.z], period_s: 0.04)
    let still = try #require(rollouts.counts(of: [[JointVector](repeating: pose, count: 10)], in: scene).first)
    #expect(abs(still[0] - 0.1) < 1e-6 && abs(still[1] - 0.1) < 1e-6 && abs(still[2] - tool.z) < 1e-6)
    #expect(still[4] == 0 && still[5] == 0 && still[6] == 0)
    #expect(abs(still[3] - pow(max(0, 0.03 - tool.z), 2)) < 1e-9)
    // One joint at 0.5 rad/s, from the second command on: 0.25 in 9 of 10 periods; no acceleration.
    let moving = (0..<10).map { step in
      var at = pose
      at[4] += 0.02 * Float(step)
      return at
    }
    let counts = try #require(rollouts.counts(of: [moving], in: scene).first)
    #expect(abs(counts[4] - 0.225) < 1e-4 && counts[5] < 1e-6)
    var edge = pose
    edge[0] = Float(arm.joints[0].upper_rad) - 0.05
    let near = try #require(rollouts.counts(of: [[edge, edge]], in: scene).first)
    #expect(abs(near[6] - 0.15 * 0.15) < 1e-5)
    for wrong in ["distance", "distance.plate", "height.cup", "speed"] {
      #expect(throws: RewardError.self) { try RewardFeature(wrong, environment: ["cup.x", "cup.y", "cup.z"]) }
    }
  }

  @Test func `too few or broken demonstrations are refused by name`() throws {
    let provider = try SquareRollouts()
    func refusal(_ demonstrations: [DemonstratedTrajectory]) -> String {
      do { return "\(try TrajectoryReward.fit(demonstrations, provider, joints: 1))" } catch { return "\(error)" }
    }
    let good = demonstrations(4, strength: 400, seed: 3)
    #expect(refusal(Array(good.prefix(2))).contains("3 are the least"))
    let short = DemonstratedTrajectory(id: "short", path: Array(Self.still.prefix(5)), scene: Self.scene)
    #expect(refusal(good + [short]).contains("short has 5 commands"))
    var path = Self.still
    path[3][0] = .nan
    #expect(refusal(good + [DemonstratedTrajectory(id: "torn", path: path, scene: Self.scene)]).contains("torn"))
  }

  @Test func `eigenvectors rebuild their matrix`() {
    var random = SplitMix64(seed: 7)
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: 5), count: 5)
    for i in 0..<5 { for j in 0...i { matrix[i][j] = random.normal() } }
    for i in 0..<5 { for j in 0..<i { matrix[j][i] = matrix[i][j] } }
    let parts = SymmetricMatrix.eigen(matrix)
    for i in 0..<5 {
      for j in 0..<5 {
        let rebuilt = parts.reduce(0) { $0 + $1.value * $1.vector[i] * $1.vector[j] }
        #expect(abs(rebuilt - matrix[i][j]) < 1e-10)
      }
    }
  }
}
