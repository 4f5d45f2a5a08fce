internal import RealTime

/// `insert`: put the stylus into the cup.
///
/// Success: the tip is more than 8 mm below the rim, inside the hole. Failure: more than 4 N of contact anywhere but
/// inside the hole, the stylus jammed in it, or 4 s. The hole is 12 mm wide, the stylus 6 mm thick.
final class InsertTask: TwinTask {
  static let name = "insert"

  /// Half the width of the hole, and the height of the rim (hardware/sim/insert/scene.xml).
  static let holeHalfWidth_m = 0.006
  static let rim_m = 0.018
  /// How far below the rim the tip must get.
  static let depth_m = 0.008
  /// Contact outside the hole that fails the episode, and how long it must last: one step's spike is numerics.
  static let forceLimit_N = 4.0
  static let forceSteps = 5
  /// Contact inside the hole that counts as jammed, and for how long: a second; after two, servos drop their torque.
  static let jamLimit_N = 3.0
  static let jamSteps = 500

  let limit_s = 4.0
  // Tip 48 mm over the table at (170, 0) mm, stylus upright, jaws on the stylus.
  let startPosture = SIMD8<Double>(0, -0.4977, 0.4976, 1.5709, 0, 0, 0, 0)

  private let simulation: Simulation
  private let seed: UInt64
  private let cup: Int
  private let tool: Int
  private var steps = 0
  private var hardSteps = 0
  private var jammedSteps = 0
  private var verdict = Outcome.open
  private var wasEverIn = false

  init(_ simulation: Simulation, seed: UInt64) throws(TwinError) {
    self.simulation = simulation
    self.seed = seed
    cup = try simulation.scene.placeable("cup")
    tool = try simulation.scene.site("tool")
    clear()
  }

  /// The middle of the hole, level with the rim.
  var mouth: SIMD3<Double> { simulation.placement(cup) + SIMD3(0, 0, Self.rim_m) }

  func clear() { simulation.place(cup, at: SIMD3(-0.10, 0.30, 0)) }

  func place(episode: Int) {
    var random = stream(seed: seed, episode: episode, use: .scene)
    let x = random.uniform(0.16...0.22)
    let y = random.uniform(-0.07...0.07)
    simulation.place(cup, at: SIMD3(x, y, 0))
  }

  func put(_ features: [String: Double]) {
    let mouth = SIMD3(features["cup.x"] ?? 0, features["cup.y"] ?? 0, features["cup.z"] ?? Self.rim_m)
    simulation.place(cup, at: mouth - SIMD3(0, 0, Self.rim_m))
  }

  func knock(by way: SIMD3<Double>) {
    var place = simulation.placement(cup) + way
    place.x = min(max(place.x, 0.155), 0.225)
    place.y = min(max(place.y, -0.075), 0.075)
    simulation.place(cup, at: place)
  }

  func begin() {
    steps = 0
    hardSteps = 0
    jammedSteps = 0
    verdict = .open
    wasEverIn = false
  }

  func judge() {
    let mouth = mouth
    let tip = simulation.position(site: tool) - mouth
    let isIn = tip.z < -Self.depth_m && max(abs(tip.x), abs(tip.y)) < Self.holeHalfWidth_m
    wasEverIn = wasEverIn || isIn
    steps += 1
    let force = forces_N(mouth)
    hardSteps = force.outside > Self.forceLimit_N ? hardSteps + 1 : 0
    jammedSteps = force.inside > Self.jamLimit_N ? jammedSteps + 1 : 0
    guard verdict == .open else { return }
    if isIn {
      verdict = .success
    } else if hardSteps >= Self.forceSteps || jammedSteps >= Self.jamSteps
      || Double(steps) * simulation.scene.timestep_s > limit_s
    {
      verdict = .failure
    }
  }

  func outcome(forgiving: Bool) -> Outcome { forgiving ? (wasEverIn ? .success : .open) : verdict }

  /// What the arm presses on the inside of the hole, and on anything else.
  private func forces_N(_ mouth: SIMD3<Double>) -> (inside: Double, outside: Double) {
    var (inside, outside) = (0.0, 0.0)
    for index in 0..<simulation.contactCount {
      let contact = simulation.contact(index)
      let at = contact.position - mouth
      let isOnRim = contact.normal.z.magnitude > 0.5 && at.z > -0.0005
      if max(abs(at.x), abs(at.y)) < Self.holeHalfWidth_m + 0.0005 && !isOnRim {
        inside += contact.normalForce_N
      } else {
        outside += contact.normalForce_N
      }
    }
    return (inside, outside)
  }

  func features() -> [(name: String, value: Double)] {
    let mouth = mouth
    return [("cup.x", mouth.x), ("cup.y", mouth.y), ("cup.z", mouth.z)]
  }

  func look() -> SceneView { SceneView(object: mouth, goal: mouth) }
}
