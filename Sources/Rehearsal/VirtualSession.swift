// Host and twin in one process on virtual time:
//
//     SimulatedTime ──▶ beat ─▶ TwinWorld.advance ─▶ datagrams ─▶ Host
//                                 ▲ bytes │ bytes
//                              MemoryLink ─▶ Tick (waits move the clock and the world)
//                       Conductor ─▶ announcements ─▶ the twin's person
//
// The same control code as in real time, one thread, no sleeping: many times faster than the clock, and the same seed
// gives the same bytes.

public import Arm
public import Control
public import Episodes
internal import Foundation
public import RealTime
public import ServoBus
public import Session
public import Twin

/// A host and a twin that share one simulated clock.
public final class VirtualSession {
  /// The host, as in real time.
  public let host: ArmHost
  /// The twin.
  public let world: TwinWorld
  /// The clock of both.
  public let time: SimulatedTime
  /// Leads the session; nil until `begin`.
  public private(set) var conductor: Conductor?
  /// The host's ends of both wires, for tests that listen in or pull the plug.
  public let links: (follower: MemoryLink, leader: MemoryLink)
  /// Runs the tick, and what a test wants done right before and after it.
  public var aroundTick: (_ run: () -> Void) -> Void = { $0() }
  /// Called after every tick and what followed from it, for tests that look closely.
  public var afterTick: (Snapshot) -> Void = { _ in }
  /// What the person was told.
  public private(set) var said: [String] = []
  /// Whether a datagram of the twin arrives.
  public var arrives: (TwinChannel) -> Bool = { _ in true }

  private var schedule: BeatSchedule
  private var sleep = Nanoseconds.zero
  private let period: Nanoseconds
  private let encoder = JSONEncoder()

  /// Puts a rig's host and a world together; the servos are checked as on a real arm.
  public init(
    rig: Rig, twin: TwinOptions, leaderMirrors: Bool, gate: GateChoice = .none, labels: Bool = false
  ) throws {
    var options = twin
    options.hardware = rig.hardware
    world = try TwinWorld(options)
    time = SimulatedTime(start: options.start)
    let follower = MemoryLink(name: "virtual follower")
    let leader = MemoryLink(name: "virtual leader")
    let pump = WirePump(world: world, time: time, follower: follower, leader: leader)
    follower.onWrite = { pump.write($0, to: pump.world.follower) }
    leader.onWrite = { pump.write($0, to: pump.world.leader) }
    follower.onWait = { [unowned follower] in pump.run(to: $0, until: follower) }
    leader.onWait = { [unowned leader] in pump.run(to: $0, until: leader) }
    links = (follower, leader)
    host = try ArmHost(
      rig: rig,
      ports: HostPorts(
        follower: .memory(follower), leader: rig.pairs[0].leader == nil ? nil : .memory(leader)),
      clock: .simulated(time), leaderMirrors: leaderMirrors, gate: gate,
      labels: labels,
      reopen: { (side, isLeader) throws(PortError) in
        let link = isLeader ? leader : follower
        guard link.isConnected else { throw .missing(port: side.port) }
        return .memory(link)
      })
    period = host.settings.period
    // The first beat lies on the loop's grid, after what bringing the arms up took.
    schedule = BeatSchedule(
      origin: .zero, period: period, first: UInt64((time.now.count + period.count - 1) / period.count))
    host.announcer = { [world, encoder] announcement in
      if let data = try? encoder.encode(announcement) { data.withUnsafeBytes { world.hear($0) } }
    }
    host.teller = { [unowned self] in said.append($0) }
  }

  deinit {
    // Whoever still holds a link must not hold the world behind it.
    for link in [links.follower, links.leader] {
      link.onWrite = { _ in }
      link.onWait = { _ in }
    }
  }

  /// Keeps episodes in a dataset from now on.
  public func record(into dataset: Dataset, _ description: SessionDescription, firstEpisode: Int) throws {
    let info = description.info(rig: host.rig, clock: .simulated(time), start: firstEpisode)
    host.record(
      with: try Recorder(
        ring: host.channels.records, dataset: dataset, session: info, observer: host.learner?.observe))
  }

  /// Begins a session by plan.
  public func begin(_ plan: SessionPlan) { conductor = Conductor(plan: plan, host: host) }

  /// One beat of the loop, and what follows from it.
  public func step() {
    let wake = schedule.due + sleep
    world.advance(to: wake)
    time.advance(to: wake)
    // A process that slept reads what was sent meanwhile only after its late tick.
    if sleep == .zero { hearTwin() }
    sleep = .zero
    let beat = schedule.begin(at: time.now)
    aroundTick { host.tick.run(beat) }
    schedule.end(at: time.now)
    if let recorder = host.recorder {
      recorder.drainOnce()
    } else {
      while host.channels.records.pop() != nil {}
    }
    let snapshot = host.snapshot
    said += host.mend(snapshot)
    conductor?.step(at: time.now, snapshot)
    afterTick(snapshot)
  }

  /// Takes in the twin's datagrams.
  private func hearTwin() {
    world.drain { channel, bytes in
      guard arrives(channel) else { return }
      let data = Data(bytes)
      switch channel {
      case .environment: host.take(environmentDatagram: data)
      case .pedal: if let signal = PersonSignal(datagram: data) { hear(signal) }
      }
    }
  }

  /// What comes from the pedal.
  public func hear(_ signal: PersonSignal) {
    if signal == .run { host.holdToRun(at: time.now) } else { conductor?.hear(signal) }
  }

  /// The host sleeps through so many beats and wakes in the next one, a quarter of a period late.
  public func miss(_ beats: UInt32) {
    if beats > 0 { oversleep(by: Nanoseconds(Int64(beats) * period.count + period.count / 4)) }
  }

  /// The host, all of it, wakes so late for its next beat; the world goes on.
  public func oversleep(by span: Nanoseconds) { sleep += span }

  /// Where host and person are, in words.
  private var standing: String {
    let snapshot = host.snapshot
    let fault = snapshot.fault.flatMap(\.row).map { " for \($0.name)" } ?? ""
    return "the arm is \(snapshot.state.name)\(fault), the person is \(world.person), "
      + "episode \(conductor?.episode ?? 0)"
  }

  /// Runs until the session is over, or `limit` of virtual time has gone by; then throws.
  ///
  /// Nobody here lifts a blocked or limp arm by hand: a stop whose cause does not go ends the session, which says so.
  public func run(limit: Nanoseconds) throws(RehearsalError) {
    let end = time.now + limit
    var stopped = Nanoseconds.never
    while conductor?.isDone == false {
      guard time.now < end else { throw .tooLong(seconds: limit.seconds, standing: standing) }
      step()
      if host.snapshot.state != .protectiveStop {
        stopped = .never
      } else if stopped == .never {
        stopped = time.now
      } else if time.now - stopped > Self.longestStop {
        conductor?.giveUp("A stop did not let itself be acknowledged within a minute: \(standing).")
      }
    }
    host.recorder?.stop()
  }

  private static var longestStop: Nanoseconds { .seconds(60) }
}

/// Carries bytes between links and emulated wires while the host waits, and moves the clock.
private final class WirePump {
  let world: TwinWorld
  private let time: SimulatedTime
  // Unowned: the links keep this, and nothing else asks it to run.
  private unowned let follower: MemoryLink
  private unowned let leader: MemoryLink

  init(world: TwinWorld, time: SimulatedTime, follower: MemoryLink, leader: MemoryLink) {
    self.world = world
    self.time = time
    self.follower = follower
    self.leader = leader
  }

  func write(_ bytes: UnsafeRawBufferPointer, to bus: EmulatedBus) { bus.receive(bytes, at: time.now) }

  /// Moves the clock to the next reply's end, or the deadline, until `link` has bytes.
  func run(to deadline: Nanoseconds, until link: MemoryLink) {
    transmit()
    while link.available == 0, time.now < deadline {
      let next = [world.follower.nextReplyEnd, world.leader.nextReplyEnd].compactMap { $0 }.min() ?? deadline
      let moment = max(time.now, min(next, deadline))
      world.advance(to: moment)
      time.advance(to: moment)
      transmit()
      if moment == deadline { return }
    }
  }

  /// What has come by now waits in the links, as in a driver's buffer.
  private func transmit() {
    world.follower.transmit(until: time.now) { follower.deliver($0) }
    world.leader.transmit(until: time.now) { leader.deliver($0) }
  }
}

/// Why a rehearsal did not come to its end.
public enum RehearsalError: EndingError, CustomStringConvertible {
  /// The session went on for longer than any such session should.
  case tooLong(seconds: Double, standing: String)
  /// A number that makes no sense.
  case refused(String)
  /// The folder holds the cells of a study by another plan.
  case otherPlan(folder: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .tooLong(let seconds, let standing):
      "The session did not end within \(Int(seconds)) s of virtual time; person and host wait for each other: "
        + "\(standing)."
    case .refused(let why): why
    case .otherPlan(let folder):
      "\(folder) holds a study by another plan; name another folder with --dir, or remove this one."
    }
  }

  /// The code for a shell.
  public var exitCode: Int32 {
    switch self {
    case .tooLong, .refused: ExitStatus.data.rawValue
    case .otherPlan: ExitStatus.cannotCreate.rawValue
    }
  }
}
