public import Foundation

/// What stands on the table and how it is run: which arms on which ports, rates, limits, where the environment's features
/// come from, where episodes start, what a policy sees and moves.
///
///     let rig = try Rig.load("twin-insert")            // hardware/rigs/twin-insert.yaml, or a path
///     let plan = try rig.featurePlan()
///
/// Relative ports and sockets are relative to the current folder; arms and calibrations are found beside the rig's `hardware/`.
public struct Rig: Sendable {
  /// The name of the file, without `.yaml`.
  public var name: String
  /// The file, as errors name it.
  public var file: String
  /// The folder it belongs to.
  public var hardware: Hardware

  /// Periods of the loop in a second.
  public var loop_Hz: Int
  /// Decisions of the policy in a second; divides `loop_Hz`.
  public var decision_Hz: Int
  /// The last stretch before each period that is spun away instead of slept (`spin_us`): it shortens the wake latency and
  /// costs that much of a core. Default 0.
  public var spin_us: Int
  /// The CPU that is the loop's own; nil: the kernel's isolated one, else the last.
  public var loopCPU: Int?
  /// For how long a tick looks for a bus's last reply without sleeping (`ServoBus.spin`), in µs.
  public var busSpin_us: Int
  /// What that is where a rig's file says nothing: on an idle machine looking for 30 µs made no reply seen sooner, and doubled
  /// the cycle's CPU time (`understudy bench bus --peers`).
  public static let usualBusSpin_us = 0
  /// Leader and follower arms; at least one pair.
  public var pairs: [Pair]
  /// The tool's origin in the frame of the joint that carries it, where it is not the arm file's: a stylus tip, say.
  public var tool_m: SIMD3<Double>?
  /// The limits that every command passes.
  public var envelope: EnvelopeSettings
  /// Where features of the environment come from; nil without any.
  public var environment: EnvironmentSettings?
  /// The datagram socket on which pedals arrive, which the host binds; nil for none.
  public var pedalSocket: String?
  /// A foot switch, an input device of Linux: held to run, or else each press takes over or gives back; nil for none.
  public var pedalDevice: String?
  /// Hold-to-run: after how long without a foot on the pedal, or a `{"pedal": "run"}`, a driving policy is stopped; nil: the
  /// policy drives by itself.
  public var holdToRun_ms: Int?
  /// The datagram socket to which the host announces its state; nil for none.
  public var announceSocket: String?
  /// Where an autonomous episode starts; nil where the arm starts from wherever it is.
  public var start: StartSettings?
  /// After how long an episode without a verdict counts as failed.
  public var episodeLimit_s: Double
  /// What a policy of this rig sees and moves by default.
  public var policy: PolicySettings

  /// A follower and the leader that a person moves it with.
  public struct Pair: Sendable {
    /// The pair's name.
    public var name: String
    /// The arm that does the work.
    public var follower: Side
    /// The arm that the person moves; nil for a follower on its own.
    public var leader: Side?
  }

  /// One arm on its port.
  public struct Side: Sendable {
    /// The arm's description.
    public var arm: ArmDescription
    /// The serial port: its path, `usb:SERIAL` (the adapter's USB serial number) or `usb-port:1-2.3` (the socket).
    public var port: String
    /// The calibration's path or LeRobot id.
    public var calibration: String
    /// The folder in which relative calibrations and `calibration/` stand.
    public var folder: URL

    /// Finds, reads and checks the calibration.
    public func readCalibration() throws(CalibrationError) -> Calibration {
      try Calibration.find(calibration, for: arm, folder: folder)
    }
  }

  /// Limits per joint, in the follower's order.
  public struct EnvelopeSettings: Sendable, Equatable {
    /// Fastest command.
    public var velocity_rad_s: JointVector
    /// Hardest change of speed.
    public var acceleration_rad_s2: JointVector
    /// Largest distance between command and measured position before the arm stops.
    public var lag_rad: JointVector
    /// After how many periods without a reply a reading is too old to go on.
    public var stale_ticks: Int
    /// What a joint other than the gripper may bear for `load_s`, as a share of the servo's full duty.
    public var load_share: Double
    /// For how long; less than what the servo's own overload protection waits.
    public var load_s: Double
    /// Speed of the tool while the follower closes in on the leader.
    public var handGuiding_m_s: Double
    /// Height above the table below which the tool must not go; nil for no floor.
    public var floor_m: Double?
    /// The box in the base frame that the tool must not leave; nil for none.
    public var box_m: Box?
  }

  /// A box with edges along the axes.
  public struct Box: Sendable, Equatable {
    /// The corner with the smallest coordinates.
    public var lower: SIMD3<Float>
    /// The corner with the largest.
    public var upper: SIMD3<Float>

    /// A box between two corners.
    public init(lower: SIMD3<Float>, upper: SIMD3<Float>) {
      self.lower = lower
      self.upper = upper
    }
  }

  /// Features that another process measures: a camera, the twin.
  public struct EnvironmentSettings: Sendable, Equatable {
    /// The datagram socket, which the host binds.
    public var socket: String
    /// The features' names, in the order in which they are kept; at most 16.
    public var features: [String]
    /// After how long without a datagram the features are too old for a policy.
    public var stale_ms: Int
  }

  /// Where an episode starts.
  public struct StartSettings: Sendable, Equatable {
    /// The joints' angles.
    public var pose: JointVector
    /// The largest seeded deviation from it, either way, per joint.
    public var jitter_rad: JointVector
    /// How far the tool is lifted before any slow move, out of whatever it is in; 0 for not at all.
    public var lift_m: Double
  }

  /// What a policy sees and moves.
  public struct PolicySettings: Sendable, Equatable {
    /// Names of features; see `FeaturePlan`.
    public var features: [String]
    /// Names of joints that it commands; the others keep their command.
    public var actions: [String]
    /// By how much a person's hand lags what it answers: training pairs an action with the scene so long before it.
    public var lead_ms: Int
    /// How much of a correction's beginning is not learned from: the hand still pulls to be felt.
    public var settle_ms: Int
  }

  /// The names of the environment's features; empty without an environment.
  public var environmentNames: [String] { environment?.features ?? [] }

  /// The plan of features for a pair's follower; by default the first pair and the rig's own list.
  public func featurePlan(_ names: [String]? = nil, pair: Int = 0) throws(FeatureError) -> FeaturePlan {
    try FeaturePlan(
      names ?? policy.features, arm: pairs[pair].follower.arm, tool_m: tool_m, environment: environmentNames)
  }

  /// The follower's kinematics up to the rig's tool.
  public func kinematics(pair: Int = 0) -> Kinematics { Kinematics(pairs[pair].follower.arm, tool_m: tool_m) }
}
