public import Arm
public import RealTime

/// Everything needed to make one tick's decision again, and to see how the tick went: inputs, clock reads, decision,
/// verdict, timings. Fixed size, bitwise copyable: the tick pushes one into the ring, the recorder writes it.
public struct TickRecord: BitwiseCopyable, Sendable {
  /// Counts periods since the loop began, missed ones included.
  public var tick: UInt64 = 0
  /// When the tick should have begun and when it did, on the loop's clock.
  public var scheduled: Nanoseconds = .zero
  /// When the tick began.
  public var began: Nanoseconds = .zero
  /// Periods that were missed since the tick before.
  public var missed: UInt32 = 0

  /// What the follower's and the leader's encoders said.
  public var follower = ArmReading()
  /// What the leader's encoders said.
  public var leader = ArmReading()
  /// The newest datagram of the environment.
  public var environment = EnvironmentReading()

  /// What a person or the session asked for in this tick, if anything (`Control.Request`'s raw value; 0: nothing).
  public var request: UInt8 = 0
  /// The supervisor's state (`Control.State`'s raw value).
  public var state: UInt8 = 0
  /// Who owned the arm.
  public var source: Source = .none
  /// Why the command differs from the wish, and what failed.
  public var verdict = Verdict()
  /// True on the ticks on which the sources decide anew; between them commands are interpolated.
  public var decides: Bool = false
  /// The episode this tick belongs to; 0 outside any.
  public var episode: UInt32 = 0
  /// Which policy was loaded: its generation, counted from 1; 0 for none.
  public var policy: UInt32 = 0

  /// What the policy wished for, also while a person commands (NaN where it was not asked).
  public var policyWish = JointVector(repeating: .nan)
  /// What the person's leader asked for; in label mode also while the policy commands (NaN where nobody asked).
  public var personWish = JointVector(repeating: .nan)
  /// What the source that owned the arm wished for.
  public var wish = JointVector.zero
  /// What Decide and Constrain began with: with the readings, enough to make the command again.
  public var memory = TickMemory()
  /// What was sent to the follower, in radians before rounding to servo ticks.
  public var command = JointVector.zero
  /// What was sent to the leader (mirroring), in radians; NaN while the leader is limp.
  public var leaderCommand = JointVector(repeating: .nan)

  /// The gate's score and its threshold; NaN without a gate.
  public var gateScore: Float = .nan
  /// The gate's threshold.
  public var gateThreshold: Float = .nan

  /// How long sense, decide, constrain, act and record took.
  public var phases = PhaseTimes()

  /// A record of nothing.
  public init() {}
}

/// What one tick takes over from those before it, and which ways it went: with this, each record stands for itself, and
/// `understudy verify` makes its command again.
public struct TickMemory: BitwiseCopyable, Sendable {
  /// The command of the tick before.
  public var goal = JointVector.zero
  /// By how much that one moved; zero after a gap in time.
  public var step = JointVector.zero
  /// A person: the offset between the arms before this tick. A slow move, and a stop that gives way: the pose it goes to.
  /// NaN where there is none.
  public var anchor = JointVector(repeating: .nan)
  /// How many ticks old each joint's reading was; 255 for older and for never.
  public var age = SIMD8<UInt8>(repeating: 255)
  /// Who was asked for the wish: a fault may have taken the arm from them within the tick.
  public var source = Source.none
  /// What was done.
  public var steps: Steps = []

  /// Ways through a tick.
  public struct Steps: OptionSet, BitwiseCopyable, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt16
    /// From the bits.
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// The envelope saw the wish: torque was on and nothing had stopped the arm.
    @inlinable public static var constrained: Steps { Steps(rawValue: 1 << 0) }
    /// The command is a stop's.
    @inlinable public static var braked: Steps { Steps(rawValue: 1 << 1) }
    /// The policy was asked.
    @inlinable public static var asked: Steps { Steps(rawValue: 1 << 2) }
    /// The policy inferred anew; else it went on with what it had.
    @inlinable public static var inferred: Steps { Steps(rawValue: 1 << 3) }
    /// A person took hold: the offset between the arms begins here.
    @inlinable public static var engaged: Steps { Steps(rawValue: 1 << 4) }
    /// The offset closes by itself, not only as the person moves.
    @inlinable public static var closes: Steps { Steps(rawValue: 1 << 5) }
    /// A recorded trajectory was followed.
    @inlinable public static var trajectory: Steps { Steps(rawValue: 1 << 6) }
    /// Some joint had borne too much load for too long.
    @inlinable public static var pressed: Steps { Steps(rawValue: 1 << 7) }
    /// The watchdog had taken the bus: the command is the one before.
    @inlinable public static var overtaken: Steps { Steps(rawValue: 1 << 8) }
    /// Label mode: `personWish` is what the person would have done while the policy commanded; it was not sent.
    @inlinable public static var labelled: Steps { Steps(rawValue: 1 << 9) }
  }

  /// Of nothing before.
  public init() {}
}

/// Who owns the arm in a tick. Every frame carries one.
public enum Source: UInt8, BitwiseCopyable, Sendable, CaseIterable, Codable {
  /// Nobody: torque is off or the loop only listens.
  case none = 0
  /// A person, through the leader.
  case person = 1
  /// The policy.
  case policy = 2
  /// From one to the other at a bounded rate.
  case blend = 3
  /// A recorded or planned trajectory, also the slow move to a start pose.
  case playback = 4
  /// The slow move to the rest pose.
  case parking = 5
  /// The last command, kept.
  case hold = 6
}

/// What one arm's encoders said, in radians, and when.
public struct ArmReading: BitwiseCopyable, Sendable {
  /// Measured joint positions, newest known.
  public var position = JointVector(repeating: .nan)
  /// Measured joint velocities in rad/s; NaN where they are not read.
  public var velocity = JointVector(repeating: .nan)
  /// Load as a share of full PWM duty, −1…1; NaN where it is not read. It says nothing about a limp arm.
  public var load = JointVector(repeating: .nan)
  /// When each joint's reply came in.
  public var time = SIMD8<Int64>(repeating: Nanoseconds.never.count)

  /// A reading of nothing.
  public init() {}
}

/// The newest environment features and when they were true. Names stand in the session's rig.
public struct EnvironmentReading: BitwiseCopyable, Sendable {
  /// How many features a rig may name.
  public static var capacity: Int { 16 }
  /// The values, in the order in which the rig names them; NaN where one never came.
  public var values = SIMD16<Float>(repeating: .nan)
  /// The sender's own time stamp (CLOCK_MONOTONIC, or simulated).
  public var time: Nanoseconds = .never

  /// A reading of nothing.
  public init() {}
}

/// What the envelope did to the wish.
public struct Verdict: BitwiseCopyable, Sendable, Hashable {
  /// Which limits shaped the command (`Limit` bits); not faults.
  public var limits: Limits = []
  /// What failed, `Control.Fault`'s code; 0 for nothing.
  public var fault: UInt16 = 0

  /// Nothing limited, nothing failed.
  public init() {}
}

/// How long each part of a tick took, in nanoseconds.
public struct PhaseTimes: BitwiseCopyable, Sendable {
  /// Waiting for and reading the buses.
  public var sense: Int32 = 0
  /// Choosing the source and asking it.
  public var decide: Int32 = 0
  /// The envelope.
  public var constrain: Int32 = 0
  /// Writing to the buses.
  public var act: Int32 = 0
  /// The tick before's push into the ring.
  public var record: Int32 = 0

  /// Nothing measured.
  public init() {}
}
