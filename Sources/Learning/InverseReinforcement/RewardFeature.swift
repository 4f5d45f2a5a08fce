public import Arm
internal import CKernels

/// What a reward for trajectories may speak of: a name, a unit, and a number for each trajectory.
///
///     distance.OBJECT     m           how far the tool is from the object, mean over time
///     arrival.OBJECT      m           how far it is from it at the end
///     height              m           height of the tool over the table, mean over time
///     clearance           m²          (0.03 m − height)² where the tool is lower than 30 mm, mean over time
///     effort              (rad/s)²    square of the joints' speeds, mean over time
///     smoothness          (rad/s²)²   square of the joints' accelerations, mean over time
///     limits              rad²        (0.2 rad − distance)² to a joint's limit that is nearer, mean over time
///
/// OBJECT is what the environment reports with `.x`, `.y` and `.z`, `cup` for example.
public struct RewardFeature: Sendable, Equatable {
  enum Kind: Sendable, Equatable { case distance, arrival, height, clearance, effort, smoothness, limits }

  /// As it is written.
  public let name: String
  /// Its unit.
  public let unit: String
  let kind: Kind
  /// Places of the object's x, y and z among the environment's values.
  private(set) var object: SIMD3<Int>

  /// Whether it speaks of an object, and so needs to know where that is.
  public var speaksOfObject: Bool { kind == .distance || kind == .arrival }

  /// Reads a name; `environment` are the names of the environment's values in their order.
  public init(_ name: String, environment: [String]) throws(RewardError) {
    self.name = name
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    let kinds: [String: (Kind, String)] = [
      "distance": (.distance, "m"), "arrival": (.arrival, "m"), "height": (.height, "m"),
      "clearance": (.clearance, "m²"), "effort": (.effort, "(rad/s)²"), "smoothness": (.smoothness, "(rad/s²)²"),
      "limits": (.limits, "rad²"),
    ]
    guard let (kind, unit) = parts.first.flatMap({ kinds[$0] }) else {
      throw .setting(name: "features", found: name, expected: "one of \(kinds.keys.sorted().joined(separator: ", "))")
    }
    self.kind = kind
    self.unit = unit
    object = .zero
    guard speaksOfObject else {
      guard parts.count == 1 else {
        throw .setting(name: "features", found: name, expected: "\(parts[0]) without an object")
      }
      return
    }
    let places = ["x", "y", "z"].compactMap { axis in
      parts.count == 2 ? environment.firstIndex(of: "\(parts[1]).\(axis)") : nil
    }
    guard places.count == 3 else {
      let objects = Set(environment.compactMap { $0.hasSuffix(".z") ? String($0.dropLast(2)) : nil }).sorted()
      let known = objects.map { "\(parts[0]).\($0)" }.joined(separator: ", ")
      throw .setting(name: "features", found: name, expected: known.isEmpty ? "an object that the rig has" : known)
    }
    object = SIMD3(places[0], places[1], places[2])
  }

  /// All that speak of a rig's arm and environment, in a fixed order.
  public static func all(environment: [String]) -> [String] {
    let objects = environment.compactMap { $0.hasSuffix(".z") ? String($0.dropLast(2)) : nil }
    return objects.flatMap { ["distance.\($0)", "arrival.\($0)"] } + ["height", "effort", "smoothness", "limits"]
  }
}

/// Where trajectories begin and what stands around: the state that rollouts are set to.
public struct RolloutScene: Sendable {
  /// What the environment reported.
  public let environment: [Double]
  /// From one command to the next.
  public let period_s: Double

  /// A scene.
  public init(environment: [Double], period_s: Double) {
    self.environment = environment
    self.period_s = period_s
  }
}

/// Something that knows what commands lead to, and tells the reward features of it.
public protocol Rollouts {
  /// What it tells.
  var features: [RewardFeature] { get }
  /// [trajectory][feature] for each of the command sequences, all begun in the same scene.
  func counts(of trajectories: [[JointVector]], in scene: RolloutScene) throws(RewardError) -> [[Double]]
}

/// Rollouts by kinematics alone: the arm goes where it is told, and objects stand still.
///
/// Right for reaching and inserting; wrong where an object is carried or pushed, which takes a simulation.
public struct KinematicRollouts: Rollouts {
  /// What it tells.
  public let features: [RewardFeature]
  private let kinematics: Kinematics
  private let limits: [ClosedRange<Double>]

  /// Rollouts of an arm with a tool at `tool_m`.
  public init(features: [RewardFeature], arm: ArmDescription, tool_m: SIMD3<Double>?) {
    self.features = features
    kinematics = Kinematics(arm, tool_m: tool_m)
    limits = arm.joints.prefix(arm.tool.joint + 1).map { $0.lower_rad...$0.upper_rad }
  }

  /// [trajectory][feature].
  public func counts(of trajectories: [[JointVector]], in scene: RolloutScene) -> [[Double]] {
    trajectories.map { counts(of: $0, scene) }
  }

  private func counts(of path: [JointVector], _ scene: RolloutScene) -> [Double] {
    let tools = path.map { SIMD3<Double>(kinematics.pose($0).position_m) }
    let count = Double(max(1, path.count))
    func mean(_ value: (Int) -> Double) -> Double { path.indices.reduce(0) { $0 + value($1) } / count }
    func distance(_ feature: RewardFeature, _ index: Int) -> Double {
      let object = SIMD3(
        scene.environment[feature.object.x], scene.environment[feature.object.y], scene.environment[feature.object.z])
      let d = tools[index] - object
      return (d * d).sum().squareRoot()
    }
    func joints(_ value: (Int) -> Double) -> Double { limits.indices.reduce(0) { $0 + value($1) } }
    func square(_ x: Double) -> Double { x * x }
    return features.map { feature in
      switch feature.kind {
      case .distance: mean { distance(feature, $0) }
      case .arrival: distance(feature, path.count - 1)
      case .height: mean { tools[$0].z }
      case .clearance: mean { square(max(0, 0.03 - tools[$0].z)) }
      case .effort:
        mean { at in
          at == 0 ? 0 : joints { square(Double(path[at][$0] - path[at - 1][$0]) / scene.period_s) }
        }
      case .smoothness:
        mean { at in
          at == 0 || at + 1 == path.count
            ? 0
            : joints {
              square(Double(path[at + 1][$0] - 2 * path[at][$0] + path[at - 1][$0]) / square(scene.period_s))
            }
        }
      case .limits:
        mean { at in
          joints { joint in
            let angle = Double(path[at][joint])
            let room = min(angle - limits[joint].lowerBound, limits[joint].upperBound - angle)
            return square(max(0, 0.2 - room))
          }
        }
      }
    }
  }
}
