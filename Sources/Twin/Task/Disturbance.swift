internal import RealTime

/// What goes wrong on purpose in an episode: the arm is not where it was told to be, or the object not where it was.
public enum Disturbance: Hashable, Sendable, CustomStringConvertible {
  /// Nothing.
  case none
  /// White noise on every goal, drawn anew each 40 ms, of this standard deviation in rad.
  case noise(Double)
  /// The same added up: the arm strays from what it was told by a random walk of this step in rad each 40 ms, and whoever
  /// drives has to bring it back. The noise of DART (Laskey 2017) for a person at a leader, who is too slow to answer noise
  /// that is gone after 40 ms.
  case drift(Double)
  /// One push of 160 ms in each episode, between 0.12 and 0.6 s after its start: the arm's joints are shoved, and the
  /// object slides 8 to 28 mm over the table. (The arm springs back to what it was told; the object stays.)
  case bump

  /// Noise as large as the demonstrations of a good operator can bear (3 mrad: most of a millimetre at the tool).
  public static let noise = Disturbance.noise(0.003)

  /// `none`, `noise` (3 mrad), `noise=6` (mrad), `drift=6` (mrad) or `bump`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "none": self = .none
    case "noise": self = .noise
    case "bump": self = .bump
    default:
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let mrad = Double(parts[1]), mrad >= 0, mrad <= 100 else { return nil }
      switch parts[0] {
      case "noise": self = .noise(mrad * 1e-3)
      case "drift": self = .drift(mrad * 1e-3)
      default: return nil
      }
    }
  }

  /// The text that `init` reads.
  public var description: String {
    switch self {
    case .none: "none"
    case .noise(let sigma_rad): "noise=\(sigma_rad * 1e3)"
    case .drift(let step_rad): "drift=\(step_rad * 1e3)"
    case .bump: "bump"
    }
  }
}

/// A disturbance in the course of one episode.
struct DisturbanceCourse {
  /// Which joints are shifted: those that carry the tool; roll and jaw stay.
  private static let joints = 4
  private static let bumpFrames = 4
  /// The largest push a joint gets, in rad.
  private static let bump_rad = 0.5 * SIMD8<Double>(0.06, 0.04, 0.04, 0.04, 0, 0, 0, 0)

  private let kind: Disturbance
  private var random: SplitMix64
  /// How far a bump moves the object along x and along y at most, in m.
  private static let slide_m = 0.020
  private var push = SIMD8<Double>.zero
  private var slide = SIMD3<Double>.zero
  private var start = 0
  /// Where a drift has come to, in rad.
  private var astray = SIMD8<Double>.zero
  private var frame = 0

  /// The course for one episode; the same seed and episode give the same pushes.
  init(_ kind: Disturbance, seed: UInt64, episode: Int) {
    self.kind = kind
    random = stream(seed: seed, episode: episode, use: .disturbance)
    guard kind == .bump else { return }
    start = 3 + Int(random.uniform() * 13)
    for joint in 0..<Self.joints {
      let size = random.uniform(0.3...1)
      push[joint] = (random.uniform() < 0.5 ? -size : size) * Self.bump_rad[joint]
    }
    for axis in 0..<2 {
      let size = random.uniform(0.3...1) * Self.slide_m
      slide[axis] = random.uniform() < 0.5 ? -size : size
    }
  }

  /// The shift of the joints' goals for the next 40 ms, in rad, and how far the object slides meanwhile, in m.
  mutating func next() -> (joints: SIMD8<Double>, object: SIMD3<Double>) {
    defer { frame += 1 }
    switch kind {
    case .none: return (.zero, .zero)
    case .bump:
      let isNow = (start..<start + Self.bumpFrames).contains(frame)
      return isNow ? (push, slide / Double(Self.bumpFrames)) : (.zero, .zero)
    case .noise(let sigma_rad): return (white(sigma_rad), .zero)
    case .drift(let step_rad):
      astray += white(step_rad)
      return (astray, .zero)
    }
  }

  private mutating func white(_ sigma_rad: Double) -> SIMD8<Double> {
    var shift = SIMD8<Double>.zero
    for joint in 0..<Self.joints { shift[joint] = sigma_rad * random.normal() }
    return shift
  }
}
