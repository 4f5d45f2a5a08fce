public import Arm
internal import CRealtime

/// A slow straight move of all joints to a pose, arriving together and at rest: to a start pose, to the rest pose.
public struct Approach: BitwiseCopyable, Sendable {
  /// Where to, in radians.
  public let pose: JointVector
  /// The largest step of any joint, radians a tick.
  public let step: Float
  /// The largest change of that step.
  public let stepChange: Float

  /// A move to `pose`.
  public init(to pose: JointVector, step: Float, stepChange: Float) {
    self.pose = pose
    self.step = step
    self.stepChange = stepChange
  }

  /// The wish of this tick, going on from the last command.
  @_noAllocation @_noLocks
  public func wish(from command: JointVector) -> JointVector {
    let way = pose - command
    let longest = distance(from: command)
    guard longest > 0 else { return pose }
    // The joint with the longest way sets the pace; it must be able to stop at the pose.
    var pace = brakingStep(within: longest, change: stepChange)
    if pace > step { pace = step }
    return pace >= longest ? pose : command + way * (pace / longest)
  }

  /// The longest way of any joint, radians.
  @_noAllocation @_noLocks
  func distance(from command: JointVector) -> Float {
    let way = pose - command
    var longest: Float = 0
    for joint in 0..<8 {
      let distance = way[joint] < 0 ? -way[joint] : way[joint]
      if distance > longest { longest = distance }
    }
    return longest
  }

  /// True when the command has come to the pose.
  @_noAllocation @_noLocks
  public func hasArrived(_ command: JointVector) -> Bool {
    let way = pose - command
    return all(way .< 1e-3) && all(way .> -1e-3)
  }
}
