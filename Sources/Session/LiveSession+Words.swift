// What a session in real time tells the person: the live line, what became of each episode, faults and refusals.

internal import Control
internal import Episodes
internal import Foundation
internal import RealTime

extension LiveSession {
  /// The live line, or the whole screen.
  func show(_ snapshot: Snapshot, _ view: SessionView) {
    screen.note(snapshot, at: clock.now)
    guard terminal.showsScreen else { return terminal.show(line(snapshot)) }
    let size = terminal.size
    let lines = screen.lines(snapshot, view, rows: size.rows - 1, columns: size.columns)
    terminal.draw(lines + [String("  \(help)".prefix(size.columns))])
  }

  /// How the policies of a correction session did, as a picture beside them.
  func draw(_ report: SessionReport) {
    guard let folder = options.policies, let chart = report.policyChart else { return }
    let file = folder.appending(path: "session.svg")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(chart.utf8).write(to: file, options: .atomic)
    } catch {
      say("\(file.relativePath) could not be written: \(error.localizedDescription)")
    }
  }

  /// What becomes of the arms now: nobody should be surprised by one that moves, or by one that does not hold itself.
  func sayWhatEnds(_ snapshot: Snapshot) {
    guard snapshot.state.isPowered, snapshot.state != .protectiveStop, host.settings.rest != nil else { return }
    guard options.rig.pairs[0].leader != nil else { return say("The arm moves slowly to its rest pose.") }
    say(
      host.settings.mirrors
        ? "Both arms move slowly to their rest pose."
        : "The follower moves slowly to its rest pose. The leader is limp: keep hold of it and lay it down.")
  }

  func line(_ snapshot: Snapshot) -> String {
    let state = snapshot.isLabelling ? "labelling" : snapshot.state.name
    var parts = [state, "\(options.rig.loop_Hz) Hz", "source \(snapshot.record.source)"]
    if conductor.isEnding {
      parts.append("\(Figures.count(conductor.outcomes.count, "episode")) done")
    } else if plan.activity != .teleoperate {
      let goal = plan.episodes.map { " (\(conductor.countedEpisodes + 1) of \($0))" } ?? ""
      parts.append("episode \(conductor.episode)\(goal)")
    }
    if plan.activity == .correct {
      parts.append(
        "round \(min(conductor.round + 1, plan.rounds)) of \(plan.rounds), "
          + "\(conductor.framesThisRound) of \(plan.framesPerRound) frames")
      if case .running(let share) = host.training { parts.append("training \(Int(share * 100)) %") }
    }
    if let said = host.learner?.count {
      parts.append("liked \(said.rewards), disliked \(said.scoldings)")
    }
    parts.append("missed \(snapshot.missed)")
    parts.append("bus errors \(snapshot.replies.errors)")
    if let left = conductor.resetRemaining { parts.append("begins in \(Int(max(0, left.seconds.rounded(.up)))) s") }
    // A sync comes every half second: one that is long in coming means a slow disk.
    if let age = host.recorder?.status.syncAge(at: clock.now), age > .milliseconds(2000) {
      parts.append("last on disk \(Int(age.seconds)) s ago")
    }
    if snapshot.asks { parts.insert("THE GATE ASKS: space takes over, enter goes on", at: 0) }
    if let fault = snapshot.fault { parts.append("FAULT \(fault.row?.name ?? "")") }
    return parts.joined(separator: " · ")
  }

  /// Episodes that ended and faults that came, a line each.
  func report(_ snapshot: Snapshot) {
    while shownOutcomes < conductor.outcomes.count {
      let episode = conductor.outcomes[shownOutcomes]
      shownOutcomes += 1
      if options.json {
        emit([
          "event": "episode", "episode": "\(episode.episode)", "label": episode.label.rawValue,
          "take_overs": "\(episode.takeOvers)",
        ])
      } else if plan.activity == .replay {
        say(episode.label == .success ? "played to its end" : "not played to its end")
      } else {
        let help =
          episode.takeOvers > 0
          ? ", \(Figures.count(episode.takeOvers, "take-over")), \(Figures.count(episode.frames, "frame")) by hand" : ""
        let labels = episode.labels > 0 ? ", \(Figures.count(episode.labels, "frame")) labelled" : ""
        let time = Figures.fixed(episode.personSeconds + episode.policySeconds, 1)
        let cause = episode.fault?.row.map { " (\($0.name))" } ?? ""
        if episode.isCapped {
          say(
            "the correction of episode \(episode.episode) came to no end in \(Figures.fixed(episode.personSeconds, 0)) s, "
              + "so it is not learned from")
        }
        say("episode \(episode.episode): \(episode.label.rawValue)\(cause) in \(time) s\(help)\(labels)")
      }
    }
    if let recorder = host.recorder {
      let failure = recorder.status.failure
      if let failure, failure != shownFailure {
        say("not recorded: \(failure.description)")
        // Nobody should demonstrate in vain.
        conductor.giveUp("not everything could be recorded: \(failure.description).")
      }
      shownFailure = failure
      for case .failed(_, let path, let error) in recorder.takeOutcomes() {
        say("not kept: \(error)" + (path.map { "; what there is of it is in \($0)" } ?? ""))
      }
    }
    if snapshot.refusals != shownRefusals {
      shownRefusals = snapshot.refusals
      say(snapshot.refusal.sentence(of: snapshot.refused, in: snapshot.state))
    }
    for words in host.strangeFeatures(snapshot, isAtStart: conductor.isAtStart) { say(words) }
    if snapshot.fault != shownFault {
      shownFault = snapshot.fault
      if let row = snapshot.fault?.row { say("protective stop, \(row.name): \(row.cause). \(row.remedy)") }
      if snapshot.fault == .environmentStale, let words = host.environmentComplaint { say(words) }
      if snapshot.fault == .servo { for sentence in host.servoFaults(snapshot) { say(sentence) } }
      if snapshot.fault == .lag { say(host.laggard(snapshot)) }
      if snapshot.fault == .torqueLost { for sentence in host.limpServos(snapshot) { say(sentence) } }
      if snapshot.fault == .unreachable, let walls = plan.wayBack?.walls(at: snapshot.record.command) {
        say("The tool stands at \(walls).")
      }
      if snapshot.fault == .policySlow {
        let (most, budget) = (host.tick.instruments.decide.max, host.settings.inferenceBudget)
        say(
          "Decisions took up to \(Figures.short(most.microseconds / 1000)) ms; the policy may take "
            + "\(Figures.short(budget.microseconds / 1000)) ms of a period.")
      }
    }
  }

  /// Tells the person something that concerns this session.
  public func tell(_ text: String) { say(text) }

  func say(_ text: String) {
    news = news.suffix(7) + [text]
    if options.json { emit(["event": "message", "text": text]) } else { terminal.say(text) }
  }

  func emit(_ event: some Encodable) {
    guard let data = try? JSONEncoder().encode(event) else { return }
    StandardStream.output.say(String(decoding: data, as: UTF8.self) + "\n")
  }
}
