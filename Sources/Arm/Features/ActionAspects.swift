internal import CRealtime

/// What a person can like or dislike in one decision of a policy, as numbers near 1.
///
///     aspect   value                                                          unit
///     height   where the decision brings the tool, over 0.10 m               0.05 m
///     speed    the tool's way there, by the decision's time                  0.1 m/s
///     jolt     by how much the joints' speeds change, root of their squares  0.5 rad/s
///     reach    the tool's level distance from the base's axis, over 0.20 m   0.05 m
///     side     the tool's y                                                  0.05 m
///
/// Each stands there with its square, so that a person can want more, less, or so much and no more; and all of it twice,
/// for near an object and away from any: who never judged the arm at the cup has said nothing of how it should go in.
/// With d the tool's level distance from the nearest object of the environment, near is 1/(1 + (d/0.05 m)⁴).
///
///     let situation = aspects.situation(at: command, step: step, environment: values)
///     let terms = aspects.terms(of: target, in: situation)
///
/// A value of fixed size without references, with square roots as its only function: the tick may call it, and the same
/// inputs give the same bits on every machine.
public struct ActionAspects: BitwiseCopyable, Sendable {
  /// The aspects, in their order.
  public static var names: [String] { ["height", "speed", "jolt", "reach", "side"] }
  /// How many terms there are: for each of two places an offset, and each aspect with its square.
  public static var count: Int {
    @_noAllocation @_noLocks get { 22 }
  }
  /// One decision's terms.
  public typealias Terms = InlineArray<22, Float>

  private let kinematics: Kinematics
  /// Ticks a second, and seconds from one decision to the next.
  private let loop_Hz: Float
  private let decision_s: Float
  private let joints: Int
  /// Where the objects' x and y stand among the environment's values; −1 for none.
  private var objects = [8 of SIMD2<Int32>](repeating: SIMD2(-1, -1))

  /// The aspects of an arm's decisions; `environment` are the names of the environment's features in their order.
  public init(_ kinematics: Kinematics, joints: Int, loop_Hz: Int, decision_Hz: Int, environment: [String]) {
    self.kinematics = kinematics
    self.joints = joints
    self.loop_Hz = Float(loop_Hz)
    decision_s = 1 / Float(decision_Hz)
    var found = 0
    for (place, name) in environment.enumerated() where name.hasSuffix(".x") && found < objects.count {
      guard let other = environment.firstIndex(of: name.dropLast() + "y") else { continue }
      objects[found] = SIMD2(Int32(place), Int32(other))
      found += 1
    }
  }

  /// What all actions have in common that one may choose from.
  public struct Situation: BitwiseCopyable, Sendable {
    /// The command in force, and its last change in rad a tick.
    let command: JointVector
    let step: JointVector
    /// The tool there.
    let tool_m: SIMD3<Float>
    /// How near an object is, 0…1.
    public let near: Float
  }

  /// Where a decision is taken: at the command in force, whose last change was `step`, rad a tick.
  @_noAllocation @_noLocks
  public func situation(at command: JointVector, step: JointVector, environment: SIMD16<Float>) -> Situation {
    let tool = kinematics.pose(command).position_m
    var least = Float.infinity
    var index = 0
    while index < 8 {
      let place = objects[index]
      if place.x >= 0 {
        let x = environment[Int(place.x)] - tool.x, y = environment[Int(place.y)] - tool.y
        let square = x * x + y * y
        // A value that never came is NaN, and no object.
        if square < least { least = square }
      }
      index += 1
    }
    let ratio = least / (0.05 * 0.05)
    return Situation(command: command, step: step, tool_m: tool, near: 1 / (1 + ratio * ratio))
  }

  /// The terms of going to `target` by the next decision.
  @_noAllocation @_noLocks
  public func terms(of target: JointVector, in situation: Situation) -> Terms {
    let tool = kinematics.pose(target).position_m
    let way = tool - situation.tool_m
    let change = (target - situation.command) / decision_s - situation.step * loop_Hz
    var squares: Float = 0
    var joint = 0
    while joint < joints {
      squares += change[joint] * change[joint]
      joint += 1
    }
    let speed = us_sqrtf(way.x * way.x + way.y * way.y + way.z * way.z) / decision_s
    let reach = us_sqrtf(tool.x * tool.x + tool.y * tool.y)
    var terms = Terms(repeating: 0)
    let far = 1 - situation.near
    terms[0] = situation.near
    terms[11] = far
    var index = 0
    while index < 5 {
      let value: Float =
        switch index {
        case 0: (tool.z - 0.10) / 0.05
        case 1: speed / 0.1
        case 2: us_sqrtf(squares) / 0.5
        case 3: (reach - 0.20) / 0.05
        default: tool.y / 0.05
        }
      terms[1 + index] = situation.near * value
      terms[6 + index] = situation.near * value * value
      terms[12 + index] = far * value
      terms[17 + index] = far * value * value
      index += 1
    }
    return terms
  }
}
