// A session, episode by episode:
//
//     reset ── the arm is at its start, the person pressed start ──▶ running ── success, failure, time limit ──▶ reset …
//                                                                       │ discard: the same episode again
//     in a correction session, after enough corrected frames:  training ──▶ the new policy is loaded ──▶ reset …
//
// A state machine without a thread: `step` is called every few milliseconds in real time, and after every tick on
// virtual time, with the same results.

internal import Arm
public import Control
internal import Episodes
public import RealTime

/// Leads a session through its episodes, and tells arm, recorder and person what comes next.
public final class Conductor {
  let plan: SessionPlan
  let host: any SessionHost
  var phase = Phase.begin
  private var signals: [PersonSignal] = []
  /// How often the episode under way was begun.
  public internal(set) var attempt = 1
  var announced: Announcement?
  var announcedAt = Nanoseconds.never
  var roundFrames = 0
  /// Take-overs in all rounds.
  var takeOvers = 0
  var ending = false
  /// What is left of the way back to the start: poses to go through.
  var legs: [JointVector] = []
  /// How many ways back in a row have ended in a stop, and what stood in the last one.
  var blocked = 0
  var obstacle = ""
  /// Where the arm stood when a person was last asked to free it, and for how many times in a row it stood there.
  var stuckAt: JointVector?
  var timesStuck = 0
  var parkingBegan = false
  var budget: GateBudget
  var wantsRollBack = false
  var failures = 0
  /// Trainings in a row that somebody else ended.
  var killedTrainings = 0
  /// The newest tick seen, and the one seen when the arm was last asked for something.
  var tick: UInt64 = 0
  var asked: UInt64?

  var now = Nanoseconds.zero
  var resetBegan = Nanoseconds.never
  /// For how long a person was needed at the arm: episodes, verdicts and what lies between them; not while a policy was
  /// trained, nor on the way to rest.
  public private(set) var presence = Nanoseconds.zero

  /// How long until the next episode begins by itself; nil where it does not.
  public var resetRemaining: Nanoseconds? {
    guard let interval = plan.resetInterval, resetBegan != .never, case .reset = phase else { return nil }
    return interval - (now - resetBegan)
  }

  /// Whether the arm stands at an episode's start and waits for the person.
  public var isAtStart: Bool {
    guard case .reset(_, moving: false) = phase else { return false }
    return resetBegan != .never
  }

  /// The episode under way or next, as announced.
  public internal(set) var episode: Int
  /// What became of each finished episode.
  public internal(set) var outcomes: [EpisodeSummary] = []
  /// Rounds of correction that are complete.
  public internal(set) var round = 0
  /// Corrected frames in the round under way.
  public var framesThisRound: Int { roundFrames }
  /// True when everything planned is done and the arm is at rest.
  public internal(set) var isDone = false
  /// Which of the plan's ends it came to; nil where a person, a signal or trouble ended it.
  public internal(set) var ended: SessionEnd?
  /// Episodes in a row in which the present policy succeeded without help.
  var streak = 0
  /// Why the session ended early, if it did.
  public internal(set) var trouble: String?

  /// What is asked of the person now.
  public var shownPhase: Announcement.Phase {
    switch phase {
    case .begin, .reset, .held, .retreating(then: .reset): .reset
    case .running: .running
    case .training: .training
    case .parking, .retreating(then: .park): .done
    }
  }

  enum Phase: Equatable {
    case begin
    /// Up and out of whatever the tool is in (`WayBack`), then on to where the next thing begins.
    case retreating(then: Next)
    case reset(started: Bool, moving: Bool)
    /// A person stopped the arm between episodes, or has to free it; start goes on.
    case held
    case running
    case training
    case parking
  }

  enum Next: Equatable { case reset, park }

  /// A session by plan over a host.
  public init(plan: SessionPlan, host: any SessionHost) {
    self.plan = plan
    self.host = host
    budget = GateBudget(rate: plan.budget)
    episode = plan.resumed?.nextEpisode ?? plan.firstEpisode
    round = plan.resumed?.round ?? 0
    roundFrames = plan.resumed?.frames ?? 0
  }

  /// Takes in what a person said; it is acted on at the next step.
  public func hear(_ signal: PersonSignal) { signals.append(signal) }

  /// Ends the session in good order: the running episode is kept as it is, the arm parks.
  public func end() { ending = true }

  /// Ends the session because it cannot go on; why is its trouble.
  public func giveUp(_ why: String) {
    if trouble == nil { trouble = why }
    ending = true
  }

  /// One step, after a tick: what `snapshot` shows decides what happens next.
  public func step(at now: Nanoseconds, _ snapshot: Snapshot) {
    if snapshot.record.tick != tick { budget.watch(snapshot) }
    tick = snapshot.record.tick
    if phase != .training, !isEnding, self.now != .zero { presence += now - self.now }
    self.now = now
    let heard = signals
    signals.removeAll(keepingCapacity: true)
    for signal in heard { act(on: signal, snapshot) }
    if ending, !isEnding { beginEnding(snapshot) }
    switch phase {
    case .begin: begin(snapshot)
    case .retreating(let next): retreating(then: next, snapshot)
    case .reset(let started, let moving): reset(started: started, moving: moving, snapshot)
    case .held: break
    case .running: running(snapshot)
    case .training: training()
    case .parking: parking(snapshot)
    }
    announce(snapshot, now)
  }

  /// In real time a step comes more often than a tick, and a tick may have begun before the request came: only the second
  /// one from then on must show what became of it.
  func ask(_ request: Request) {
    asked = tick
    host.ask(request)
  }

  var isAnswered: Bool { asked.map { tick >= $0 + 2 } ?? true }

}
