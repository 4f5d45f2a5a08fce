extension SessionReport: CustomStringConvertible {
  /// For people: what the session came to, a line each.
  public var description: String {
    var table = TextTable(["", ""])
    table.add("episodes", "\(episodes)")
    if unassisted.trials > 0 {
      let share = activity.usesPolicy ? ", \(unassisted.text)" : ""
      table.add(
        activity.usesPolicy ? "success alone" : "success", "\(unassisted.successes) of \(unassisted.trials)\(share)")
    }
    if assisted.trials > 0 { table.add("success with help", "\(assisted.successes) of \(assisted.trials)") }
    if unlabelled > 0 { table.add("not counted", "\(unlabelled), neither success nor failure") }
    if takeOvers > 0 { table.add("take-overs", "\(takeOvers)") }
    if personFrames > 0 {
      let frames = Figures.count(personFrames, "frame")
      table.add("by hand", "\(frames) to learn from, \(Figures.fixed(personSeconds, 1)) s")
    }
    table.add(
      "wake latency",
      "p50 \(Int(timing.wakeLatency_p50_us)) µs, p99 \(Int(timing.wakeLatency_p99_us)) µs, "
        + "max \(Int(timing.wakeLatency_max_us)) µs")
    table.add("missed periods", "\(timing.missedPeriods) of \(Figures.count(Int(clamping: timing.ticks), "tick"))")
    table.add("bus errors", busErrorText)
    for port in ports {
      let lost = port.servos.reduce(0) { $0 + $1.timeouts }
      let repeated = port.servos.reduce(0) { $0 + $1.retries }
      let stalest = port.servos.map(\.stalest_ticks).max() ?? 0
      table.add(
        "\(port.arm)'s bus",
        "p50 \(Int(port.turnaround.p50_us)) µs, p99 \(Int(port.turnaround.p99_us)) µs; \(lost) readings lost, "
          + "\(repeated) asked again, stalest \(stalest) ticks")
    }
    if lostTicks > 0 { table.add("ticks not recorded", "\(lostTicks)") }
    if !faults.isEmpty { table.add("faults", faults.joined(separator: ", ")) }
    if activity == .correct, let ended { table.add("ended", ended.words) }
    if let trouble { table.add("ended early", trouble) }
    return [trackingTable, "\(table)"].compactMap(\.self).joined(separator: "\n")
  }

  /// Replies that failed out of those asked for, and how many came, only after their tick.
  public var busErrorText: String {
    let all = "\(busErrors) of \(Figures.count(repliesAsked, "reply", "replies"))"
    let share = Figures.percent(Double(busErrors) / Double(max(1, repliesAsked)))
    let failed = busErrors > 0 ? "\(all), \(share)" : all
    guard lateReplies > 0 else { return failed }
    let late = Figures.count(lateReplies, "reply", "replies")
    return "\(failed); \(late) came after their tick: the other end, or this machine, was slow"
  }
}
