internal import RealTime

/// `reach`: bring the tool to a place beside the mark, and rest there.
///
/// A family of tasks: which place it is, seen from the mark, belongs to the task; where the mark lies, to the episode.
/// Success: within 20 mm of the place, at rest for 0.3 s. Failure: 6 s. The place is told to nobody but the person.
final class ReachTask: TwinTask, TaskFamily {
  static let name = "reach"

  static let near_m = 0.020
  /// At rest: the tool has not left a ball of this radius for so many steps.
  private static let rest_m = 0.003
  private static let restSteps = 150

  let limit_s = 6.0
  // Tool upright, 55 mm over the table at (200, 0) mm.
  let startPosture = SIMD8<Double>(0, -0.2984, 0.5257, 1.3435, 0, 0, 0, 0)

  private let simulation: Simulation
  private let seed: UInt64
  private let mark: Int
  private let place: Int
  private let tool: Int
  /// The place as seen from the mark.
  private(set) var offset = SIMD3<Double>.zero
  private var steps = 0
  private var restingAt = SIMD3<Double>.zero
  private var restingFor = 0
  private var verdict = Outcome.open
  private var wasEverThere = false

  init(_ simulation: Simulation, seed: UInt64) throws(TwinError) {
    self.simulation = simulation
    self.seed = seed
    mark = try simulation.scene.placeable("mark")
    place = try simulation.scene.placeable("goal")
    tool = try simulation.scene.site("tool")
    choose(variant: 0)
    clear()
  }

  func choose(variant: Int) {
    var random = stream(seed: seed, episode: variant, use: .variant)
    offset = SIMD3(random.uniform(-0.05...0.05), random.uniform(-0.06...0.06), random.uniform(0.03...0.12))
  }

  /// Where the tool should come to rest.
  var goal: SIMD3<Double> { simulation.placement(mark) + offset }

  private func put(_ position: SIMD3<Double>) {
    simulation.place(mark, at: position)
    simulation.place(place, at: position + offset)
  }

  func put(_ features: [String: Double]) {
    func at(_ name: String) -> SIMD3<Double> {
      SIMD3(features["\(name).x"] ?? 0, features["\(name).y"] ?? 0, features["\(name).z"] ?? 0)
    }
    offset = at("goal") - at("mark")
    put(at("mark"))
  }

  func clear() { put(SIMD3(-0.10, 0.30, 0)) }

  func place(episode: Int) {
    var random = stream(seed: seed, episode: episode, use: .scene)
    put(SIMD3(random.uniform(0.19...0.24), random.uniform(-0.07...0.07), 0))
  }

  func knock(by way: SIMD3<Double>) {
    var position = simulation.placement(mark) + way
    position.x = min(max(position.x, 0.18), 0.25)
    position.y = min(max(position.y, -0.08), 0.08)
    put(position)
  }

  func begin() {
    steps = 0
    restingFor = 0
    restingAt = simulation.position(site: tool)
    verdict = .open
    wasEverThere = false
  }

  func judge() {
    let tip = simulation.position(site: tool)
    if Self.distance(tip, restingAt) > Self.rest_m {
      restingAt = tip
      restingFor = 0
    }
    restingFor += 1
    steps += 1
    let isThere = restingFor >= Self.restSteps && Self.distance(tip, goal) < Self.near_m
    wasEverThere = wasEverThere || isThere
    guard verdict == .open else { return }
    if isThere {
      verdict = .success
    } else if Double(steps) * simulation.scene.timestep_s > limit_s {
      verdict = .failure
    }
  }

  private static func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
    ((a - b) * (a - b)).sum().squareRoot()
  }

  func outcome(forgiving: Bool) -> Outcome { forgiving ? (wasEverThere ? .success : .open) : verdict }

  func features() -> [(name: String, value: Double)] {
    let mark = simulation.placement(mark)
    let goal = goal
    return [
      ("mark.x", mark.x), ("mark.y", mark.y), ("mark.z", mark.z), ("goal.x", goal.x), ("goal.y", goal.y),
      ("goal.z", goal.z),
    ]
  }

  func look() -> SceneView { SceneView(object: simulation.placement(mark), goal: goal) }
}
