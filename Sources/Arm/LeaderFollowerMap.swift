/// What a leader's angles mean for its follower, and back.
///
/// Body joints agree in angle. Grippers agree in the share of their calibrated ranges (as LeRobot's 0…100 do): the leader's
/// is a trigger of shorter travel. Joints are matched by place; both arms have the same joints in the same order.
public struct LeaderFollowerMap: BitwiseCopyable, Sendable {
  private let gain: JointVector
  private let offset: JointVector
  private let inverseGain: JointVector

  /// The map between two calibrated arms; `gripper` is the joint that agrees in share, if there is one.
  public init(leader: ArmScale, follower: ArmScale, gripper: Int?) {
    var gain = JointVector(repeating: 1), offset = JointVector.zero, inverseGain = gain
    if let g = gripper {
      let leaderSpan = leader.rangeUpper[g] - leader.rangeLower[g]
      let followerSpan = follower.rangeUpper[g] - follower.rangeLower[g]
      gain[g] = followerSpan / leaderSpan
      inverseGain[g] = leaderSpan / followerSpan
      offset[g] = follower.rangeLower[g] - leader.rangeLower[g] * gain[g]
    }
    self.gain = gain
    self.offset = offset
    self.inverseGain = inverseGain
  }

  /// Where the follower should be for these angles of the leader.
  @_noAllocation @_noLocks
  public func follower(_ leader: JointVector) -> JointVector { leader * gain + offset }

  /// Where the leader should be to mirror these angles of the follower.
  @_noAllocation @_noLocks
  public func leader(_ follower: JointVector) -> JointVector { (follower - offset) * inverseGain }
}
