// The tool's box and floor, kept by looking ahead: a step is taken only if the stop that would follow from it stays inside.
//
//     step ──▶ tool at the command, and along the full stop after it ──▶ inside? ──▶ the step
//                                                                          │ no
//                    as much of it as is allowed  ◀── along the wall ◀─────┘ no way ──▶ the stop itself
//
// So the stop is always open: it is the rest of a path that was looked at before. Units: metres, radians a tick.

public import Arm
internal import CRealtime
internal import Episodes

/// Where the tool of an arm may be, and how it is kept there.
///
/// What is kept is the *command's* tool: the arm itself lies up to `envelope.lag_rad` behind.
public struct ToolLimits: BitwiseCopyable, Sendable {
  /// Floor and box.
  public let workspace: Workspace
  /// From joints to the tool.
  public let kinematics: Kinematics

  /// Limits of the tool that `kinematics` leads to.
  public init(_ workspace: Workspace, _ kinematics: Kinematics) {
    self.workspace = workspace
    self.kinematics = kinematics
  }

  /// At how many points of a stop the tool is looked at; between them its path bends by less than the margin that is kept.
  private static var points: Float { @_noAllocation @_noLocks get { 8 } }

  /// The longest stop, in ticks, that is looked at tick by tick; outside the walls an arm moves no faster than it allows.
  private static var mostTicks: Float { @_noAllocation @_noLocks get { 32 } }

  /// What hinders a step.
  enum Hindrance: BitwiseCopyable {
    case nothing
    /// The tool would come too near to a wall: its outward normal.
    case wall(SIMD3<Float>)
    /// The tool would move faster than it may.
    case speed
  }

  /// Whether the tool stays within its walls on the way to `next.goal` and through the full stop from there, and moves by
  /// no more than `most_m` in this tick. From outside a wall it may only come in.
  @_noAllocation @_noLocks
  func hindrance(
    from previous: JointVector, to next: Motion, braking stepChange: JointVector, most_m: Float
  ) -> Hindrance {
    let start = kinematics.pose(previous).position_m
    let there = kinematics.pose(next.goal).position_m
    let way = there - start
    if !((way * way).sum() <= most_m * most_m) { return .speed }

    var ticks = JointVector.zero
    var change = JointVector.zero
    var longest: Float = 0
    var joint = 0
    while joint < kinematics.count {
      let size = next.step[joint] < 0 ? -next.step[joint] : next.step[joint]
      if size > 0 {
        change[joint] = stepChange[joint] < size ? stepChange[joint] : size
        ticks[joint] = us_floorf(size / change[joint])
        if ticks[joint] > longest { longest = ticks[joint] }
      }
      joint += 1
    }
    let pace = next.step.replacing(with: -next.step, where: next.step .< 0)
    // Well away from all walls, whichever way it goes.
    let rest = stopping(pace, change, ticks, after: longest)
    if workspace.depth(there) > (kinematics.reach_m * (rest + pace)).sum() { return .nothing }

    // Between two commands the joints move evenly, and the tool on a curve that leaves its chord by Σ v · Σ L v / 8.
    if let wall = crossed(from: start, to: there, bulge_m: pace.sum() * (kinematics.reach_m * pace).sum() * 0.125) {
      return .wall(wall)
    }
    // A curve q(t) with |q'| ≤ v and |q''| ≤ a lies within (Σ L a + Σ v · Σ L v) m²/8 of its chord over m ticks.
    let stride = us_ceilf(longest / Self.points)
    let apart = stride > 1 ? stride : 1
    let reached = kinematics.reach_m
    let bend = ((reached * change).sum() + pace.sum() * (reached * pace).sum()) * apart * apart * 0.125
    if let wall = wall(from: start, to: there, margin_m: bend) { return .wall(wall) }
    let slowing = change.replacing(with: -change, where: next.step .< 0)
    var isInside = workspace.depth(there) >= bend
    var last = there
    var tick: Float = 0
    while tick < longest {
      tick += apart
      let point = kinematics.pose(next.goal + stopping(next.step, slowing, ticks, after: tick)).position_m
      if let wall = wall(from: last, to: point, margin_m: bend) { return .wall(wall) }
      if !(workspace.depth(point) >= bend) { isInside = false }
      last = point
    }
    // On its way in from a wall or from outside, a stop could turn back outward between two points: look at every tick.
    guard !isInside, apart > 1 else { return .nothing }
    guard longest <= Self.mostTicks else { return .wall(nearestWall(to: there)) }
    last = there
    tick = 0
    while tick < longest {
      tick += 1
      let point = kinematics.pose(next.goal + stopping(next.step, slowing, ticks, after: tick)).position_m
      if let wall = wall(from: last, to: point, margin_m: bend / (apart * apart)) { return .wall(wall) }
      last = point
    }
    return .nothing
  }

  /// The wall that the curve of one tick may lead through, as its outward normal, even where both its ends are allowed: one
  /// that begins beside a wall and ends a little further in may bulge through it in between.
  ///
  /// The tool's depth at a share s of the way is at least d + Δ s − 4 b s (1 − s), with d where it begins, Δ how much further
  /// in it ends and b the bulge. That stays above 0 where d and d + Δ are at least b, or d ≥ (4 b − Δ)²/(16 b), and above d where
  /// Δ ≥ 4 b. From outside no end further out is allowed, and that is all: a rest pose may lie below the floor.
  @_noAllocation @_noLocks
  private func crossed(from: SIMD3<Float>, to: SIMD3<Float>, bulge_m b: Float) -> SIMD3<Float>? {
    var normal: SIMD3<Float>?
    var furthest = -Float.infinity
    var axis = 0
    while axis < 3 {
      var side: Float = -1
      while side < 2 {
        let wall = side < 0 ? workspace.lower[axis] : workspace.upper[axis]
        let depth = (wall - from[axis]) * side
        let end = (wall - to[axis]) * side
        let inward = (from[axis] - to[axis]) * side
        let rest = 4 * b - inward
        let clear = depth >= b && end >= b
        let turns = depth >= 0 && inward >= 0 && 16 * b * depth >= rest * rest
        // Written so that NaN is never allowed.
        // A bulge far below the servos' own rounding (0.6 mm at the tool) must not pin a slow arm to its wall.
        let returns = inward >= 0 && (depth < 0 || b < 1e-4)
        if !(clear || rest <= 0 || turns || returns) {
          let nearest = depth < end ? depth : end
          if !(b - nearest <= furthest) {
            furthest = b - nearest
            normal = .zero
            normal?[axis] = side
          }
        }
        side += 2
      }
      axis += 1
    }
    return normal
  }

  /// The outward normal of the wall that a point is least inside of.
  @_noAllocation @_noLocks
  private func nearestWall(to point: SIMD3<Float>) -> SIMD3<Float> {
    let below = point - workspace.lower, above = workspace.upper - point
    var normal = SIMD3<Float>.zero
    var least = Float.infinity
    var axis = 0
    while axis < 3 {
      let depth = below[axis] < above[axis] ? below[axis] : above[axis]
      if depth < least {
        least = depth
        normal = .zero
        normal[axis] = below[axis] < above[axis] ? -1 : 1
      }
      axis += 1
    }
    return normal
  }

  /// How far each joint goes in `after` ticks of a stop that takes each of them `ticks`.
  @_noAllocation @_noLocks
  private func stopping(
    _ step: JointVector, _ change: JointVector, _ ticks: JointVector, after: Float
  ) -> JointVector {
    let count = ticks.replacing(with: after, where: ticks .> after)
    return step * count - change * (count * (count + 1) * 0.5)
  }

  /// The wall that a way crosses or comes too near to, as its outward normal.
  @_noAllocation @_noLocks
  private func wall(from: SIMD3<Float>, to: SIMD3<Float>, margin_m: Float) -> SIMD3<Float>? {
    guard !workspace.allows(from: from, to: to, margin_m: margin_m) else { return nil }
    let below = workspace.lower + margin_m - to, above = to - (workspace.upper - margin_m)
    var normal = SIMD3<Float>.zero
    var furthest = -Float.infinity
    var axis = 0
    while axis < 3 {
      if below[axis] > furthest, !(to[axis] >= from[axis]) {
        furthest = below[axis]
        normal = .zero
        normal[axis] = -1
      }
      if above[axis] > furthest, !(to[axis] <= from[axis]) {
        furthest = above[axis]
        normal = .zero
        normal[axis] = 1
      }
      axis += 1
    }
    return normal
  }

  /// How far each joint moves the tool towards a wall for 1 rad, in metres.
  @_noAllocation @_noLocks
  func lever(at position: JointVector, toward wall: SIMD3<Float>) -> JointVector {
    let state = kinematics.state(position)
    var outward = JointVector.zero
    var joint = 0
    while joint < kinematics.count {
      outward[joint] = (state.linear[joint] * wall).sum()
      joint += 1
    }
    return outward
  }
}

extension Envelope {
  /// As much of a step within the joints' limits as leaves the tool within its own.
  @_noAllocation @_noLocks
  func guarding(
    _ wanted: Motion, _ limits: Limits, from previous: Motion, pace: Float, most_m: Float
  ) -> (motion: Motion, limits: Limits) {
    guard let tool else { return (wanted, limits) }
    let first = tool.hindrance(from: previous.goal, to: wanted, braking: stepChange, most_m: most_m)
    let met: Limits
    switch first {
    case .nothing: return (wanted, limits)
    case .wall: met = .workspace
    case .speed: met = .handGuiding
    }
    var best =
      slid(wanted, off: first, tool, from: previous, pace: pace, most_m: most_m)
      ?? stopped(from: previous, keeping: wanted, beyond: tool.kinematics.count)
    // The limits of joints are intervals, so every step between two that keep them keeps them too.
    let least = best.step
    var share: Float = 0.5
    var half: Float = 0.25
    for _ in 0..<3 {
      let step = least + (wanted.step - least) * share
      let between = Motion(goal: previous.goal + step, step: step)
      if case .nothing = tool.hindrance(from: previous.goal, to: between, braking: stepChange, most_m: most_m) {
        best = between
        share += half
      } else {
        share -= half
      }
      half *= 0.5
    }
    return (best, Limits(rawValue: limits.rawValue | met.rawValue))
  }

  /// A step that was hindered by a wall, or by two in a corner, led along them; nil where that is hindered too.
  @_noAllocation @_noLocks
  private func slid(
    _ wanted: Motion, off first: ToolLimits.Hindrance, _ tool: ToolLimits, from previous: Motion, pace: Float,
    most_m: Float
  ) -> Motion? {
    var motion = wanted
    var hindrance = first
    for _ in 0..<2 {
      guard case .wall(let normal) = hindrance else { return nil }
      let lever = tool.lever(at: previous.goal, toward: normal)
      guard let along = led(motion, along: lever, from: previous, pace: pace) else { return nil }
      motion = along
      hindrance = tool.hindrance(from: previous.goal, to: motion, braking: stepChange, most_m: most_m)
      if case .nothing = hindrance { return motion }
    }
    return nil
  }

  /// A step without its share towards a wall, and a little away from it, so that the bend of the tool's path and rounding do
  /// not hold it back. What a joint cannot do of that, because it is at a limit of its own, the others do; nil: they cannot.
  @_noAllocation @_noLocks
  private func led(_ wanted: Motion, along lever: JointVector, from previous: Motion, pace: Float) -> Motion? {
    var motion = wanted
    var free = lever
    let toward = (lever * wanted.step).sum()
    let away = (toward > 0 ? toward * 0.1 : 0) + 1e-6
    for _ in 0..<5 {
      let over = (lever * motion.step).sum() + away
      guard over > 0 else { return motion }
      let square = (free * free).sum()
      guard square > 1e-6 else { return nil }
      let asked = motion.step - free * (over / square)
      motion = project(previous.goal + asked, from: previous, pace: pace).motion
      let missed = motion.step - asked
      free.replace(with: 0, where: (missed .> 1e-6) .| (missed .< -1e-6))
    }
    return motion
  }

  /// The stop, but joints that do not move the tool (from `beyond` on) do what they were to do.
  @_noAllocation @_noLocks
  private func stopped(from previous: Motion, keeping wanted: Motion, beyond: Int) -> Motion {
    var motion = project(previous.goal, from: previous, pace: 1).motion
    for joint in 0..<8 where joint >= beyond {
      motion.goal[joint] = wanted.goal[joint]
      motion.step[joint] = wanted.step[joint]
    }
    return motion
  }
}
