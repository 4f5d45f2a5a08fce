internal import CKernels

/// From the numbers of the last layers to what each member would do, and to what they do together.
///
/// All in the networks' units; plain pointers into the policy's arena.
struct Readout {
  private enum Kind { case mean, categorical, mixture }

  /// Where an action's column stands in a member's outputs, and what it chooses from.
  private struct Column {
    var first = 0
    /// How many logits stand there; 1 for a number.
    var logits = 1
    /// What they stand for.
    var levels: UnsafeMutablePointer<Float>?
  }

  private let kind: Kind
  private let components: Int
  private let columns: UnsafeMutableBufferPointer<Column>

  /// `normalisation` has the units of each column of the action.
  init(
    _ interface: PolicyInterface, _ head: ActionHead, _ normalisation: [PolicyStatistics.Normalisation], in arena: Arena
  ) {
    columns = arena.allocate(Column.self, interface.actionCount)
    switch head {
    case .mean: (kind, components) = (.mean, 0)
    case .categorical: (kind, components) = (.categorical, 0)
    case .mixture(let count): (kind, components) = (.mixture, count)
    }
    var first = 0
    for index in 0..<interface.actionCount {
      var column = Column(first: first)
      if let levels = head.levels(of: interface.actions[index % interface.actions.count]) {
        let units = normalisation[index]
        column.logits = levels.count
        column.levels = arena.floats(levels.map { ($0 - units.offset) / units.scale })
      }
      first += column.logits
      columns[index] = column
    }
  }

  /// Fills `scratch.votes` with what each member would do and `centre` with what they do together.
  func read(_ scratch: Scratch, members: Int, into centre: UnsafeMutableBufferPointer<Float>) {
    switch kind {
    case .mean, .categorical:
      for index in 0..<columns.count { readColumn(index, scratch, members, into: centre) }
    case .mixture: readMixture(scratch, members, into: centre)
    }
  }

  private func readColumn(
    _ index: Int, _ scratch: Scratch, _ members: Int, into centre: UnsafeMutableBufferPointer<Float>
  ) {
    let column = columns[index]
    let first = scratch.outputs + column.first
    guard let levels = column.levels else {
      var sum: Float = 0
      for member in 0..<members {
        let vote = first[member * scratch.outputPitch]
        scratch.votes[member * columns.count + index] = vote
        sum += vote
      }
      centre[index] = sum / Float(members)
      return
    }
    for member in 0..<members {
      let choice = Self.greatest(first + member * scratch.outputPitch, column.logits)
      scratch.votes[member * columns.count + index] = choice.map { levels[$0] } ?? .nan
    }
    // The members' mean logits, without room for them: the greatest sum.
    var best = -Float.infinity
    centre[index] = .nan
    for level in 0..<column.logits {
      var sum: Float = 0
      for member in 0..<members { sum += first[member * scratch.outputPitch + level] }
      guard sum.isFinite else {
        centre[index] = .nan
        return
      }
      if sum > best { (best, centre[index]) = (sum, levels[level]) }
    }
  }

  private func readMixture(_ scratch: Scratch, _ members: Int, into centre: UnsafeMutableBufferPointer<Float>) {
    var greatest = -Double.infinity
    for index in 0..<columns.count { centre[index] = .nan }
    for member in 0..<members {
      let output = scratch.outputs + member * scratch.outputPitch
      let votes = scratch.votes + member * columns.count
      guard let component = Self.greatest(output, components) else {
        for index in 0..<columns.count { (votes[index], centre[index]) = (.nan, .nan) }
        return
      }
      for index in 0..<columns.count { votes[index] = output[components + component * columns.count + index] }
      var sum = 0.0
      for other in 0..<components { sum += us_fixed_exp(Double(output[other]) - Double(output[component])) }
      // The logarithm of the component's weight in its member: the members count alike.
      let weight = -us_fixed_log(sum)
      if weight > greatest {
        greatest = weight
        for index in 0..<columns.count { centre[index] = votes[index] }
      }
    }
  }

  /// The place of the greatest number, the first of equals; nil where one is NaN.
  private static func greatest(_ numbers: UnsafeMutablePointer<Float>, _ count: Int) -> Int? {
    var best = 0
    for index in 0..<count {
      if numbers[index].isNaN { return nil }
      if numbers[index] > numbers[best] { best = index }
    }
    return best
  }
}
