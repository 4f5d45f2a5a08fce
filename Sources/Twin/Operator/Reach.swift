/// A person's sense of where the tool goes when the joints move: forward kinematics and steps of damped least
/// squares on a state of their own, so the scene itself is not touched.
///
/// Positions in m, angles in rad. Solves for the five joints that carry the tool; the jaw is the skill's business.
final class Reach {
  /// Penalty on joint motion: keeps postures near a singularity calm.
  private static let damping = 2e-5
  private static let carrying = 5
  private static let roll = 4
  /// The largest turn of the tool that one call asks for.
  private static let turn_rad = 0.12

  private let simulation: Simulation
  private let joints: [JointIndex]
  private let carriers: [JointIndex]
  private let tool: Int
  private var linear = [SIMD3<Double>](repeating: .zero, count: carrying)
  private var angular = [SIMD3<Double>](repeating: .zero, count: carrying)

  init(_ scene: SceneModel, joints: [JointIndex]) throws(TwinError) {
    simulation = try Simulation(scene)
    self.joints = joints
    carriers = Array(joints.prefix(Self.carrying))
    tool = try scene.site("tool")
  }

  /// Where the tool is in a posture, and which way it points up (its z axis).
  func tool(at posture: SIMD8<Double>) -> (position: SIMD3<Double>, up: SIMD3<Double>, across: SIMD3<Double>) {
    settle(posture)
    return (
      simulation.position(site: tool), simulation.axis(2, site: tool), simulation.axis(0, site: tool)
    )
  }

  /// One step from `start`: the tool at `target`, its tilt taken back by the share `uprightGain` as far as
  /// `uprightWeight_m` asks (m of error that a radian of tilt is worth), turned by `turn_rad` about the vertical (nil: any
  /// way), the wrist's roll taken back by the share `unrollGain`.
  ///
  /// No joint passes its limit, and neither does the leader's, which is `lead` ahead of the follower's.
  func posture(
    from start: SIMD8<Double>, lead: SIMD8<Double> = .zero, to target: SIMD3<Double>, uprightWeight_m: Double,
    turn_rad: Double? = nil, uprightGain: Double = 1, unrollGain: Double = 0
  ) -> SIMD8<Double> {
    let here = tool(at: start)
    simulation.jacobian(site: tool, joints: carriers, linear: &linear, angular: &angular)
    // Turning about a × up brings the axis up; what it turns about the vertical is free unless asked for.
    var turn = SIMD3(here.up.y * uprightGain, -here.up.x * uprightGain, turn_rad ?? 0)
    let size = (turn * turn).sum().squareRoot()
    if size > Self.turn_rad { turn *= Self.turn_rad / size }
    let change = step(
      at: start, lead: lead, move: target - here.position, turn: turn, weight: uprightWeight_m,
      isTurning: turn_rad != nil)
    var posture = start + change
    posture[Self.roll] -= unrollGain * start[Self.roll]
    return posture
  }

  private func settle(_ posture: SIMD8<Double>) {
    for (i, joint) in joints.enumerated() { simulation.set(joint, position: posture[i]) }
    simulation.settleKinematics()
  }

  /// One damped least-squares step; joints that a limit stops are left out and the others solve again.
  private func step(
    at posture: SIMD8<Double>, lead: SIMD8<Double>, move: SIMD3<Double>, turn: SIMD3<Double>, weight: Double,
    isTurning: Bool
  ) -> SIMD8<Double> {
    var free = Array(0..<Self.carrying)
    var change = SIMD8<Double>.zero
    while !free.isEmpty {
      let solution = solve(free, move: move, turn: turn, weight: weight, isTurning: isTurning)
      change = .zero
      for (i, joint) in free.enumerated() { change[joint] = solution[i] }
      let stopped = free.filter { joint in
        let (low, high) = (joints[joint].range.lowerBound, joints[joint].range.upperBound)
        let (least, most) = (min(0, lead[joint]), max(0, lead[joint]))
        let goal = posture[joint] + change[joint]
        // Beyond a limit already, a joint may come back.
        return (goal + least < low && change[joint] < 0) || (goal + most > high && change[joint] > 0)
      }
      if stopped.isEmpty { return change }
      free.removeAll { stopped.contains($0) }
    }
    return .zero
  }

  /// Normal equations by Cholesky; up to five unknowns.
  private func solve(
    _ free: [Int], move: SIMD3<Double>, turn: SIMD3<Double>, weight: Double, isTurning: Bool
  ) -> [Double] {
    let n = free.count
    let mask = SIMD3<Double>(1, 1, isTurning ? 1 : 0) * weight
    var a = [Double](repeating: 0, count: n * n)
    var b = [Double](repeating: 0, count: n)
    for i in 0..<n {
      let (li, ai) = (linear[free[i]], angular[free[i]] * mask)
      b[i] = (li * move).sum() + (ai * turn * mask).sum()
      for j in 0...i { a[i * n + j] = (li * linear[free[j]]).sum() + (ai * angular[free[j]] * mask).sum() }
      a[i * n + i] += Self.damping
    }
    for i in 0..<n {
      for j in 0...i {
        var sum = a[i * n + j]
        for k in 0..<j { sum -= a[i * n + k] * a[j * n + k] }
        a[i * n + j] = i == j ? sum.squareRoot() : sum / a[j * n + j]
      }
    }
    for i in 0..<n {
      for k in 0..<i { b[i] -= a[i * n + k] * b[k] }
      b[i] /= a[i * n + i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      for k in (i + 1)..<max(n, i + 1) { b[i] -= a[k * n + i] * b[k] }
      b[i] /= a[i * n + i]
    }
    return b
  }
}
