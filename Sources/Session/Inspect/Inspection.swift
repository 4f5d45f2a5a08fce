public import Episodes

/// What `understudy inspect` tells of a dataset or of one episode: figures that every log carries, summed.
public struct Inspection: Sendable, Codable {
  /// The folder or file that was looked at.
  public var source: String
  /// How many episodes have which label.
  public var labels: [String: Int] = [:]
  /// The tasks, in words.
  public var tasks: [String] = []
  /// Every episode, oldest first.
  public var episodes: [Episode] = []
  /// Episodes that training never sees, for ever the same ones.
  public var heldOut = 0
  /// Ticks.
  public var frames = 0
  /// First to last tick, added up.
  public var duration_s = 0.0
  /// The rate that the sessions asked for.
  public var nominalRate_Hz = 0.0
  /// The rate that the clock saw.
  public var rate_Hz: Double?
  /// Periods that the loop itself missed.
  public var missedPeriods = 0
  /// Places where ticks are missing from a log though the loop ran.
  public var gaps = 0
  /// The ticks that are missing there.
  public var lostTicks = 0
  /// The longest time from one tick to the next.
  public var longestInterval_ms = 0.0
  /// The share of ticks that a person commanded.
  public var personShare = 0.0
  /// Times that a person took over from a policy.
  public var interventions = 0
  /// The share of ticks that these took.
  public var interventionShare = 0.0
  /// Ticks by who commanded.
  public var framesBySource: [String: Int] = [:]
  /// Limits that shaped commands; those that shaped none are left out.
  public var limitedBy: [LimitCount] = []
  /// Ticks under a fault, by the fault's name.
  public var framesByFault: [String: Int] = [:]
  /// How late ticks began.
  public var wakeLatency_us = Spread()
  /// Sense to act.
  public var tickTime_us = Spread()
  /// The age of the oldest joint reading.
  public var readingAge_us = Spread()
  /// The age of the environment's features; empty where there were none.
  public var environmentAge_us = Spread()
  /// The follower's joints.
  public var joints: [Joint] = []
  /// What the folder holds that its list does not account for, a sentence each.
  public var problems: [String] = []

  /// One episode in a line.
  public struct Episode: Sendable, Codable {
    /// Its id.
    public var id: String
    /// Its log.
    public var file: String
    /// `record`, `correct`, ….
    public var activity: String
    /// How it ended.
    public var label: EpisodeLabel
    /// Ticks.
    public var frames: Int
    /// First to last tick.
    public var duration_s: Double
    /// Ticks that a person commanded.
    public var personFrames: Int
    /// Whether training never sees it.
    public var isHeldOut: Bool
    /// Whether it was mended after a kill.
    public var wasRecovered: Bool
  }

  /// How often a limit shaped a command.
  public struct LimitCount: Sendable, Codable {
    /// The limit's name.
    public var limit: String
    /// Where it is set.
    public var setting: String
    /// Ticks.
    public var frames: Int
  }

  /// One joint's travel and how well it followed.
  public struct Joint: Sendable, Codable {
    /// Its name.
    public var name: String
    /// Least and largest measured angle; nil where none was known.
    public var position_rad: JointStatistics.Range?
    /// Least and largest command.
    public var command_rad: JointStatistics.Range?
    /// |command of the tick before − measured|.
    public var trackingError_mrad: Spread
  }

  /// A distribution in four numbers, nil where nothing was counted.
  public struct Spread: Sendable, Codable {
    /// The median.
    public var p50: Double?
    /// 99 of 100 are not above it.
    public var p99: Double?
    /// 999 of 1000 are not above it.
    public var p999: Double?
    /// The largest.
    public var max: Double?

    /// Of nothing.
    public init() {}

    init(_ histogram: LogHistogram, scale: Double) {
      func at(_ share: Double) -> Double? { histogram.percentile(share).map { Double($0) * scale } }
      p50 = at(0.5)
      p99 = at(0.99)
      p999 = at(0.999)
      max = histogram.count > 0 ? Double(histogram.max) * scale : nil
    }
  }

  /// Whether it is a dataset with a person's ticks in a successful episode: what training learns from.
  public var canTeach: Bool {
    !source.hasSuffix(".mcap") && episodes.contains { $0.label == .success && $0.personFrames > 0 }
  }

  init(source: String) { self.source = source }
}
