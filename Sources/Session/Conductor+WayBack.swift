// Between episodes: the way back to the start, and what happens where something is in it.
//
//     up, then straight ── stopped, acknowledged ──▶ the tool's own way ── stopped, acknowledged ──▶ a person frees the arm
//           ▲                                                                                              │ start
//           └──────────────────────────────────────────────────────────────────────────────────────────────┘
//
// An arm that is thrice where a person was asked to free it is not freed: the session ends.

internal import Arm
internal import Control

extension Conductor {
  /// Ways back that are tried before a person has to help: `WayBack` knows two.
  static var waysBack: Int { 2 }
  /// How often a person is asked in vain.
  private static var mostAsked: Int { 3 }

  /// Goes through the poses of the way back first: from inside a cup or beside a wall no straight move leads home.
  func retreat(then next: Next, _ snapshot: Snapshot) {
    let pose = snapshot.record.command
    legs = plan.wayBack?.poses(from: pose, to: plan.start(of: episode), blocked: blocked) ?? []
    ask(.playback(to: legs.isEmpty ? pose : legs.removeFirst()))
    phase = .retreating(then: next)
  }

  func retreating(then next: Next, _ snapshot: Snapshot) {
    guard isAnswered else { return }
    switch (snapshot.state, next) {
    case (.autonomous, _): break
    case (.holding, _) where !legs.isEmpty: ask(.playback(to: legs.removeFirst()))
    case (.holding, .reset):
      ask(.playback(to: plan.start(of: episode)))
      phase = .reset(started: false, moving: true)
    case (.holding, .park):
      ask(Request(.park))
      phase = .parking
    // A fault, or the move was refused.
    case (_, .reset):
      noteObstacle(snapshot)
      phase = .begin
    case (_, .park): phase = .parking
    }
  }

  /// A slow move ended in a stop. Faults of wire and machine say nothing of the way.
  func noteObstacle(_ snapshot: Snapshot) {
    guard snapshot.state == .protectiveStop, let fault = snapshot.fault else { return }
    let walls = plan.wayBack?.walls(at: snapshot.record.command)
    switch fault {
    case .unreachable: obstacle = walls.map { "the tool stands at \($0)" } ?? "floor or box lie in between"
    case .lag, .load: obstacle = "something holds the arm (\(fault.row?.name ?? ""))"
    default: return
    }
    blocked += 1
  }

  /// All ways back have been tried, and none is tried again before a person has had a look.
  func askForHand(_ snapshot: Snapshot) {
    let pose = snapshot.record.command
    let isThere = stuckAt.map { all(pose - $0 .< 0.05) && all($0 - pose .< 0.05) } ?? false
    timesStuck = isThere ? timesStuck + 1 : 1
    stuckAt = pose
    blocked = 0
    phase = .held
    guard timesStuck < Self.mostAsked else {
      return giveUp("The arm does not come back to its start: \(obstacle). Free it by hand and begin again.")
    }
    host.tell(
      "The arm does not come back to its start: \(obstacle). Take over and lead it away from there with the leader, or "
        + "clear its way; then start.")
  }
}
