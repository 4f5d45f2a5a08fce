internal import RealTime

/// How a training stands. Losses are means over the members.
public struct TrainingProgress: Sendable {
  /// Steps taken by each member, and to be taken.
  public let step: Int
  /// Steps to be taken by each member.
  public let steps: Int
  /// Times over the data so far.
  public let epoch: Double
  /// Mean loss of the batches since the last report.
  public let trainingLoss: Double
  /// Loss on the held-out episodes; nil if there are none.
  public let heldOutLoss: Double?
  /// Rows learned from in each second, all members counted.
  public let samplesPerSecond: Double
}

/// One point of the loss curve.
public struct LossPoint: Sendable, Equatable {
  /// Steps taken by each member.
  public let step: Int
  /// Mean loss of the batches since the point before.
  public let training: Double
  /// Loss on the held-out episodes; nil if there are none.
  public let heldOut: Double?
}

/// All members side by side, in slices: stopped at any time, every member has learned equally long.
struct TrainingRun {
  private let members: [MemberTraining<Float>]
  private let configuration: BehaviorCloning.Configuration
  private let clock: TickClock
  private let began: Nanoseconds
  private var samples = 0

  private(set) var curve: [LossPoint] = []
  /// True where the caller or the lack of progress ended it early: then the best weights count, not the last.
  private(set) var stoppedEarly = false
  private(set) var seconds = 0.0
  var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }

  init(
    _ members: [MemberTraining<Float>], _ data: TrainingData<Float>, _ configuration: BehaviorCloning.Configuration,
    _ clock: TickClock
  ) {
    _ = MatrixLibrary.description
    self.members = members
    self.configuration = configuration
    self.clock = clock
    began = clock.now
  }

  /// Trains to the end, to the point where patience ends, or until `progress` says stop.
  consuming func finish(_ progress: (TrainingProgress) -> Bool) throws(LearningError) -> TrainingRun {
    let total = members[0].totalSteps
    let slice = sliceLength(total)
    var step = 0
    var worse = 0
    var best = Double.infinity
    while step < total {
      let count = min(slice, total - step)
      step += count
      let point = try advance(count, to: step)
      curve.append(point)
      if let loss = point.heldOut {
        worse = loss < best ? 0 : worse + 1
        best = min(best, loss)
      }
      let goesOn = progress(
        TrainingProgress(
          step: step, steps: total, epoch: Double(step) / Double(members[0].stepsPerEpoch),
          trainingLoss: point.training, heldOutLoss: point.heldOut, samplesPerSecond: samplesPerSecond))
      if step < total, !goesOn || worse >= configuration.patience ?? .max {
        stoppedEarly = true
        break
      }
    }
    return self
  }

  private func sliceLength(_ total: Int) -> Int {
    if case .epochs = configuration.length { members[0].stepsPerEpoch } else { max(1, total / 20) }
  }

  private mutating func advance(_ count: Int, to step: Int) throws(LearningError) -> LossPoint {
    var training = 0.0
    var heldOut: Double?
    for member in members {
      let result = member.advance(count)
      samples += result.rows
      training += result.loss / Double(count * members.count)
      if let loss = member.look() { heldOut = (heldOut ?? 0) + loss / Double(members.count) }
    }
    guard training.isFinite, heldOut?.isFinite ?? true else {
      throw .diverged(step: step, learningRate: configuration.learningRate)
    }
    seconds = Double(clock.now.count - began.count) * 1e-9
    return LossPoint(step: step, training: training, heldOut: heldOut)
  }
}
