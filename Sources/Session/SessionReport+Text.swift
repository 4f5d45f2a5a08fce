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
    shaping?.add(to: &table)
    if capped > 0 {
      table.add("not learned from", "\(Figures.count(capped, "correction")) that came to no end in time")
    }
    if asked > 0 {
      let precision = SuccessRate(successes: answered, trials: asked)
      let response = response_s.map { ", after \(Figures.fixed($0, 1)) s" } ?? ""
      table.add(
        "the gate asked",
        "\(Figures.count(asked, "time")), rightly in \(precision.text): somebody took over\(response)")
    }
    if personFrames > 0 {
      let frames = Figures.count(personFrames, "frame")
      table.add("by hand", "\(frames) to learn from, \(Figures.fixed(personSeconds, 1)) s")
    }
    if labelledFrames > 0 { table.add("labels", "\(Figures.count(labelledFrames, "frame")) while the policy drove") }
    if activity == .correct {
      table.add("person's time", "\(Figures.fixed(presentSeconds / 60, 1)) min, watching, judging and resets with it")
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
    for (index, log) in missingLogs.enumerated() {
      table.add(index == 0 ? "recorded, and gone since" : "", log)
    }
    if !faults.isEmpty { table.add("faults", faults.joined(separator: ", ")) }
    if activity == .correct, let ended { table.add("ended", ended.words) }
    if let trouble { table.add("ended early", trouble) }
    return [trackingTable, policyTable, "\(table)"].compactMap(\.self).joined(separator: "\n")
  }

  /// How each policy did that drove in a correction session, oldest first; nil elsewhere.
  public var policyTable: String? {
    guard activity == .correct, !byPolicy.isEmpty else { return nil }
    var table = TextTable(
      ["policy", "alone", "success alone", "with help", "take-overs", "person drove"], numbers: [1, 3, 4, 5])
    for row in byPolicy {
      let alone = SuccessRate(successes: row.successes, trials: row.alone)
      table.add(
        row.policy, "\(row.alone)", alone.text, "\(row.assisted)", "\(row.takeOvers)",
        Figures.percent(row.personShare))
    }
    return "\(table)"
  }

  /// The same as a picture: success alone of each policy, with its interval; nil where none drove alone.
  public var policyChart: String? {
    let bars = byPolicy.filter { $0.alone > 0 }.map {
      BarChart.Bar(label: $0.policy, rate: SuccessRate(successes: $0.successes, trials: $0.alone))
    }
    guard activity == .correct, !bars.isEmpty else { return nil }
    return BarChart(
      title: "success alone, by policy", groups: [("episodes in which nobody helped, 95 % intervals", bars)]
    ).svg
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
