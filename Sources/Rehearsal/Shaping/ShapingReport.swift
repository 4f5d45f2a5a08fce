internal import Foundation
public import Session

/// What shaping came to over seeds.
public struct ShapingReport: Sendable, Encodable, CustomStringConvertible {
  /// The task.
  public var task: String
  /// What the person wanted.
  public var preference: ScriptedTrainer.Preference
  /// Episodes with feedback.
  public var episodes: Int
  /// A seed each.
  public var cells: [ShapingStudy.Cell]
  /// Mean over seeds of what the person sees, before.
  public var before: Double
  /// The same after.
  public var after: Double
  /// Mean of after − before over seeds and starts, with its 95 % interval (hierarchical bootstrap).
  public var difference: [Double]
  /// Success before and after.
  public var success: [SuccessRate]
  /// The ranking of held-out moments, a seed each.
  public var rankings: [Double]

  init(task: String, preference: ScriptedTrainer.Preference, episodes: Int, cells: [ShapingStudy.Cell]) {
    (self.task, self.preference, self.episodes, self.cells) = (task, preference, episodes, cells)
    func mean(_ values: [Double]) -> Double {
      let finite = values.filter(\.isFinite)
      return finite.reduce(0, +) / Double(finite.count)
    }
    before = mean(cells.map { mean($0.before) })
    after = mean(cells.map { mean($0.after) })
    let paired = cells.map { cell in zip(cell.before, cell.after).map { $1 - $0 }.filter(\.isFinite) }
    let spread = Bootstrap.mean(paired)
    difference = [spread.mean, spread.interval.lowerBound, spread.interval.upperBound]
    success = [cells.flatMap(\.succeededBefore), cells.flatMap(\.succeededAfter)].map { outcomes in
      var rate = SuccessRate()
      for outcome in outcomes { rate.add(outcome) }
      return rate
    }
    rankings = cells.compactMap(\.ranking)
  }

  /// Whether the preference moved the way the person wants, by more than its interval.
  public var isImproved: Bool { preference == .higher ? difference[1] > 0 : difference[2] < 0 }

  /// For people.
  public var description: String {
    func fixed(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
    let digits = preference == .gentler ? 2 : 1
    let presses = cells.map { Double($0.rewards + $0.scoldings) }.reduce(0, +) / Double(max(1, cells.count))
    let least = rankings.min() ?? .nan, mean = rankings.reduce(0, +) / Double(max(1, rankings.count))
    return """
      | \(task), \(preference.rawValue) | before | after | difference (95 %) | success before | after | ranking |
      |---|---|---|---|---|---|---|
      | \(cells.count) seeds, \(episodes) episodes, \(fixed(presses, 0)) presses | \(fixed(before, digits)) \(preference.unit) \
      | \(fixed(after, digits)) \(preference.unit) | \(fixed(difference[0], digits)) \
      (\(fixed(difference[1], digits)) to \(fixed(difference[2], digits))) | \(success[0].text) | \(success[1].text) \
      | \(fixed(mean, 2)), worst \(fixed(least, 2)) |
      improved: \(isImproved ? "yes" : "NO"); ranking of held-out moments at least .80 in each seed: \
      \(least >= 0.8 ? "yes" : "NO")
      """
  }
}
