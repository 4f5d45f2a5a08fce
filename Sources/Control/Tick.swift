// The tick: one period of control, read top to bottom.
//
//     buses ─▶ sense ─▶ decide ─▶ constrain ─▶ act ─▶ buses
//                                     └─▶ record ─▶ ring ─▶ recorder
//
// Units: radians, nanoseconds, one step a period. Torque: on only with goal = present, off only at rest or by explicit
// command; a fault becomes a controlled stop and a hold (stop category 2). Nothing here allocates, locks or throws out.
//
// Told elsewhere: requests, states and faults (`Tick+Supervise`), what each source wishes (`Tick+Sources`), the leader's
// torque (`Tick+Mirror`), what others see (`Tick+Publish`); a limb's bus (`Limb`), the limits (`Envelope`).

public import Arm
internal import Episodes
public import RealTime

/// Everything that one period of control touches; allocated before the first tick, owned by the loop's thread.
public final class Tick: @unchecked Sendable {
  // Unchecked: made by one thread, then run by the loop's thread alone; the histograms are atomic and anyone may read them.
  var follower: Limb
  var leader: Limb?
  let map: LeaderFollowerMap
  let settings: ControlSettings
  let envelope: Envelope
  let policy: PolicySource
  let playback = PlaybackSource()
  let channels: TickChannels
  let requests: Ring<Request>
  let environment: Latest<EnvironmentReading>
  let records: Ring<TickRecord>
  let snapshots: Latest<Snapshot>
  let clock: TickClock
  /// Who may write to the buses; the watchdog takes it from a thread that does not come.
  public let ownership = BusOwnership()

  var supervisor = Supervisor()
  var previous = Motion(at: .zero)
  /// For how many ticks each joint has borne too much.
  var pressing = SIMD8<Int32>(repeating: 0)
  /// Sees a servo that has let go.
  var limp: LimpWatch
  var record = TickRecord()
  /// Sees a limp leader fall.
  var fall: FallDetector?
  /// In label mode: whether the leader is in a hand, and how it moves.
  var label: LabelWatch
  /// Where the leader stands, in the follower's angles.
  var guiding = JointVector.zero
  var snapshot = Snapshot()
  var recorderIsFull = false
  /// Whether the policy decides in time.
  var pace = PolicyPace()
  /// For how many ticks the gate has been asking.
  var askedTicks: UInt32 = 0
  /// Where the time goes; anyone may read them.
  public let instruments = Instruments()
  /// When the tick before began.
  private var beganBefore = Nanoseconds.never
  /// The newest gap.
  var sleep = (from: Nanoseconds.never, to: Nanoseconds.never)

  /// One period of control.
  public func run(_ beat: Beat) {
    guard ownership.claim() else { return }
    sense(beat)
    let wish = decide()
    let command = constrain(wish)
    act(command)
    record(command)
    ownership.release()
  }

  /// Asks every bus, then collects every bus, so that leader and follower overlap on the wire.
  private func sense(_ beat: Beat) {
    record.tick = beat.index
    record.scheduled = beat.scheduled
    record.began = beat.began
    record.missed = beat.missed
    instruments.begin(beat, before: beganBefore)
    beganBefore = beat.began
    if isAfterGap { sleep = (from: beat.began - late, to: beat.began) }
    follower.ask()
    leader?.ask()
    let deadline = beat.scheduled + settings.replyBudget
    follower.collect(until: max(deadline, beat.began + settings.leastBudget))
    leader?.collect(until: max(deadline, beat.began + settings.leastBudget))
    record.follower = follower.reading
    record.leader = leader?.reading ?? ArmReading()
    let bears = follower.torque == .on ? follower.reading.load : .zero
    pressing = envelope.pressing(bears, for: pressing)
    if follower.torque == .on {
      limp.note(command: previous.goal, reading: follower.reading, age: follower.age)
    } else {
      limp.forget()
    }
    guiding = map.follower(record.leader.position)
    if let newest = environment.load() { record.environment = newest }
    record.phases.sense = elapsed(since: beat.began)
  }

  /// One source owns the arm: what it wishes for.
  private func decide() -> JointVector {
    let began = clock.now
    record.memory.steps = []
    supervise()
    remember()
    let wish = wish()
    record.wish = wish
    record.phases.decide = elapsed(since: began)
    return wish
  }

  /// The only way to the servos. A fault becomes a controlled stop.
  private func constrain(_ wish: JointVector) -> Motion {
    let began = clock.now
    defer { record.phases.constrain = elapsed(since: began) }
    guard follower.torque == .on else { return Motion(at: follower.reading.position) }
    do throws(Fault) {
      if supervisor.state == .protectiveStop { return stopping() }
      record.memory.steps.insert(.constrained)
      if envelope.overloads(pressing) { record.memory.steps.insert(.pressed) }
      let (motion, limits) = try envelope.constrain(
        wish, from: previous, measured: follower.reading.position, age: follower.age, pressing: pressing, pace: 1,
        toolStep_m: supervisor.isClosingIn ? settings.guidingStep_m : .infinity)
      record.verdict.limits = limits
      return motion
    } catch {
      stop(for: error)
      return stopping()
    }
  }

  /// One sync write a bus; then the wire is free for slow registers until the next tick.
  private func act(_ command: Motion) {
    let began = clock.now
    defer { record.phases.act = elapsed(since: began) }
    // Where this thread stood still on the way here, what it decided is out of date, and the arm has stopped by itself:
    // the watchdog may have seen it, or have stood still too.
    guard (began - record.began).count < 2 * settings.period.count, ownership.mayWrite() else {
      previous.step = .zero
      record.command = previous.goal
      record.memory.steps.insert(.overtaken)
      return
    }
    previous = command
    record.command = command.goal
    if supervisor.state == .protectiveStop, follower.torque != .on {
      follower.pause()
    } else {
      follower.act(goal: command.goal, powered: supervisor.state.isPowered, alarms: settings.alarmBits)
    }
    mirror()
    follower.askHealth()
    leader?.askHealth()
  }

  /// The last goals once more: for a watchdog that has the bus.
  func repeatGoals() { follower.repeatGoal() }

  /// One record into the ring, one snapshot for whoever looks.
  private func record(_ command: Motion) {
    let began = clock.now
    record.state = supervisor.state.rawValue
    record.source = supervisor.source
    record.episode = supervisor.episode
    record.policy = policy.generation
    record.verdict.fault = supervisor.fault?.rawValue ?? 0
    recorderIsFull = !records.push(record)
    if recorderIsFull { stop(for: .recorder) }
    publish()
    record.phases.record = elapsed(since: began)
    instruments.record.add(Nanoseconds(Int64(record.phases.record)))
  }

  private func elapsed(since began: Nanoseconds) -> Int32 { Int32(clamping: (clock.now - began).count) }

  /// A tick over arms whose servos were checked; see `ControlSettings` for every number.
  public init(
    follower: consuming Limb, leader: consuming Limb?, map: LeaderFollowerMap, envelope: Envelope,
    settings: ControlSettings, channels: TickChannels, clock: TickClock
  ) {
    self.follower = follower
    self.leader = leader
    self.map = map
    self.envelope = envelope
    self.settings = settings
    self.policy = PolicySource(ticks: settings.decisionTicks)
    fall = envelope.tool.map {
      FallDetector(period: settings.period, kinematics: $0.kinematics, settings: settings.fall)
    }
    label = LabelWatch(period_s: Float(settings.period.seconds))
    limp = LimpWatch(
      slack: settings.limpSlack, patience: settings.limpTicks, period_s: Float(settings.period.seconds))
    self.channels = channels
    self.requests = channels.requests
    self.environment = channels.environment
    self.records = channels.records
    self.snapshots = channels.snapshots
    self.clock = clock
    supervisor.gate = settings.gate
  }
}
