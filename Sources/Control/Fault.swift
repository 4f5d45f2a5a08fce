/// What can fail, by code. The table below says how each is noticed, what the arm does and what a person should do;
/// the README's table is made from it.
public enum Fault: UInt16, Error, BitwiseCopyable, Sendable, CaseIterable {
  /// A follower joint has not answered for longer than the rig allows.
  case followerStale = 1
  /// The leader has not answered while a person commands through it.
  case leaderStale = 2
  /// The environment has sent nothing for longer than the rig allows while the policy needs it.
  case environmentStale = 3
  /// A source wished for NaN or infinity.
  case wishNotFinite = 4
  /// The command and the measurement lie too far apart.
  case lag = 5
  /// The tick came 100 ms late or more.
  case gap = 6
  /// The follower's port is gone.
  case followerLost = 7
  /// The leader's port is gone.
  case leaderLost = 8
  /// A servo reports trouble with its supply, encoder, heat, current or load.
  case servo = 9
  /// The recorder fell a whole ring behind.
  case recorder = 10
  /// The controller was asked to drive by policy without one.
  case noPolicy = 11
  /// A servo does not confirm the goal or the torque that it was given, so torque does not come on.
  case torqueRefused = 12
  /// A joint has pressed too hard for too long.
  case load = 13
  /// The control thread did not come, and the watchdog took the bus from it.
  case stalled = 14
  /// A slow move does not come to its pose: the envelope is in the way.
  case unreachable = 15
  /// Hold-to-run: the pedal was let go, or lost, while the policy drove.
  case letGo = 16
  /// The leader was let go of while the follower followed it, and falls.
  case leaderFell = 17
  /// The policy takes longer to decide than the tick has for it.
  case policySlow = 18
  /// A servo has let go, and no reply said so.
  case torqueLost = 19

  /// One row of the table.
  public struct Row: Sendable {
    /// The code.
    public let fault: Fault
    /// Its name in logs, on the page and in the README.
    public let name: String
    /// What is noticed, and how soon.
    public let detection: String
    /// When it can be acknowledged.
    public let clearing: Clearing
    /// What is usually behind it.
    public let cause: String
    /// What to do.
    public let remedy: String
  }

  /// What has to come before a person's word ends the stop; without that word none ends.
  public enum Clearing: String, Sendable, CaseIterable {
    /// What it was is over when the arm stands.
    case atOnce = "at once"
    /// It goes by itself, while the arm gives way to where it stands, for as long as that takes.
    case byGivingWay = "once the arm has given way, 3 s at most"
    /// It lasts until somebody or something mends it; acknowledging is refused until then.
    case mended = "once its cause is gone"
    /// So does what a servo says of the present; an overload that it only keeps ends as torque comes on anew.
    case alarmGone = "once the servo's alarm is gone; an overload that it merely keeps: at once"
  }

  /// The stop category (IEC 60204-1) of every fault: a controlled stop, then hold.
  public static let stopCategory = 2

  /// The table, one row a fault.
  public static let table: [Row] = [
    Row(
      fault: .followerStale, name: "follower-stale",
      detection: "a joint's reading is older than `envelope.stale_ticks`",
      clearing: .mended, cause: "a loose cable, a servo without power, a noisy line",
      remedy: "Check the cable chain of the follower, then acknowledge."),
    Row(
      fault: .leaderStale, name: "leader-stale",
      detection: "a leader joint's reading is older than `envelope.stale_ticks` while a person drives",
      clearing: .mended, cause: "a loose cable or no power on the leader",
      remedy: "Check the leader's cable and supply, then acknowledge."),
    Row(
      fault: .environmentStale, name: "environment-stale",
      detection: "the newest datagram is older than `environment.stale_ms` while the policy drives", clearing: .mended,
      cause: "the camera process has stopped or sees nothing",
      remedy: "Start the process that fills the environment socket, then acknowledge."),
    Row(
      fault: .wishNotFinite, name: "wish-not-finite", detection: "the wish is NaN or infinite, in the same tick",
      clearing: .atOnce, cause: "a policy far outside its data, or a broken file",
      remedy: "Roll back to an earlier policy, then acknowledge."),
    Row(
      fault: .lag, name: "lag",
      detection: "command and measurement lie more than `envelope.lag_rad` apart, in the same tick",
      clearing: .byGivingWay, cause: "the arm is blocked, too heavily loaded, or a servo dropped its torque",
      remedy: "The arm gave way to where it stood: free it, or look at the servo's voltage and heat; then acknowledge."),
    Row(
      fault: .load, name: "load",
      detection: "a joint other than the gripper bears more than `envelope.load_share` for `envelope.load_s`",
      clearing: .byGivingWay, cause: "the arm presses on something, or carries too much",
      remedy:
        "The arm gives way to where it stands for up to 3 s: free it or lighten it, then acknowledge, and lead it away. What "
        + "bears too much still stops it again."),
    Row(
      fault: .gap, name: "gap", detection: "a tick begins 100 ms late or more, in that tick", clearing: .atOnce,
      cause: "the machine was suspended or starved", remedy: "Run `understudy doctor`, then acknowledge."),
    Row(
      fault: .stalled, name: "stalled",
      detection:
        "the watchdog, awake itself, sees no tick begin or end for 100 ms; it takes the bus, "
        + "and the servos hold their last goal",
      clearing: .atOnce, cause: "the control thread was starved, or hangs in a driver",
      remedy: "Run `understudy doctor`, then acknowledge."),
    Row(
      fault: .followerLost, name: "follower-lost", detection: "the port reports an error or end of file",
      clearing: .mended, cause: "the adapter was unplugged",
      remedy: "Plug the follower's adapter in again; once its servos are checked, acknowledge."),
    Row(
      fault: .leaderLost, name: "leader-lost",
      detection: "the port reports an error or end of file while a person drives",
      clearing: .mended,
      cause: "the adapter was unplugged",
      remedy: "Plug the leader's adapter in again; once its servos are checked, acknowledge."),
    Row(
      fault: .servo, name: "servo",
      detection: "the status byte of a reply, in the same tick; a grasping gripper's overload apart",
      clearing: .alarmGone,
      cause: "supply voltage, encoder, heat, current or overload, as the servo file's status bits say",
      remedy: "Do what the named status bit says, then acknowledge: torque comes on anew, where the arm is."),
    Row(
      fault: .recorder, name: "recorder-overflow", detection: "the ring refuses a record", clearing: .mended,
      cause: "the disk is full or far too slow", remedy: "Free space on the log's disk, then acknowledge."),
    Row(
      fault: .noPolicy, name: "no-policy", detection: "autonomous without a loaded policy, in the same tick",
      clearing: .mended, cause: "the policy was not loaded", remedy: "Load a policy, then acknowledge."),
    Row(
      fault: .policySlow, name: "policy-slow",
      detection:
        "three inferences in a row take more than 30 % of a period, or one 100 ms, while the policy drives; in that tick",
      clearing: .atOnce, cause: "networks too large for this computer, or other programs that take it",
      remedy:
        "Look at `understudy bench policy` and `understudy doctor`; train fewer or smaller networks, or lower `loop_Hz`; "
        + "then acknowledge."),
    Row(
      fault: .unreachable, name: "unreachable",
      detection: "the command of a slow move comes no nearer to its pose for 1 s",
      clearing: .atOnce, cause: "`envelope.floor_m` or `envelope.box_m` lies between the arm and the pose",
      remedy:
        "Acknowledge: a session tries another way, then asks you to take over and lead the arm round it; or widen the box."
    ),
    Row(
      fault: .letGo, name: "hold-to-run",
      detection: "no `run` from pedal or page for `pedal.hold_to_run_ms` while the policy drives",
      clearing: .atOnce, cause: "the pedal was let go, or its device or the page is gone",
      remedy: "Hold the pedal down, acknowledge, and start again."),
    Row(
      fault: .leaderFell, name: "leader-fell",
      detection:
        "within 100 ms: the limp leader's tool goes down at 0.2 m/s and gains 3 m/s², and base and wrist do not turn by as "
        + "much as a hand would turn them, while the follower follows it",
      clearing: .atOnce, cause: "the leader was let go of without handing back by key or pedal",
      remedy:
        "The follower went back to where it was let go. Take the leader in hand, acknowledge, and take over again."),
    Row(
      fault: .torqueRefused, name: "torque-refused",
      detection: "a servo has not confirmed goal = present or its torque within 50 ticks; the arm stays limp",
      clearing: .atOnce, cause: "a servo that is out of its own limits, or a very noisy line",
      remedy: "Move the arm into its range and check the cable chain, then acknowledge."),
    Row(
      fault: .torqueLost, name: "torque-lost",
      detection:
        "a joint lies more than 0.05 rad off its command, comes no nearer and bears exactly nothing, for 0.3 s of readings "
        + "(0.1 s where it lags by `envelope.lag_rad` already)",
      clearing: .atOnce,
      cause:
        "a servo let go for heat or current before any reply said so, lost its supply for a moment, or was switched off by "
        + "another program",
      remedy:
        "The arm gave way to where it stood. Look at the named servo's cable, heat and supply, then acknowledge: torque "
        + "comes on anew, where the arm is."),
  ]

  /// This fault's row.
  public var row: Row? { Self.table.first { $0.fault == self } }
}
