internal import Arm
internal import CRealtime
internal import Foundation
internal import Learning
internal import RealTime

/// How fast and how well rewards are recovered and adaptation is learned, beside `imitation` and PyTorch on the same
/// problems in the same minutes.
public struct LearningBenchmark: Sendable {
  /// Iterations of meta-learning; 70000 is the published benchmark's length.
  public var iterations = 2000
  /// Seeds of meta-learning, whose errors are averaged.
  public var seeds = 1
  /// Whether the peers are asked; `make peers` installs them.
  public var asksPeers = false

  /// The default: a short look, without peers.
  public init() {}

  /// Iterations of the published benchmark.
  static let publishedIterations = 70_000
  /// Blocks in which ours and PyTorch take turns.
  private static let blocks = 10
  private static let iterationsPerBlock = 300

  /// Measures; `progress` gets a sentence now and then.
  public func run(progress: (String) -> Void = { _ in }) throws -> Benchmark {
    var benchmark = Benchmark("learning")
    let root = try Hardware.find().root.deletingLastPathComponent()
    func peer(_ script: String) -> OtherProgram? {
      guard asksPeers else { return nil }
      return OtherProgram(
        root.appending(path: ".deps/learning/bin/python").path,
        [root.appending(path: "Tests/Peers/\(script)").path], listens: true)
    }
    progress("rewards")
    benchmark.rows += try rewardRows(beside: peer("imitation_peer.py"))
    progress("speed of meta-learning")
    benchmark.rows.append(try speedRow(beside: peer("maml_peer.py")))
    benchmark.rows += try sineRows(progress)
    if asksPeers, benchmark.rows[0].theirs == nil {
      benchmark.notes.append("imitation and PyTorch did not answer: `make peers` installs them into .deps/learning.")
    }
    benchmark.notes.append(
      "Rewards: until no state's visits differ by more than 1e-3, which imitation does by Adam (its default), ours by L-BFGS."
    )
    if !isPublished {
      benchmark.notes.append(
        "\(iterations) iterations, \(seeds) seeds: the published benchmark is --iterations 70000 --seeds 3 (minutes).")
    }
    return benchmark
  }

  private var isPublished: Bool { iterations >= Self.publishedIterations && seeds >= 3 }

  // MARK: Rewards

  private struct Answer: Decodable {
    var seconds: Double?
    var gap: Double?
  }

  private func rewardRows(beside peer: OtherProgram?) throws -> [Benchmark.Row] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "understudy-bench-\(getpid())-rewards")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var worst = 0.0
    // A peer that did not get there is not compared: both sums are over the problems that it solved.
    var solved = (ours: 0.0, theirs: 0.0, count: 0)
    var all = 0.0
    for index in 0..<SampleProblem.count {
      let file = folder.appending(path: "\(index).json")
      let data = try SampleProblem.file(seed: UInt64(index))
      try data.write(to: file)
      let problem = try RewardProblem(data)
      let result = try InverseReinforcement.learn(problem.process, expert: problem.expert)
      worst = max(worst, result.visitGap)
      all += result.seconds
      let answer = peer?.ask("{\"file\": \"\(file.path)\"}").flatMap {
        try? JSONDecoder().decode(Answer.self, from: Data($0.utf8))
      }
      if let seconds = answer?.seconds, let gap = answer?.gap, gap <= 1e-3 {
        solved = (solved.ours + result.seconds, solved.theirs + seconds, solved.count + 1)
      }
    }
    let isCompared = solved.count > 0
    return [
      .init(
        "MCE IRL, \(isCompared ? solved.count : SampleProblem.count) random MDPs", "ms",
        (isCompared ? solved.ours : all) * 1e3, beside: "imitation", isCompared ? solved.theirs * 1e3 : nil,
        goal: .ratioAtMost(1.0 / 20)),
      .init("largest gap of visits of all 20", "visits", worst, goal: .atMost(1e-3)),
    ]
  }

  // MARK: Meta-learning

  private func speedRow(beside peer: OtherProgram?) throws -> Benchmark.Row {
    let ours = try Sinusoids(shots: 10, order: .second, seed: 1)
    _ = ours.train(Self.iterationsPerBlock)
    let question = "{\"iterations\": \(Self.iterationsPerBlock)}"
    var isThere = peer?.ask(question) != nil
    var times: (ours: [Double], theirs: [Double]) = ([], [])
    func mine() {
      let began = us_monotonic_ns()
      _ = ours.train(Self.iterationsPerBlock)
      times.ours.append(Double(us_monotonic_ns() - began) * 1e-6 / Double(Self.iterationsPerBlock))
    }
    func other() {
      guard isThere, let line = peer?.ask(question),
        let seconds = (try? JSONDecoder().decode(Answer.self, from: Data(line.utf8)))?.seconds
      else {
        isThere = false
        return
      }
      times.theirs.append(seconds * 1e3 / Double(Self.iterationsPerBlock))
    }
    for block in 0..<Self.blocks {
      // A B B A: who begins changes with every pair.
      if block % 2 == 0 { mine() }
      other()
      if block % 2 == 1 { mine() }
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    return .init(
      "MAML, sines, K=10, an iteration", "ms", median(times.ours), beside: "PyTorch",
      times.theirs.isEmpty ? nil : median(times.theirs), goal: .ratioAtMost(0.25))
  }

  private func sineRows(_ progress: (String) -> Void) throws -> [Benchmark.Row] {
    func errors(_ order: MetaLearning.Order) throws -> [Double] {
      var sums = Sinusoids.judged.map { _ in 0.0 }
      for seed in 1...UInt64(max(1, seeds)) {
        progress("sines, \(order.rawValue) order, seed \(seed) of \(seeds)")
        let sines = try Sinusoids(shots: 10, order: order, seed: seed)
        _ = sines.train(iterations)
        for (place, error) in try sines.judge(seed: 1000 + seed).enumerated() { sums[place] += error.mean }
      }
      return sums.map { $0 / Double(max(1, seeds)) }
    }
    let second = try errors(.second)
    let first = try errors(.first)
    let joint = try errors(.joint)
    let goals: [Int: Double] = isPublished ? [1: 0.40, 4: 0.12] : [:]
    return [1, 3, 4].flatMap { place -> [Benchmark.Row] in
      let steps = Sinusoids.judged[place]
      let name = "error after \(steps) step\(steps == 1 ? "" : "s")"
      return [
        .init(
          "MAML, \(name)", "MSE", second[place], beside: "joint pretraining", joint[place],
          goal: goals[place].map { .atMost($0) }),
        .init("first order, \(name)", "MSE", first[place]),
      ]
    }
  }
}

/// Seeded tabular problems whose expert is the soft-optimal plan of a linear reward.
enum SampleProblem {
  static let count = 20

  private struct File: Encodable {
    var transition: [[[Double]]]
    var initial_distribution: [Double]
    var horizon: Int
    var discount: Double
    var observation: [[Double]]
    var reward: [Double]
  }

  /// 5 to 43 states, 2 to 5 actions; in every other problem an action leads to 3 states at most.
  static func file(seed: UInt64) throws -> Data {
    var random = SplitMix64(seed: 1000 + seed)
    let (states, actions, features) = (5 + 2 * Int(seed), 2 + Int(seed % 4), 4)
    func distribution(_ draws: Int) -> [Double] {
      var weights = [Double](repeating: 0, count: states)
      for _ in 0..<draws { weights[Int(random.uniform() * Double(states))] += random.uniform(0.1...1) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    }
    let observation = (0..<states).map { _ in (0..<features).map { _ in random.normal() } }
    let weights = (0..<features).map { _ in random.normal() }
    return try JSONEncoder().encode(
      File(
        transition: (0..<states).map { _ in
          (0..<actions).map { _ in distribution(seed % 2 == 0 ? 3 : 4 * states) }
        },
        initial_distribution: distribution(2 * states), horizon: 8 + Int(seed % 5), discount: seed % 3 == 0 ? 0.9 : 1,
        observation: observation,
        reward: observation.map { zip($0, weights).reduce(0) { $0 + $1.0 * $1.1 } }))
  }
}
