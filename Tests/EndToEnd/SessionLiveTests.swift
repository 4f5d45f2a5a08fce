import Episodes
import Foundation
import Glibc
import Policy
import Testing

/// Correction sessions in real time over pseudo-terminals, killed, compared, and held beside those on virtual time. Minutes:
/// `make test-live` runs them.
@Suite(.serialized) struct SessionLiveTests {
  private static let isAsked = ProcessInfo.processInfo.environment["UNDERSTUDY_LIVE"] != nil
  private static let why: Comment = "`make test-live` runs it: minutes of real time"

  /// Demonstrations and a first policy, made on virtual time.
  private final class Start {
    let scratch: Temporary

    init(seed: Int = 7) throws {
      scratch = try Temporary()
      for (program, arguments) in [
        ("understudy-twin", ["rehearse", "--seed", "\(seed)", "--demonstrate", shown, "--episodes", "6"]),
        ("understudy", ["train", shown, "--rig", "twin-insert", "--output", first, "--seed", "\(seed)"]),
      ] {
        let ran = try Binary.run(program, arguments: arguments)
        #expect(ran.code == 0, "\(ran.err)")
      }
    }

    var shown: String { scratch.path("shown") }
    var first: String { scratch.path("first") }

    /// The words of a correction session.
    func correct(rounds: Int, frames: Int, seed: Int = 7, attempt: Int = 1) -> [String] {
      let place = attempt == 1 ? "" : "-\(attempt)"
      return [
        "correct", "--rig", "twin-insert", "--policy", first, "--with", shown, "--dataset",
        scratch.path("corrections\(place)"), "--policies", scratch.path("policies\(place)"), "--rounds", "\(rounds)",
        "--frames",
        "\(frames)", "--seed", "\(seed)", "--json",
      ]
    }
  }

  /// A terminal at which one key is pressed, once `moment` has come.
  private final class Keyboard {
    let slave: FileHandle
    private let master: FileHandle
    private let key: Character
    private let moment: (String) -> Bool
    private var isPressed = false

    init(_ key: Character, when moment: @escaping (String) -> Bool) throws {
      var (master, slave): (Int32, Int32) = (-1, -1)
      #expect(openpty(&master, &slave, nil, nil, nil) == 0)
      self.master = FileHandle(fileDescriptor: master, closeOnDealloc: true)
      self.slave = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
      self.key = key
      self.moment = moment
    }

    func watch(_ said: String) {
      guard !isPressed, moment(said) else { return }
      isPressed = true
      master.write(Data(String(key).utf8))
    }
  }

  /// A verb that runs until it ends, or until `stop` says so of what it has printed; then it is killed, as a power cut would.
  private func run(
    _ arguments: [String], twin: LiveTwin, seconds: Double, typed: Keyboard? = nil,
    killedWhen stop: (String) -> Bool = { _ in false }
  ) throws -> (code: Int32, out: String) {
    let process = try Binary.process("understudy", arguments, twin: twin.folder)
    if let typed { process.standardInput = typed.slave }
    let said = twin.scratch.path("said-\(UInt32.random(in: 0...(.max)))")
    try process.run(saying: said, withErrors: true)
    let end = Date().addingTimeInterval(seconds)
    while process.isRunning {
      usleep(20_000)
      let text = (try? String(contentsOfFile: said, encoding: .utf8)) ?? ""
      typed?.watch(text)
      if stop(text) || Date() > end { kill(process.processIdentifier, SIGKILL) }
    }
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOfFile: said, encoding: .utf8))
  }

  /// Whether the machine had too little time for the loop: a fault of timing stopped the arm, or the bus did not keep its
  /// period before anything moved. None of these tests is about that.
  private func wasStarved(_ out: String) -> Bool {
    let faults = ["gap", "stalled", "follower-stale", "leader-stale", "environment-stale"]
    return faults.contains { out.contains("protective stop, \($0)") } || out.contains("a tick's whole traffic")
  }

  /// A verb that runs to its end with 0, told again where the machine was too busy for it; `words` gets the attempt.
  private func finish(
    twin: LiveTwin, seconds: Double, _ words: (Int) -> [String]
  ) throws -> String {
    var code: Int32 = 0, out = ""
    for attempt in 1...4 {
      (code, out) = try run(words(attempt), twin: twin, seconds: seconds)
      if code == 0, !wasStarved(out) { return out }
      guard wasStarved(out) else { break }
      print("attempt \(attempt): the machine had no time for the loop; once more")
    }
    #expect(code == 0 && !wasStarved(out), "ended with \(code); of a busy machine: be alone on it. \(out.suffix(800))")
    return out
  }

  /// The report at the end of what a verb printed.
  private func report(_ out: String) throws -> [String: Any] {
    let line = try #require(out.split(separator: "\n").last { $0.contains("\"report\"") }, "\(out.suffix(600))")
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    return try #require(object?["report"] as? [String: Any])
  }

  @Test(.enabled(if: isAsked, why))
  func `a correction session that is killed again and again loses nothing and goes on to its end`() throws {
    let start = try Start()
    let twin = try LiveTwin(["--task", "insert", "--seed", "7"])
    let dataset = start.scratch.path("corrections")
    let words = start.correct(rounds: 2, frames: 30)
    var kept: [String: Data] = [:]
    // Once while the first episodes run, once a moment after a policy was loaded, once at any time.
    var moments: [(String) -> Bool] = [
      { $0.components(separatedBy: "\"episode\"").count > 3 },
      { $0.contains("is trained and loaded") },
      { _ in Double.random(in: 0..<1) < 0.002 },
    ]
    var code: Int32 = SIGKILL, out = "", kills = 0, runs = 0
    while runs < 10 {
      runs += 1
      (code, out) = try run(words, twin: twin, seconds: 240, killedWhen: moments.first ?? { _ in false })
      guard FileManager.default.fileExists(atPath: dataset) else { continue }
      // What was finished before is still there, byte for byte.
      let now = try files(dataset)
      for (name, data) in kept { #expect(now[name] == data, "\(name) changed") }
      let opened = try Dataset.open(dataset)
      kept = [:]
      for entry in opened.episodes { kept[entry.file] = now[entry.file] }
      // A torn log is all that may be left of an episode that ran when the session was killed.
      if code == SIGKILL { kills += 1 }
      let problems = try opened.problems()
      #expect(problems.count <= kills, "\(problems)")
      if code == SIGKILL {
        if !moments.isEmpty { moments.removeFirst() }
      } else if !(code != 0 && wasStarved(out)) {
        break
      }
      // A machine that has no time for the loop stops the arm, as it should; the same command goes on.
    }
    #expect(code == 0, "run \(runs) ended with \(code): \(out.suffix(800))")
    #expect(kills >= 2, "it was to be killed while it ran")
    #expect(out.contains("going on with an earlier session"))
    #expect(try report(out)["ended"] as? String == "rounds")
    let opened = try Dataset.open(dataset)
    let numbers = opened.episodes.map(\.number)
    #expect(Set(numbers).count == numbers.count, "no number was given twice: \(numbers)")
    // The lineage: each round's policy names the one before.
    let parents = try (1...2).map { round in
      try Policy.load(URL(filePath: start.scratch.path("policies/round-\(round)"))).description.lineage.parent
    }
    #expect(parents == ["first", "round-1"])
    let recovered = try Binary.run("understudy", "recover", dataset)
    #expect(recovered.code == 0, "\(recovered.err)")
    #expect(try Dataset.open(dataset).problems().isEmpty)
    // Told again, it is done.
    let again = try run(words, twin: twin, seconds: 60)
    #expect(again.code == 65 || again.code == 64, "\(again.code): \(again.out)")
    #expect(again.out.contains("has done its 2 rounds"))
  }

  private func files(_ folder: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      found[name] = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
    }
    return found
  }

  @Test(.enabled(if: isAsked, why))
  func `two policies are compared on an arm in random order`() throws {
    let start = try Start()
    let second = start.scratch.path("second")
    let trained = try Binary.run(
      "understudy", "train", start.shown, "--rig", "twin-insert", "--output", second, "--seed", "8")
    #expect(trained.code == 0, "\(trained.err)")
    let twin = try LiveTwin(["--task", "insert", "--seed", "7"])
    var dataset = ""
    let out = try finish(twin: twin, seconds: 180) { attempt in
      dataset = start.scratch.path("rollouts-\(attempt)")
      return [
        "evaluate", "--rig", "twin-insert", "--policy", start.first, "--against", second, "--episodes", "12",
        "--dataset", dataset, "--json",
      ]
    }
    #expect(out.contains("\"low\"") && out.contains("\"difference\"") && !out.contains("\"p\":"), "unpaired")
    // Each pair of episodes has both, and neither always comes first.
    let opened = try Dataset.open(dataset)
    let digests = opened.episodes.map(\.policyDigest)
    #expect(digests.count == 12 && Set(digests).count == 2)
    let pairs = stride(from: 0, to: 12, by: 2).map { Array(digests[$0..<$0 + 2]) }
    #expect(pairs.allSatisfy { $0[0] != $0[1] } && Set(pairs).count == 2, "\(pairs)")
  }

  /// What a correction session is measured by.
  private struct Course {
    var takeOversAnEpisode, framesATakeOver, success: Double

    init(_ report: [String: Any]) throws {
      func number(_ name: String) throws -> Double { try #require((report[name] as? NSNumber)?.doubleValue, "\(name)") }
      func rate(_ name: String) throws -> (Double, Double) {
        let rate = try #require(report[name] as? [String: Any])
        return (
          try #require((rate["successes"] as? NSNumber)?.doubleValue),
          try #require((rate["trials"] as? NSNumber)?.doubleValue)
        )
      }
      let (alone, helped) = (try rate("unassisted"), try rate("assisted"))
      takeOversAnEpisode = try number("takeOvers") / max(1, alone.1 + helped.1)
      framesATakeOver = try number("personFrames") / max(1, try number("takeOvers"))
      success = (alone.0 + helped.0) / max(1, alone.1 + helped.1)
    }
  }

  @Test(.enabled(if: isAsked, why))
  func `a session through pseudo-terminals goes as it does on virtual time`() throws {
    let start = try Start()
    var virtual: [Course] = []
    for seed in 1...8 {
      let scratch = try Temporary()
      let ran = try Binary.run(
        "understudy-twin",
        arguments: [
          "rehearse", "--seed", "\(seed)", "--correct", scratch.path("corrections"), "--policy", start.first, "--with",
          start.shown, "--policies", scratch.path("policies"), "--rounds", "1", "--frames", "150", "--json",
        ])
      #expect(ran.code == 0, "\(ran.err)")
      let object = try JSONSerialization.jsonObject(with: Data(ran.out.utf8)) as? [String: Any]
      virtual.append(try Course(try #require(object)))
    }
    let twin = try LiveTwin(["--task", "insert", "--seed", "9"])
    let out = try finish(twin: twin, seconds: 400) { start.correct(rounds: 1, frames: 150, seed: 9, attempt: $0) }
    let live = try Course(try report(out))
    for (name, path) in [
      ("take-overs an episode", \Course.takeOversAnEpisode), ("frames a take-over", \.framesATakeOver),
      ("success", \.success),
    ] {
      let values = virtual.map { $0[keyPath: path] }
      let mean = values.reduce(0, +) / 8
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 7).squareRoot()
      // The 95 % interval of one more of the same kind: Student's t with 7 degrees of freedom.
      let reach = 2.365 * deviation * (1 + 1.0 / 8).squareRoot()
      let value = live[keyPath: path]
      print("\(name): live \(value), virtual \(mean) ± \(reach)")
      // Eight sessions without a failure leave no spread: then one episode in twenty-five may differ.
      #expect(abs(value - mean) <= max(reach, 0.04), "\(name): \(value) beside \(mean) ± \(reach)")
    }
  }

  @Test(.enabled(if: isAsked, why))
  func `a person labels at a limp leader while the policy drives, and it is learned from`() throws {
    let start = try Start()
    let twin = try LiveTwin(["--task", "insert", "--seed", "11"])
    var policies = ""
    let out = try finish(twin: twin, seconds: 240) { attempt in
      policies = start.scratch.path(attempt == 1 ? "policies" : "policies-\(attempt)")
      return start.correct(rounds: 1, frames: 60, seed: 11, attempt: attempt) + ["--gate", "dagger"]
    }
    #expect(out.contains("label mode: the leader is limp"))
    let report = try report(out)
    let labels = try #require(report["labelledFrames"] as? Int)
    #expect(labels >= 60 && report["takeOvers"] as? Int == 0, "\(labels)")
    let first = try Policy.load(URL(filePath: start.first)).description.lineage
    let second = try Policy.load(URL(filePath: "\(policies)/round-1")).description.lineage
    #expect(try #require(second.frames) > (first.frames ?? 0) + 40, "its rows are learned from")
  }

  @Test(.enabled(if: isAsked, why))
  func `b goes back to the policy before, between two episodes`() throws {
    let start = try Start()
    let twin = try LiveTwin(["--task", "insert", "--seed", "5"])
    let key = try Keyboard("b") { $0.contains("is trained and loaded") }
    var words = start.correct(rounds: 2, frames: 30, seed: 5)
    let (code, out) = try run(words, twin: twin, seconds: 300, typed: key)
    #expect(code == 0 || wasStarved(out), "\(code): \(out.suffix(800))")
    let parts = out.components(separatedBy: "back to policy first; round-1 stays on disk")
    #expect(parts.count == 2, "\(out.suffix(800))")
    #expect(parts[0].contains("round-1 is trained and loaded"))
    // What was trained next knows what drove.
    let second = try Policy.load(URL(filePath: start.scratch.path("policies/round-2"))).description.lineage
    #expect(second.parent == "first")
    // Too few episodes for a round: 75, and the same command goes on.
    words = start.correct(rounds: 3, frames: 100_000, seed: 5) + ["--episodes", "2"]
    for time in 1...2 {
      let (code, out) = try run(words, twin: twin, seconds: 60)
      #expect(code == 75 || wasStarved(out), "time \(time), \(code): \(out.suffix(800))")
      #expect(out.contains("going on with an earlier session"))
    }
  }
}
