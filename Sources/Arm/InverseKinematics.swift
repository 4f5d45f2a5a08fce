internal import RealTime

/// Joint angles that bring the tool to a pose: damped least squares with joint limits.
///
/// These arms have five joints for the tool, so a full pose is mostly out of reach: position comes first, orientation with
/// a weight. Singular and unreachable targets are fine: the damping keeps steps small and the answer says how far off it is.
/// No allocation. Same inputs, same bits.
///
///     let down = InverseKinematics.Target(position_m: [0.17, 0, 0.048], orientation: .pointing([0, 0, -1]))
///     let solution = inverse.solve(down, from: reading.position)
public struct InverseKinematics: BitwiseCopyable, Sendable {
  /// The chain whose tool is placed.
  public let kinematics: Kinematics
  /// Lowest angle of each joint.
  public let lower: JointVector
  /// Highest angle of each joint.
  public let upper: JointVector

  /// What the tool's orientation should be.
  public enum Orientation: BitwiseCopyable, Sendable {
    /// Whatever comes.
    case free
    /// The tool's x axis (out of the gripper) along this unit vector; the turn about it is free.
    case pointing(SIMD3<Float>)
    /// These axes.
    case axes(Rotation)
  }

  /// Where the tool should be.
  public struct Target: BitwiseCopyable, Sendable {
    /// The tool's origin in the base frame.
    public var position_m: SIMD3<Float>
    /// Its orientation.
    public var orientation: Orientation
    /// How many metres of position one radian of orientation is worth. Small: the position wins where both cannot be had.
    public var weight_m: Float

    /// A target; by default 60 mm a radian.
    public init(position_m: SIMD3<Float>, orientation: Orientation = .free, weight_m: Float = 0.06) {
      self.position_m = position_m
      self.orientation = orientation
      self.weight_m = weight_m
    }
  }

  /// The best angles found, and how good they are.
  public struct Solution: BitwiseCopyable, Sendable {
    /// Within the limits; joints that do not move the tool are as they were.
    public var joints: JointVector
    /// Distance of the tool from the target.
    public var positionError_m: Float
    /// Angle between the tool's orientation and the target's (for angles below a right one; its sine counts).
    public var orientationError_rad: Float
    /// Whether both are within the tolerance.
    public var reached: Bool
    /// Damped steps taken, over all starts.
    public var iterations: Int
  }

  /// For a chain and limits; `lower` and `upper` may be an arm's or a calibrated arm's.
  public init(_ kinematics: Kinematics, lower: JointVector, upper: JointVector) {
    self.kinematics = kinematics
    self.lower = lower
    self.upper = upper
  }

  /// One damped step from `start` toward the target, within the limits: what a hand-eye loop wants once a period.
  ///
  /// `damping` (λ², in m²) is what a radian of joint motion costs: 2e-5 follows smoothly through singular poses.
  public func step(_ target: Target, from start: JointVector, damping: Float = 2e-5) -> JointVector {
    let bounded = start.clamped(lowerBound: lower, upperBound: upper)
    return bounded + linearized(target, at: bounded).step(damping: damping, room: (lower - bounded, upper - bounded))
  }

  /// Iterates from `start` until the target is reached (10 µm and 0.2 mrad) or nothing moves any more.
  ///
  /// Where that ends in a dead corner of the limits, it begins again from seeded poses, `restarts` times.
  public func solve(
    _ target: Target, from start: JointVector, iterations: Int = 60, restarts: Int = 0, seed: UInt64 = 0
  ) -> Solution {
    var random = SplitMix64(seed: seed)
    var best = descend(target, from: start, iterations: iterations)
    var again = 0
    while !best.reached, again < restarts {
      var guess = start
      for joint in 0..<kinematics.count {
        guess[joint] = Float(random.uniform(Double(lower[joint])...Double(upper[joint])))
      }
      var other = descend(target, from: guess, iterations: iterations)
      other.iterations += best.iterations
      let better = other.cost(target.weight_m) < best.cost(target.weight_m)
      if better { best = other } else { best.iterations = other.iterations }
      again += 1
    }
    return best
  }

  private func descend(_ target: Target, from start: JointVector, iterations: Int) -> Solution {
    var joints = start.clamped(lowerBound: lower, upperBound: upper)
    // Joints behind the tool stay where they are, also outside their limits.
    for joint in kinematics.count..<JointVector.scalarCount { joints[joint] = start[joint] }
    var system = linearized(target, at: joints)
    var best = system.solution(joints, iterations: 0)
    var iteration = 0
    while !best.reached, iteration < iterations {
      iteration += 1
      // Damping in step with what is left (Sugihara 2011): careful far away, Newton's speed at the end.
      let step = system.step(damping: 0.5 * system.cost + 1e-7, room: (lower - joints, upper - joints))
      joints += step
      system = linearized(target, at: joints)
      let here = system.solution(joints, iterations: iteration)
      if here.cost(target.weight_m) < best.cost(target.weight_m) { best = here }
      if all(step .< 1e-6) && all(step .> -1e-6) { break }
    }
    best.iterations = iteration
    return best
  }

  private func linearized(_ target: Target, at joints: JointVector) -> LeastSquares {
    let state = kinematics.state(joints)
    var system = LeastSquares(count: kinematics.count)
    let away = target.position_m - state.pose.position_m
    system.add(away, weight: 1) { state.linear[$0] }
    system.positionError = dot(away, away).squareRoot()
    switch target.orientation {
    case .free:
      break
    case .pointing(let direction):
      let axis = state.pose.rotation.x
      system.add(direction - axis, weight: target.weight_m) { cross(state.angular[$0], axis) }
      let sine = cross(axis, direction)
      system.orientationError = dot(sine, sine).squareRoot()
      // A right angle or more away, the sine would call the opposite direction reached.
      if dot(axis, direction) < 0 { system.orientationError = 2 - system.orientationError }
    case .axes(let axes):
      let turn = state.pose.rotation.turn(toward: axes)
      system.add(turn, weight: target.weight_m) { state.angular[$0] }
      system.orientationError = dot(turn, turn).squareRoot()
      if dot(state.pose.rotation.x, axes.x) < 0 || dot(state.pose.rotation.z, axes.z) < 0 {
        system.orientationError = 2 - system.orientationError
      }
    }
    return system
  }
}

extension InverseKinematics.Solution {
  /// Squared distance, orientation counted at its weight.
  fileprivate func cost(_ weight_m: Float) -> Float {
    let turn = orientationError_rad * weight_m
    return positionError_m * positionError_m + turn * turn
  }
}

extension LeastSquares {
  fileprivate func solution(_ joints: JointVector, iterations: Int) -> InverseKinematics.Solution {
    InverseKinematics.Solution(
      joints: joints, positionError_m: positionError, orientationError_rad: orientationError,
      reached: positionError < 1e-5 && orientationError < 2e-4, iterations: iterations)
  }
}
