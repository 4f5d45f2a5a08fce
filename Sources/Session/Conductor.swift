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
  var attempt = 1
  var announced: Announcement?
  var announcedAt = Nanoseconds.never
  private var roundFrames = 0
  var ending = false
  private var lifted = JointVector.zero
  var parkingBegan = false
  /// The newest tick seen, and the one seen when the arm was last asked for something.
  private var tick: UInt64 = 0
  private var asked: UInt64?

  private var now = Nanoseconds.zero
  private var resetBegan = Nanoseconds.never

  /// How long until the next episode begins by itself; nil where it does not.
  public var resetRemaining: Nanoseconds? {
    guard let interval = plan.resetInterval, resetBegan != .never, case .reset = phase else { return nil }
    return interval - (now - resetBegan)
  }

  /// The episode under way or next, as announced.
  public internal(set) var episode: Int
  /// What became of each finished episode.
  public private(set) var outcomes: [EpisodeSummary] = []
  /// Rounds of correction that are complete.
  public private(set) var round = 0
  /// Corrected frames in the round under way.
  public var framesThisRound: Int { roundFrames }
  /// True when everything planned is done and the arm is at rest.
  public private(set) var isDone = false
  /// Why the session ended early, if it did.
  public private(set) var trouble: String?

  enum Phase: Equatable {
    case begin
    /// Up and out of whatever the tool is in, then on to where the next thing begins.
    case retreating(then: Next)
    case reset(started: Bool, moving: Bool)
    /// A person stopped the arm between episodes; start goes on.
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
    self.episode = plan.firstEpisode
  }

  /// Takes in what a person said; it is acted on at the next step.
  public func hear(_ signal: PersonSignal) { signals.append(signal) }

  /// Ends the session in good order: the running episode is kept as it is, the arm parks.
  public func end() { ending = true }

  /// One step, after a tick: what `snapshot` shows decides what happens next.
  public func step(at now: Nanoseconds, _ snapshot: Snapshot) {
    tick = snapshot.record.tick
    self.now = now
    let heard = signals
    signals.removeAll(keepingCapacity: true)
    for signal in heard { act(on: signal, snapshot) }
    if let row = snapshot.fault?.row, !row.clears, !ending {
      trouble = "\(row.name): \(row.remedy)"
      ending = true
    }
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

  private var isAnswered: Bool { asked.map { tick >= $0 + 2 } ?? true }

  // MARK: Phases

  private func begin(_ snapshot: Snapshot) {
    resetBegan = .never
    guard isAnswered else { return }
    switch snapshot.state {
    case .idle: ask(Request(.enable))
    case .off: ending = true  // somebody let the arm go: that is not undone by itself
    case .protectiveStop: break  // until a person acknowledges
    case .ready, .holding, .teleoperating, .autonomous, .correcting, .handingOver, .parking:
      if plan.activity.startsAtPose {
        retreat(then: .reset, snapshot)
      } else {
        ask(Request(.teleoperate))
        phase = .reset(started: false, moving: true)
      }
    }
  }

  /// Lifts the tool first: from inside a cup or beside a wall no straight move leads home.
  private func retreat(then next: Next, _ snapshot: Snapshot) {
    lifted = plan.lifted(snapshot.record.command)
    ask(.playback(to: lifted))
    phase = .retreating(then: next)
  }

  private func retreating(then next: Next, _ snapshot: Snapshot) {
    guard isAnswered else { return }
    switch (snapshot.state, next) {
    case (.autonomous, _): break
    case (.holding, .reset):
      ask(.playback(to: plan.start(of: episode)))
      phase = .reset(started: false, moving: true)
    case (.holding, .park):
      ask(Request(.park))
      phase = .parking
    // A fault, or the move was refused.
    case (_, .reset): phase = .begin
    case (_, .park): phase = .parking
    }
  }

  private func reset(started: Bool, moving: Bool, _ snapshot: Snapshot) {
    guard isAnswered else { return }
    guard snapshot.state == (plan.activity.startsAtPose && !snapshot.isMoving ? .holding : moves) else {
      // A fault, or the arm was asked in vain: from the beginning.
      phase = .begin
      return
    }
    phase = .reset(started: started, moving: snapshot.isMoving)
    if !snapshot.isMoving, resetBegan == .never { resetBegan = now }
    // A replay needs nobody's hands: it goes on from the slow approach by itself.
    let started = started || plan.activity == .replay || resetRemaining.map { $0 <= .zero } == true
    guard started, !snapshot.isMoving else { return }
    // Hold-to-run: the episode begins with the pedal.
    guard snapshot.isHeldToRun || !plan.activity.usesPolicy else { return }
    resetBegan = .never
    host.beginEpisode(episode, attempt: attempt)
    ask(.episode(UInt32(clamping: episode)))
    if plan.activity.usesPolicy { ask(Request(.policy)) }
    if let trajectory = plan.trajectory { ask(.replay(trajectory)) }
    phase = .running
  }

  /// The state in which the arm comes to an episode's start.
  private var moves: State { plan.activity.startsAtPose ? .autonomous : .teleoperating }

  private func running(_ snapshot: Snapshot) {
    if snapshot.isStopped {
      finish(snapshot.verdict, snapshot)
      return
    }
    guard snapshot.episode.number == UInt32(clamping: episode) else { return }
    if plan.activity == .replay, snapshot.state == .holding, isAnswered {
      finish(.success, snapshot)
    } else if let limit = plan.limit, plan.activity.usesPolicy,
      plan.seconds(ticks: snapshot.episode.policy) >= limit.seconds, snapshot.state == .autonomous
    {
      finish(.failure, snapshot)
    } else if let limit = plan.recordingLimit, plan.seconds(ticks: snapshot.episode.person) >= limit.seconds {
      finish(.unlabelled, snapshot)
    } else if plan.labelsByTruth, let truth = host.truth {
      finish(truth ? .success : .failure, snapshot)
    }
  }

  private func parking(_ snapshot: Snapshot) {
    if snapshot.state == .parking { parkingBegan = true }
    guard isAnswered else { return }
    switch snapshot.state {
    case .parking: break
    case .idle, .off: isDone = !snapshot.followerHeld && !snapshot.leaderHeld
    // A stop has to come to its end before the loop may.
    case .protectiveStop: isDone = snapshot.isAtRest
    // There is no rest pose, the arm did not come there, or somebody stopped the move: it stays where it is.
    case .holding where parkingBegan: isDone = snapshot.isAtRest
    case .ready, .holding, .teleoperating, .autonomous, .handingOver, .correcting: ask(Request(.park))
    }
  }

  private func training() {
    switch host.training {
    case .none, .running: break
    case .failed(let why):
      trouble = why
      ending = true
    case .finished:
      round += 1
      roundFrames = 0
      if round >= plan.rounds { ending = true } else { phase = .begin }
    }
  }

  func finish(_ label: EpisodeLabel, _ snapshot: Snapshot) {
    if snapshot.state != .protectiveStop { ask(Request(.hold)) }
    ask(.episode(0))
    host.finishEpisode(episode, label)
    // Over before its first tick was seen: then the counts are still another episode's.
    let number = UInt32(clamping: episode)
    let count = snapshot.episode.number == number ? snapshot.episode : EpisodeCount(number: number)
    let frames = Int(count.person) / plan.decisionTicks
    outcomes.append(
      EpisodeSummary(
        episode: episode, label: label, takeOvers: Int(count.takeOvers),
        personSeconds: plan.seconds(ticks: count.person), policySeconds: plan.seconds(ticks: count.policy),
        frames: frames, round: round, fault: snapshot.fault))
    episode += 1
    attempt = 1
    if label == .success { roundFrames += frames }
    if plan.activity == .correct, roundFrames >= plan.framesPerRound {
      host.beginTraining(round: round + 1)
      phase = .training
    } else if plan.isComplete(episodes: outcomes.count, frames: roundFrames) {
      ending = true
    } else {
      phase = .begin
    }
  }

  /// Whether the session is on its way to its end: the arm parks, or a stop comes to rest.
  public var isEnding: Bool { phase == .parking || phase == .retreating(then: .park) }

  private func beginEnding(_ snapshot: Snapshot) {
    if phase == .running {
      ask(.episode(0))
      host.finishEpisode(episode, .unlabelled)
    }
    if snapshot.state.isPowered, snapshot.state != .protectiveStop {
      retreat(then: .park, snapshot)
    } else {
      phase = .parking
    }
  }
}
