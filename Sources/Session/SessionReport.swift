public import Control
internal import Episodes
internal import RealTime
public import ServoBus

/// What a session came to: for the closing table, for `--json`, and for whoever runs sessions one after another.
public struct SessionReport: Sendable, Codable {
  /// What it was for.
  public var activity: Activity
  /// Finished episodes.
  public var episodes = 0
  /// Episodes without a person's help: how many succeeded.
  public var unassisted = SuccessRate()
  /// Episodes in which a person took over.
  public var assisted = SuccessRate()
  /// Episodes that are neither success nor failure: a fault of wire or machine ended them, or nobody said. They count in no
  /// rate.
  public var unlabelled = 0
  /// How often a person took over.
  public var takeOvers = 0
  /// Corrections that came to no end in time and are not learned from.
  public var capped = 0
  /// How often a gate asked, and how often a person took over because it did.
  public var asked = 0
  /// How often a person took over because a gate asked.
  public var answered = 0
  /// How long a gate waited for its answer, mean; nil where none was given.
  public var response_s: Double?
  /// How long a person drove.
  public var personSeconds = 0.0
  /// How long episodes ran in all.
  public var seconds = 0.0
  /// How long a person was needed at the arm: driving, watching, judging and setting the scene anew.
  public var presentSeconds = 0.0
  /// A person's frames in successful episodes, at the decision rate.
  public var personFrames = 0
  /// In a session that shapes: what the person said, and what was learned from it.
  public var shaping: Taste?
  /// Frames of the policy's driving for which a person said what they would do, at the decision rate.
  public var labelledFrames = 0
  /// Policies trained, oldest first.
  public var policies: [String] = []
  /// How each policy that drove did, oldest first.
  public var byPolicy: [PolicyRow] = []
  /// Time.
  public var timing = Timing()
  /// Replies that did not come whole and in time, on all buses.
  public var busErrors = 0
  /// Replies that came whole, but too late to count: the other end, or this machine, was slow.
  public var lateReplies = 0
  /// Replies that ticks asked for.
  public var repliesAsked = 0
  /// What happened on each bus.
  public var ports: [PortReport] = []
  /// What the buses were measured to take before the loop; nil on virtual time.
  public var busPlan: BusPlan?
  /// Faults that ended episodes.
  public var faults: [String] = []
  /// Ticks that are in no log.
  public var lostTicks = 0
  /// Logs of finished episodes that somebody removed or moved before the session was over.
  public var missingLogs: [String] = []
  /// How well each joint followed what was played; nil for sessions that play nothing.
  public var tracking: [Tracking]?
  /// Which of the plan's ends it came to; nil where a person, a signal or trouble ended it.
  public var ended: SessionEnd?
  /// Why it ended early.
  public var trouble: String?
  /// The signal that ended it, if one did.
  public var signal: Int32?

  /// How well one joint followed a recording.
  public struct Tracking: Sendable, Codable {
    /// The joint.
    public var joint: String
    /// |command of the tick before − measured|, mean.
    public var mean_mrad: Double
    /// The largest of them.
    public var max_mrad: Double
    /// |measured − measured in the recording|, mean.
    public var meanToRecording_mrad: Double
    /// The largest of them.
    public var maxToRecording_mrad: Double
  }

  /// How the loop kept time.
  public struct Timing: Sendable, Codable {
    /// Ticks.
    public var ticks: UInt64 = 0
    /// Periods that were missed.
    public var missedPeriods: UInt64 = 0
    /// Median of begun − scheduled, µs.
    public var wakeLatency_p50_us = 0.0
    /// Its 99th percentile.
    public var wakeLatency_p99_us = 0.0
    /// Its maximum.
    public var wakeLatency_max_us = 0.0
    /// Median time waited for replies, µs.
    public var bus_p50_us = 0.0
    /// Its 99th percentile.
    public var bus_p99_us = 0.0
    /// Decide, constrain and act: 99th percentile, µs.
    public var compute_p99_us = 0.0
    /// Wake latency, period and each part of a tick; the bus's turnaround stands in `ports`.
    public var instruments: [Instruments.Spread] = []

    /// Nothing timed.
    public init() {}
  }

  /// An empty report.
  public init(activity: Activity) { self.activity = activity }

  /// From what a conductor saw and a host counted.
  public init(activity: Activity, conductor: Conductor, host: ArmHost) {
    self.init(activity: activity)
    for episode in conductor.outcomes {
      if let fault = episode.fault { faults.append(fault.row?.name ?? "\(fault)") }
      // A recording that was played again tells of nobody's success.
      guard activity != .replay else { continue }
      let success = episode.label == .success
      switch episode.label {
      case .unlabelled: unlabelled += 1
      case .success, .failure: if episode.takeOvers > 0 { assisted.add(success) } else { unassisted.add(success) }
      }
      takeOvers += episode.takeOvers
      personSeconds += episode.personSeconds
      seconds += episode.personSeconds + episode.policySeconds
      if success { personFrames += episode.frames }
      labelledFrames += episode.labels
    }
    capped = conductor.outcomes.count { $0.isCapped }
    asked = conductor.outcomes.reduce(0) { $0 + $1.asked }
    answered = conductor.outcomes.reduce(0) { $0 + $1.answered }
    if answered > 0 {
      response_s = conductor.outcomes.reduce(0) { $0 + $1.waitedSeconds } / Double(answered)
    }
    shaping = host.learner.map { Taste($0) }
    byPolicy = PolicyRow.rows(of: conductor.outcomes)
    presentSeconds = conductor.presence.seconds
    episodes = conductor.outcomes.count
    trouble = conductor.trouble
    ended = conductor.ended
    let snapshot = host.snapshot
    if activity == .replay { tracking = Self.tracking(snapshot.tracking, host.rig.pairs[0].follower.arm.jointNames) }
    timing = host.tick.timing
    timing.missedPeriods = snapshot.missed
    busErrors = snapshot.replies.errors
    lateReplies = snapshot.replies.late
    repliesAsked = snapshot.replies.asked
    ports = host.ports
    busPlan = host.busPlan
    // What the ring refused is part of `lost`.
    if let recorder = host.recorder {
      lostTicks = recorder.status.lost
      missingLogs = recorder.missingLogs
    }
  }
}

extension SessionReport {
  static func tracking(_ error: TrackingError, _ joints: [String]) -> [Tracking] {
    let count = Double(max(1, error.ticks))
    return joints.enumerated().map { joint, name in
      Tracking(
        joint: name, mean_mrad: Double(error.sum[joint]) * 1e3 / count, max_mrad: Double(error.most[joint]) * 1e3,
        meanToRecording_mrad: Double(error.sumToRecording[joint]) * 1e3 / count,
        maxToRecording_mrad: Double(error.mostToRecording[joint]) * 1e3)
    }
  }

  /// The table of tracking errors for people; nil where nothing was played.
  public var trackingTable: String? {
    guard let tracking else { return nil }
    var table = TextTable(
      ["joint", "behind its command, mrad", "max", "off the recording, mrad", "max"], numbers: [1, 2, 3, 4])
    for row in tracking {
      table.add(
        row.joint, Figures.short(row.mean_mrad), Figures.short(row.max_mrad), Figures.short(row.meanToRecording_mrad),
        Figures.short(row.maxToRecording_mrad))
    }
    return "\(table)"
  }
}

extension Tick {
  /// The loop's instruments as numbers.
  var timing: SessionReport.Timing {
    var timing = SessionReport.Timing()
    timing.ticks = instruments.wake.count
    timing.wakeLatency_p50_us = instruments.wake.percentile(0.5).microseconds
    timing.wakeLatency_p99_us = instruments.wake.percentile(0.99).microseconds
    timing.wakeLatency_max_us = instruments.wake.max.microseconds
    timing.bus_p50_us = instruments.sense.percentile(0.5).microseconds
    timing.bus_p99_us = instruments.sense.percentile(0.99).microseconds
    timing.compute_p99_us = instruments.compute.percentile(0.99).microseconds
    timing.instruments = instruments.spreads
    return timing
  }
}
