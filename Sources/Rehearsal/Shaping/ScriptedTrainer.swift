public import Arm
public import Control
internal import Foundation
public import RealTime
public import Session

/// A person who watches the arm and presses one of two keys, as people do: late, now and then wrong, and silent where they
/// have no opinion.
///
/// They judge what they saw in the last third of a second against a standard that never moves, about every 0.7 s. The press
/// comes after a delay of their own: log-normal, median 0.45 s, so that one in forty comes later than 0.8 s. The learner
/// assumes a uniform density from 0.2 to 0.8 s and knows of nothing else.
public struct ScriptedTrainer: Sendable {
  /// What they want.
  public enum Preference: String, Codable, Sendable, CaseIterable {
    /// A slower tool.
    case slower
    /// Joints whose speeds change less.
    case gentler
    /// A higher tool on the way; nothing is said within 30 mm of the object.
    case higher

    /// The unit of what is seen.
    public var unit: String {
      switch self {
      case .slower: "mm/s"
      case .gentler: "rad/s²"
      case .higher: "mm"
      }
    }

    /// +1 where more of it is liked.
    var sign: Double { self == .higher ? 1 : -1 }
  }

  /// What they want.
  public let preference: Preference
  /// From where on they like it.
  public var standard = Double.nan
  /// By how much it must differ from the standard to be worth a word, as a share of it.
  public var indifference = 0.1
  /// How often they press the wrong key.
  public var slips = 0.05
  private var random: SplitMix64
  private let kinematics: Kinematics
  private let object: SIMD2<Int>?
  private var seen: [Glance] = []
  private var judgesAt = Nanoseconds.zero
  private var presses: [(at: Nanoseconds, signal: PersonSignal)] = []
  private var episode: UInt32 = 0

  /// What the eye has of one tick.
  private struct Glance: Sendable {
    var at: Nanoseconds
    var tool_m: SIMD3<Float>
    var posture: JointVector
  }

  /// A person in front of a rig; its first object is what they see the arm work at.
  public init(_ preference: Preference, rig: Rig, standard: Double = .nan, seed: UInt64) {
    self.preference = preference
    self.standard = standard
    random = SplitMix64(seed: seed &* 0xD1B5_4A32_D192_ED03)
    kinematics = rig.kinematics()
    let names = rig.environmentNames
    object = names.firstIndex { $0.hasSuffix(".x") }.flatMap { x in
      names.firstIndex(of: names[x].dropLast() + "y").map { SIMD2(x, $0) }
    }
  }

  /// A tick goes by; what they press in it.
  public mutating func watch(_ snapshot: Snapshot, at now: Nanoseconds) -> [PersonSignal] {
    let record = snapshot.record
    if record.episode != episode || record.episode == 0 {
      (episode, seen, presses) = (record.episode, [], [])
      judgesAt = now + .seconds(random.uniform(0.4...0.9))
    }
    guard record.episode != 0, record.source == .policy else { return [] }
    look(record.command, at: now)
    if now >= judgesAt {
      judgesAt = now + .seconds(0.4 - 0.3 * log(1 - random.uniform()))
      if let liked = verdict(record.environment.values) {
        let isSlip = random.uniform() < slips
        let delay = 0.45 * exp(0.3 * random.normal())
        presses.append((now + .seconds(delay), liked != isSlip ? .reward : .scold))
      }
    }
    let due = presses.filter { $0.at <= now }.map(\.signal)
    presses.removeAll { $0.at <= now }
    return due
  }

  /// A tick goes by for somebody who only measures.
  public mutating func look(_ posture: JointVector, at now: Nanoseconds) {
    if let last = seen.last, now - last.at > .milliseconds(50) { seen = [] }
    seen.append(Glance(at: now, tool_m: kinematics.pose(posture).position_m, posture: posture))
    seen.removeAll { now - $0.at > .milliseconds(300) }
  }

  /// Nothing was seen before.
  public mutating func blink() { seen = [] }

  /// What they see now, in the preference's unit; nil where it is too early, or none of their business.
  public func sight(_ environment: SIMD16<Float>) -> Double? {
    guard let first = seen.first, let last = seen.last, last.at - first.at >= .milliseconds(250) else { return nil }
    let time = (last.at - first.at).seconds
    switch preference {
    case .slower:
      let way = zip(seen, seen.dropFirst()).reduce(0.0) { $0 + Self.length($1.1.tool_m - $1.0.tool_m) }
      return 1e3 * way / time
    case .gentler:
      // Over eight ticks at a time: what an eye can follow.
      var (sum, count) = (0.0, 0.0)
      for index in stride(from: 16, to: seen.count, by: 1) {
        let (a, b, c) = (seen[index - 16], seen[index - 8], seen[index])
        let half = (c.at - b.at).seconds
        let change = (c.posture - b.posture) - (b.posture - a.posture)
        sum += Double((change * change).sum()) / (half * half * half * half)
        count += 1
      }
      return count > 0 ? (sum / count).squareRoot() : nil
    case .higher:
      if let object {
        let x = environment[object.x] - last.tool_m.x, y = environment[object.y] - last.tool_m.y
        guard x * x + y * y > 0.03 * 0.03 else { return nil }
      }
      return 1e3 * seen.reduce(0.0) { $0 + Double($1.tool_m.z) } / Double(seen.count)
    }
  }

  /// Whether they like what they see; nil where they are indifferent.
  public func verdict(_ environment: SIMD16<Float>) -> Bool? {
    guard let seen = sight(environment), abs(seen - standard) > indifference * standard else { return nil }
    return (seen - standard) * preference.sign > 0
  }

  private static func length(_ way: SIMD3<Float>) -> Double { Double((way * way).sum().squareRoot()) }
}
