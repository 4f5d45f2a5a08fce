internal import Arm
public import Episodes
internal import RealTime

extension DemonstratedTrajectory {
  /// Cuts a person's trajectory out of an episode: the longest run of ticks that the person commanded, a command each
  /// `decisionTicks`, in the scene that was seen when it began. nil where there is none of 8 commands.
  ///
  /// - `environment`: how many of the environment's values there are.
  public init?(
    _ records: [TickRecord], id: String, decisionTicks: Int, period_s: Double, environment: Int
  ) {
    var longest = 0..<0
    var first = 0
    while first < records.count {
      guard records[first].source == .person else {
        first += 1
        continue
      }
      var end = first + 1
      while end < records.count, records[end].source == .person, records[end].tick == records[end - 1].tick + 1 {
        end += 1
      }
      if end - first > longest.count { longest = first..<end }
      first = end
    }
    guard longest.count >= 9 * decisionTicks else { return nil }
    let run = records[longest]
    func values(_ record: TickRecord) -> [Double] {
      (0..<environment).map { Double(record.environment.values[$0]) }
    }
    // Each period's command is the one that stands at its end, and what came of it is read there.
    let firsts = stride(from: longest.lowerBound, to: longest.upperBound - decisionTicks, by: decisionTicks)
    let path = firsts.map { records[$0 + decisionTicks].command }
    let shown = RolloutTrace(
      commands: path, positions: firsts.map { records[$0 + decisionTicks].follower.position },
      environments: firsts.map { values(records[$0 + decisionTicks]) })
    let scene = RolloutScene(
      environment: values(run[longest.lowerBound]), period_s: period_s,
      position: run[longest.lowerBound].follower.position)
    var moved = 0.0
    for record in run {
      for (then, now) in zip(scene.environment, values(record)) where now.isFinite {
        moved = max(moved, abs(now - then))
      }
    }
    self.init(id: id, path: path, scene: scene, objectsMoved: moved, shown: shown)
  }
}
