// The twin: two arms with servos on their wires, a task on the table and a person at the leader.
//
//     host bytes ─▶ EmulatedBus ─▶ ArmMechanism ─▶ MuJoCo ─▶ task, camera ─▶ environment datagrams ─▶ host
//     announcements ─▶ Person ─▶ hand on the leader ─▶ MuJoCo                pedal datagrams ─▶ host
//
// Units: m, rad, N m, ns. Time is the caller's. Torque: the arms start limp; only servo bytes switch it on.
public import RealTime

/// Both arms, the task, the person. Deterministic, single-threaded, driven only by calls: the same options and the same
/// calls give the same bytes.
///
///     let world = try TwinWorld(options)
///     world.follower.receive(request, at: now)
///     world.advance(to: now + .milliseconds(10))
///     world.follower.transmit(until: …) { … }
///     world.drain { channel, datagram in … }
///
/// Not for threads: whoever serves it in real time owns it alone.
public final class TwinWorld: ServedWorld {
  /// One step of physics and firmware.
  public static let step = Nanoseconds.milliseconds(2)
  /// Names of the tasks.
  public static let tasks: [String] = Stage.tasks.keys.sorted()
  /// Names of those that come in variants (`TwinOptions.variant`).
  public static let families: [String] = Stage.families.sorted()

  /// The follower's servos and their wire.
  public let follower: EmulatedBus
  /// The leader's servos and their wire.
  public let leader: EmulatedBus
  /// The world's time: the last step that was made, on the caller's clock.
  public private(set) var now: Nanoseconds

  private let stage: Stage
  private var outgoing: [(channel: TwinChannel, datagram: [UInt8])] = []

  /// A world at rest: arms folded and limp, the table clear.
  public init(_ options: TwinOptions) throws(TwinError) {
    let files = try TwinFiles(options.hardware)
    stage = try Stage(options, scenes: files.scenes)
    follower = try files.bus(options.follower, mechanism: stage.follower, seed: options.seed)
    leader = try files.bus(options.leader, mechanism: stage.leader, seed: ~options.seed)
    now = options.start
  }

  /// From now on the caller's clock shows `time` at the world's present moment.
  public func begin(at time: Nanoseconds) { now = time }

  /// Goes on to `time` in whole steps; what is left of a step waits for the next call.
  public func advance(to time: Nanoseconds) {
    while now + Self.step <= time {
      if stage.isFrame { report() }
      follower.update(at: now)
      leader.update(at: now)
      stage.step()
      collectPedals()
      now += Self.step
    }
  }

  /// An announcement of the host reaches the person; what is not one is ignored.
  public func hear(_ announcement: UnsafeRawBufferPointer) {
    if let announcement = Announcement(announcement) { stage.hear(announcement) }
  }

  /// Hands over the datagrams that were sent since the last call, oldest first.
  public func drain(_ body: (TwinChannel, UnsafeRawBufferPointer) -> Void) {
    for (channel, datagram) in outgoing { datagram.withUnsafeBytes { body(channel, $0) } }
    outgoing.removeAll(keepingCapacity: true)
  }
}

// MARK: - The truth, for whoever measures a session from outside

extension TwinWorld {
  /// How the running episode stands.
  public var outcome: Outcome { stage.outcome }
  /// What the person is about, in a word: "watching", "correcting", …
  public var person: String { "\(stage.person.doing)" }
  /// True while the person's hand is on the leader.
  public var isLeaderHeld: Bool { stage.person.hand.intent != nil }
  /// How a practised person would change the joints in the next 40 ms from here, in rad: the label of classic DAgger,
  /// without eye and hand in between.
  public var advice_rad: SIMD8<Double> { stage.advice }
  /// What the twin's camera would report, the goal too where the task has one, in m in the base frame.
  public var scene: [(name: String, value: Double)] { stage.task.features() }
  /// Puts the objects where `episode` begins, where no person does: before a recording is played.
  public func place(episode: Int) { stage.task.place(episode: episode) }
  /// Where the follower's tool is, in m in the base frame.
  public var tool: SIMD3<Double> { stage.tool }
  /// How hard the follower presses on what it touches, in N, all contacts together.
  public var contactForce_N: Double {
    let simulation = stage.follower.simulation
    return (0..<simulation.contactCount).reduce(0) { $0 + simulation.contact($1).normalForce_N }
  }
  /// The follower's and the leader's true joint angles, in rad.
  public var postures: (follower: SIMD8<Double>, leader: SIMD8<Double>) {
    (stage.follower.posture, stage.leader.posture)
  }
  /// True once the physics ran away and MuJoCo began anew from the initial posture; then no result counts.
  public var isBroken: Bool { stage.follower.simulation.isBroken || stage.leader.simulation.isBroken }
}

// MARK: - Datagrams

extension TwinWorld {
  private func report() {
    var text = "{\"t\": \(now.count), \"features\": {"
    for (name, value) in stage.task.features() { text += "\"\(name)\": \(value), " }
    let outcome = stage.outcome
    text += "\"task.success\": \(outcome == .success ? 1 : 0), \"task.failure\": \(outcome == .failure ? 1 : 0)}}"
    outgoing.append((.environment, Array(text.utf8)))
  }

  private func collectPedals() {
    guard !stage.person.pressed.isEmpty else { return }
    for pedal in stage.person.pressed {
      outgoing.append((.pedal, Array("{\"pedal\": \"\(pedal.rawValue)\"}".utf8)))
    }
    stage.person.pressed.removeAll()
  }
}
