internal import ArgumentParser
internal import Foundation
internal import Learning
internal import Session

/// Measures this machine with this program.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure loop, policy and bus on this machine, beside the programs that people trust.",
    discussion: Help.page(
      """
      Each row is measured now, its peer in the same run. With --json:
      {"bench": …, "rows": [{"name", "unit", "ours", "peer", "theirs", "ratio", "goal", "met"}]}, where ratio is ours by
      theirs, peer is null where there is none, and goal is null where a figure is only reported. Build with
      `make build` first: a debug build measures the compiler.

        understudy bench loop --rate 200 --seconds 10
        understudy bench policy --peers
        understudy bench train --scaling --svg scaling.svg
        understudy bench bus --peers --json
        understudy bench learning --peers
        understudy bench episodes --peers
        understudy bench rounds --seconds 60 --pairs 5
      """),
    subcommands: [Loop.self, Network.self, Training.self, Bus.self, Learning.self, Episodes.self, Rounds.self])

  /// What every bench takes.
  struct OutputOptions: ParsableArguments {
    @Flag(help: "One JSON object on standard output, for machines.") var json = false
  }

  /// Wake latency beside cyclictest, and what a tick costs.
  struct Loop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How late the loop wakes, beside cyclictest (rt-tests), and what a tick and a whole session cost.",
      discussion: """
        Takes turns with cyclictest in ten blocks each (A B B A), then times ticks without a bus, then (without --stress) a
        whole `understudy run` on a twin of its own with its page open. It runs four times --seconds and some ten more in
        all; `--seconds 60` gives figures worth quoting, on a machine where nothing else runs.
        """)

    @Option(help: "Periods a second.") var rate = 200
    @Option(help: "How long each of the two is measured.") var seconds = 10.0
    @Flag(help: "Keep the machine busy with stress-ng meanwhile.") var stress = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (1...2000).contains(rate) else { throw ValidationError("--rate takes 1 to 2000 Hz, not \(rate).") }
      guard seconds.isFinite, (0.1...3600).contains(seconds) else {
        throw ValidationError("--seconds takes 0.1 to 3600, not \(seconds).")
      }
    }

    func run() throws {
      try Ending.catching {
        var benchmark = LoopBenchmark()
        benchmark.rate_Hz = rate
        benchmark.seconds = seconds
        benchmark.stress = stress
        Output.show(try benchmark.run(), json: output.json)
      }
    }
  }

  /// Inference beside OpenBLAS.
  struct Network: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "policy",
      abstract: "How long a decision takes, in f32 and int8, beside OpenBLAS, ONNX Runtime, PyTorch and numpy.")

    @Flag(help: "With ONNX Runtime, PyTorch and numpy, which `make peers` installs.") var peers = false
    @OptionGroup var output: OutputOptions

    func run() throws {
      try Ending.catching {
        var benchmark = PolicyBenchmark()
        benchmark.peers = peers
        Output.show(try benchmark.run(), json: output.json)
      }
    }
  }

  /// Training beside PyTorch.
  struct Training: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "How many samples a second a network learns from on one thread, beside PyTorch.")

    @Flag(help: "With PyTorch, which `make peers` installs.") var peers = false
    @Flag(help: "Instead: how time grows with frames (10³ to 10⁶) and with width.") var scaling = false
    @Option(help: "With --scaling: the new file for its picture.") var svg: String?
    @Flag(help: .hidden) var onlyMemory = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard svg == nil || scaling else { throw ValidationError("--svg is the picture of --scaling; say that too.") }
    }

    func run() throws {
      try Ending.catching {
        MatrixLibrary.restartWithBestCore()
        if onlyMemory { return print(try TrainBenchmark.peakMemory()) }
        guard scaling else {
          var benchmark = TrainBenchmark()
          benchmark.peers = peers
          return Output.show(try benchmark.run(), json: output.json)
        }
        if let svg, FileManager.default.fileExists(atPath: svg) {
          throw HostError.refused("\(svg) exists already and was left alone; choose another name.")
        }
        var picture = ""
        let benchmark = try TrainScaling().run(svg: &picture)
        if let svg { try Data(picture.utf8).write(to: URL(filePath: svg), options: .withoutOverwriting) }
        Output.show(benchmark, json: output.json)
      }
    }
  }

  /// Logs and datasets, beside LeRobot's writer.
  struct Episodes: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How fast episodes are written, read and exported, and how large they are.")

    @Option(help: "How many frames.") var frames = 100_000
    @Flag(help: "Measure LeRobot's own writer beside it (`make peers` installs it).") var peers = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (20_000...10_000_000).contains(frames) else { throw ValidationError("--frames takes 20000 to 10000000.") }
    }

    func run() throws {
      try Ending.catching {
        var benchmark = EpisodesBenchmark()
        benchmark.frames = frames
        benchmark.peers = peers
        Output.show(try benchmark.run(), json: output.json)
      }
    }
  }

  /// Training beside the loop.
  struct Rounds: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What training beside the loop costs it, and how long a corrected policy is waited for.",
      discussion: "Blocks with and without the training child take turns: 2 × --pairs × --seconds in all.")

    @Option(help: "Periods a second.") var rate = 100
    @Option(help: "How long one block.") var seconds = 60.0
    @Option(help: "Pairs of blocks.") var pairs = 5
    @Option(help: "Frames that are trained on.") var frames = 20_000
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (1...2000).contains(rate) else { throw ValidationError("--rate takes 1 to 2000 Hz, not \(rate).") }
      guard seconds.isFinite, (0.1...3600).contains(seconds) else {
        throw ValidationError("--seconds takes 0.1 to 3600, not \(seconds).")
      }
      guard (1...100).contains(pairs) else { throw ValidationError("--pairs takes 1 to 100, not \(pairs).") }
      guard (100...1_000_000).contains(frames) else { throw ValidationError("--frames takes 100 to 1000000.") }
    }

    func run() throws {
      try Ending.catching {
        var benchmark = RoundBenchmark()
        benchmark.rate_Hz = rate
        benchmark.seconds = seconds
        benchmark.pairs = pairs
        benchmark.frames = frames
        let line = ProgressLine()
        let result = try benchmark.run { line.show($0) }
        line.clear()
        Output.show(result, json: output.json)
      }
    }
  }

  /// A bus cycle on a twin.
  struct Bus: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How long it takes to ask an arm, and a pair, for positions, velocities and loads.",
      discussion: Help.page(
        """
        On a twin that is started for it, whose replies take as long as on the wire. `understudy doctor --rig …` measures
        the adapters of a real arm.
        """))

    @Option(help: "Cycles a second.") var rate = 200
    @Option(help: "How long one arm, then the pair, is asked.") var seconds = 5.0
    @Flag(
      help: "Beside Feetech's SDK, rustypot, LeRobot and a C client, by turns on one twin (`make peers` installs them)."
    )
    var peers = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (1...500).contains(rate) else { throw ValidationError("--rate takes 1 to 500 Hz, not \(rate).") }
      guard seconds.isFinite, (0.1...3600).contains(seconds) else {
        throw ValidationError("--seconds takes 0.1 to 3600, not \(seconds).")
      }
    }

    func run() throws {
      try Ending.catching {
        var benchmark = BusBenchmark()
        benchmark.rate_Hz = rate
        benchmark.seconds = seconds
        benchmark.peers = peers
        Output.show(try benchmark.run(), json: output.json)
      }
    }
  }

  /// Rewards and meta-learning.
  struct Learning: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How fast and how well rewards are recovered and adaptation is learned, beside imitation and PyTorch.",
      discussion: """
        With --peers both are asked on the same problems in the same minutes, one thread each (`make peers` installs
        them). The published sinusoid benchmark takes --iterations 70000 --seeds 3: some minutes.
        """)

    @Option(help: "Iterations of meta-learning.") var iterations = 2000
    @Option(help: "Seeds of meta-learning, whose errors are averaged.") var seeds = 1
    @Flag(help: "Ask imitation and PyTorch too.") var peers = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (1...1_000_000).contains(iterations) else {
        throw ValidationError("--iterations takes 1 to 1000000, not \(iterations).")
      }
      guard (1...100).contains(seeds) else { throw ValidationError("--seeds takes 1 to 100, not \(seeds).") }
    }

    func run() throws {
      try Ending.catching {
        var benchmark = LearningBenchmark()
        benchmark.iterations = iterations
        benchmark.seeds = seeds
        benchmark.asksPeers = peers
        let line = ProgressLine()
        let result = try benchmark.run { line.show($0) }
        line.clear()
        Output.show(result, json: output.json)
      }
    }
  }
}
