internal import Arm
internal import Control
internal import Foundation
internal import RealTime
internal import ServoBus

/// What happened on one arm's bus during a session: for `--json`, the log, and the closing table.
public struct PortReport: Sendable, Codable, Equatable {
  /// `follower` or `leader`.
  public var arm: String
  /// The port as the rig names it.
  public var port: String
  /// Requests that wanted replies.
  public var transactions: UInt64
  /// Writes that nobody answers.
  public var syncWrites: UInt64
  /// Whole replies in time.
  public var replies: UInt64
  /// Whole replies of servos that were not asked.
  public var foreignReplies: UInt64
  /// Whole replies to earlier requests.
  public var lateReplies: UInt64
  /// Bytes that belonged to no reply.
  public var foreignBytes: UInt64
  /// Requests that the adapter sent back.
  public var echoes: UInt64
  /// Requests that the driver did not take whole.
  public var shortWrites: UInt64
  /// From request to last reply.
  public var turnaround: Turnaround
  /// By servo.
  public var servos: [Servo]

  /// Times in µs.
  public struct Turnaround: Sendable, Codable, Equatable {
    /// Median.
    public var p50_us: Double
    /// 99th percentile.
    public var p99_us: Double
    /// Longest.
    public var max_us: Double

    init(_ histogram: Histogram) {
      p50_us = histogram.percentile(0.5).microseconds
      p99_us = histogram.percentile(0.99).microseconds
      max_us = histogram.max.microseconds
    }
  }

  /// One servo.
  public struct Servo: Sendable, Codable, Equatable {
    /// The joint's name.
    public var joint: String
    /// Its address.
    public var id: UInt8
    /// Whole replies in time.
    public var replies: UInt32
    /// Readings that did not come in their tick.
    public var timeouts: UInt32
    /// Of those, how many came after their tick and were used with their age.
    public var late: UInt32
    /// Times it was asked again.
    public var retries: UInt32
    /// Replies with a wrong checksum.
    public var checksumErrors: UInt32
    /// The most ticks that one reading stood.
    public var stalest_ticks: UInt32
    /// From request to its reply.
    public var turnaround: Turnaround
    /// The lowest supply seen, V; nil where it never said.
    public var lowestVoltage_V: Float?
    /// The greatest heat seen, °C; nil where it never said.
    public var highestTemperature_degC: Float?
  }

  init(arm: String, side: Rig.Side, _ snapshot: ArmSnapshot, _ turnaround: BusTurnaround) {
    let bus = snapshot.bus
    self.arm = arm
    port = side.port
    transactions = bus.transactions
    syncWrites = bus.syncWrites
    replies = bus.replies
    foreignReplies = bus.foreignReplies
    lateReplies = bus.lateReplies
    foreignBytes = bus.strayBytes
    echoes = bus.echoes
    shortWrites = bus.shortWrites
    self.turnaround = Turnaround(turnaround.cycle)
    servos = side.arm.joints.enumerated().map { index, joint in
      func known(_ value: Float) -> Float? { value.isNaN ? nil : value }
      return Servo(
        joint: joint.name, id: joint.servoID, replies: bus.repliesByServo[index], timeouts: bus.timeouts[index],
        late: bus.lateReadings[index], retries: bus.retries[index], checksumErrors: bus.checksumErrors[index],
        stalest_ticks: bus.longestGap_ticks[index], turnaround: Turnaround(turnaround.servos[index]),
        lowestVoltage_V: known(snapshot.health.lowestVoltage_V[index]),
        highestTemperature_degC: known(snapshot.health.highestTemperature_degC[index]))
    }
  }
}

extension ArmHost {
  /// What happened on the buses up to now.
  public var ports: [PortReport] {
    let snapshot = snapshot
    var reports = [PortReport(arm: "follower", side: pair.follower, snapshot.follower, turnarounds.follower)]
    if let side = pair.leader, let turnaround = turnarounds.leader {
      reports.append(PortReport(arm: "leader", side: side, snapshot.leader, turnaround))
    }
    return reports
  }

  /// The same for an episode's log, counted since the session began: `follower_bus`, `leader_bus`.
  var portsForLog: [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var found: [String: String] = [:]
    for port in ports {
      if let data = try? encoder.encode(port) { found["\(port.arm)_bus"] = String(decoding: data, as: UTF8.self) }
    }
    return found
  }
}
