internal import Session

extension StudyReport: CustomStringConvertible {
  /// Tables, as Markdown, task by task.
  public var description: String { tasks.map { text(task: $0) }.joined() }

  /// Every table of a task.
  public func text(task: String) -> String {
    guard rows.contains(where: { $0.task == task }) else { return "" }
    var text = ""
    if let rate = recovery[task] {
      text +=
        "`\(task)`: from where the first policy had failed the person reached the goal in \(rate.successes) of "
        + "\(rate.trials) episodes, \(rate.text).\n\n"
    }
    text += comparison(task, .frames, "equal frames")
    text += contrast(task)
    text += comparison(task, .takeOvers, "equal take-overs")
    return text + curve(task) + shift(task) + cost(task)
  }

  // MARK: Success

  private func comparison(_ task: String, _ budget: StudyBudget, _ title: String) -> String {
    let own = rows.filter { $0.task == task && $0.budget == budget }
    let conditions = own.map(\.condition).unique
    guard !own.isEmpty else { return "" }
    var text =
      "`\(task)`, \(title): success alone over \(seeds) seeds × \(starts) fresh starts, 95 % hierarchical bootstrap\n\n"
    let heads = conditions.map { "\(Self.word($0)) | minus + demonstrations" }
    text += "| arm | " + heads.joined(separator: " | ") + " |\n"
    text += "|---|" + String(repeating: "---|", count: conditions.count * 2) + "\n"
    for arm in StudyArm.allCases {
      let cells = conditions.compactMap { condition in own.first { $0.arm == arm && $0.condition == condition } }
      guard let first = cells.first else { continue }
      let partly = first.seeds < seeds ? " (\(first.seeds) seeds)" : ""
      text += "| \(arm.name)\(partly) | " + cells.map(Self.text).joined(separator: " | ") + " |\n"
    }
    return text + "\n"
  }

  /// The watched corrections beside the strong baseline, in a sentence.
  private func contrast(_ task: String) -> String {
    let parts = rows.filter { $0.task == task && $0.arm == .watched && $0.budget == .frames }.compactMap { row in
      row.beyondDrift.map { "\(Self.word(row.condition)) \(Self.text($0))" }
    }
    guard !parts.isEmpty else { return "" }
    let all = parts.joined(separator: ", ")
    return "A watching person's corrections minus demonstrations with drift (DART): \(all).\n\n"
  }

  /// Behaviour cloning alone, by the number of demonstrations.
  private func curve(_ task: String) -> String {
    let points = points(task)
    guard points.count > 1 else { return "" }
    let conditions = rows.filter { $0.task == task }.map(\.condition).unique
    var text = "`\(task)`: copying alone, by the number of demonstrations\n\n"
    text += "| demonstrations | " + conditions.map(Self.word).joined(separator: " | ") + " |\n"
    text += "|---|" + String(repeating: "---|", count: conditions.count) + "\n"
    for (count, budget) in points {
      let cells = conditions.map { condition in
        rows.first { $0.task == task && $0.arm == .demonstrations && $0.budget == budget && $0.condition == condition }
          .map { "\(Self.share($0.success)) (\(Self.share($0.low))–\(Self.share($0.high)))" } ?? "–"
      }
      text += "| \(count) | " + cells.joined(separator: " | ") + " |\n"
    }
    return text + "\n"
  }

  /// Numbers of demonstrations of which there are rows, ascending, with the budget under which they stand.
  private func points(_ task: String) -> [(count: Int, budget: StudyBudget)] {
    let own = rows.filter { $0.task == task && $0.arm == .demonstrations }
    return own.map(\.budget).unique.compactMap { budget -> (count: Int, budget: StudyBudget)? in
      switch budget {
      case .frames: demonstrations[task].map { ($0, budget) }
      case .demonstrations(let count): (count, budget)
      case .takeOvers: nil
      }
    }.sorted { $0.count < $1.count }
  }

  // MARK: Covariate shift and cost

  private func shift(_ task: String) -> String {
    let own = shifts.filter { $0.task == task }
    guard !own.isEmpty else { return "" }
    var text =
      "`\(task)`, undisturbed: what a policy errs beside the expert (RMS over the joints, mrad in 40 ms), by how long it has "
      + "been off the expert's states; and success, by the longest time off\n\n"
    text += "| time off | " + own.map { "\($0.arm.name): error" + " | success" }.joined(separator: " | ") + " |\n"
    text += "|---|" + String(repeating: "---|", count: own.count * 2) + "\n"
    for index in own[0].profile.classes.indices {
      let cells = own.map { shift -> String in
        let one = shift.profile.classes[index]
        let error = one.decisions > 0 ? "\(Self.short(one.meanError_rad * 1e3)) (\(one.decisions))" : "–"
        return "\(error) | \(SuccessRate(successes: one.successes, trials: one.episodes).text), \(one.episodes)"
      }
      text += "| \(Self.timeOff(index)) | " + cells.joined(separator: " | ") + " |\n"
    }
    return text + "\n"
  }

  static func timeOff(_ index: Int) -> String {
    let edges = ShiftProfile.edges_s
    if index == 0 { return "none" }
    guard index < edges.count else { return "\(edges[index - 1]) s and more" }
    return "\(edges[index - 1])–\(edges[index]) s"
  }

  private func cost(_ task: String) -> String {
    let own = costs.filter { cost in
      if case .demonstrations = cost.budget { false } else { cost.task == task && cost.frames > 0 }
    }
    guard !own.isEmpty else { return "" }
    var text = "`\(task)`: what it cost the person, mean over seeds\n\n"
    text += "| arm | frames | take-overs | asked | success with help | driving | present, resets with it |\n"
    text += "|---|---|---|---|---|---|---|\n"
    for cost in own {
      let name = cost.arm.name + (cost.budget == .takeOvers ? ", equal take-overs" : "")
      // Labels everywhere are given by nobody's hand.
      let isByHand = cost.present_min > 0
      text +=
        "| \(name) | \(Int(cost.frames.rounded())) | \(Self.short(cost.takeOvers)) | \(Self.short(cost.asked)) | "
        + "\(cost.helped.text) | \(isByHand ? "\(Self.short(cost.driving_min)) min" : "–") | "
        + "\(isByHand ? "\(Self.short(cost.present_min)) min" : "–") |\n"
    }
    return text + "\n"
  }

  // MARK: Pictures

  /// The pictures of a task: bars with intervals by arm, and by the number of demonstrations.
  public func pictures(task: String) -> [(name: String, title: String, svg: String)] {
    let own = rows.filter { $0.task == task }
    let conditions = own.map(\.condition).unique
    var pictures: [(name: String, title: String, svg: String)] = []
    let arms = conditions.map { condition in
      (
        Self.word(condition),
        own.filter { $0.condition == condition && $0.budget == .frames && $0.arm.isMain }.map {
          BarChart.Bar(label: $0.arm.rawValue, value: $0.success, interval: $0.low...$0.high)
        }
      )
    }
    guard arms.contains(where: { !$0.1.isEmpty }) else { return [] }
    pictures.append(
      (
        "study-\(task)", "\(task): success by arm",
        BarChart(title: "\(task): success alone, \(seeds) seeds × \(starts) starts", groups: arms).svg
      ))
    let points = points(task)
    if points.count > 1 {
      let groups = conditions.map { condition in
        (
          Self.word(condition),
          points.compactMap { point in
            own.first {
              $0.arm == .demonstrations && $0.budget == point.budget && $0.condition == condition
            }.map { BarChart.Bar(label: "\(point.count)", value: $0.success, interval: $0.low...$0.high) }
          }
        )
      }
      pictures.append(
        (
          "study-\(task)-curve", "\(task): copying by the number of demonstrations",
          BarChart(title: "\(task): copying alone, by the number of demonstrations", groups: groups).svg
        ))
    }
    return pictures + [shiftPicture(task)].compactMap(\.self)
  }

  private func shiftPicture(_ task: String) -> (name: String, title: String, svg: String)? {
    let own = shifts.filter { $0.task == task }
    guard !own.isEmpty else { return nil }
    let groups = own.map { shift in
      (
        shift.arm.name,
        shift.profile.classes.enumerated().map { index, one in
          BarChart.Bar(
            label: Self.timeOff(index), rate: SuccessRate(successes: one.successes, trials: one.episodes))
        }
      )
    }
    return (
      "study-\(task)-shift", "\(task): success by time off the expert's states",
      BarChart(title: "\(task): success by the longest time off the expert's states", groups: groups).svg
    )
  }

  // MARK: Words

  private static func text(_ row: Row) -> String {
    "\(share(row.success)) (\(share(row.low))–\(share(row.high))) | \(row.difference.map(text) ?? "")"
  }
  private static func text(_ difference: Difference) -> String {
    "\(signed(difference.mean)) (\(signed(difference.low)) to \(signed(difference.high)))"
  }
  private static func word(_ condition: String) -> String { condition == "none" ? "undisturbed" : condition }
  private static func share(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths >= 100 ? "1.00" : (hundredths < 10 ? ".0\(hundredths)" : ".\(hundredths)")
  }
  private static func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + share(abs(value)) }
  private static func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension Array where Element: Equatable {
  /// Each element once, where it comes first.
  fileprivate var unique: [Element] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
