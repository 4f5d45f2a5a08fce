/// What a reward for trajectories may speak of: a name, a unit, and a number for each trajectory.
///
///     distance.OBJECT     m           how far the tool is from the object, mean over time
///     arrival.OBJECT      m           how far it is from it at the end
///     aside.A-B           m           (1 − cos φ) · the way from A to B, level; φ is how far round A the tool is from right
///                                     behind it, as seen from B: what of a push would go astray. Mean over time
///     height              m           height of the tool over the table, mean over time
///     clearance           m²          (0.03 m − height)² where the tool is lower than 30 mm, mean over time
///     effort              (rad/s)²    square of the joints' speeds, mean over time
///     smoothness          (rad/s²)²   square of the joints' accelerations, mean over time
///     limits              rad²        (0.2 rad − distance)² to a joint's limit that is nearer, mean over time
///
/// OBJECT is what the environment reports with `.x`, `.y` and `.z`, `cup` for example; or two that it reports with `.x` and
/// `.y`, as in `puck-goal`: how far they are from each other, level. What is between two varies in rollouts only where
/// objects move.
public struct RewardFeature: Sendable, Equatable {
  enum Kind: Sendable, Equatable { case distance, arrival, aside, height, clearance, effort, smoothness, limits }

  /// As it is written.
  public let name: String
  /// Its unit.
  public let unit: String
  let kind: Kind
  /// Places of the object's x, y and z among the environment's values.
  private(set) var object: SIMD3<Int>
  /// Places of the other object's x and y, for a distance between two.
  private(set) var other: SIMD2<Int>?

  /// Whether it speaks of an object, and so needs to know where that is.
  public var speaksOfObject: Bool { kind == .distance || kind == .arrival || kind == .aside }

  /// Whether it speaks of how the arm moves, and not of where things are. A person's reward has to have it, for it tells why
  /// they went no faster; but it is of the arm that they had. Only what speaks of the state means the same under other
  /// dynamics (Fu, Luo and Levine, 2018), and only that is planned on.
  public var speaksOfMotion: Bool { kind == .effort || kind == .smoothness }

  /// Reads a name; `environment` are the names of the environment's values in their order.
  public init(_ name: String, environment: [String]) throws(RewardError) {
    self.name = name
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    let kinds: [String: (Kind, String)] = [
      "distance": (.distance, "m"), "arrival": (.arrival, "m"), "aside": (.aside, "m"), "height": (.height, "m"),
      "clearance": (.clearance, "m²"), "effort": (.effort, "(rad/s)²"), "smoothness": (.smoothness, "(rad/s²)²"),
      "limits": (.limits, "rad²"),
    ]
    guard let (kind, unit) = parts.first.flatMap({ kinds[$0] }) else {
      throw .setting(name: "features", found: name, expected: "one of \(kinds.keys.sorted().joined(separator: ", "))")
    }
    self.kind = kind
    self.unit = unit
    object = .zero
    other = nil
    guard speaksOfObject else {
      guard parts.count == 1 else {
        throw .setting(name: "features", found: name, expected: "\(parts[0]) without an object")
      }
      return
    }
    let pair = parts.count == 2 ? parts[1].split(separator: "-").map(String.init) : []
    if pair.count == 2 {
      let places = pair.map { name in ["x", "y"].compactMap { environment.firstIndex(of: "\(name).\($0)") } }
      guard places.allSatisfy({ $0.count == 2 }) else {
        throw .setting(
          name: "features", found: name,
          expected: "two objects of \(environment.joined(separator: ", ")), as in puck-goal")
      }
      object = SIMD3(places[0][0], places[0][1], 0)
      other = SIMD2(places[1][0], places[1][1])
      return
    }
    guard kind != .aside else {
      throw .setting(name: "features", found: name, expected: "aside with two objects, as in aside.puck-goal")
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

  /// All that speak of a rig's arm and environment, in a fixed order. `moving`: also of objects' distances from the goal,
  /// which vary only where rollouts move them.
  public static func all(environment: [String], moving: Bool = false) -> [String] {
    let objects = environment.compactMap { $0.hasSuffix(".z") ? String($0.dropLast(2)) : nil }
    let ways =
      moving && environment.contains("goal.x") && environment.contains("goal.y")
      ? objects.filter { $0 != "goal" }.map { "\($0)-goal" } : []
    return (objects + ways).flatMap { ["distance.\($0)", "arrival.\($0)"] } + ways.map { "aside.\($0)" }
      + ["height", "effort", "smoothness", "limits"]
  }
}
