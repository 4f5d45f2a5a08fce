/// How rows of demonstrations, corrections and the policy's own driving count in training.
///
/// Pure functions of the rows' classes; the batches draw rows evenly and the loss multiplies, which in expectation is the
/// same as drawing by weight. Every row's weight is finite and 0 or more, and the mean over the rows that count is 1, so
/// that a learning rate means the same under each of them.
public enum Weighting: String, Sendable, CaseIterable, Codable {
  /// A person's rows alone, each counting the same: what HG-DAgger and ThriftyDAgger aggregate (Kelly et al., ICRA 2019,
  /// arXiv 1810.02890). The default.
  case aggregate
  /// Intervention-weighted regression (Mandlekar et al., 2020, arXiv 2012.06733): a person's rows of correction episodes
  /// together weigh as much as all the others, the policy's own among them.
  case iwr
  /// Sirius (Liu et al., RSS 2023, arXiv 2211.08416; the reference code's numbers): corrections half of the weight, what led
  /// to them 0.002 (next to nothing), demonstrations their own share, the rest for the policy's own rows.
  case sirius

  /// Decisions before a take-over that count as what led to it: 15 in the reference code.
  public static let preInterventionDecisions = 15

  /// Whether the policy's own rows are learned from at all.
  public var usesPolicyRows: Bool { self != .aggregate }

  /// A weight for each row.
  public func weights(_ classes: [RowClass]) -> [Float] {
    var counts = [Double](repeating: 0, count: RowClass.allCases.count)
    for row in classes { counts[Int(row.rawValue)] += 1 }
    let total = Double(classes.count)
    func share(_ row: RowClass) -> Double { counts[Int(row.rawValue)] / total }
    let mass = masses(share)
    // A class without rows leaves its mass to the others.
    let used = RowClass.allCases.reduce(0) { $0 + (share($1) > 0 ? mass[Int($1.rawValue)] : 0) }
    guard used > 0 else { return classes.map { _ in 1 } }
    let each = RowClass.allCases.map { row in
      share(row) > 0 ? mass[Int(row.rawValue)] / used / share(row) : 0
    }
    return classes.map { Float(each[Int($0.rawValue)]) }
  }

  /// The part of the whole weight that each class should have.
  private func masses(_ share: (RowClass) -> Double) -> [Double] {
    switch self {
    case .aggregate:
      return [share(.demonstration), share(.intervention), 0, 0]
    case .iwr:
      let others = 1 - share(.intervention)
      let half = others > 0 ? 0.5 / others : 0
      return [half * share(.demonstration), 0.5, half * share(.preIntervention), half * share(.rollout)]
    case .sirius:
      let demonstrations = share(.demonstration)
      // Where demonstrations alone fill more than the half that corrections leave, nothing remains for the policy's rows.
      return [demonstrations, 0.5, 0.002, max(0, 0.5 - demonstrations - 0.002)]
    }
  }
}
