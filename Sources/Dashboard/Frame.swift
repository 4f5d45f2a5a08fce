internal import Control
internal import RealTime

/// One picture of the session, as JSON goes to the browser; NaN and infinity become null.
struct Frame: Encodable {
  struct Trouble: Encodable {
    let name: String
    let cause: String
    let remedy: String
  }

  struct Timing: Encodable {
    let p50_us: Double
    let p99_us: Double
    let max_us: Double
    /// Ticks up to each of `Frame.edges_us`, and beyond.
    let counts: [UInt64]

    init(_ histogram: Histogram) {
      p50_us = histogram.percentile(0.5).microseconds
      p99_us = histogram.percentile(0.99).microseconds
      max_us = histogram.max.microseconds
      counts = histogram.counts(upTo: Frame.edges_us.map { .microseconds($0) })
    }
  }

  /// Edges of the wake-latency bars.
  static let edges_us: [Int64] = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

  let tick: UInt64
  /// No tick for half a second: the loop has stopped, or not begun.
  let isStill: Bool
  let state: String
  let source: String
  let fault: Trouble?
  let isMoving: Bool
  let command: [Float?]
  let measured: [Float?]
  let load: [Float?]
  /// How many ticks ago each joint answered.
  let age: [Int?]
  let limits: [String]
  let doubt: Float?
  /// What the gate compares it with; nil without a gate, or before its threshold is known.
  let threshold: Float?
  /// The gate holds the arm and waits for a person.
  let asks: Bool
  /// Label mode: the policy drives, and the leader's motion is recorded, not sent.
  let isLabelling: Bool
  let missed: UInt64
  let overruns: UInt64
  let busErrors: Int
  let refusals: UInt32
  let refused: String
  let wake: Timing
  let bus_p99_us: Double
  let compute_p99_us: Double
  /// Each instrument in numbers.
  let timing: [Instruments.Spread]
  let session: SessionView

  init(_ snapshot: Snapshot, _ lookout: Lookout, isStill: Bool) {
    let record = snapshot.record
    let joints = 0..<min(8, lookout.about.joints.count)
    tick = record.tick
    self.isStill = isStill
    state = snapshot.state.name
    source = "\(record.source)"
    fault = snapshot.fault?.row.map { Trouble(name: $0.name, cause: $0.cause, remedy: $0.remedy) }
    isMoving = snapshot.isMoving
    command = joints.map { Self.finite(record.command[$0]) }
    measured = joints.map { Self.finite(record.follower.position[$0]) }
    load = joints.map { Self.finite(record.follower.load[$0]) }
    let period = 1e9 / Double(max(1, lookout.about.loop_Hz))
    age = joints.map { joint in
      guard record.follower.time[joint] > 0 else { return nil }
      return Int(max(0, Double(record.scheduled.count - record.follower.time[joint]) / period))
    }
    limits = record.verdict.limits.descriptions
    doubt = Self.finite(record.gateScore)
    threshold = Self.finite(snapshot.gateThreshold)
    asks = snapshot.asks
    isLabelling = snapshot.isLabelling
    missed = snapshot.missed
    overruns = snapshot.overruns
    busErrors = snapshot.replies.errors
    refusals = snapshot.refusals
    refused = snapshot.refusals > 0 ? snapshot.refusal.sentence(of: snapshot.refused, in: snapshot.state) : ""
    wake = Timing(lookout.instruments.wake)
    bus_p99_us = lookout.instruments.sense.percentile(0.99).microseconds
    compute_p99_us = lookout.instruments.compute.percentile(0.99).microseconds
    timing = lookout.instruments.spreads
    session = lookout.view
  }

  private static func finite(_ value: Float) -> Float? { value.isFinite ? value : nil }
}

/// A moment of the last minute: who owned the arm, what it was doing, how much the policy doubted.
struct Moment: Encodable {
  let source: String
  let state: String
  let doubt: Float?
}
