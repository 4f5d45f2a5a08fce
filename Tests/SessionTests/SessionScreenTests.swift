import Arm
import Control
import Episodes
import RealTime
import Testing

@testable import Session

/// What a terminal shows of a session.
@Suite struct SessionScreenTests {
  private static let facts = SessionFacts(
    rig: "bench", activity: "correct", joints: ["shoulder", "elbow"], lower: [-1, -2], upper: [1, 2], loop_Hz: 100,
    decision_Hz: 25, staleTicks: 8)

  private static func snapshot(_ state: State, _ source: Source) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.state = state
    snapshot.record.source = source
    return snapshot
  }

  @Test func `a stop, a gate and labelling stand where nobody can miss them, with what to do`() {
    let screen = SessionScreen(Self.facts, instruments: Instruments())
    var snapshot = Self.snapshot(.protectiveStop, .hold)
    snapshot.fault = .lag
    let stopped = screen.lines(snapshot, SessionView(), rows: 50, columns: 400)
    #expect(stopped[1] == "  P R O T E C T I V E - S T O P")
    #expect(stopped.contains { $0.hasPrefix("  FAULT lag: ") } && stopped.contains { $0.contains("free it") })
    snapshot = Self.snapshot(.holding, .hold)
    snapshot.asks = true
    #expect(screen.lines(snapshot, SessionView(), rows: 50, columns: 400).contains { $0.contains("THE GATE ASKS") })
    snapshot = Self.snapshot(.autonomous, .policy)
    snapshot.isLabelling = true
    #expect(screen.lines(snapshot, SessionView(), rows: 50, columns: 400)[1] == "  L A B E L L I N G")
  }

  @Test func `it shows joints with limits, rounds, policies and news, and never more than the terminal holds`() {
    let screen = SessionScreen(Self.facts, instruments: Instruments())
    var snapshot = Self.snapshot(.autonomous, .policy)
    snapshot.record.command[1] = 0.5
    snapshot.record.gateScore = 0.25
    snapshot.gateThreshold = 0.5
    var view = SessionView()
    (view.phase, view.episode, view.policy, view.round, view.rounds) = ("running", 10_004, "round-1", 2, 4)
    view.training = 0.5
    view.policies = [
      PolicyRow(
        policy: "round-1", alone: 10, successes: 9, low: 0.6, high: 0.98, assisted: 3, takeOvers: 4, personShare: 0.25,
        watched_s: 60)
    ]
    view.effort = "3.2 min of the person's time"
    view.news = (1...8).map { "news \($0)" }
    let text = screen.lines(snapshot, view, rows: 60, columns: 400).joined(separator: "\n")
    for words in [
      "running · episode 10004 · policy round-1 · round 2 of 4", "[##########          ]", "−2.000", "0.500",
      "doubt 0.250, the gate asks above 0.500", ".90 (.60–.98)", "3.2 min of the person's time", "news 8",
    ] { #expect(text.contains(words), "\(words) in:\n\(text)") }
    #expect(!text.contains("news 3"))
    for (rows, columns) in [(24, 80), (10, 20), (1, 1), (0, 0)] {
      let lines = screen.lines(snapshot, view, rows: rows, columns: columns)
      #expect(lines.count <= rows && lines.allSatisfy { $0.count <= columns })
    }
  }

  @Test func `the ribbon keeps a minute, a letter a second, and hides no stop`() {
    var screen = SessionScreen(Self.facts, instruments: Instruments())
    var now = Nanoseconds.zero
    func ribbon() -> String {
      let lines = screen.lines(Snapshot(), SessionView(), rows: 50, columns: 400)
      return lines.first { $0.hasPrefix("  last minute") }.map { String($0.dropFirst(15)) } ?? ""
    }
    func pass(_ snapshot: Snapshot, seconds: Int) {
      for _ in 0..<(seconds * 10) {
        screen.note(snapshot, at: now)
        now = now + .milliseconds(100)
      }
    }
    pass(Self.snapshot(.autonomous, .policy), seconds: 5)
    pass(Self.snapshot(.correcting, .person), seconds: 3)
    #expect(ribbon().contains("ppp") && ribbon().contains("HH"))
    screen.note(Self.snapshot(.protectiveStop, .hold), at: now)
    pass(Self.snapshot(.autonomous, .policy), seconds: 2)
    #expect(ribbon().contains("!"))
    pass(Self.snapshot(.holding, .hold), seconds: 100)
    #expect(ribbon() == String(repeating: ".", count: 60))
  }
}
