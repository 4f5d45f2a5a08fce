// A session in real time:
//
//     loop thread      tick, tick, tick …                       (RealTime)
//     recorder         drains the ring, writes, syncs           (Episodes)
//     this thread      sockets, keys, conductor, live line      every 4 ms
//     child process    training
//
// They share rings, slots and values, and nothing else.

public import Arm
public import Control
internal import Episodes
public import Foundation
internal import Glibc
public import Learning
internal import RealTime
internal import ServoBus
internal import Synchronization

/// What a session in real time needs beyond its plan.
public struct LiveOptions: Sendable {
  /// The rig.
  public var rig: Rig
  /// The policy that drives first.
  public var policy: URL?
  /// A second policy, to be compared with the first: each pair of episodes is driven by both, in random order.
  public var against: URL?
  /// Where episodes are kept; nil for nowhere.
  public var dataset: URL?
  /// In a correction session: further datasets to train on.
  public var demonstrations: [URL] = []
  /// In a correction session: where new policies go.
  public var policies: URL?
  /// Arguments of the training child beyond datasets, output and seed.
  public var trainingArguments: [String] = []
  /// Whether episodes are numbered on from the last of their kind in the dataset.
  public var continuesNumbering = false
  /// What asks for a person while the policy drives.
  public var gate = GateName.none
  /// The share of decisions in which that person is willing to be asked.
  public var budget = 0.01
  /// The seed of the gate's coin.
  public var seed: UInt64 = 1
  /// In a session that shapes: the folder for the shaped policy, made from `policy` or gone on with.
  public var shaped: URL?
  /// In a session that shapes: how late a person's presses come.
  public var delays = HumanReward.Window.short
  /// The task in words.
  public var task = ""
  /// Who holds the leader.
  public var person = ""
  /// Free words that every episode gets.
  public var notes = ""
  /// JSON lines on standard output instead of prose.
  public var json: Bool
  /// The whole terminal instead of one line.
  public var screen: Bool

  /// Options for a rig.
  public init(rig: Rig, json: Bool, screen: Bool = false) {
    self.rig = rig
    self.json = json
    self.screen = screen
  }
}

/// Runs one session on real ports, from opening them to parking.
public final class LiveSession {
  let options: LiveOptions
  let plan: SessionPlan
  let host: ArmHost
  let conductor: Conductor
  private let sockets: LiveSockets
  let terminal: Terminal
  var screen: SessionScreen
  private let signals: EndSignals
  private let watchdog: Watchdog
  private let manager = ServiceManager()
  let clock = TickClock.monotonic
  private let loopSettings: RateLoop.Configuration
  private let grants: [Grant]
  private var policies: [String] = []
  private var torn: [String] = []
  var shownFailure: LogError?
  var shownOutcomes = 0
  var shownFault: Fault?
  private var isEnding = false
  private var isPedalLost = false
  var shownRefusals: UInt32 = 0
  var news: [String] = []
  private var keptCount = ShapingLearner.Count()
  /// Where onlookers see this session and say their few words.
  public let lookout: Lookout

  /// Opens ports and sockets, checks every servo, and builds the loop; nothing moves yet.
  public init(_ options: LiveOptions, plan makePlan: (Rig, ControlSettings) -> SessionPlan) throws(HostError) {
    self.options = options
    signals = EndSignals()
    let rig = options.rig
    let pair = rig.pairs[0]
    loopSettings = RateLoop.Configuration(rig)
    // First of all, so that the threads and children of this session are started where they may stay.
    do throws(RateLoopError) { grants = try Grant.askForSession(loopSettings) } catch { throw .loop(error) }
    let ports: HostPorts
    do throws(PortError) {
      ports = HostPorts(
        follower: try SerialPort.open(pair.follower.port),
        leader: try pair.leader.map { (side) throws(PortError) in try SerialPort.open(side.port) })
    } catch {
      throw .port(error)
    }
    sockets = try LiveSockets(rig)
    host = try ArmHost(
      rig: rig, ports: ports, clock: clock,
      leaderMirrors: options.policy != nil && !options.gate.needsPersonAction,
      gate: options.gate.choice(budget: options.budget, seed: options.seed), labels: options.gate.needsPersonAction)
    watchdog = Watchdog(host.tick, limit: .milliseconds(100))
    var plan = makePlan(rig, host.settings)
    if let policy = options.policy { try host.load(policy: policy) }
    // Only now, when all else is well: a policy that cannot be used here leaves no folder behind.
    if let policy = options.policy, let shaped = options.shaped {
      host.learner = ShapingLearner(try Shaping.open(shaped, parent: policy, window: options.delays), rig: rig)
      try host.load(policy: shaped)
    }
    if let folder = options.dataset {
      do {
        let dataset = try Dataset.openOrCreate(folder.path)
        if options.continuesNumbering {
          let numbers = dataset.episodes.filter { $0.activity == plan.activity.rawValue }.map { Int($0.number) }
          plan.firstEpisode = max(plan.firstEpisode, (numbers.max() ?? 0) + 1)
        }
        var description = SessionDescription(activity: plan.activity)
        description.task = options.task
        description.person = options.person
        description.seed = plan.seed
        description.policyDigest = host.policyDigest
        description.grants = grants
        torn = try dataset.problems().filter { if case .torn = $0 { true } else { false } }.map(\.description)
        let recorder = try Recorder(
          ring: host.channels.records, dataset: dataset,
          session: description.info(rig: rig, clock: clock, start: plan.firstEpisode),
          observer: host.learner?.observe)
        host.record(with: recorder)
        host.notes = options.notes
      } catch let error as DatasetError {
        throw .dataset(error)
      } catch {
        throw .refused("\(error)")
      }
    }
    self.plan = plan
    if let first = options.policy, let second = options.against {
      // Alike for a person who labels: neither drives at predictable times, and both see what changes with time.
      host.policyOfEpisode = { [seed = plan.seed, begin = plan.firstEpisode] episode in
        let (pair, place) = (episode - begin).quotientAndRemainder(dividingBy: 2)
        var coin = SplitMix64(seed: seed &* 0x2545_F491_4F6C_DD1D &+ UInt64(pair))
        return (place == 0) == (coin.uniform() < 0.5) ? first : second
      }
    }
    conductor = Conductor(plan: plan, host: host)
    lookout = Lookout(
      about: SessionFacts(rig: rig, activity: plan.activity), snapshots: host.channels.snapshots, tick: host.tick)
    screen = SessionScreen(lookout.about, instruments: lookout.instruments)
    terminal = Terminal(showsLine: !options.json, showsScreen: options.screen)
    if plan.activity == .correct, let dataset = options.dataset, let policies = options.policies {
      host.trainRounds(
        with: ChildTrainer(
          executable: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath(),
          arguments: ["--rig", rig.file] + options.trainingArguments),
        datasets: options.demonstrations + [dataset], policies: policies, seed: plan.seed)
    }
  }

  /// Runs until the plan is done, a person or a signal ends it; the arm is parked or holds when this returns.
  public func run() throws(HostError) -> SessionReport {
    let stopping = Flag()
    let tick = host.tick
    let drains = host.recorder == nil
    let ring = host.channels.records
    let loop = RateLoop(loopSettings)
    host.announcer = { [sockets] in sockets.announce($0) }
    host.promoted = { [unowned self] folder in
      policies.append(folder.path)
    }
    host.teller = { [unowned self] in say($0) }
    host.recorder?.start()
    do throws(RateLoopError) {
      try loop.start(
        started: { _ in },
        tick: { beat in
          tick.run(beat)
          // Without a recorder nobody else empties the ring.
          if drains { while ring.pop() != nil {} }
          return !stopping.isSet
        })
    } catch {
      throw .loop(error)
    }
    let guardian = Worker("watchdog", every: .milliseconds(20)) { [watchdog, clock] in watchdog.look(at: clock.now) }
    for line in Grant.lines(grants) { say(line) }
    if let plan = host.busPlan { say("\(plan)") }
    if !options.json { terminal.say(help) }
    for sentence in torn { say("an earlier recording: \(sentence)") }
    try supervise()
    guardian.stop()
    stopping.set()
    loop.wait()
    host.recorder?.stop()
    keepTaste()
    terminal.restore()
    var report = SessionReport(activity: plan.activity, conductor: conductor, host: host)
    report.policies = policies
    draw(report)
    report.signal = signals.first
    let snapshot = host.snapshot
    if report.trouble == nil, report.signal == nil, let fault = snapshot.fault?.row {
      report.trouble = "The session ended in a protective stop, \(fault.name): \(fault.remedy)"
    }
    if report.trouble == nil, !report.missingLogs.isEmpty {
      let logs = Figures.count(report.missingLogs.count, "finished log")
      report.trouble = "\(logs) of this session were removed while it ran; record those episodes again."
    }
    if snapshot.state.isPowered || snapshot.leaderHeld {
      let who = snapshot.leaderHeld ? "The arm and its leader hold" : "The arm holds"
      say(
        "\(who): torque stays on until you run `understudy relax --rig \(options.rig.file)` (support it first: it falls)."
      )
    }
    return report
  }

  /// Sockets, keys and signals in; conductor; live line out. Returns when the session is over.
  private func supervise() throws(HostError) {
    var shownAt = Nanoseconds.never
    var toldAt = Nanoseconds.never
    var timedAt = clock.now
    manager.tell("READY=1")
    defer { manager.tell("STOPPING=1") }
    while !conductor.isDone {
      sockets.wait(milliseconds: 4)
      for data in sockets.environment() { host.take(environmentDatagram: data) }
      let correcting = host.snapshot.state == .correcting
      for signal in sockets.pedals(correcting: correcting, at: clock.now) {
        hear(signal)
      }
      watchPedal()
      for word in lookout.heard() { hear(PersonSignal(word)) }
      let snapshot = host.snapshot
      if plan.activity == .replay {
        // Whatever is pressed stops the arm; once it stands, enter begins again and anything else ends.
        if let isEnter = terminal.anyKey() { conductor.hear(conductor.isHeld ? (isEnter ? .start : .stop) : .hold) }
      } else {
        for signal in terminal.signals(correcting: snapshot.state == .correcting) { conductor.hear(signal) }
      }
      switch signals.count {
      case 0: break
      case 1: conductor.end()
      default:
        host.ask(Request(.hold))
        sockets.wait(milliseconds: 100)
        return
      }
      for sentence in host.mend(snapshot) { say(sentence) }
      if let gone = host.lostFor(now: clock.now), signals.count > 0 || gone > Self.patience,
        let fault = snapshot.fault?.row
      {
        conductor.giveUp("\(fault.name): its port is still gone. \(fault.remedy)")
      }
      conductor.step(at: clock.now, snapshot)
      report(snapshot)
      if conductor.isEnding, !isEnding {
        isEnding = true
        sayWhatEnds(snapshot)
      }
      if let period = manager.watchdogPeriod, clock.now - toldAt >= period, watchdog.silentFor < .milliseconds(100) {
        toldAt = clock.now
        manager.tell("WATCHDOG=1", "STATUS=\(line(snapshot))")
      }
      if options.json, clock.now - timedAt >= .seconds(1) {
        timedAt = clock.now
        emit(TimingEvent(host, snapshot))
      }
      if watchdog.silentFor >= .seconds(5) {
        host.recorder?.stop()
        terminal.restore()
        throw .stalled(seconds: Int(watchdog.silentFor.seconds))
      }
      if clock.now - shownAt > .milliseconds(100) {
        shownAt = clock.now
        keepTaste()
        let view = SessionView(plan: plan, conductor: conductor, host: host, news: news)
        lookout.view = view
        show(snapshot, view)
      }
    }
  }

  private func hear(_ signal: PersonSignal) {
    if signal == .run { host.holdToRun(at: clock.now) } else { conductor.hear(signal) }
  }

  var help: String {
    switch plan.activity {
    case .replay: Terminal.replayHelp
    case .shape: Terminal.shapeHelp
    default: Terminal.help
    }
  }

  /// Writes down what a person likes as soon as they said something new: a session that is killed has lost a press at most.
  private func keepTaste() {
    guard let learner = host.learner, let folder = options.shaped, learner.count != keptCount else { return }
    keptCount = learner.count
    do {
      try learner.keep(in: folder)
    } catch {
      say("what you like could not be written down: \(error.localizedDescription)")
    }
  }

  /// A pedal that is gone stops the arm: what is held to run runs out by itself, latched; anything else holds.
  private func watchPedal() {
    guard sockets.hasLostPedal != isPedalLost else { return }
    isPedalLost.toggle()
    guard isPedalLost else { return say("the pedal is back") }
    say("the pedal \(options.rig.pedalDevice ?? "") is gone, so the arm stops; plug it in again")
    if options.rig.holdToRun_ms == nil { conductor.hear(.hold) }
  }

  /// For how long a session waits for an adapter to be plugged in again.
  private static var patience: Nanoseconds { .seconds(60) }

  /// In a session that shapes: what is known of the person's taste.
  public var shaping: Shaping? { host.learner?.shaping }
}

/// Set once, by one thread, for another.
private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
