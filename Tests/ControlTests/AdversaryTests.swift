import Arm
import Control
import Episodes
import Foundation
import RealTime
import TestSupport
import Testing

/// Somebody who wants a command to break its promises: wishes of every kind × late ticks × stale and broken readings × pushes
/// from outside × torque that comes on anew anywhere, under rig files of any numbers in their ranges. 400 000 ticks here, a
/// hundred times as many in `make envelope`.
@Suite struct AdversaryTests {
  /// A rig file with other numbers, and a name for complaints.
  static func envelope(_ random: inout SplitMix64) throws -> (envelope: Envelope, text: String) {
    func draw(_ range: ClosedRange<Double>) -> Double {
      exp(random.uniform(log(range.lowerBound)...log(range.upperBound)))
    }
    let file = try String(
      contentsOf: ToolLimitsTests.hardware.root.appending(path: "rigs/twin-insert.yaml"), encoding: .utf8)
    let changes = [
      ("velocity_rad_s: 3.0", "velocity_rad_s: \(draw(0.01...60))"),
      ("acceleration_rad_s2: 30", "acceleration_rad_s2: \(draw(0.1...1000))"),
      ("lag_rad: 0.35", "lag_rad: \(draw(0.01...3))"),
      ("stale_ticks: 8", "stale_ticks: \(1 + random.next() % 100)"),
      ("loop_Hz: 100", "loop_Hz: \([25, 50, 100, 200, 1000][Int(random.next() % 5)])"),
      ("floor_m: 0.001", "floor_m: \(random.uniform(-0.05...0.028))"),
      ("lower: [0.05, -0.30, -0.02]", "lower: [0.05, \(random.uniform(-0.3 ... -0.01)), -0.02]"),
      ("upper: [0.45, 0.30, 0.45]", "upper: [0.45, \(random.uniform(0.01...0.3)), \(random.uniform(0.2...0.45))]"),
    ]
    let text = changes.reduce(file) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    let folder = FileManager.default.temporaryDirectory.appending(path: "adversary-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "twin-insert.yaml")
    try Data(text.utf8).write(to: path)
    let rig = try Rig.load(path.path, hardware: ToolLimitsTests.hardware, variables: [:])
    return (try ToolLimitsTests.envelope(rig), changes.map(\.1).joined(separator: ", "))
  }

  /// What is wished, measured and late.
  struct Adversary {
    var random: SplitMix64
    private var target = ToolLimitsTests.start
    private var push = JointVector.zero
    private var mood: UInt64 = 0

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Numbers that arithmetic stumbles over.
    private static let odd: [Float] = [
      .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
      -.leastNonzeroMagnitude, .leastNormalMagnitude, -0.0, 0, 1e-20, 3.4e38, .signalingNaN, 1e-7, -1e-7, .pi,
    ]

    mutating func wish(_ envelope: Envelope, from motion: Motion, tick: Int) -> JointVector {
      if random.next() % 100 == 0 { mood = random.next() % 6 }
      var wish = motion.goal
      for joint in 0..<8 {
        switch mood {
        case 0: wish[joint] += Float(random.uniform(-0.05...0.05))
        case 1: wish[joint] = tick % 2 == 0 ? envelope.upper[joint] : envelope.lower[joint]
        case 2: wish[joint] = target[joint]
        // As fast as it goes, then straight back: the braking distance is always needed in full.
        case 3: wish[joint] += motion.step[joint] >= 0 ? 1 : -1
        case 4: wish[joint] = motion.goal[joint] + Float(random.uniform(-1...1)) * 1e-7
        default: wish[joint] = Self.odd[Int(random.next() % UInt64(Self.odd.count))]
        }
      }
      if random.next() % 40 == 0 {
        for joint in 0..<6 {
          target[joint] =
            ToolLimitsTests.start[joint] + Float(random.uniform(-1...1)) * (random.next() % 4 == 0 ? 10 : 0.6)
        }
      }
      return wish
    }

    /// The arm lies behind its command, and something pushes it now and then.
    mutating func measured(_ motion: Motion, _ envelope: Envelope) -> JointVector {
      push *= 0.9
      if random.next() % 50 == 0 {
        for joint in 0..<6 { push[joint] = Float(random.uniform(-1.2...1.2)) * envelope.lag[joint] }
      }
      var measured = motion.goal - motion.step * 3 + push
      if random.next() % 700 == 0 { measured[Int(random.next() % 6)] = Self.odd[Int(random.next() % 3)] }
      return measured
    }

    mutating func ages(_ envelope: Envelope) -> SIMD8<Int32> {
      var ages = SIMD8<Int32>(repeating: 0)
      if random.next() % 30 == 0 { ages[Int(random.next() % 6)] = Int32(random.next() % 110) }
      if random.next() % 900 == 0 { ages[0] = .max }
      return ages
    }
  }

  /// What many rounds came to.
  private struct Tally {
    var ticks = 0
    var faults: [Fault: Int] = [:]
    var restarts = 0
  }

  /// One adversary against one rig file; false, and an issue, where a promise was broken.
  private func play(_ round: Int, seed: UInt64, _ envelope: Envelope, _ name: String, _ tally: inout Tally) -> Bool {
    var adversary = Adversary(seed: seed &* 1000 &+ UInt64(round))
    var motion = Motion(at: ToolLimitsTests.start)
    for tick in 0..<10_000 {
      tally.ticks += 1
      let measured = adversary.measured(motion, envelope)
      switch adversary.random.next() % 3000 {
      case 0...5: motion.step = .zero  // a late tick: the arm has come to rest meanwhile
      case 6:
        // Torque went and comes on anew, wherever the arm has fallen to.
        guard let pose = envelope.reachable(measured) else { break }
        motion = Motion(at: adversary.random.next() % 2 == 0 ? pose : measured)
        tally.restarts += 1
      default: break
      }
      let before = motion
      let wish = adversary.wish(envelope, from: motion, tick: tick)
      let guiding: Float = adversary.random.next() % 8 == 0 ? 0.25 / 100 : .infinity
      do throws(Fault) {
        let (next, limits) = try envelope.constrain(
          wish, from: motion, measured: measured, age: adversary.ages(envelope), pace: 1, toolStep_m: guiding)
        motion = next
        let short = EnvelopeTests.magnitude(next.goal - wish)
        if any(short .> 1e-4), limits.isEmpty {
          Issue.record("round \(round), tick \(tick): \(short) short of the wish, and no limit named; \(name)")
          return false
        }
      } catch {
        tally.faults[error, default: 0] += 1
        motion = envelope.brake(from: motion, to: tick % 2 == 0 ? envelope.reachable(measured) : nil).motion
      }
      if let complaint = ToolLimitsTests.complaint(envelope, from: before, to: motion) {
        Issue.record("round \(round), tick \(tick): \(complaint), from \(before) to \(motion); \(name)")
        return false
      }
    }
    return true
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `nobody makes a command break its promises`(seed: UInt64) throws {
    var rigs = SplitMix64(seed: seed &* 7919)
    var tally = Tally()
    for round in 0..<10 * effort {
      let (envelope, name) = try Self.envelope(&rigs)
      guard play(round, seed: seed, envelope, name, &tally) else { return }
    }
    #expect(Set(tally.faults.keys).isSuperset(of: [.wishNotFinite, .followerStale, .lag]), "\(tally)")
    #expect(tally.restarts > 0)
    if effort > 1 {
      print(
        "the adversary of seed \(seed): \(tally.ticks) ticks, stopped \(tally.faults.values.reduce(0, +)) times")
    }
  }

  /// Long stops that began outside a wall, went inward and at their end outward again, unseen between two looks at them.
  @Test(arguments: [(1 as UInt64, 202), (2, 132), (3, 221), (4, 79)])
  func `a stop that comes in from outside does not turn back outward`(seed: UInt64, round: Int) throws {
    var rigs = SplitMix64(seed: seed &* 7919)
    for _ in 0..<round { _ = try Self.envelope(&rigs) }
    let (envelope, name) = try Self.envelope(&rigs)
    var tally = Tally()
    #expect(play(round, seed: seed, envelope, name, &tally))
  }
}
