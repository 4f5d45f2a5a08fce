import RealTime

@testable import Twin

/// Ways in which a bad policy gets an arm stuck, task `insert`.
enum Trouble: CaseIterable {
  /// Pressing on the table beside the cup.
  case table
  /// Pressing on the rim.
  case rim
  /// Stretched out far from the cup.
  case far
  /// With the wrist turned and tilted.
  case twisted
  /// Low, close to the base.
  case astray
  /// Not moving at all.
  case idle
  /// High over the table.
  case high

  func policy(seed: UInt64, on stage: Stage) throws -> (DirectHost) -> SIMD8<Double> {
    let reach = try Reach(stage.follower.simulation.scene, joints: stage.follower.joints)
    var random = SplitMix64(seed: seed)
    let turns = random.uniform(0...1)
    let side = SIMD3(sine(turns + 0.25), sine(turns), 0)
    let distance = random.uniform(0.01...0.03)
    let twist = random.uniform(-1...1)
    return { host in
      let view = host.stage.view
      let mouth = view.object
      let target: SIMD3<Double>
      switch self {
      case .table: target = mouth + side * distance + SIMD3(0, 0, -0.03)
      case .rim: target = mouth + side * 0.009 + SIMD3(0, 0, -0.01)
      case .far: target = SIMD3(0.27, mouth.y > 0 ? -0.15 : 0.15, 0.06)
      case .twisted: target = mouth + side * 0.009 + SIMD3(0, 0, 0.01)
      case .astray: target = SIMD3(0.07, 0, 0.01)
      case .idle: return .zero
      case .high: target = mouth + side * 0.02 + SIMD3(0, 0, 0.1)
      }
      var move = reach.stride(view, to: target, step_m: 0.004, uprightWeight_m: self == .astray ? 0.001 : 0.02)
      if self == .twisted { move += SIMD8(0, 0, 0, 0.02, 0.05, 0, 0, 0) * twist }
      return move
    }
  }
}

/// Ways in which a bad policy fails with the cube, task `pick-place`.
enum Mischief: CaseIterable {
  /// Stretched out, away from the cube.
  case far
  /// Close to the base.
  case near
  /// All joints wander.
  case drift
  /// A closed jaw pressed onto the cube.
  case crush
  /// The cube let go half-way.
  case drop
  /// Nothing at all.
  case idle

  func policy(seed: UInt64, on stage: Stage) throws -> (DirectHost) -> SIMD8<Double> {
    let reach = try Reach(stage.follower.simulation.scene, joints: stage.follower.joints)
    let skill = PickPlaceSkill(reach)
    var random = SplitMix64(seed: seed)
    var velocity = SIMD8<Double>.zero
    return { host in
      let view = host.stage.view
      var (move, jaw) = (SIMD8<Double>.zero, 0.5)
      switch self {
      case .far:
        let target = SIMD3(0.32, view.object.y > -0.05 ? 0.12 : -0.2, 0.05)
        move = reach.stride(view, to: target, step_m: 0.006, uprightWeight_m: 0.01)
        jaw = 0.2
      case .near: move = reach.stride(view, to: SIMD3(0.09, 0, 0.05), step_m: 0.006, uprightWeight_m: 0.01)
      case .crush:
        move = reach.stride(view, to: view.object, step_m: 0.006, uprightWeight_m: 0.01)
        jaw = 0.05
      case .drop:
        let right = skill.next(view, style: 1)
        let situation = skill.situation(view)
        move = right.change
        jaw = situation.held > 0.5 && situation.way.y < 0.1 && situation.cube.z > 0.025 ? 0.6 : right.jaw_rad ?? 0.5
      case .drift:
        for joint in 0..<6 { velocity[joint] = 0.9 * velocity[joint] + 0.008 * random.normal() }
        return velocity
      case .idle: return .zero
      }
      move[5] = min(max(jaw - view.posture[5], -0.05), 0.05)
      return move
    }
  }
}

extension Reach {
  /// The change of posture that brings the tool at most `step_m` nearer to a point.
  func stride(
    _ view: SceneView, to target: SIMD3<Double>, step_m: Double, uprightWeight_m: Double
  ) -> SIMD8<Double> {
    let tip = tool(at: view.posture).position
    let way = target - tip
    let length = max((way * way).sum().squareRoot(), 1e-6)
    let next = tip + way * min(1, step_m / length)
    return posture(from: view.posture, to: next, uprightWeight_m: uprightWeight_m) - view.posture
  }
}
