internal import Arm
internal import RealTime

/// What the ticks of one or many episodes say about themselves, counted in one pass and small enough to keep: a
/// finished log carries its own, and those of a dataset are their sum.
///
/// Counts, ranges, spans and means are exact; percentiles are within 1/64 (see `LogHistogram`).
public struct EpisodeStatistics: Sendable, Equatable, Codable {
  /// Raised when the meaning of a field changes; figures of another version are counted anew.
  public static let version = 1
  /// The version that these were counted by.
  public private(set) var version = Self.version
  /// Episodes with at least one tick.
  public private(set) var episodes = 0
  /// Ticks.
  public private(set) var frames = 0
  /// Ticks on which the sources decided anew.
  public private(set) var decisions = 0
  /// First to last tick, added up over episodes.
  public private(set) var duration_ns: Int64 = 0
  /// Periods that the loop itself missed.
  public private(set) var missedPeriods = 0
  /// Places where ticks are missing from the log though the loop ran, and how many ticks.
  public private(set) var gaps = 0
  /// Ticks that ran and are not in the log.
  public private(set) var lostTicks = 0
  /// The longest time from one tick to the next.
  public private(set) var longestInterval_ns: Int64 = 0
  /// Ticks by source, in the order of `Source`'s raw values.
  public private(set) var framesBySource = [Int](repeating: 0, count: Source.allCases.count)
  /// Runs of ticks that the person commanded, in episodes that the policy commanded too.
  public private(set) var interventions = 0
  /// The ticks of these runs.
  public private(set) var interventionFrames = 0
  /// How many ticks each limit shaped: velocity, acceleration, position, workspace, hand guiding.
  public private(set) var framesByLimit = [Int](repeating: 0, count: 5)
  /// How many ticks bore each fault, by its code.
  public private(set) var framesByFault: [UInt16: Int] = [:]
  /// How late ticks began, in nanoseconds.
  public private(set) var wakeLatency_ns = LogHistogram()
  /// Sense to act, in nanoseconds.
  public private(set) var tickTime_ns = LogHistogram()
  /// The age of the follower's oldest joint reading when it was used, at the end of sense, in nanoseconds.
  public private(set) var readingAge_ns = LogHistogram()
  /// The age of the environment's features when they were used, in nanoseconds; empty where none ever came.
  public private(set) var environmentAge_ns = LogHistogram()
  /// Each joint, in the session's order.
  public private(set) var joints: [JointStatistics]

  private var running = Running()

  private enum CodingKeys: CodingKey {
    case version, episodes, frames, decisions, duration_ns, missedPeriods, gaps, lostTicks, longestInterval_ns
    case framesBySource, interventions, interventionFrames, framesByLimit, framesByFault
    case wakeLatency_ns, tickTime_ns, readingAge_ns, environmentAge_ns, joints
  }

  /// Of nothing, for so many joints.
  public init(joints: Int) { self.joints = Array(repeating: JointStatistics(), count: joints) }

  /// Ticks a second, as the clock saw them; nil of fewer than two ticks.
  public var rate_Hz: Double? {
    duration_ns > 0 ? Double(frames - episodes) * 1e9 / Double(duration_ns) : nil
  }

  /// The share of ticks that a person commanded.
  public var personShare: Double {
    frames > 0 ? Double(framesBySource[Int(Source.person.rawValue)]) / Double(frames) : 0
  }

  /// Counts a tick of the episode at hand.
  public mutating func add(_ record: TickRecord) {
    frames += 1
    decisions += record.decides ? 1 : 0
    framesBySource[Int(record.source.rawValue)] += 1
    for bit in framesByLimit.indices where record.verdict.limits.rawValue >> bit & 1 == 1 { framesByLimit[bit] += 1 }
    if record.verdict.fault != 0 { framesByFault[record.verdict.fault, default: 0] += 1 }
    wakeLatency_ns.add(record.began.count &- record.scheduled.count)
    let phases = record.phases
    tickTime_ns.add(Int64(phases.sense) + Int64(phases.decide) + Int64(phases.constrain) + Int64(phases.act))
    var oldest = Int64.max
    for joint in joints.indices { oldest = min(oldest, record.follower.time[joint]) }
    let decided = record.began.count &+ Int64(phases.sense)
    if oldest != Nanoseconds.never.count { readingAge_ns.add(decided &- oldest) }
    if record.environment.time != .never { environmentAge_ns.add(decided &- record.environment.time.count) }
    addStep(record)
    for joint in joints.indices {
      joints[joint].add(
        position: record.follower.position[joint], command: record.command[joint], before: running.command?[joint])
    }
    running.command = record.command
    running.follow(record.source)
    running.last = (record.tick, record.began)
  }

  /// Counts what lies between this tick and the one before.
  private mutating func addStep(_ record: TickRecord) {
    guard let last = running.last else {
      episodes += 1
      return
    }
    let interval = record.began.count &- last.began.count
    duration_ns &+= interval
    longestInterval_ns = max(longestInterval_ns, interval)
    missedPeriods += Int(record.missed)
    let absent = record.tick &- last.tick &- 1
    guard absent > UInt64(record.missed), absent < 1 << 32 else { return }
    gaps += 1
    lostTicks += Int(absent) - Int(record.missed)
    // The command before is not in the log.
    running.command = nil
  }

  /// Closes the episode at hand; the next tick begins another.
  public mutating func endEpisode() {
    running.follow(.none)
    if running.policyFrames > 0 {
      interventions += running.personRuns
      interventionFrames += running.personFrames
    }
    running = Running()
  }

  /// Whether every count is one that a log can have; what a file claims is added up only then.
  var isPlausible: Bool {
    let counts = [episodes, frames, decisions, missedPeriods, gaps, lostTicks, interventions, interventionFrames]
    return framesBySource.count == Source.allCases.count && framesByLimit.count == 5
      && (counts + framesBySource + framesByLimit + framesByFault.values).allSatisfy { (0...1 << 48).contains($0) }
  }

  /// Adds the figures of other, ended episodes; joints by their place.
  public mutating func merge(_ other: EpisodeStatistics) {
    episodes += other.episodes
    frames += other.frames
    decisions += other.decisions
    duration_ns &+= other.duration_ns
    missedPeriods += other.missedPeriods
    gaps += other.gaps
    lostTicks += other.lostTicks
    longestInterval_ns = max(longestInterval_ns, other.longestInterval_ns)
    for index in framesBySource.indices where index < other.framesBySource.count {
      framesBySource[index] += other.framesBySource[index]
    }
    interventions += other.interventions
    interventionFrames += other.interventionFrames
    for index in framesByLimit.indices where index < other.framesByLimit.count {
      framesByLimit[index] += other.framesByLimit[index]
    }
    framesByFault.merge(other.framesByFault, uniquingKeysWith: +)
    wakeLatency_ns.merge(other.wakeLatency_ns)
    tickTime_ns.merge(other.tickTime_ns)
    readingAge_ns.merge(other.readingAge_ns)
    environmentAge_ns.merge(other.environmentAge_ns)
    for joint in joints.indices where joint < other.joints.count { joints[joint].merge(other.joints[joint]) }
  }

  /// What is carried from tick to tick within an episode.
  private struct Running: Sendable, Equatable {
    var last: (tick: UInt64, began: Nanoseconds)?
    var command: JointVector?
    var source: Source = .none
    var personRuns = 0
    var personFrames = 0
    var policyFrames = 0

    mutating func follow(_ next: Source) {
      if next == .person {
        personRuns += source == .person ? 0 : 1
        personFrames += 1
      }
      policyFrames += next == .policy ? 1 : 0
      source = next
    }

    static func == (a: Running, b: Running) -> Bool {
      a.last?.tick == b.last?.tick && a.last?.began == b.last?.began && a.source == b.source
        && a.personRuns == b.personRuns && a.personFrames == b.personFrames && a.policyFrames == b.policyFrames
    }
  }
}

/// One joint's ranges and how well it followed.
public struct JointStatistics: Sendable, Equatable, Codable {
  /// The least and the largest measured position in radians; nil where none was known.
  public private(set) var position_rad: Range?
  /// The least and the largest command in radians.
  public private(set) var command_rad: Range?
  /// |command of the tick before − position measured in this tick|, in microradians.
  public private(set) var trackingError_urad = LogHistogram()

  /// From the least to the largest value.
  public struct Range: Sendable, Equatable, Codable {
    /// The least.
    public var min: Float
    /// The largest.
    public var max: Float
  }

  mutating func add(position: Float, command: Float, before: Float?) {
    Self.widen(&position_rad, position, position)
    Self.widen(&command_rad, command, command)
    guard let before, before.isFinite, position.isFinite else { return }
    let error_urad = (Double(before) - Double(position)).magnitude * 1e6
    trackingError_urad.add(Int64(min(error_urad, 9e18).rounded()))
  }

  mutating func merge(_ other: JointStatistics) {
    if let range = other.position_rad { Self.widen(&position_rad, range.min, range.max) }
    if let range = other.command_rad { Self.widen(&command_rad, range.min, range.max) }
    trackingError_urad.merge(other.trackingError_urad)
  }

  private static func widen(_ range: inout Range?, _ low: Float, _ high: Float) {
    guard low.isFinite, high.isFinite else { return }
    range = Range(min: min(range?.min ?? low, low), max: max(range?.max ?? high, high))
  }
}
