public import Arm
public import Episodes
public import RealTime
internal import Synchronization

/// Every number that the tick needs beside the envelope, in ticks and radians a tick; made from the rig file.
public struct ControlSettings: Sendable {
  /// The nominal period.
  public var period: Nanoseconds
  /// Ticks from one decision of the policy to the next.
  public var decisionTicks: Int
  /// How long after a tick's deadline replies are waited for.
  public var replyBudget: Nanoseconds
  /// How long they are waited for at least, however late the tick began.
  public var leastBudget: Nanoseconds
  /// What of a period an inference may take. Replies may take 60 %, and the rest of the tick has to end within the period too.
  public var inferenceBudget: Nanoseconds
  /// Largest step and change of step of slow moves (start pose, parking), radians a tick.
  public var slowStep: Float
  /// Largest change of a slow move's step.
  public var slowStepChange: Float
  /// The same of a stop that gives way to what blocks the arm.
  public var yieldStep: Float
  /// Largest change of such a step.
  public var yieldStepChange: Float
  /// For how many ticks a stop gives way at most.
  public var yieldTicks: Int32
  /// How far off its command a joint that gives no effort may lie, radians: over thirty times a servo's dead zone, beyond
  /// which one that holds gives some, and a seventh of the `lag_rad` that stops the arm whatever its servos give.
  public var limpSlack: Float
  /// In how many readings it has to: a motor's duty may pass through zero in one of them, where its joint is braked.
  public var limpTicks: Int32
  /// The most that the tool moves in a tick while the follower closes in on the leader (reduced speed), metres.
  public var guidingStep_m: Float
  /// The largest step by which the clutch bleeds its offset off.
  public var clutchStep: Float
  /// The share of the leader's own motion by which it does so while correcting.
  public var clutchShare: Float
  /// Where the arm rests without torque; nil: parking holds.
  public var rest: JointVector?
  /// How near each joint must come to its rest pose before torque goes off, radians.
  public var restTolerance: Float
  /// For how many ticks that is waited for.
  public var restPatience: Int32
  /// Whether the leader follows while the policy drives.
  public var mirrors: Bool
  /// Label mode: while the policy drives, the limp leader's motion is recorded as what the person would do, and never sent.
  public var labels = false
  /// How a leader mirrors.
  public var mirror = MirrorSettings()
  /// How a limp leader's fall is told from a hand that leads it down.
  public var fall = FallDetector.Settings()
  /// What asks for a person while the policy drives.
  public var gate = GateChoice.none
  /// How old the newest datagram may be while a policy that looks at the environment drives.
  public var environmentStale: Nanoseconds
  /// For how long after the last sign from the pedal the policy may drive; nil: it needs none.
  public var holdToRun: Nanoseconds?
  /// Status bits of each joint's servo that stop the arm: supply, encoder, heat, current, overload. Not the angle's: the
  /// envelope keeps the limits, and a limp arm may lie outside them.
  public var alarmBits: SIMD8<UInt8>
  /// Those of them that a servo keeps until its torque is switched off, whether or not the cause is gone: current, overload.
  /// They hinder nobody from acknowledging: each joint that raised an alarm is then switched off and on, where it is.
  public var latchedBits: UInt8

  /// Settings for a loop of `period` that decides every `decisionTicks`, everything else at its default.
  public init(period: Nanoseconds, decisionTicks: Int) {
    self.period = period
    self.decisionTicks = decisionTicks
    replyBudget = Nanoseconds(period.count * 6 / 10)
    leastBudget = Nanoseconds(period.count * 3 / 10)
    inferenceBudget = Nanoseconds(period.count * 3 / 10)
    let seconds = Float(period.seconds)
    slowStep = 0.8 * seconds
    slowStepChange = 4 * seconds * seconds
    yieldStep = 1.6 * seconds
    yieldStepChange = 16 * seconds * seconds
    yieldTicks = Int32(clamping: 3_000_000_000 / max(1, period.count))
    limpSlack = 0.05
    limpTicks = max(3, Int32(clamping: 300_000_000 / max(1, period.count)))
    guidingStep_m = 0.25 * seconds
    clutchStep = 0.6 * seconds
    clutchShare = 0.1
    rest = nil
    restTolerance = 0.1
    restPatience = Int32(clamping: 1_000_000_000 / max(1, period.count))
    mirrors = false
    environmentStale = .milliseconds(200)
    holdToRun = nil
    alarmBits = SIMD8(repeating: 0b0010_1111)
    latchedBits = 0b0010_1000
  }

  /// The gripper's own rule: a grasp is sustained load, at which its servo lowers its torque by itself and goes on holding.
  public mutating func allowGrasping(with gripper: Int) { alarmBits[gripper] &= 0b1101_1111 }
}

/// The wait-free ways into and out of the tick.
public struct TickChannels: Sendable {
  /// From people and the session to the tick.
  public let requests = Ring<Request>(capacity: 64, blank: Request(.none))
  /// From the camera to the tick.
  public let environment = Latest(EnvironmentReading())
  /// From the tick to the recorder: 20 s at 200 Hz.
  public let records = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
  /// From the tick to whoever looks.
  public let snapshots = Latest(Snapshot())

  /// From whoever holds the pedal to the tick.
  public let hold = HoldToRun()

  /// Empty channels.
  public init() {}
}

/// The moment of the newest sign that somebody holds the pedal down; any thread may give one.
public final class HoldToRun: Sendable {
  private let time = Atomic<Int64>(Nanoseconds.never.count)

  /// Nobody has held it yet.
  public init() {}

  /// Somebody holds it at `now`.
  public func sign(at now: Nanoseconds) { time.store(now.count, ordering: .relaxed) }

  /// When that was last.
  var newest: Nanoseconds { Nanoseconds(time.load(ordering: .relaxed)) }
}

/// What anybody may see of the newest tick.
public struct Snapshot: BitwiseCopyable, Sendable {
  /// The tick itself.
  public var record = TickRecord()
  /// What the arm is doing.
  public var state = State.idle
  /// The fault that stopped it.
  public var fault: Fault?
  /// Whether a slow move is under way, or the follower is still closing in on the leader.
  public var isMoving = false
  /// Whether the command stands still.
  public var isAtRest = true
  /// Whether the follower's torque is on, coming on, or not yet known to be off.
  public var followerHeld = false
  /// The same of the leader's.
  public var leaderHeld = false
  /// How many requests were refused since the start, and the last of them.
  public var refusals: UInt32 = 0
  /// The last refused request.
  public var refused = Request.Action.none
  /// Why it was.
  public var refusal = Refusal.state
  /// Whether the pedal is held down, where the rig asks for that; true elsewhere.
  public var isHeldToRun = true
  /// Replies asked for, missing and late since the start, on both buses.
  public var replies = ReplyCount()
  /// The joints whose servos had let go unseen when the arm last stopped for that, a bit each.
  public var limpJoints: UInt8 = 0
  /// The gate has stopped the policy and waits for a person.
  public var asks = false
  /// Label mode, and the policy drives: what the leader does is recorded, not sent.
  public var isLabelling = false
  /// What the gate compares doubt with; NaN without one.
  public var gateThreshold = Float.nan
  /// The critic's logit at the last decision; NaN without a critic.
  public var safety = Float.nan
  /// The follower's bus and servos.
  public var follower = ArmSnapshot()
  /// The leader's.
  public var leader = ArmSnapshot()
  /// How the present episode went so far.
  public var episode = EpisodeCount(number: 0)
  /// Periods missed since the start.
  public var missed: UInt64 = 0
  /// Ticks that ran over their period.
  public var overruns: UInt64 = 0

  /// How well the arm has followed its trajectory.
  public var tracking = TrackingError()

  /// Before the first tick.
  public init() {}
}

/// Ticks of one episode by who commanded them.
public struct EpisodeCount: BitwiseCopyable, Sendable {
  /// The episode; 0 for none.
  public var number: UInt32
  /// Ticks that a person commanded.
  public var person: UInt32 = 0
  /// Ticks that the policy commanded.
  public var policy: UInt32 = 0
  /// Those of them for which a person's hand on the leader said what they would do.
  public var labelled: UInt32 = 0
  /// How often a person took over.
  public var takeOvers: UInt32 = 0
  /// How often the gate asked.
  public var asked: UInt32 = 0
  /// How often a person took over because it did.
  public var answered: UInt32 = 0
  /// Ticks from asking to those take-overs.
  public var waited: UInt32 = 0

  /// Nothing counted yet.
  public init(number: UInt32) { self.number = number }
}
