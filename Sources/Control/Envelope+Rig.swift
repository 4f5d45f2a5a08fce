public import Arm
public import RealTime

extension Envelope {
  /// The limits that a rig's file sets for its first pair's follower, within its calibrated range.
  public init(_ rig: Rig, scale: ArmScale, period: Nanoseconds) {
    let limits = rig.envelope, arm = rig.pairs[0].follower.arm
    var load = JointVector(repeating: Float(limits.load_share))
    if let gripper = arm.gripper?.joint { load[gripper] = .infinity }
    // Without walls the tool's speed is still limited while the arms close in.
    self.init(
      lower: scale.lower, upper: scale.upper, velocity: limits.velocity_rad_s,
      acceleration: limits.acceleration_rad_s2, lag: limits.lag_rad, staleTicks: Int32(limits.stale_ticks),
      period: Float(period.seconds), load: load, loadTicks: Int32((limits.load_s / period.seconds).rounded()),
      tool: ToolLimits(Workspace(limits, arm: arm), rig.kinematics()))
  }
}
