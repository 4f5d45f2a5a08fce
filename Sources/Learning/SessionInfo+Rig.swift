public import Arm
public import Episodes

extension SessionInfo {
  /// Whether a rig's columns mean in this session's ticks what they mean in the rig's: the same joints, features of the
  /// environment and rate, in the same order.
  public func check(_ rig: Rig, episode: String) throws(DemonstrationsError) {
    let joints = rig.pairs[0].follower.arm.jointNames
    guard self.joints == joints else {
      throw .otherJoints(episode: episode, expected: joints, present: self.joints)
    }
    guard environmentFeatures == rig.environmentNames else {
      throw .otherEnvironment(episode: episode, expected: rig.environmentNames, present: environmentFeatures)
    }
    guard loop_Hz == Double(rig.loop_Hz) else {
      throw .otherRate(episode: episode, expected_Hz: Double(rig.loop_Hz), present_Hz: loop_Hz)
    }
  }
}
