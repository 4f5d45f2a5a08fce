internal import Arm
internal import Foundation
internal import Learning

/// What a person said while a policy was shaped, and what was learned from it.
public struct Taste: Sendable, Codable {
  /// How often they rewarded and scolded, in all sessions of this policy.
  public var rewards: Int
  /// How often they scolded.
  public var scoldings: Int
  /// Presses in this session that came when nothing had been done that they could mean.
  public var idle: Int
  /// By how much more they like it for one unit more of an aspect, where the arm usually is; by place and aspect. Nothing
  /// where nothing was judged.
  public var slopes: [String: [String: Double]]

  /// What a learner knows.
  init(_ learner: ShapingLearner) {
    let reward = learner.shaping.reward
    (rewards, scoldings, idle) = (reward.rewards, reward.scoldings, learner.count.idle)
    slopes = [:]
    let aspects = ActionAspects.names
    for (place, first) in [("near an object", 0), ("away from objects", 1 + 2 * aspects.count)] {
      guard reward.weight(of: first) > 0.5 else { continue }
      var rows: [String: Double] = [:]
      for (index, aspect) in aspects.enumerated() {
        let (linear, square) = (first + 1 + index, first + 1 + aspects.count + index)
        let usual = reward.mean(of: linear, where: first)
        rows[aspect] = reward.weights[linear] + 2 * usual * reward.weights[square]
      }
      slopes[place] = rows
    }
  }

  /// Two lines or three of a session's table.
  func add(to table: inout TextTable) {
    let nothing = idle > 0 ? "; \(Figures.count(idle, "press", "presses")) while nothing was done" : ""
    table.add("feedback", "liked \(rewards), disliked \(scoldings) in all\(nothing)")
    for place in slopes.keys.sorted() {
      let strongest = (slopes[place] ?? [:]).sorted { abs($0.value) > abs($1.value) }.prefix(3)
      let words = strongest.map { "\($0.value > 0 ? "more" : "less") \($0.key) (\(Figures.fixed($0.value, 2)))" }
      table.add("\(place), likes", words.joined(separator: ", "))
    }
  }
}

/// What a log says of the taste that shaped its episode: enough to make its wishes again.
enum ShapingForLog {
  /// The key among an episode's extras.
  static let key = "shaping"
  /// The taste was being learned: it changed from press to press.
  static let learning = "learning"

  /// Weights as a log has them.
  static func text(_ weights: [Double]) -> String {
    (try? JSONEncoder().encode(weights)).map { String(decoding: $0, as: UTF8.self) } ?? learning
  }

  /// Weights from a log.
  static func weights(_ text: String) throws -> [Double] {
    try JSONDecoder().decode([Double].self, from: Data(text.utf8))
  }
}
