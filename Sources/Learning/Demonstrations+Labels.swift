internal import Arm
public import Episodes

/// Rows of label mode: the policy drove, and a person said what they would have done.
extension Demonstrations {
  /// Adds the labelled decisions of one episode: what was seen, and the leader's motion over the decision's period.
  ///
  /// Only the first decision of a chunk is real: after it the arm went where the policy wished, not where the person did.
  public mutating func addLabels(_ records: [TickRecord], episode: Int) {
    let ticks = columns.decisionTicks
    var start = 0
    while start + ticks <= records.count {
      guard isLabelled(records[start..<(start + ticks)]) else {
        start += 1
        continue
      }
      appendLabel(records, at: start, episode: episode)
      start += ticks
    }
  }

  /// Whether a person's motion is known in each of these consecutive ticks.
  private func isLabelled(_ period: ArraySlice<TickRecord>) -> Bool {
    period.allSatisfy(\.isLabelled) && zip(period, period.dropFirst()).allSatisfy { $1.tick == $0.tick + 1 }
  }

  private mutating func appendLabel(_ records: [TickRecord], at start: Int, episode: Int) {
    let ticks = columns.decisionTicks
    guard let features = features(records, at: start, from: 0, lead: columns.leadTicks) else { return }
    // Each tick's wish stands on the command before it, which was the policy's: what the person adds is the difference.
    let motion = records[start..<(start + ticks)].reduce(JointVector.zero) { $0 + ($1.personWish - $1.memory.goal) }
    let origin: JointVector =
      switch columns.representation {
      case .relativeToCommand: .zero
      case .relativeToPresent: records[start].memory.goal - records[start].follower.position
      case .absolute: records[start].memory.goal
      }
    var actions = [Float](repeating: 0, count: frames.actionWidth)
    for (place, action) in columns.actions.enumerated() {
      actions[place] = origin[action.joint] + motion[action.joint]
    }
    append(features: features, actions: actions, episode: episode, validSteps: 1, .intervention)
  }
}

extension TickRecord {
  /// Whether the policy drove and a person said what they would have done.
  var isLabelled: Bool { source == .policy && memory.steps.contains(.labelled) }
}
