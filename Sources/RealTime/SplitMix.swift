internal import CKernels

/// Seeded randomness: the same seed gives the same numbers on every machine, also the normal ones.
///
/// SplitMix64 (Steele, Lea and Flood, 2014): a counter and a mixer, so any seed is a good seed and a stream costs eight
/// bytes. Everything random in this project is handed one of these; nothing calls the system's generator.
/// Not for secrets.
///
///     var random = SplitMix64(seed: 7)
///     let jitter = random.uniform(-0.05...0.05)
public struct SplitMix64: RandomNumberGenerator, BitwiseCopyable, Sendable, Hashable, Codable {
  /// The counter; two generators with equal state go on alike.
  public var state: UInt64

  /// A stream that begins at `seed`.
  public init(seed: UInt64) { state = seed }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in 0..<1, with all 53 bits of a double.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in the range. (The standard library's `Double.random(in:using:)` may change its recipe; this does not.)
  public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A normal number of mean 0 and standard deviation 1.
  ///
  /// Box and Muller's cosine half, with logarithm and cosine of our own: two draws each time, so a stream keeps its
  /// place whatever the numbers are, and the same bits everywhere.
  public mutating func normal() -> Double {
    let radius = (-2 * us_fixed_log(1 - uniform())).squareRoot()
    return radius * us_fixed_cos(2 * .pi * uniform())
  }

  /// A generator for a part of the work, independent of how much this one is used afterwards.
  public mutating func fork() -> SplitMix64 { SplitMix64(seed: next()) }
}
