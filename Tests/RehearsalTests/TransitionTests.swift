import Arm
import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// Every state of the supervisor, asked for everything that can be asked: what it becomes, what the log says of it, and
/// that whatever is refused changes nothing.
@Suite struct TransitionTests {
  /// The ways out of each state, but the one that every state has: torque can always be let go of.
  static let ways: [State: [Request.Action: State]] = [
    .idle: [.enable: .ready],
    .ready: [
      .teleoperate: .teleoperating, .policy: .autonomous, .replay: .autonomous, .playback: .autonomous,
      .hold: .holding, .park: .parking,
    ],
    .teleoperating: [.policy: .autonomous, .playback: .autonomous, .hold: .holding, .park: .parking],
    .autonomous: [
      .teleoperate: .teleoperating, .policy: .autonomous, .replay: .autonomous, .playback: .autonomous,
      .takeOver: .handingOver, .hold: .holding, .park: .parking,
    ],
    .handingOver: [.release: .autonomous, .playback: .autonomous, .hold: .holding, .park: .parking],
    .correcting: [.release: .autonomous, .playback: .autonomous, .hold: .holding, .park: .parking],
    .holding: [
      .teleoperate: .teleoperating, .policy: .autonomous, .replay: .autonomous, .playback: .autonomous,
      .takeOver: .handingOver, .hold: .holding, .park: .parking,
    ],
    .protectiveStop: [.acknowledge: .holding],
    .parking: [.hold: .holding],
    .off: [.enable: .ready],
  ]

  /// What does not concern the arm.
  static let neutral: Set<Request.Action> = [.none, .episode, .loadPolicy, .gate, .exchangeBus, .reward, .scold]

  /// Why anything is refused in a state.
  private static func reason(_ state: State, _ action: Request.Action) -> String {
    if action == .acknowledge { return "There is nothing to acknowledge: the arm is \(state.name)." }
    return switch state {
    case .idle: "The arm is idle: enable it first."
    case .off: "The arm is off: enable it first."
    case .protectiveStop: "The arm is in a protective stop: mend the cause and acknowledge it first."
    case .parking: "The arm is parking: wait, or hold it first."
    case .ready, .teleoperating, .autonomous, .handingOver, .correcting, .holding:
      "\(action.name) is not possible while the arm is \(state.name)."
    }
  }

  /// A session in a state, and what must stay alive for it. From `handingOver` the next tick leads on by itself: there the
  /// request that leads into it still waits, so that the next one is taken in the same tick.
  private func session(in state: State) throws -> (VirtualSession, Tape, Any) {
    let session = try Bench.session(nil)
    let tape = try Tape(session)
    let kept = try session.load(Puppet.still())
    session.step(12)
    guard state != .idle else { return (session, tape, kept) }
    if state == .parking { session.standUp(Puppet.home) } else { session.host.ask(Request(.enable)) }
    session.step(12)
    func go(_ action: Request.Action) {
      session.host.ask(Request(action))
      session.step()
    }
    switch state {
    case .idle, .ready: break
    case .teleoperating:
      try session.holdLeader()
      go(.teleoperate)
    case .autonomous: go(.policy)
    case .handingOver:
      go(.policy)
      session.step(5)
      session.host.ask(Request(.takeOver))
    case .correcting:
      go(.policy)
      session.step(5)
      go(.takeOver)
      try session.holdLeader()
      session.step(6)
      try session.holdLeader()
    case .holding: go(.hold)
    case .protectiveStop:
      session.miss(12)
      session.step(2)
    case .parking: go(.park)
    case .off: go(.relax)
    }
    if state != .handingOver { #expect(session.host.snapshot.state == state) }
    return (session, tape, kept)
  }

  private static let trajectory = Trajectory(poses: [Puppet.home], measured: [Puppet.home], pace: 1)

  private func request(_ action: Request.Action) -> Request {
    switch action {
    case .playback: .playback(to: Puppet.home)
    case .replay: .replay(Self.trajectory)
    default: Request(action)
    }
  }

  @Test(arguments: State.allCases) func `a way that the table has is gone, and is in the log`(state: State) throws {
    var ways = try #require(Self.ways[state])
    ways[.relax] = .off
    for (action, next) in ways {
      let (session, tape, kept) = try session(in: state)
      defer { withExtendedLifetime(kept) {} }
      let refusals = session.host.snapshot.refusals
      session.host.ask(request(action))
      session.step()
      let snapshot = session.host.snapshot
      #expect(snapshot.state == next, "\(state), \(action)")
      // Who lets go of a stopped arm still reads why it stopped.
      let isTold = state == .protectiveStop && action == .relax
      #expect(snapshot.refusals == refusals && snapshot.fault == (isTold ? .gap : nil))
      #expect(snapshot.record.state == next.rawValue && snapshot.record.request == action.rawValue)
      session.step(5)
      #expect(tape.trouble == "", "\(state), \(action)")
    }
  }

  @Test(arguments: State.allCases) func `any other is refused with a reason, and nothing changes`(state: State) throws {
    let ways = try #require(Self.ways[state])
    var reused: (VirtualSession, Tape, Any)?
    for action in Request.Action.allCases where ways[action] == nil && action != .relax {
      let (session, tape, kept) = try reused ?? session(in: state)
      defer { withExtendedLifetime(kept) {} }
      if state != .handingOver { reused = (session, tape, kept) }
      let before = session.host.snapshot
      session.host.ask(request(action))
      session.step()
      let snapshot = session.host.snapshot
      #expect(snapshot.state == state, "\(state), \(action)")
      #expect(snapshot.fault == before.fault)
      guard !Self.neutral.contains(action) else {
        #expect(snapshot.refusals == before.refusals, "\(action) concerns no arm")
        continue
      }
      #expect(snapshot.refusals == before.refusals + 1, "\(state), \(action)")
      #expect(snapshot.refused == action)
      #expect(snapshot.refusal == .state)
      #expect(snapshot.refusal.sentence(of: action, in: state) == Self.reason(state, action))
      #expect(tape.trouble == "", "\(state), \(action)")
    }
  }

  @Test func `what is written of the states is what requests do`() throws {
    let table = try StateTable.written.get()
    #expect(Set(table.asked.keys) == Set(Request.Action.allCases.filter { !Self.neutral.contains($0) }.map(\.name)))
    for state in State.allCases {
      var ways = try #require(Self.ways[state])
      ways[.relax] = .off
      for action in Request.Action.allCases {
        let written = table.asked[action.name].flatMap { $0.from.contains(state) ? $0.next : nil }
        #expect(written == ways[action], "\(state.name), \(action.name)")
        #expect(state.after(action) == (Self.neutral.contains(action) ? state : written))
      }
    }
  }

  @Test(arguments: State.allCases) func `a fault stops whatever has torque, and nothing else`(state: State) throws {
    let (session, tape, kept) = try session(in: state)
    defer { withExtendedLifetime(kept) {} }
    if state == .handingOver { session.step() }
    #expect(session.host.snapshot.state == state)
    session.miss(12)
    session.step()
    #expect(session.host.snapshot.state == (state.isPowered ? .protectiveStop : state))
    #expect(session.host.snapshot.fault == (state.isPowered ? .gap : nil))
    #expect(tape.trouble == "")
  }

  @Test func `every state is announced as it is entered, and the log has each tick's own`() throws {
    try Bench.withFolder { folder in
      let session = try Bench.session(nil)
      let tape = try Tape(session)
      try session.host.load(policy: Bench.policy.get())
      let dataset = try Dataset.create(folder.path, durable: false)
      try session.record(into: dataset, SessionDescription(activity: .run), firstEpisode: 1)
      session.begin(.run) {
        $0.episodes = 2
        $0.limit = .seconds(0.6)
      }
      var announced: [String] = []
      session.host.announcer = { if announced.last != $0.state { announced.append($0.state) } }
      session.afterTick = { [unowned session] snapshot in
        let isFirst = snapshot.episode.number == 1 && snapshot.episode.policy > 20
        session.world.follower.faults.silent = isFirst && snapshot.state == .autonomous ? 0b100 : 0
        if snapshot.state == .protectiveStop { session.conductor?.hear(.acknowledge) }
        let waits = snapshot.state == .holding && !snapshot.isMoving && snapshot.record.episode == 0
        if waits { session.conductor?.hear(.start) }
      }
      try session.run(limit: .seconds(300))
      #expect(announced == tape.states.map(\.name))
      #expect(announced.contains("protective-stop") && announced.last == "idle")
      let states = Dictionary(uniqueKeysWithValues: tape.entries.map { ($0.record.tick, $0.state) })
      var logged: Set<State> = []
      for entry in dataset.episodes {
        try dataset.read(entry).forEach { (record: TickRecord) in
          #expect(states[record.tick]?.rawValue == record.state)
          if let state = State(rawValue: record.state) { logged.insert(state) }
        }
      }
      #expect(logged.isSuperset(of: [.autonomous, .protectiveStop]), "\(logged)")
      #expect(tape.trouble == "")
    }
  }
}
