internal import Episodes

extension Inspection: CustomStringConvertible {
  /// As many episodes are listed one by one; a larger dataset shows its last ones.
  private static let listed = 30

  /// For people.
  public var description: String {
    var parts = [head, timing]
    if !joints.isEmpty { parts.append(jointTable) }
    if episodes.count > 1 { parts.append(episodeTable) }
    if !problems.isEmpty { parts.append("  Look at:\n" + problems.map { "    \($0)" }.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  private var head: String {
    var table = TextTable(["", ""])
    let words = EpisodeLabel.allCases.compactMap { label in labels[label.rawValue].map { "\($0) \(label.rawValue)" } }
    if episodes.count == 1, let only = episodes.first {
      table.add("episode", "\(only.id), \(only.activity), \(Self.marks(only, after: only.label.rawValue))")
    } else {
      let kept = heldOut > 0 ? "; \(heldOut) held out from training, once there are 20 successes" : ""
      table.add("episodes", "\(episodes.count): \(words.joined(separator: ", "))\(kept)")
    }
    if !tasks.isEmpty { table.add("task", tasks.joined(separator: "; ")) }
    table.add("ticks", "\(frames) in \(Figures.time(duration_s))")
    let asked = nominalRate_Hz > 0 ? " (asked for: \(Figures.short(nominalRate_Hz)) Hz)" : ""
    table.add("true rate", rate_Hz.map { "\(Figures.fixed($0, 2)) Hz\(asked)" } ?? "–")
    table.add(
      "gaps",
      gaps == 0
        ? "none; \(Figures.count(missedPeriods, "period")) missed by the loop, longest interval \(Figures.short(longestInterval_ms)) ms"
        : "\(gaps), \(Figures.count(lostTicks, "tick")) lost; \(Figures.count(missedPeriods, "period")) missed by the loop, longest interval "
          + "\(Figures.short(longestInterval_ms)) ms")
    table.add("by hand", Figures.percent(personShare) + " of the ticks")
    if interventions > 0 {
      table.add("interventions", "\(interventions), \(Figures.percent(interventionShare)) of the ticks")
    }
    for (index, count) in limitedBy.sorted(by: { $0.frames > $1.frames }).enumerated() {
      table.add(
        index == 0 ? "limited by" : "", "\(count.limit) (\(count.setting)) in \(Figures.count(count.frames, "tick"))")
    }
    if !framesByFault.isEmpty {
      let words = framesByFault.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
      table.add("faults", words.joined(separator: ", ") + " (ticks)")
    }
    return "\(source)\n\(table)"
  }

  private var timing: String {
    var table = TextTable(["", "p50", "p99", "p99.9", "max"], numbers: [1, 2, 3, 4])
    for (name, spread) in [
      ("wake latency, µs", wakeLatency_us), ("tick, µs", tickTime_us), ("reading's age, µs", readingAge_us),
      ("environment's age, µs", environmentAge_us),
    ] where spread.max != nil {
      table.add(
        name, Figures.short(spread.p50), Figures.short(spread.p99), Figures.short(spread.p999),
        Figures.short(spread.max))
    }
    return "\(table)"
  }

  private var jointTable: String {
    var table = TextTable(
      ["joint", "measured, rad", "commanded, rad", "error p50, mrad", "p99", "max"], numbers: [1, 2, 3, 4, 5])
    for joint in joints {
      let error = joint.trackingError_mrad
      table.add(
        joint.name, Self.range(joint.position_rad), Self.range(joint.command_rad), Figures.short(error.p50),
        Figures.short(error.p99), Figures.short(error.max))
    }
    return "\(table)"
  }

  private static func range(_ range: JointStatistics.Range?) -> String {
    range.map { "\(Figures.fixed(Double($0.min), 2)) … \(Figures.fixed(Double($0.max), 2))" } ?? "–"
  }

  private var episodeTable: String {
    var table = TextTable(
      ["", "episode", "label", "activity", "ticks", "time", "by hand", ""], numbers: [0, 4, 5, 6])
    for (place, episode) in episodes.enumerated().suffix(Self.listed) {
      let share = episode.frames > 0 ? Double(episode.personFrames) / Double(episode.frames) : 0
      table.add(
        "\(place + 1)", episode.id, episode.label.rawValue, episode.activity, "\(episode.frames)",
        "\(Figures.fixed(episode.duration_s, 1)) s", Figures.percent(share), Self.marks(episode))
    }
    let hidden = episodes.count - Self.listed
    return (hidden > 0 ? "  \(Figures.count(hidden, "earlier episode")); --json lists them all\n" : "") + "\(table)"
  }

  private static func marks(_ episode: Episode, after word: String? = nil) -> String {
    [word, episode.isHeldOut ? "held out" : nil, episode.wasRecovered ? "recovered" : nil].compactMap(\.self)
      .joined(separator: ", ")
  }
}
