internal import Policy

/// What the last layer's numbers mean to the loss, column by column of an action.
struct TrainingHead {
  private enum Kind { case numbers, choices, mixture(components: Int) }

  /// Columns of an action.
  let columns: Int
  /// Numbers that the last layer gives.
  let width: Int
  private let kind: Kind
  private let first: Buffer<Int32>
  private let logits: Buffer<Int32>

  /// A number for each column.
  static func numbers(_ columns: Int) -> TrainingHead {
    TrainingHead(.mean, chunk: 1, joints: (0..<columns).map { "\($0)" })
  }

  /// The head of a policy.
  init(_ head: ActionHead, chunk: Int, joints: [String]) {
    columns = chunk * joints.count
    width = head.width(chunk: chunk, joints: joints)
    let counts = (0..<columns).map { Int32(head.levels(of: joints[$0 % joints.count])?.count ?? 1) }
    logits = Buffer(counts)
    var place: Int32 = 0
    first = Buffer(
      counts.map { count in
        defer { place += count }
        return place
      })
    kind =
      switch head {
      case .mean: .numbers
      case .categorical: .choices
      case .mixture(let components): .mixture(components: components)
      }
  }

  /// The loss of outputs `y`; `delta` receives its gradient.
  func loss<Scalar: TrainingScalar>(
    _ loss: BehaviorCloning.Configuration.Loss, _ y: UnsafePointer<Scalar>, _ batch: LossBatch<Scalar>,
    into delta: UnsafeMutablePointer<Scalar>?
  ) -> Double {
    switch kind {
    case .numbers:
      Scalar.loss(y, batch.targets, batch.weights, batch.valid, batch.rows, columns, loss, into: delta)
    case .choices:
      Scalar.choiceLoss(
        y, batch, columns, width, first: first.pointer, logits: logits.pointer, loss, into: delta)
    case .mixture(let components):
      Scalar.mixtureLoss(y, batch, columns, components: components, into: delta)
    }
  }
}
