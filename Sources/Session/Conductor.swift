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
  private let plan: SessionPlan
  private let host: any SessionHost
  private var phase = Phase.begin
  private var signals: [PersonSignal] = []
  private var attempt = 1
  private var announced: Announcement?
  private var announcedAt = Nanoseconds.never
  private var roundFrames = 0
  private var ending = false
  private var lifted = JointVector.zero
  private var parkingBegan = false

  /// The episode under way or next, as announced.
  public private(set) var episode: Int
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

  private enum Phase: Equatable {
    case begin
    /// Up and out of whatever the tool is in, then on to where the next thing begins.
    case retreating(then: Next)
    case reset(started: Bool, moving: Bool)
    case running(since: Nanoseconds)
    case training
    case parking
  }

  private enum Next: Equatable { case reset, park }

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
    let heard = signals
    signals.removeAll(keepingCapacity: true)
    for signal in heard { act(on: signal, snapshot) }
    if ending, !isEnding { beginEnding(snapshot) }
    switch phase {
    case .begin: begin(snapshot)
    case .retreating(let next): retreating(then: next, snapshot)
    case .reset(let started, let moving): reset(started: started, moving: moving, snapshot, now)
    case .running(let since): running(since: since, snapshot, now)
    case .training: training()
    case .parking:
      // Holding here means that there is no rest pose, or that somebody stopped the move: the arm stays where it is.
      if snapshot.state == .parking { parkingBegan = true }
      isDone =
        !snapshot.state.isPowered || snapshot.state == .protectiveStop || snapshot.state == .holding && parkingBegan
    }
    announce(snapshot, now)
  }

  // MARK: What the person says

  private func act(on signal: PersonSignal, _ snapshot: Snapshot) {
    switch (signal, phase) {
    case (.stop, _): ending = true
    case (.hold, _): host.ask(Request(.hold))
    case (.acknowledge, _): host.ask(Request(.acknowledge))
    case (.start, .reset(_, let moving)): phase = .reset(started: true, moving: moving)
    case (.takeOver, .running): host.ask(Request(.takeOver))
    case (.release, .running): host.ask(Request(.release))
    case (.success, .running): finish(.success, snapshot)
    case (.failure, .running): finish(.failure, snapshot)
    case (.discard, .running):
      host.ask(Request(.hold))
      host.ask(.episode(0))
      host.discardEpisode(episode)
      attempt += 1
      phase = .begin
    default: break
    }
  }

  // MARK: Phases

  private func begin(_ snapshot: Snapshot) {
    switch snapshot.state {
    case .idle, .off: host.ask(Request(.enable))
    case .protectiveStop: break  // until a person acknowledges
    case .ready, .holding, .teleoperating, .autonomous, .correcting, .handingOver, .parking:
      if plan.activity.usesPolicy {
        retreat(then: .reset, snapshot)
      } else {
        host.ask(Request(.teleoperate))
        phase = .reset(started: false, moving: true)
      }
    }
  }

  /// Lifts the tool first: from inside a cup or beside a wall no straight move leads home.
  private func retreat(then next: Next, _ snapshot: Snapshot) {
    lifted = plan.lifted(snapshot.record.command)
    host.ask(.playback(to: lifted))
    phase = .retreating(then: next)
  }

  private func retreating(then next: Next, _ snapshot: Snapshot) {
    if snapshot.state == .protectiveStop {
      phase = next == .reset ? .begin : .parking
      return
    }
    guard stands(at: lifted, snapshot) else { return }
    switch next {
    case .reset:
      host.ask(.playback(to: plan.start(of: episode)))
      phase = .reset(started: false, moving: true)
    case .park:
      host.ask(Request(.park))
      phase = .parking
    }
  }

  /// The request takes a tick to show, so the place counts too: before that the old state may look like the wanted one.
  private func stands(at pose: JointVector, _ snapshot: Snapshot) -> Bool {
    let way = pose - snapshot.record.command
    return snapshot.state == .holding && !snapshot.isMoving && (way * way).sum() < 1e-4
  }

  private func reset(started: Bool, moving: Bool, _ snapshot: Snapshot, _ now: Nanoseconds) {
    if snapshot.state == .protectiveStop {
      phase = .begin
      return
    }
    let still =
      plan.activity.usesPolicy
      ? stands(at: plan.start(of: episode), snapshot) : snapshot.state == .teleoperating && !snapshot.isMoving
    phase = .reset(started: started, moving: !still)
    guard started, still else { return }
    host.beginEpisode(episode, attempt: attempt)
    host.ask(.episode(UInt32(clamping: episode)))
    if plan.activity.usesPolicy { host.ask(Request(.policy)) }
    phase = .running(since: now)
  }

  private func running(since: Nanoseconds, _ snapshot: Snapshot, _ now: Nanoseconds) {
    if snapshot.state == .protectiveStop {
      finish(.failure, snapshot)
      return
    }
    guard snapshot.episode.number == UInt32(clamping: episode) else { return }
    if let limit = plan.limit, plan.activity.usesPolicy,
      plan.seconds(ticks: snapshot.episode.policy) >= limit.seconds, snapshot.state == .autonomous
    {
      finish(.failure, snapshot)
    } else if plan.labelsByTruth, let truth = host.truth {
      finish(truth ? .success : .failure, snapshot)
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

  private func finish(_ label: EpisodeLabel, _ snapshot: Snapshot) {
    if snapshot.state != .protectiveStop { host.ask(Request(.hold)) }
    host.ask(.episode(0))
    host.finishEpisode(episode, label)
    let frames = Int(snapshot.episode.person) / plan.decisionTicks
    outcomes.append(
      EpisodeSummary(
        episode: episode, label: label, takeOvers: Int(snapshot.episode.takeOvers),
        personSeconds: plan.seconds(ticks: snapshot.episode.person),
        policySeconds: plan.seconds(ticks: snapshot.episode.policy), frames: frames, round: round,
        fault: snapshot.fault))
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

  private var isEnding: Bool { phase == .parking || phase == .retreating(then: .park) }

  private func beginEnding(_ snapshot: Snapshot) {
    if case .running = phase {
      host.ask(.episode(0))
      host.finishEpisode(episode, .unlabelled)
    }
    if snapshot.state.isPowered, snapshot.state != .protectiveStop {
      retreat(then: .park, snapshot)
    } else {
      phase = .parking
    }
  }

  // MARK: What the person hears

  private func announce(_ snapshot: Snapshot, _ now: Nanoseconds) {
    let shown: Announcement.Phase =
      switch phase {
      case .begin, .reset, .retreating(then: .reset): .reset
      case .running: .running
      case .training: .training
      case .parking, .retreating(then: .park): .done
      }
    let news = Announcement(
      state: snapshot.state.name, activity: plan.activity, phase: shown, episode: episode, attempt: attempt)
    guard news != announced || now - announcedAt >= .milliseconds(1000) else { return }
    announced = news
    announcedAt = now
    host.announce(news)
  }
}
