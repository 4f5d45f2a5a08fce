internal import Glibc

/// A calm way from one posture to another: joints together, without a jerk, in frames of 40 ms.
struct Carry {
  private static let speed_rad_s = 1.0
  private let from: SIMD8<Double>
  private let to: SIMD8<Double>
  private let frames: Int
  private var frame = 0

  init(from: SIMD8<Double>, to: SIMD8<Double>) {
    self.from = from
    self.to = to
    // The fastest moment of a minimum-jerk motion is 1.875 times its mean.
    let duration_s = max(0.6, 1.875 * (to - from).largest / Self.speed_rad_s)
    frames = Int((duration_s / Person.frame_s).rounded(.up))
  }

  /// The posture of the next frame; nil once there.
  mutating func next() -> SIMD8<Double>? {
    guard frame < frames else { return nil }
    frame += 1
    let t = Double(frame) / Double(frames)
    return from + (to - from) * (t * t * t * (10 - 15 * t + 6 * t * t))
  }
}

extension SIMD8<Double> {
  /// The largest lane, sign aside.
  var largest: Double { Swift.max(self.max(), -self.min()) }
}

/// A sine of period 1.
func sine(_ turns: Double) -> Double { sin(2 * .pi * turns) }
