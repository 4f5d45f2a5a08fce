// Between conductor and person: what keys, pedals and page say, and what is announced.

internal import Arm
internal import Control
internal import Episodes
internal import RealTime

extension Conductor {
  func act(on signal: PersonSignal, _ snapshot: Snapshot) {
    switch (signal, phase) {
    case (.stop, _): ending = true
    case (.hold, _): hold()
    case (.acknowledge, _): ask(Request(.acknowledge))
    case (.start, .reset(_, let moving)): phase = .reset(started: true, moving: moving)
    case (.start, .held): phase = .begin
    // Between episodes a person leads the arm to where they want it.
    case (.takeOver, .held): ask(Request(.takeOver))
    case (.release, .held): hold()
    // The gate asked in vain, or the person had a look: all is well.
    case (.start, .running) where snapshot.state == .holding && plan.activity.usesPolicy: ask(Request(.policy))
    case (.rollBack, _): wantsRollBack = plan.activity == .correct
    // What is felt lies behind, and changes nobody's turn.
    case (.reward, .running) where plan.activity == .shape: host.ask(Request(.reward))
    case (.scold, .running) where plan.activity == .shape: host.ask(Request(.scold))
    case (.takeOver, .running): ask(Request(.takeOver))
    case (.release, .running) where plan.endsAfterCorrection && snapshot.state == .correcting:
      finish(.success, snapshot)
    case (.release, .running): ask(Request(.release))
    // A stop that the person has not seen yet has already decided.
    case (.success, .running): finish(snapshot.isStopped ? snapshot.verdict : .success, snapshot)
    case (.failure, .running): finish(snapshot.isStopped ? snapshot.verdict : .failure, snapshot)
    case (.finish, .running): finish(snapshot.isStopped ? snapshot.verdict : .unlabelled, snapshot)
    case (.pause, .running) where snapshot.state == .holding:
      ask(Request(plan.activity.usesPolicy ? .policy : .teleoperate))
    case (.pause, .running): ask(Request(.hold))
    case (.discard, .running):
      ask(Request(.hold))
      ask(.episode(0))
      host.discardEpisode(episode)
      attempt += 1
      phase = .begin
    default: break
    }
  }

  /// Stops the arm wherever it is. On its way to rest that is the session's end: it holds there.
  func hold() {
    ask(Request(.hold))
    switch phase {
    case .begin, .retreating(then: .reset), .reset, .held: phase = .held
    case .retreating(then: .park), .parking:
      phase = .parking
      parkingBegan = true
    case .running where plan.activity == .replay: interrupt()
    case .running, .training: break
    }
  }

  /// A replay that a person stopped: it holds where it is until told to begin again or to end.
  func interrupt() {
    ask(.episode(0))
    host.finishEpisode(episode, .failure)
    episode += 1
    phase = .held
  }

  /// True where a person stopped the arm between episodes.
  public var isHeld: Bool { phase == .held }

  func announce(_ snapshot: Snapshot, _ now: Nanoseconds) {
    let news = Announcement(
      state: snapshot.state.name, activity: plan.activity, phase: shownPhase, episode: episode, attempt: attempt,
      asks: snapshot.asks, labels: plan.gate.needsPersonAction)
    guard news != announced || now - announcedAt >= .milliseconds(1000) else { return }
    announced = news
    announcedAt = now
    host.announce(news)
  }
}
