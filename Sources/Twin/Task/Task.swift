internal import RealTime

/// How an episode went, as the twin knows it to be true.
public enum Outcome: String, Sendable {
  /// Neither yet.
  case open
  /// The task's goal was reached before anything failed.
  case success
  /// Something failed first: force, a lost object, time.
  case failure
}

/// A job on the table: what stands where when an episode begins, what a camera would report, and when it went well.
///
/// Positions in m in the arm's base frame. The scene of an episode follows from seed and episode number alone, whatever
/// came before, so that two policies can be compared on the same starts.
protocol TwinTask: AnyObject {
  /// The follower's posture from which episodes begin, before jitter; also where the person begins demonstrations.
  var startPosture: SIMD8<Double> { get }
  /// How long an evaluated episode may take.
  var limit_s: Double { get }
  /// The person takes the objects out of the arm's way.
  func clear()
  /// The person puts the objects where `episode` begins.
  func place(episode: Int)
  /// Puts the objects, at rest, where a camera that reports these `features` saw them; all that the task has are there.
  func put(_ features: [String: Double])
  /// Something knocks the object along the table, as far as there is room.
  func knock(by way: SIMD3<Double>)
  /// Forgets the last episode's judgement.
  func begin()
  /// Looks at the state after one physics step.
  func judge()
  /// The verdict so far. `forgiving`: only success counts (a person who corrects may touch the rim and go on).
  func outcome(forgiving: Bool) -> Outcome
  /// What the camera reports: names and values, in a fixed order.
  func features() -> [(name: String, value: Double)]
  /// What a person sees of the objects.
  func look() -> SceneView
}

/// A job that comes in many variants: what belongs to the variant is in no feature that a policy sees, so that it has to
/// be shown.
protocol TaskFamily: TwinTask {
  /// Becomes the variant of this number; it follows from seed and number alone.
  func choose(variant: Int)
}

/// What a person sees of the table at one moment.
struct SceneView {
  /// The thing to work on: the cup's mouth, or the cube.
  var object = SIMD3<Double>.zero
  /// How the object is turned about the vertical, in rad.
  var objectYaw = 0.0
  /// Where it should go; the object itself in a task without a goal.
  var goal = SIMD3<Double>.zero
  /// The follower's posture, in rad.
  var posture = SIMD8<Double>.zero
  /// The posture in which the objects were seen, where `posture` is a later one.
  var seenPosture = SIMD8<Double>.zero
  /// How far the leader is ahead of the follower at each joint, in rad: its limits count too.
  var lead = SIMD8<Double>.zero
}

/// A stream of random numbers that belongs to one use of one episode.
func stream(seed: UInt64, episode: Int, use: StreamUse) -> SplitMix64 {
  var mixer = SplitMix64(seed: seed)
  var random = SplitMix64(seed: mixer.next() ^ UInt64(truncatingIfNeeded: episode) << 8 ^ UInt64(use.rawValue))
  return random.fork()
}

/// What a stream of random numbers is for; streams of different uses are independent.
enum StreamUse: UInt8 {
  case scene = 1
  case disturbance = 2
  case person = 3
  case variant = 4
}
