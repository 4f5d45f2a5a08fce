// The session on a terminal, as on the page: one screen, drawn over itself, for who works over SSH.
//
//     AUTONOMOUS                                     state, readable from afar
//     running · episode 10004 · policy first …       what is done
//     joint          command  measured  …            arm
//     pppppppppHHHHHpppp                             who drove, a letter a second, the last minute
//
// A pure function of what anybody may see; `Terminal` puts it on the wire.

internal import Control
internal import Episodes
internal import RealTime

/// What the screen shows, and the minute before.
struct SessionScreen {
  private static let minute = 60
  private let facts: SessionFacts
  private let instruments: Instruments
  private var ribbon: [Character] = []
  private var began = Nanoseconds.never
  private var counts: [Character: Int] = [:]

  /// An empty minute.
  init(_ facts: SessionFacts, instruments: Instruments) {
    self.facts = facts
    self.instruments = instruments
  }

  /// Who drives now; called some times a second.
  mutating func note(_ snapshot: Snapshot, at now: Nanoseconds) {
    if began == .never { began = now }
    counts[Self.letter(snapshot), default: 0] += 1
    guard now - began >= .seconds(1) else { return }
    began = now
    // Whoever drove longest in it; a stop is never hidden.
    let most = counts["!"] != nil ? "!" : counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? " "
    ribbon = ribbon.suffix(Self.minute - 1) + [most]
    counts = [:]
  }

  private static func letter(_ snapshot: Snapshot) -> Character {
    if snapshot.state == .protectiveStop { return "!" }
    return switch snapshot.record.source {
    case .person, .blend: "H"
    case .policy: "p"
    case .playback, .parking: "m"
    case .hold: "."
    case .none: " "
    }
  }

  /// The screen, at most `rows` lines of at most `columns` characters.
  func lines(_ snapshot: Snapshot, _ view: SessionView, rows: Int, columns: Int) -> [String] {
    var lines = ["", "  " + Self.spaced(snapshot.isLabelling ? "labelling" : snapshot.state.name), ""]
    lines.append("  " + doing(snapshot, view))
    if snapshot.asks { lines.append("  THE GATE ASKS: space takes over, enter goes on") }
    if let fault = snapshot.fault?.row {
      lines += ["", "  FAULT \(fault.name): usual cause, \(fault.cause).", "  \(fault.remedy)"]
    }
    lines += [""] + joints(snapshot).split(separator: "\n").map(String.init) + [""]
    lines.append("  last minute  \(String(ribbon))")
    lines.append("               p policy · H person · m slow move · . hold · ! stop")
    lines.append("  " + doubt(snapshot))
    lines.append("  " + timing(snapshot))
    if !view.policies.isEmpty { lines += [""] + policies(view).split(separator: "\n").map(String.init) }
    if !view.effort.isEmpty { lines.append("  " + view.effort) }
    lines += [""] + view.news.suffix(5).map { "  \($0)" }
    return lines.prefix(max(0, rows)).map { String($0.prefix(max(0, columns))) }
  }

  /// Letters apart, so that the state can be read from across the bench.
  private static func spaced(_ word: String) -> String {
    word.uppercased().map(String.init).joined(separator: " ")
  }

  private func doing(_ snapshot: Snapshot, _ view: SessionView) -> String {
    var parts = [view.phase.isEmpty ? facts.activity : view.phase, "episode \(view.episode)"]
    if !view.policy.isEmpty { parts.append("policy \(view.policy)") }
    if view.round > 0 {
      parts.append("round \(view.round) of \(view.rounds), \(view.frames) of \(view.framesPerRound) frames")
    }
    if let share = view.training { parts.append("training \(Self.bar(share))") }
    if snapshot.isMoving { parts.append("moving") }
    return parts.joined(separator: " · ")
  }

  private static func bar(_ share: Double) -> String {
    let full = Int((min(max(share, 0), 1) * 20).rounded())
    return "[" + String(repeating: "#", count: full) + String(repeating: " ", count: 20 - full) + "]"
  }

  private func joints(_ snapshot: Snapshot) -> String {
    let record = snapshot.record
    var table = TextTable(["joint", "command", "measured", "lower", "upper", "load"], numbers: [1, 2, 3, 4, 5])
    for (joint, name) in facts.joints.prefix(8).enumerated() {
      let load = record.follower.load[joint]
      table.add(
        name, Self.angle(record.command[joint]), Self.angle(record.follower.position[joint]),
        Self.angle(facts.lower[joint]), Self.angle(facts.upper[joint]),
        load.isFinite ? Figures.percent(Double(load)) : "–")
    }
    return "\(table)"
  }

  private static func angle(_ value: Float) -> String { value.isFinite ? Figures.fixed(Double(value), 3) : "–" }

  private func doubt(_ snapshot: Snapshot) -> String {
    let score = snapshot.record.gateScore
    guard score.isFinite else { return "doubt –" }
    let threshold = snapshot.gateThreshold
    return "doubt \(Figures.short(Double(score)))"
      + (threshold.isFinite ? ", the gate asks above \(Figures.short(Double(threshold)))" : "")
  }

  private func timing(_ snapshot: Snapshot) -> String {
    let wake = instruments.wake
    return "wake p50 \(Int(wake.percentile(0.5).microseconds)) µs, p99 \(Int(wake.percentile(0.99).microseconds)) µs, "
      + "max \(Int(wake.max.microseconds)) µs · missed \(snapshot.missed) · bus errors \(snapshot.replies.errors) of "
      + "\(snapshot.replies.asked)"
  }

  private func policies(_ view: SessionView) -> String {
    var table = TextTable(["policy", "success alone", "with help", "take-overs", "person drove"], numbers: [2, 3, 4])
    for row in view.policies.suffix(5) {
      table.add(
        row.policy, SuccessRate(successes: row.successes, trials: row.alone).text, "\(row.assisted)",
        "\(row.takeOvers)", Figures.percent(row.personShare))
    }
    return "\(table)"
  }
}
