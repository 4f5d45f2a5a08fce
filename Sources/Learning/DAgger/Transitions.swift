public import Episodes

/// Steps from decision to decision in logged episodes, whoever commanded: what a critic of risk learns from.
public struct Transitions: Sendable {
  /// [row][feature] at the decision.
  public private(set) var features: [Float] = []
  /// [row][joint], as carried out.
  public private(set) var actions: [Float] = []
  /// [row][feature] one decision later; the row's own at the end of an episode.
  public private(set) var next: [Float] = []
  /// Whether the episode ended with this step.
  public private(set) var ends: [Bool] = []
  /// Whether it ended in success.
  public private(set) var succeeds: [Bool] = []
  /// Values in a row of `features`, and of `actions`.
  public let featureCount: Int
  /// Values in a row of `actions`.
  public let actionCount: Int

  /// How many there are.
  public var count: Int { ends.count }

  /// Every labelled episode of some datasets, success and failure alike.
  public init(_ datasets: [Dataset], _ columns: Demonstrations.Columns) throws(LogError) {
    featureCount = columns.features.count
    actionCount = columns.actions.count
    for dataset in datasets {
      for entry in dataset.episodes where entry.label != .unlabelled {
        let reader = try dataset.read(entry)
        var records: [TickRecord] = []
        while let record = try reader.next() {
          if record.source == .person || record.source == .policy { records.append(record) }
        }
        add(records, columns, succeeded: entry.label == .success)
      }
    }
  }

  private mutating func add(_ records: [TickRecord], _ columns: Demonstrations.Columns, succeeded: Bool) {
    let ticks = columns.decisionTicks
    let before = count
    var last: [Float]?
    var start = 0
    while start + ticks <= records.count {
      let record = records[start]
      var row = [Float](repeating: 0, count: featureCount)
      row.withUnsafeMutableBufferPointer {
        columns.plan.compute(record.follower.position, record.environment.values, into: $0)
      }
      if row.allSatisfy(\.isFinite) {
        if last != nil { next += row }
        features += row
        let from = records[max(0, start - 1)].command, to = records[start + ticks - 1].command
        actions += columns.actions.map { to[$0.joint] - from[$0.joint] }
        ends.append(false)
        succeeds.append(false)
        last = row
      }
      start += ticks
    }
    guard count > before, let last else { return }
    next += last
    ends[count - 1] = true
    succeeds[count - 1] = succeeded
  }
}
