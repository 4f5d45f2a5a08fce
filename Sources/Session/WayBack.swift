// The slow moves that lead an arm from wherever an episode left it to where the next one begins:
//
//     first         up (out of a cup, off the table) ──▶ all joints at once to the start
//     once blocked  up ──▶ the base first, or the base last, or the tool in a straight line over the start ──▶ to the start
//
// A move of all joints at once leads the tool on a curve, which may end in a corner of the box. Of the other ways the first
// is taken whose curve stays within floor and box. Units: metres in the base frame, radians.

public import Arm

/// Finds those moves; a pure value.
public struct WayBack: Sendable {
  private let inverse: InverseKinematics
  private let workspace: Workspace
  private let lift_m: Float

  /// The tool is led no nearer to a wall than this: the inverse kinematics leave 10 µm, the encoders a millimetre.
  private static let clearance_m: Float = 0.01
  /// From one pose of a straight way of the tool to the next.
  private static let stride_m: Float = 0.04
  /// How high over the start it is tried to come in from.
  private static let heights_m: [Float] = [0.05, 0.1, 0.15, 0.2]

  /// In a rig whose arm comes to a start; nil in others.
  public init?(_ rig: Rig) {
    guard let start = rig.start else { return nil }
    let arm = rig.pairs[0].follower.arm
    inverse = InverseKinematics(rig.kinematics(), lower: arm.lower, upper: arm.upper)
    workspace = Workspace(rig.envelope, arm: arm)
    lift_m = Float(start.lift_m)
  }

  /// The poses to go through from `pose` before the move to `goal`, where so many ways before this one were `blocked`.
  public func poses(from pose: JointVector, to goal: JointVector, blocked: Int) -> [JointVector] {
    let lifted = lifted(pose)
    if blocked == 0 { return lifted.map { [$0] } ?? [] }
    var best: (depth_m: Float, poses: [JointVector])?
    for poses in around(from: lifted ?? pose, to: goal) {
      let depth_m = zip(poses, poses.dropFirst() + [goal]).map(depth).min() ?? -.infinity
      if best.map({ depth_m > $0.depth_m }) ?? true { best = (depth_m, poses) }
      if depth_m >= Self.clearance_m / 2 { break }
    }
    return best?.poses ?? []
  }

  /// The tool higher, and away from the walls that it is near to; nil where the arm cannot do that.
  private func lifted(_ pose: JointVector) -> JointVector? {
    let tool = inverse.kinematics.pose(pose)
    let point = inside(tool.position_m + SIMD3(0, 0, lift_m))
    // A hand that stays as it is takes out whatever it holds; one that cannot may turn.
    for orientation in [InverseKinematics.Orientation.axes(tool.rotation), .free] {
      let target = InverseKinematics.Target(position_m: point, orientation: orientation, weight_m: 0.03)
      let joints = inverse.solve(target, from: pose).joints
      if workspace.depth(inverse.kinematics.pose(joints).position_m) > Self.clearance_m / 2 { return joints }
    }
    return nil
  }

  /// The ways round, each from `pose` on, the plainest first.
  private func around(from pose: JointVector, to goal: JointVector) -> [[JointVector]] {
    var turned = pose, drawnIn = goal
    turned[0] = goal[0]
    drawnIn[0] = pose[0]
    return [[pose, turned], [pose, drawnIn]]
      + Self.heights_m.map { [pose] + straight(from: pose, toward: goal, height_m: $0) }
  }

  private func straight(from pose: JointVector, toward goal: JointVector, height_m: Float) -> [JointVector] {
    let begin = inside(inverse.kinematics.pose(pose).position_m)
    let way = inside(inverse.kinematics.pose(goal).position_m + SIMD3(0, 0, height_m)) - begin
    let strides = max(1, ((way * way).sum().squareRoot() / Self.stride_m).rounded(.up))
    var poses: [JointVector] = []
    for stride in 1...Int(strides) {
      let target = InverseKinematics.Target(position_m: begin + way * (Float(stride) / strides))
      poses.append(inverse.solve(target, from: poses.last ?? pose).joints)
    }
    return poses
  }

  /// How far inside the nearest wall the tool stays on a straight move of the joints.
  private func depth(from pose: JointVector, to goal: JointVector) -> Float {
    var least = Float.infinity
    for part in 0...16 {
      let here = pose + (goal - pose) * (Float(part) / 16)
      least = min(least, workspace.depth(inverse.kinematics.pose(here).position_m))
    }
    return least
  }

  private func inside(_ point: SIMD3<Float>) -> SIMD3<Float> {
    var inner = point
    for axis in 0..<3 {
      let (low, high) = (workspace.lower[axis] + Self.clearance_m, workspace.upper[axis] - Self.clearance_m)
      inner[axis] = low < high ? min(max(point[axis], low), high) : (low + high) / 2
    }
    return inner
  }

  /// The walls that the tool stands at, for a person, with the settings that say where they are; nil where it stands at none.
  public func walls(at pose: JointVector) -> String? {
    let point = inverse.kinematics.pose(pose).position_m
    var walls: [String] = []
    for (axis, name) in ["x", "y", "z"].enumerated() {
      for (wall, side) in [(workspace.lower[axis], -1 as Float), (workspace.upper[axis], 1)]
      where (wall - point[axis]) * side < Self.clearance_m {
        let isFloor = axis == 2 && side < 0
        walls.append("\(name) = \(Figures.short(Double(wall))) m (\(isFloor ? "envelope.floor_m" : "envelope.box_m"))")
      }
    }
    return walls.isEmpty ? nil : walls.joined(separator: " and ")
  }
}
