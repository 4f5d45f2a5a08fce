import Arm
import Control
import Episodes
import RealTime
import TestSupport
import Testing

/// Wishes of every kind: a million ticks here, a hundred million in `make fuzz`.
@Suite struct EnvelopeTests {
  static let lower = JointVector(-1.9, -1.7, -1.6, -1.6, -2.7, -0.2, 0, 0)
  static let upper = JointVector(1.9, 1.7, 1.6, 1.6, 2.8, 1.7, 0, 0)

  static func envelope(velocity: Float = 3, acceleration: Float = 40, lag: Float = 0.5, rate: Float = 100) -> Envelope {
    Envelope(
      lower: lower, upper: upper, velocity: JointVector(repeating: velocity),
      acceleration: JointVector(repeating: acceleration), lag: JointVector(repeating: lag), staleTicks: 8,
      period: 1 / rate)
  }

  /// A wish that is anything at all: near, far, at the limits, chattering, NaN, infinite, denormal.
  static func wish(_ random: inout SplitMix64, near goal: JointVector, tick: Int) -> JointVector {
    var wish = goal
    for joint in 0..<8 {
      switch random.next() % 12 {
      case 0: wish[joint] = Float(random.uniform(-10...10))
      case 1: wish[joint] = upper[joint]
      case 2: wish[joint] = lower[joint]
      case 3: wish[joint] = tick % 2 == 0 ? 100 : -100
      case 4: wish[joint] = .leastNonzeroMagnitude
      case 5: wish[joint] = random.next() % 200 == 0 ? .nan : goal[joint]
      case 6: wish[joint] = random.next() % 200 == 0 ? .infinity : goal[joint]
      case 7: wish[joint] = .greatestFiniteMagnitude
      default: wish[joint] = goal[joint] + Float(random.uniform(-0.05...0.05))
      }
    }
    return wish
  }

  static func magnitude(_ v: JointVector) -> JointVector { v.replacing(with: -v, where: v .< 0) }

  @Test(arguments: 1...8) func `whatever is wished, velocity, acceleration and braking distance are kept`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let envelope = Self.envelope(
      velocity: Float(random.uniform(0.2...8)), acceleration: Float(random.uniform(2...200)),
      rate: seed % 2 == 0 ? 100 : 200)
    var motion = Motion(at: .zero)
    var faults = 0
    for tick in 0..<125_000 * effort {
      let before = motion
      let age = SIMD8<Int32>(repeating: random.next() % 1000 == 0 ? 9 : 0)
      let limits: Limits
      do throws(Fault) {
        (motion, limits) = try envelope.constrain(
          Self.wish(&random, near: motion.goal, tick: tick), from: motion, measured: motion.goal, age: age, pace: 1)
      } catch {
        faults += 1
        (motion, limits) = envelope.brake(from: motion)
      }
      _ = limits
      // Steps are compared as reals before they are added: what is added is rounded to the goal's own spacing.
      let change = Self.magnitude(motion.step - before.step)
      guard all(Self.magnitude(motion.step) .<= envelope.step * 1.000001),
        all(change .<= envelope.stepChange * 1.00001 + 1e-9),
        all(motion.goal .<= Self.upper + 1e-6), all(motion.goal .>= Self.lower - 1e-6),
        all(motion.goal .== motion.goal)
      else {
        Issue.record("tick \(tick): from \(before) to \(motion)")
        return
      }
    }
    if effort > 1 { print("the envelope of seed \(seed): \(125_000 * effort) ticks, \(faults) faults") }
    #expect(faults > 100, "the wishes of this test never failed: it tests too little")
  }

  @Test func `from every command the arm can stop inside its limits`() {
    var random = SplitMix64(seed: 11)
    let envelope = Self.envelope(velocity: 6, acceleration: 15)
    var motion = Motion(at: .zero)
    for tick in 0..<20_000 * effort {
      motion =
        (try? envelope.constrain(
          random.next() % 400 < 200 ? Self.upper * 2 : Self.lower * 2, from: motion, measured: motion.goal,
          age: .zero, pace: 1
        ).motion) ?? envelope.brake(from: motion).motion
      guard tick % 37 == 0 else { continue }
      var stopping = motion
      for _ in 0..<200 { stopping = envelope.brake(from: stopping).motion }
      #expect(stopping.step == .zero, "after 2 s of braking the arm stands")
      #expect(all(stopping.goal .<= Self.upper + 1e-6) && all(stopping.goal .>= Self.lower - 1e-6))
    }
  }

  @Test func `from outside its limits an arm only ever moves inward`() {
    let envelope = Self.envelope()
    var motion = Motion(at: Self.upper + 0.4)
    for _ in 0..<300 {
      let before = motion.goal
      motion =
        (try? envelope.constrain(Self.upper + 5, from: motion, measured: motion.goal, age: .zero, pace: 1).motion)
        ?? motion
      #expect(all(motion.goal .<= before))
    }
    for _ in 0..<300 {
      motion =
        (try? envelope.constrain(.zero, from: motion, measured: motion.goal, age: .zero, pace: 1).motion) ?? motion
    }
    #expect(all(EnvelopeTests.magnitude(motion.goal) .< 1e-3))
  }

  @Test func `NaN, lag and stale readings are faults, never projected`() {
    let envelope = Self.envelope(lag: 0.2)
    let still = Motion(at: .zero)
    var nan = JointVector.zero
    nan[3] = .nan
    #expect(throws: Fault.wishNotFinite) {
      try envelope.constrain(nan, from: still, measured: .zero, age: .zero, pace: 1)
    }
    #expect(throws: Fault.wishNotFinite) {
      try envelope.constrain(
        JointVector(repeating: .infinity), from: still, measured: .zero, age: .zero, pace: 1)
    }
    #expect(throws: Fault.lag) {
      try envelope.constrain(
        .zero, from: still, measured: JointVector(repeating: 0.21), age: .zero, pace: 1)
    }
    var old = SIMD8<Int32>.zero
    old[5] = 9
    #expect(throws: Fault.followerStale) {
      try envelope.constrain(.zero, from: still, measured: .zero, age: old, pace: 1)
    }
    #expect(throws: Fault.followerStale) {
      try envelope.constrain(.zero, from: still, measured: nan, age: .zero, pace: 1)
    }
  }

  @Test func `the verdict names each limit that shaped the command`() throws {
    let envelope = Self.envelope()
    let still = Motion(at: .zero)
    let far = try envelope.constrain(JointVector(repeating: 0.5), from: still, measured: .zero, age: .zero, pace: 1)
    #expect(far.limits.contains([.velocity, .acceleration]))
    var little = JointVector(repeating: 1e-4)
    little[6] = 0  // the arm has six joints
    little[7] = 0
    let near = try envelope.constrain(little, from: still, measured: .zero, age: .zero, pace: 1)
    #expect(near.limits.isEmpty)
    #expect(near.motion.goal[0] == 1e-4)
  }

  @Test(arguments: State.allCases) func `every state refuses what the table does not allow, and says why`(state: State)
  {
    for action in Request.Action.allCases where state.after(action) == nil {
      let name = state == .protectiveStop ? "in a protective stop" : state.name
      #expect(state.refusal(of: action).lowercased().contains("the arm is \(name)"))
    }
    // Torque can be let go from anywhere, and only enabling ends it.
    #expect(state.after(.relax) == .off)
    if !state.isPowered {
      #expect(state.after(.policy) == nil && state.after(.teleoperate) == nil && state.after(.playback) == nil)
    }
    // From a protective stop nothing but a person's acknowledgement leads on.
    if state == .protectiveStop {
      for action: Request.Action in [.enable, .teleoperate, .policy, .playback, .takeOver, .release, .hold, .park] {
        #expect(state.after(action) == nil)
      }
    }
  }

  @Test func `the fault table has one complete row a fault`() {
    for fault in Fault.allCases {
      let rows = Fault.table.filter { $0.fault == fault }
      #expect(rows.count == 1, "\(fault)")
      for row in rows {
        #expect(!row.name.isEmpty && !row.cause.isEmpty && !row.detection.isEmpty)
        #expect(row.remedy.hasSuffix("."))
      }
    }
  }
}
