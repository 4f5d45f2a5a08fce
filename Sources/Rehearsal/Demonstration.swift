// `make demo`: a story in nine steps, each one a command that a person could type.

internal import Arm
public import Foundation
internal import RealTime
public import Session
internal import Twin

/// The demonstration of the whole loop on the twin.
public struct Demonstration {
  private let folder: URL
  private let seed: UInt64
  private let evaluations: Int
  private let rig: Rig
  private let programs: Programs
  private let signals = EndSignals()
  private let began = Date()
  private var step = 0
  private var timing: [SessionReport] = []

  /// How many demonstrations the person gives at first, how many corrected frames make a round, and how many rounds there
  /// are, of which the first is shown live.
  static let demonstrations = 6
  static let framesPerRound = 60
  static let rounds = 4
  private static let steps = 9

  /// A demonstration in `folder`, which is emptied.
  public init(folder: URL, seed: UInt64, evaluations: Int) throws {
    self.folder = folder
    self.seed = seed
    self.evaluations = evaluations
    rig = try Rig.load("twin-insert")
    programs = Programs(twin: folder.appending(path: "twin"))
    for name in ["demonstrations", "corrections", "more", "policies", "runs", "twin", "success.svg", "report.json"] {
      try? FileManager.default.removeItem(at: folder.appending(path: name))
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// The whole story; returns when the table is printed.
  public mutating func run() async throws {
    let demonstrations = folder.appending(path: "demonstrations"), corrections = folder.appending(path: "corrections")
    let more = folder.appending(path: "more"), policies = folder.appending(path: "policies")
    let before = policies.appending(path: "before"), after = policies.appending(path: "round-\(Self.rounds)")
    let copied = policies.appending(path: "more-demonstrations")
    try FileManager.default.createDirectory(at: policies, withIntermediateDirectories: true)
    say(
      "Understudy, the whole loop on the twin: put the stylus into the cup. Seed \(seed), files in \(folder.relativePath)."
    )

    begin("the twin starts: two arms behind serial ports, a cup, a person at the leader")
    let twin = try programs.startTwin(seed: seed)
    defer { twin.end() }

    begin("the person demonstrates \(Self.demonstrations) times through the leader (live)")
    let shown = try session(
      [
        "record", "--dataset", demonstrations.path, "--episodes", "\(Self.demonstrations)", "--task",
        "insert the stylus",
      ])

    begin("a policy is trained from the demonstrations")
    try understudy(["train", demonstrations.path, "--output", before.path, "--seed", "\(seed)"])

    begin("the policy runs alone, 3 times (live): now and then it strays from what it was shown")
    try session(["run", "--policy", before.path, "--episodes", "3"])

    begin(
      "round 1 of corrections (live): the person grabs the leader when the arm strays; then training beside the loop")
    let corrected = try session([
      "correct", "--policy", before.path, "--with", demonstrations.path, "--dataset", corrections.path, "--policies",
      policies.path, "--rounds", "1", "--frames", "\(Self.framesPerRound)",
    ])
    twin.end()

    begin("rounds 2 to \(Self.rounds): the same session on virtual time")
    let rehearsal = rehearsal()
    let rest = try rehearsal.correct(
      policies.appending(path: "round-1"), demonstrations: [demonstrations], into: corrections, policies: policies,
      rounds: Self.rounds - 1, frames: Self.framesPerRound, first: Rehearsal.firstCorrection + 5000, firstRound: 2)
    try check()

    begin("for comparison: as many further frames of demonstrations instead of corrections, on virtual time")
    let further = try rehearsal.demonstrate(
      into: more, frames: corrected.personFrames + rest.personFrames, first: Rehearsal.firstDemonstration + 500)
    try rehearsal.train([demonstrations, more], output: copied)
    try check()

    begin("the corrected policy runs alone, 3 times (live)")
    let again = try programs.startTwin(seed: seed)
    defer { again.end() }
    try session(["run", "--policy", after.path, "--episodes", "3"])
    again.end()

    begin(
      "\(evaluations) starts that none of them was trained on, undisturbed and with a bump in each, on virtual time")
    var counted: [(name: String, rates: [SuccessRate])] = []
    for (name, policy) in [("before", before), ("more demos", copied), ("corrected", after)] {
      var rates: [SuccessRate] = []
      for disturbance in [Disturbance.none, .bump] {
        var evaluation = rehearsal
        evaluation.disturbance = disturbance
        rates.append(try await evaluation.evaluate(policy, episodes: evaluations, cores: 2))
        try check()
      }
      counted.append((name, rates))
    }
    end()
    try finish(counted, shown: shown, corrected: [corrected, rest], further: further)
  }

  // MARK: Steps

  private mutating func begin(_ what: String) {
    end()
    step += 1
    stepBegan = Date()
    say("\n[\(step)/\(Self.steps)] \(what)")
  }

  private var stepBegan: Date?

  private mutating func end() {
    guard let stepBegan else { return }
    say("      \(Self.seconds(Date().timeIntervalSince(stepBegan))) s")
    self.stepBegan = nil
  }

  private func rehearsal() -> Rehearsal { Rehearsal(rig: rig, task: "insert", seed: seed) }

  /// A verb of `understudy` with an arm; its report.
  @discardableResult
  private mutating func session(_ arguments: [String]) throws -> SessionReport {
    let output = try understudy(arguments + ["--seed", "\(seed)", "--json"])
    struct Line: Decodable { let report: SessionReport }
    guard let last = output.split(separator: "\n").last,
      let line = try? JSONDecoder().decode(Line.self, from: Data(last.utf8))
    else { throw DemonstrationError.noReport(verb: arguments[0]) }
    timing.append(line.report)
    return line.report
  }

  /// A verb of `understudy`, its command line shown as a person would type it.
  @discardableResult
  private func understudy(_ arguments: [String]) throws -> String {
    try check()
    let typed = arguments.map { $0.replacing(folder.path, with: folder.relativePath) }.map {
      $0.contains(" ") ? "\"\($0)\"" : $0
    }.filter { $0 != "--json" }
    say("      $ understudy \(typed.joined(separator: " ")) --rig twin-insert")
    let result = try programs.understudy(arguments + ["--rig", "twin-insert"], signals: signals) { line in
      if let text = Self.prose(line) { say("        \(text)") }
    }
    try check()
    guard result.status == 0 else { throw DemonstrationError.failed(verb: arguments[0], words: result.complaint) }
    return result.output
  }

  /// What a line of `--json` output means to a person who watches; nil for what only machines want.
  private static func prose(_ line: String) -> String? {
    struct Event: Decodable { let event, episode, label, take_overs, text: String? }
    guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)) else {
      // The story tells itself what comes next.
      return line.hasPrefix("{") || line.hasPrefix("  next: ") ? nil : line
    }
    switch event.event {
    case "message": return event.text
    case "episode":
      let help = event.take_overs == "0" ? "" : ", the person took over"
      return "episode \(event.episode ?? "?"): \(event.label ?? "?")\(help)"
    default: return nil
    }
  }

  /// Ctrl-C ends the story between two steps; the running verb has heard it too and parked the arm.
  private func check() throws(DemonstrationError) {
    if signals.count > 0 { throw .interrupted(folder: folder.relativePath) }
  }

  // MARK: The end

  private func finish(
    _ counted: [(name: String, rates: [SuccessRate])], shown: SessionReport, corrected: [SessionReport],
    further: SessionReport
  ) throws {
    let takeOvers = corrected.reduce(0) { $0 + $1.takeOvers }
    let frames = corrected.reduce(0) { $0 + $1.personFrames }
    let byHand = corrected.reduce(0.0) { $0 + $1.personSeconds }
    let watched = corrected.reduce(0.0) { $0 + $1.seconds }
    let picture = BarChart(
      title: "insert, seed \(seed): success over \(evaluations) fresh starts, 95 % intervals",
      groups: ["undisturbed", "a bump in every episode"].enumerated().map { condition, name in
        (name, counted.map { BarChart.Bar(label: $0.name, rate: $0.rates[condition]) })
      })
    let plot = folder.appending(path: "success.svg")
    try picture.svg.write(to: plot, atomically: true, encoding: .utf8)

    say(
      "\n    \(Self.pad("success alone, \(evaluations) fresh starts", 34))  \(Self.pad("undisturbed", 17))  a bump in each"
    )
    let labels = [
      "before: \(shown.unassisted.successes) demonstrations", "\(further.personFrames) more frames demonstrated",
      "\(frames) frames corrected",
    ]
    for (label, row) in zip(labels, counted) {
      say("    \(Self.pad(label, 34))  \(Self.pad(row.rates[0].text, 17))  \(row.rates[1].text)")
    }
    let live = timing.map(\.timing)
    let worst = live.max { $0.wakeLatency_p99_us < $1.wakeLatency_p99_us } ?? .init()
    let rows = [
      (
        "demonstrations", "\(shown.episodes) live, \(shown.personFrames) frames, \(Self.seconds(shown.personSeconds)) s"
      ),
      (
        "corrections",
        "\(takeOvers) take-overs (\(corrected[0].takeOvers) live), \(frames) frames in \(Self.rounds) rounds"
      ),
      ("person-seconds", "\(Self.seconds(byHand)) driving, of \(Self.seconds(watched)) watched in corrections"),
      (
        "wake latency, live",
        "p50 \(Int(worst.wakeLatency_p50_us)) µs, p99 \(Int(worst.wakeLatency_p99_us)) µs, "
          + "max \(Int(live.map(\.wakeLatency_max_us).max() ?? 0)) µs (the worst of \(live.count) sessions)"
      ),
      ("missed periods", "\(live.reduce(0) { $0 + $1.missedPeriods }) of \(live.reduce(0) { $0 + $1.ticks })"),
      (
        "bus errors",
        "\(timing.reduce(0) { $0 + $1.busErrors }) of \(timing.reduce(0) { $0 + $1.repliesAsked }) replies"
      ),
      ("in all", "\(Self.seconds(Date().timeIntervalSince(began))) s"),
    ]
    for (name, value) in rows { say("    \(Self.pad(name, 34))  \(value)") }
    let place = folder.relativePath
    say(
      """

        Live: demonstrations, 2 × 3 runs, round 1 of corrections. On virtual time, by the same code: rounds 2 to \(Self.rounds), the
        comparison, and every success rate above.

        Plot: \(place)/success.svg · logs (MCAP, open them in Foxglove or PlotJuggler): \(place)/demonstrations, \(place)/corrections
        Policies: \(place)/policies

        Next: another seed            make demo SEED=8
              look at the episodes    \(programs.understudyPath) inspect \(place)/corrections
              a twin of your own      \(programs.twinPath) --task insert --dir .twin
              and drive it            \(programs.understudyPath) run --rig twin-insert --policy \(place)/policies/round-\(Self.rounds)
      """)
  }

  private func say(_ text: String) { StandardStream.output.say("\(text)\n") }
  private static func seconds(_ value: Double) -> String { String(format: "%.1f", value) }
  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

/// Why the demonstration ended early.
public enum DemonstrationError: EndingError, CustomStringConvertible {
  /// A person pressed Ctrl-C.
  case interrupted(folder: String)
  /// A program is not where the build puts it.
  case notBuilt(program: String)
  /// The twin did not come up.
  case noTwin(words: String)
  /// A verb ended with an error.
  case failed(verb: String, words: String)
  /// A verb ended without a report.
  case noReport(verb: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .interrupted(let folder):
      "Interrupted: the arm is parked, nothing runs any more, and what was made is in \(folder)."
    case .notBuilt(let program): "\(program) is not built: run `make build`."
    case .noTwin(let words): "The twin did not start: \(words)"
    case .failed(let verb, let words): "understudy \(verb) failed: \(words)"
    case .noReport(let verb): "understudy \(verb) ended without a report."
    }
  }

  /// The code for a shell.
  public var exitCode: Int32 {
    switch self {
    case .interrupted: 130
    case .notBuilt, .noTwin: 69
    case .failed, .noReport: 70
    }
  }
}
