public import Session

/// What came out, for people and machines.
public struct TransferReport: Encodable, Sendable, CustomStringConvertible {
  /// An arm in a condition, over seeds and starts.
  public struct Row: Encodable, Sendable {
    /// Who drives.
    public let arm: TransferArm
    /// Whether the dynamics changed.
    public let isChanged: Bool
    /// Successes, with Wilson's interval in `rate`.
    public let successes: SuccessRate
    /// The arm's share minus the copy's in the same condition, and its 95 % interval over seeds and starts.
    public let overCopy: [Double]
    /// Episodes ended by the lag limit.
    public let stops: Int
    /// Mean distance of the puck from the goal at the end, in m.
    public let distance_m: Double
  }

  /// By this plan.
  public let plan: TransferPlan
  /// Cells that there are, of how many.
  public let cells: Int
  /// Of the whole plan.
  public let cellsPlanned: Int
  /// One an arm and condition.
  public let rows: [Row]
  /// What is not like for like, in words.
  public let caveat =
    "The planner is given the changed dynamics (except `nominal`) and the copy is not: it saw the scene as it was, only."

  init(_ plan: TransferPlan, cells: [TransferCell]) {
    self.plan = plan
    self.cells = cells.count
    cellsPlanned = plan.seeds.count * (2 * TransferArm.allCases.count - 1)
    rows = [true, false].flatMap { isChanged in
      TransferArm.allCases.compactMap { arm -> Row? in
        let own = cells.filter { $0.arm == arm && $0.isChanged == isChanged }.sorted { $0.seed < $1.seed }
        guard !own.isEmpty else { return nil }
        var rate = SuccessRate()
        for outcome in own.flatMap(\.outcomes) { rate.add(outcome) }
        let differences = own.compactMap { cell -> [Double]? in
          cells.first { $0.arm == .copy && $0.isChanged == isChanged && $0.seed == cell.seed }.map { copy in
            zip(cell.outcomes, copy.outcomes).map { ($0 ? 1 : 0) - ($1 ? 1 : 0) }
          }
        }
        let over = Bootstrap.mean(differences)
        return Row(
          arm: arm, isChanged: isChanged, successes: rate,
          overCopy: arm == .copy || differences.isEmpty
            ? [] : [over.mean, over.interval.lowerBound, over.interval.upperBound],
          stops: own.reduce(0) { $0 + $1.stops },
          distance_m: own.reduce(0) { $0 + $1.distance_m } / Double(own.count))
      }
    }
  }

  /// For people.
  public var description: String {
    let words: [TransferArm: String] = [
      .copy: "copy (behaviour cloning)", .recovered: "plans on the recovered reward",
      .truth: "plans on the true reward", .equal: "plans on equal weights",
      .nominal: "recovered reward, model as it was",
    ]
    var table = TextTable(["dynamics", "who drives", "success", "over the copy", "stops", "off by"], numbers: [4, 5])
    for row in rows {
      let over = row.overCopy.map { Self.points($0) }
      table.add(
        row.isChanged ? "changed" : "as shown", words[row.arm] ?? row.arm.rawValue, row.successes.text,
        over.count == 3 ? "\(over[0]) (\(over[1]) to \(over[2]))" : "–", "\(row.stops)",
        "\(Int((row.distance_m * 1000).rounded())) mm")
    }
    let part = cells < cellsPlanned ? "\n\(cells) of \(cellsPlanned) cells; run it again to go on." : ""
    return "\(table)\n\(caveat)\(part)"
  }

  private static func points(_ share: Double) -> String {
    let value = Int((share * 100).rounded())
    return value > 0 ? "+\(value)" : "\(value)"
  }
}
