internal import Foundation
public import Learning

/// What `reward fit` found, for people and machines.
public struct RewardReport: Sendable, Encodable, CustomStringConvertible {
  /// As it was written.
  public let file: RewardFile
  /// Where.
  public let output: String
  /// Episodes left out because an object moved.
  public let moved: Int

  /// For people.
  public var description: String {
    var table = TextTable(
      ["feature", "unit", "nats a unit", "90 % interval", "nats a deviation", "shown", "expected"],
      numbers: [2, 4, 5, 6])
    for weight in file.reward.weights {
      let interval = weight.interval.map { Figures.short($0) }.joined(separator: " to ")
      table.add(
        weight.name, weight.unit, Figures.short(weight.value), interval,
        Figures.short(weight.value * weight.deviation), Figures.short(weight.demonstrated),
        Figures.short(weight.expected))
    }
    var lines = ["\(output): \(file.basis)", "\(table)"]
    let effective = file.reward.effectiveSamples
    lines.append(
      "  effective samples: at least \(Figures.short(effective.first)), on average \(Figures.short(effective.last)), of "
        + "\(file.reward.samples)")
    if (effective.first ?? 0) < 10 {
      lines.append("  that is few, and the weights are rough: raise --samples and --rounds, or lower --spread")
    }
    if moved > 0 { lines.append("  \(Figures.count(moved, "episode")) left out: an object moved") }
    for unknown in file.reward.unknown {
      let parts = unknown.direction.sorted { abs($0.value) > abs($1.value) }
        .map { "\(Figures.short($0.value)) \($0.key)" }.joined(separator: ", ")
      lines.append("  cannot be told from these demonstrations: \(parts)")
    }
    return lines.joined(separator: "\n")
  }
}

/// What `reward score` found.
public struct RewardRanking: Sendable, Encodable, CustomStringConvertible {
  /// The worst first.
  public let scores: [TrajectoryReward.Score]
  /// Labels by episode.
  public let labels: [String: String]
  /// Episodes left out because an object moved.
  public let moved: Int
  /// Episodes left out because no person moved the arm for long enough.
  public let short: Int

  /// For people.
  public var description: String {
    var table = TextTable(["episode", "label", "ln P", "worst in", "which costs"], numbers: [2, 4])
    for score in scores {
      table.add(
        score.id, labels[score.id] ?? "", Figures.short(score.logLikelihood), score.worst,
        "\(Figures.short(score.cost)) nats")
    }
    var lines = ["\(table)"]
    if moved > 0 { lines.append("  \(Figures.count(moved, "episode")) left out: an object moved") }
    if short > 0 {
      lines.append("  \(Figures.count(short, "episode")) left out: no person moved the arm for long enough")
    }
    return lines.joined(separator: "\n")
  }
}
