import Arm
import Episodes
import RealTime
import Rehearsal
import ServoBus
import Twin

@testable import Control
@testable import Session

/// Runs beside a session, keeps every tick, and complains where a promise is broken, whatever the session is about:
///
/// - while the follower follows, no command is more than one step away, nor its step more than one change of step;
/// - what is on the wire is the command within half a tick of the servo;
/// - torque comes on only where every servo was sent the goal at which it stands;
/// - while torque is on somebody owns the arm;
/// - a leader with torque on is sent no further in a tick than the follower may go and its offset may close;
/// - the tool of every command is within floor and box, or comes nearer to them;
/// - an arm that has parked is let go of where it rests;
/// - a stop comes to rest within five seconds, and stays there;
/// - a state that nobody asked for follows from the one before, as the table of states says;
/// - every command can be made again from its record, bit for bit.
final class Tape {
  /// What is kept of a tick.
  struct Entry {
    var record: TickRecord
    var state: State
    var fault: Fault?
    var refusals: UInt32
    /// The follower was sent a goal with its torque on.
    var follows: Bool
    var isLeaderHeld: Bool
  }

  private(set) var entries: [Entry] = []
  /// The ways from state to state that nobody asked for.
  private(set) var unasked: Set<StateTable.Way> = []
  private let table: StateTable
  private var complaints: [String] = []
  private unowned let session: VirtualSession
  private let follower: Wire
  private let leader: Wire
  private let step: JointVector
  private let stepChange: JointVector
  private let scale: ArmScale
  private var last: (command: JointVector, step: JointVector)?
  private var lastLed: JointVector?
  private let tool: ToolLimits?
  private var stopped = 0
  private var wasPowered = false
  /// Makes every tick again. Its policy is not asked: tests change theirs as they like.
  private(set) var verifier: Verifier

  /// `slack_ticks`: how far a joint may move between its goal and its torque; a limp arm may be falling.
  init(_ session: VirtualSession, slack_ticks: Int32 = 1) throws {
    self.session = session
    table = try StateTable.written.get()
    let rig = session.host.rig
    let side = rig.pairs[0].follower
    let period = Float(session.host.settings.period.seconds)
    step = rig.envelope.velocity_rad_s * period
    stepChange = rig.envelope.acceleration_rad_s2 * (period * period)
    scale = try ArmScale(side.arm, side.readCalibration())
    let plan = try ControlPlan(rig, leaderMirrors: session.host.settings.mirrors)
    tool = plan.envelope.tool
    verifier = Verifier(map: plan.map, envelope: plan.envelope, settings: plan.settings, policy: nil)
    let registers = try Bench.servos.get().registers
    follower = Wire(session.links.follower, session.world.follower, registers, slack_ticks: slack_ticks)
    // A hand may carry the leader on while its torque comes.
    leader = Wire(session.links.leader, session.world.leader, registers, slack_ticks: 80)
    session.aroundTick = { [self] run in
      follower.begin()
      leader.begin()
      let wasOn = session.host.tick.follower.torque == .on
      run()
      keep(session.host.snapshot, follows: wasOn && session.host.tick.follower.torque == .on)
    }
  }

  /// The first broken promises in words; empty if all were kept.
  var trouble: String {
    complaints.isEmpty ? "" : "\(complaints.count) in all: " + complaints.prefix(3).joined(separator: "; ")
  }

  /// Where and how often each state was entered, in order.
  var states: [State] {
    entries.reduce(into: []) { if $0.last != $1.state { $0.append($1.state) } }
  }

  /// Where torque is brought on (anew) the goal is where the arm is, and the first step starts there, at rest.
  private func keep(_ snapshot: Snapshot, follows isOn: Bool) {
    let record = snapshot.record
    let follows = isOn && follower.isPowered && follower.goals != nil
    if let before = entries.last?.state, before != snapshot.state, record.request == 0 {
      let way = StateTable.Way(from: before, to: snapshot.state)
      unasked.insert(way)
      if !table.byItself.contains(way) { complain(record, "\(way), which nobody asked for") }
    }
    entries.append(
      Entry(
        record: record, state: snapshot.state, fault: snapshot.fault, refusals: snapshot.refusals, follows: follows,
        isLeaderHeld: leader.isPowered))
    complaints += follower.complaints.map { "follower, tick \(record.tick): \($0)" }
    complaints += leader.complaints.map { "leader, tick \(record.tick): \($0)" }
    if follower.isPowered, record.source == .none { complain(record, "torque is on and nobody owns the arm") }
    check(record, follows: follows)
    checkLeader(record)
    checkStop(snapshot, follows: follows)
    checkRelease(snapshot)
    let before = verifier.difference
    verifier.check(record)
    if before == nil, let difference = verifier.difference { complain(record, "made again: \(difference)") }
  }

  private func check(_ record: TickRecord, follows: Bool) {
    guard follows else {
      last = (record.command, .zero)
      return
    }
    if let last, let tool {
      let from = tool.kinematics.pose(last.command).position_m, to = tool.kinematics.pose(record.command).position_m
      // Commands are sums of Float steps, rounded: some 20 µm at the tool over a long stop.
      let low = (to .>= tool.workspace.lower - 2.5e-5) .| (to .>= from - 2e-6)
      let high = (to .<= tool.workspace.upper + 2.5e-5) .| (to .<= from + 2e-6)
      if !all(low .& high) { complain(record, "the tool goes from \(from) to \(to), out of its box") }
    }
    if record.missed >= 2 { last?.step = .zero }
    let moved = last.map { record.command - $0.command } ?? .zero
    if let last {
      // Commands are sums of steps, rounded to their own spacing.
      if any(magnitude(moved) .> step + 1e-6) { complain(record, "a command \(moved) away from the last") }
      if any(magnitude(moved - last.step) .> stepChange + 2e-6) {
        complain(record, "a step of \(moved) after one of \(last.step)")
      }
    }
    last = (record.command, moved)
    if let goals = follower.goals, scale.ticks(record.command) != goals {
      complain(record, "\(goals) on the wire for \(record.command)")
    }
  }

  private func checkStop(_ snapshot: Snapshot, follows: Bool) {
    stopped = snapshot.state == .protectiveStop && follows ? stopped + 1 : 0
    if stopped > 500, !snapshot.isAtRest { complain(snapshot.record, "a stop that moves after \(stopped) ticks") }
  }

  private func checkRelease(_ snapshot: Snapshot) {
    defer { wasPowered = follower.isPowered }
    // Elsewhere it goes off for a tick where every servo keeps an alarm.
    guard wasPowered, !follower.isPowered, snapshot.state == .idle,
      let rest = session.host.settings.rest
    else { return }
    let away = magnitude(JointVector(session.world.postures.follower) - rest)
    if any(away .> session.host.settings.restTolerance + 0.1) {
      complain(snapshot.record, "torque goes off \(away) away from the rest pose")
    }
  }

  private func checkLeader(_ record: TickRecord) {
    defer { lastLed = record.leaderCommand[0].isNaN ? nil : record.leaderCommand }
    guard let lastLed, !record.leaderCommand[0].isNaN else { return }
    let moved = record.leaderCommand - lastLed
    if any(magnitude(moved) .> step + session.host.settings.mirror.closingStep + 1e-5) {
      complain(record, "the leader is sent \(moved) away from where it was sent before")
    }
  }

  private func complain(_ record: TickRecord, _ text: String) {
    complaints.append("tick \(record.tick), \(record.source): \(text)")
  }
}

func magnitude(_ v: JointVector) -> JointVector { v.replacing(with: -v, where: v .< 0) }

/// Listens to what the host writes to one arm's servos.
private final class Wire {
  private(set) var isPowered = false
  /// The goals of this tick.
  private(set) var goals: SIMD8<Int32>?
  private(set) var complaints: [String] = []
  private var newest: SIMD8<Int32>?
  private let bus: EmulatedBus
  private let registers: ServoModel.Registers
  private let slack_ticks: Int32

  init(_ link: MemoryLink, _ bus: EmulatedBus, _ registers: ServoModel.Registers, slack_ticks: Int32) {
    self.bus = bus
    self.registers = registers
    self.slack_ticks = slack_ticks
    let write = link.onWrite
    link.onWrite = { [self] bytes in
      hear(Array(bytes))
      write(bytes)
    }
  }

  func begin() {
    goals = nil
    complaints = []
  }

  /// A sync write: FF FF FE length 83 address width (id, value)….
  private func hear(_ packet: [UInt8]) {
    guard packet.count > 8, packet[4] == 0x83 else { return }
    let width = Int(packet[6])
    var values = SIMD8<Int32>(repeating: 0)
    for (lane, start) in stride(from: 7, to: packet.count - 1, by: width + 1).enumerated() {
      values[lane] = Int32(packet[start + 1]) | (width > 1 ? Int32(packet[start + 2]) << 8 : 0)
    }
    switch packet[5] {
    case registers.goalPosition.address:
      goals = values
      newest = values
    case registers.torqueEnable.address: torque(values)
    default: break
    }
  }

  private func torque(_ values: SIMD8<Int32>) {
    let wasPowered = isPowered
    isPowered = any(values .!= 0)
    guard isPowered, !wasPowered else { return }
    guard newest != nil else { return complaints.append("torque comes on without any goal") }
    for (lane, servo) in bus.servos.enumerated() {
      let (goal, present) = (servo.value(registers.goalPosition), servo.value(registers.presentPosition))
      if abs(goal - present) > slack_ticks {
        complaints.append("torque comes on with joint \(lane) at \(present) and its goal at \(goal)")
      }
    }
  }
}
