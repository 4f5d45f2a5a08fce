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
  /// Seconds that the rest will take at this pace.
  public let secondsLeft: Double
}

/// One point of the loss curve.
public struct LossPoint: Sendable, Equatable, Codable {
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
  private let checkpoint: TrainingCheckpoint?
  /// When it began, had it never paused.
  private var began: Nanoseconds
  private var keptAt: Nanoseconds
  private var samples = 0
  private var step = 0
  /// Looks since the least held-out loss, and that loss.
  private var worse = 0
  private var best = Double.infinity

  private(set) var curve: [LossPoint] = []
  /// True where the caller or the lack of progress ended it early: then the best weights count, not the last.
  private(set) var stoppedEarly = false
  private(set) var seconds = 0.0
  var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }

  /// States are kept no more often than this.
  private static let pause = Nanoseconds.milliseconds(2000)

  init(
    _ members: [MemberTraining<Float>], _ configuration: BehaviorCloning.Configuration, _ clock: TickClock,
    _ checkpoint: TrainingCheckpoint?
  ) throws(LearningError) {
    _ = MatrixLibrary.description
    self.members = members
    self.configuration = configuration
    self.clock = clock
    self.checkpoint = checkpoint
    began = clock.now
    keptAt = began
    guard let state = try checkpoint?.resume(members) else { return }
    step = state.step
    curve = state.curve
    worse = state.worse
    best = state.best ?? .infinity
    samples = state.samples
    seconds = state.seconds
    began = Nanoseconds(began.count - Int64(state.seconds * 1e9))
  }

  /// Trains to the end, to the point where patience ends, or until `progress` says stop.
  consuming func finish(_ progress: (TrainingProgress) -> Bool) throws(LearningError) -> TrainingRun {
    let total = members[0].totalSteps
    let slice = sliceLength(total)
    while step < total {
      let count = min(slice - step % slice, total - step)
      step += count
      let point = try advance(count)
      curve.append(point)
      if let loss = point.heldOut {
        worse = loss < best ? 0 : worse + 1
        best = min(best, loss)
      }
      let goesOn = progress(
        TrainingProgress(
          step: step, steps: total, epoch: Double(step) / Double(members[0].stepsPerEpoch),
          trainingLoss: point.training, heldOutLoss: point.heldOut, samplesPerSecond: samplesPerSecond,
          secondsLeft: seconds / Double(step) * Double(total - step)))
      if step < total, !goesOn {
        stoppedEarly = true
        try keep()
        return self
      }
      if step < total, worse >= configuration.patience ?? .max {
        stoppedEarly = true
        break
      }
      if clock.now - keptAt >= Self.pause { try keep() }
    }
    checkpoint?.remove()
    return self
  }

  private func sliceLength(_ total: Int) -> Int {
    if case .epochs = configuration.length { members[0].stepsPerEpoch } else { max(1, total / 20) }
  }

  private mutating func advance(_ count: Int) throws(LearningError) -> LossPoint {
    let members = members
    let results = Parallel.map(members.indices, threads: configuration.threads) { index in
      let result = members[index].advance(count)
      return (loss: result.loss, rows: result.rows, heldOut: members[index].look())
    }
    var training = 0.0
    var heldOut: Double?
    for result in results {
      samples += result.rows
      training += result.loss / Double(count * members.count)
      if let loss = result.heldOut { heldOut = (heldOut ?? 0) + loss / Double(members.count) }
    }
    guard training.isFinite, heldOut?.isFinite ?? true else {
      throw .diverged(step: step, learningRate: configuration.learningRate)
    }
    seconds = Double(clock.now.count - began.count) * 1e-9
    return LossPoint(step: step, training: training, heldOut: heldOut)
  }

  private mutating func keep() throws(LearningError) {
    keptAt = clock.now
    guard let checkpoint else { return }
    try checkpoint.write(
      .init(
        identity: checkpoint.identity, step: step, curve: curve, worse: worse, best: best.isFinite ? best : nil,
        samples: samples, seconds: seconds, members: members.map(\.state)), members)
  }
}
