import Arm
import Episodes
import RealTime
import TestSupport
import Testing

@testable import Control

/// A hundred thousand handovers of the values that decide them, without arms, wires or time: `RehearsalTests` has the same
/// promises kept in whole sessions, a thousand times (`make fuzz`: a hundred thousand).
@Suite struct HandoverValueTests {
  /// The part of a tick that a handover is about.
  private struct Hands {
    var supervisor = Supervisor()
    var motion = Motion(at: .zero)
    var leader = JointVector.zero
    let envelope: Envelope
    let settings = ControlSettings(period: .milliseconds(10), decisionTicks: 4)

    mutating func ask(_ action: Request.Action) -> Bool {
      supervisor.apply(Request(action), command: motion.goal, leader: leader, settings: settings)
    }

    /// One tick: who wishes, what for, and what becomes of it; `asked` comes in between, as in the tick.
    mutating func tick(policy: JointVector, asked: Request.Action? = nil) throws -> (source: Source, wish: JointVector)
    {
      if supervisor.state == .handingOver { supervisor.begin(correctingFrom: motion.goal, leader: leader) }
      if let asked { #expect(ask(asked), "\(asked) is allowed while \(supervisor.state)") }
      let source = supervisor.source
      let wish =
        switch source {
        case .person: supervisor.clutch.target(leader: leader, rate: settings.clutchStep, share: settings.clutchShare)
        case .policy: policy
        default: motion.goal
        }
      if supervisor.state == .protectiveStop {
        motion = envelope.brake(from: motion).motion
      } else {
        motion = try envelope.constrain(
          wish, from: motion, measured: motion.goal, age: SIMD8(repeating: 0), pace: 1
        ).motion
      }
      return (source, wish)
    }
  }

  @Test func `at whatever moment of a motion a person comes or goes, the command has no step`() throws {
    var random = SplitMix64(seed: 42)
    let envelope = EnvelopeTests.envelope(velocity: 2.5, acceleration: 40)
    var broken: [String] = []
    var fastest: Float = 0
    var endings = [0, 0, 0, 0]
    for number in 0..<100_000 * effort where broken.count < 5 {
      var hands = Hands(envelope: envelope)
      func complain(_ what: String) { broken.append("handover \(number): \(what)") }
      hands.motion = Motion(at: vector(&random, 1.2))
      hands.leader = hands.motion.goal + vector(&random, 0.3)
      guard hands.ask(.enable), hands.ask(.policy) else { return complain("the policy may not drive") }
      // A policy that goes somewhere, caught at any phase of its motion.
      let aim = vector(&random, 1.4)
      var last = hands.motion
      func check(_ tick: (source: Source, wish: JointVector), _ expected: Source) {
        if tick.source != expected { complain("\(tick.source) commands instead of \(expected)") }
        if !within(hands.motion, last, envelope) { complain("from \(last) to \(hands.motion)") }
        last = hands.motion
      }
      for _ in 0..<Int(random.next() % 12) { check(try hands.tick(policy: aim), .policy) }
      fastest = max(fastest, EnvelopeTests.magnitude(hands.motion.step).max())

      // The tick between holds; the next is the person's, from where the command is, whatever the leader's offset.
      let held = hands.motion.goal
      let between = try hands.tick(policy: aim, asked: .takeOver)
      check(between, .blend)
      if between.wish != held { complain("the tick between wishes for \(between.wish)") }
      let start = hands.motion.goal
      let first = try hands.tick(policy: aim)
      check(first, .person)
      if any(EnvelopeTests.magnitude(first.wish - start) .> 1e-6) { complain("a step of \(first.wish - start)") }

      // The person moves; the offset only ever shrinks, by no more than its rate and its share of that motion.
      for _ in 0..<Int(random.next() % 8) {
        let before = hands.supervisor.clutch.offset
        let moved = vector(&random, 0.02)
        hands.leader += moved
        check(try hands.tick(policy: aim), .person)
        let bled = before - hands.supervisor.clutch.offset
        let most = EnvelopeTests.magnitude(moved) * hands.settings.clutchShare + 1e-6
        let after = EnvelopeTests.magnitude(hands.supervisor.clutch.offset)
        if any(after .> EnvelopeTests.magnitude(before) + 1e-6) || any(EnvelopeTests.magnitude(bled) .> most)
          || any(EnvelopeTests.magnitude(bled) .> hands.settings.clutchStep + 1e-6)
        {
          complain("an offset of \(before) became \(hands.supervisor.clutch.offset) by \(moved)")
        }
      }
      let ending = Int(random.next() % 4)
      endings[ending] += 1
      switch ending {
      case 0: check(try hands.tick(policy: aim, asked: .release), .policy)
      case 1: check(try hands.tick(policy: aim, asked: .hold), .hold)
      case 2:
        // Given back and taken again in one tick's time.
        check(try hands.tick(policy: aim, asked: .release), .policy)
        check(try hands.tick(policy: aim, asked: .takeOver), .blend)
        check(try hands.tick(policy: aim), .person)
      default:
        // The leader is gone: stop category 2, latched, and nobody takes over from there.
        hands.supervisor.stop(for: .leaderLost)
        var ticks = 0
        repeat {
          check(try hands.tick(policy: aim), .hold)
          ticks += 1
        } while any(hands.motion.step .!= 0) && ticks < 100
        if ticks == 100 { complain("no stop within a second") }
        if hands.supervisor.fault != .leaderLost || hands.supervisor.state.isPowered == false || hands.ask(.takeOver) {
          complain("the stop is not latched")
        }
      }
    }
    #expect(broken.isEmpty, "\(broken)")
    #expect(fastest > 0.02, "some were caught at speed: \(fastest) rad a tick")
    #expect(endings.allSatisfy { $0 > 20_000 }, "\(endings)")
  }

  private func vector(_ random: inout SplitMix64, _ most: Double) -> JointVector {
    var vector = JointVector.zero
    for joint in 0..<6 { vector[joint] = Float(random.uniform(-most...most)) }
    return vector
  }

  /// One step of the envelope and no more.
  private func within(_ motion: Motion, _ last: Motion, _ envelope: Envelope) -> Bool {
    all(EnvelopeTests.magnitude(motion.step) .<= envelope.step * 1.000001)
      && all(EnvelopeTests.magnitude(motion.step - last.step) .<= envelope.stepChange * 1.00001 + 1e-9)
      && all(EnvelopeTests.magnitude(motion.goal - last.goal) .<= envelope.step + 1e-6)
  }
}
