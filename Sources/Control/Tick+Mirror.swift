// The leader while somebody else drives: it follows the follower under low torque, and feels a hand.

internal import Arm
internal import Episodes
internal import RealTime

extension Tick {
  /// A hand on the mirroring leader, felt as deviation from where its servos should be.
  func feelsHand() -> Bool {
    guard settings.mirrors, leader?.isFullyPowered(rampTicks: settings.mirror.rampTicks) == true, leaderIsFresh,
      supervisor.mirror.isClosed, supervisor.source == .policy || supervisor.asks, let age = leader?.age
    else {
      supervisor.grab.begin(at: guiding)
      return false
    }
    return supervisor.grab.feel(
      guiding, age: age, commanded: previous.goal, missed: record.missed, settings: settings.mirror)
  }

  /// Drives the leader after the follower under low torque, or leaves it limp.
  func mirror() {
    record.leaderCommand = JointVector(repeating: .nan)
    guard leader != nil else { return }
    if supervisor.limpTicks > 0 { supervisor.limpTicks -= 1 }
    // A stop leaves the leader as it is: one that is held up does not drop, one in a hand does not stiffen.
    let stays = supervisor.state == .protectiveStop && supervisor.limpTicks == 0 && leader?.torque == .on
    let wanted = settings.mirrors && (supervisor.mirrors || stays) && leader?.isKnown == true
    if leader?.torque != .on {
      supervisor.mirror.engage(command: guiding, leader: previous.goal)
    } else if follower.torque != .on {
      // A follower without torque goes wherever it falls, faster than any command: the leader must not follow it there.
      supervisor.mirror.engage(command: supervisor.led, leader: previous.goal)
    }
    let isLed = follower.torque == .on || leader?.torque != .on
    let goal =
      isLed
      ? supervisor.mirror.target(leader: previous.goal, rate: settings.mirror.closingStep, share: nil) : supervisor.led
    supervisor.led = goal
    if wanted, leader?.torque == .on {
      record.leaderCommand = goal
      // Somebody holds it while it should come along: give way, try again later.
      let apart = goal - guiding
      if any(apart .> settings.mirror.yieldAt) || any(apart .< -settings.mirror.yieldAt) {
        supervisor.limpTicks = settings.mirror.yieldTicks
      }
    }
    leader?.act(
      goal: map.leader(goal), powered: wanted && supervisor.limpTicks == 0, share: settings.mirror.torqueShare,
      rampTicks: settings.mirror.rampTicks)
  }
}
