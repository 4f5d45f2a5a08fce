internal import Arm
internal import Control
internal import RealTime

/// What the tick computes with, made from a rig and its calibrations: for a session on its arms, and years later from what
/// a log attaches, to make its commands again.
struct ControlPlan {
  let map: LeaderFollowerMap
  let envelope: Envelope
  let settings: ControlSettings
  /// The arms' scales.
  let follower: ArmScale
  let leader: ArmScale?

  init(_ rig: Rig, leaderMirrors: Bool, gate: GateChoice = .none, labels: Bool = false) throws(HostError) {
    let pair = rig.pairs[0]
    let scale = try ArmHost.scale(of: pair.follower)
    follower = scale
    if let side = pair.leader {
      let leaderScale = try ArmHost.scale(of: side)
      leader = leaderScale
      map = LeaderFollowerMap(leader: leaderScale, follower: scale, gripper: pair.follower.arm.gripper?.joint)
    } else {
      leader = nil
      map = LeaderFollowerMap(leader: scale, follower: scale, gripper: nil)
    }
    let period = Nanoseconds(1_000_000_000 / Int64(rig.loop_Hz))
    var settings = ControlSettings(period: period, decisionTicks: rig.loop_Hz / rig.decision_Hz)
    settings.rest = pair.follower.arm.rest
    if let gripper = pair.follower.arm.gripper { settings.allowGrasping(with: gripper.joint) }
    settings.gate = gate
    settings.mirrors = leaderMirrors && leader != nil
    settings.labels = labels
    settings.holdToRun = rig.holdToRun_ms.map { .milliseconds(Int64($0)) }
    settings.environmentStale = .milliseconds(Int64(rig.environment?.stale_ms ?? 0))
    settings.guidingStep_m = Float(rig.envelope.handGuiding_m_s * period.seconds)
    self.settings = settings
    envelope = Envelope(rig, scale: scale, period: period)
  }
}

extension RateLoop.Configuration {
  /// The loop of a rig.
  init(_ rig: Rig) {
    self.init(period: Nanoseconds(1_000_000_000 / Int64(rig.loop_Hz)))
    spin = .microseconds(Int64(rig.spin_us))
    if let cpu = rig.loopCPU { self.cpu = Int32(cpu) }
  }
}
