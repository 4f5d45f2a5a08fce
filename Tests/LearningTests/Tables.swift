import Foundation
import Policy
import RealTime

@testable import Learning

/// Seeded tables of a known function.
enum Tables {
  /// Three features, two joints: a smooth function of the features, plus noise.
  static func smooth(_ count: Int, seed: UInt64 = 3, episodeLength: Int = 20, noise: Double = 0) -> Frames {
    var random = SplitMix64(seed: seed)
    var frames = Frames(features: ["joint.a", "cup-tool.x", "cup-tool.y"], actions: ["a", "b"])
    for row in 0..<count {
      let x = (0..<3).map { _ in random.uniform(-1...1) }
      let wanted = function(x)
      frames.append(
        features: x.map { Float(0.3 * $0 + 0.1) },
        actions: wanted.map { Float($0 + noise * random.normal()) }, episode: row / episodeLength)
    }
    return frames
  }

  static func function(_ x: [Double]) -> [Double] { [0.05 * sin(2 * x[0]) + 0.02 * x[1] * x[2], 0.01 * x[2] - 0.3] }

  /// A recipe that is over in no time.
  static var quick: BehaviorCloning.Configuration {
    var quick = BehaviorCloning.Configuration(name: "quick")
    quick.hidden = [16, 16]
    quick.ensemble = 2
    quick.batch = 32
    quick.length = .steps(60)
    return quick
  }
}
