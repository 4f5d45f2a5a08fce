import Control
import Episodes
import RealTime
import Rehearsal
import Session
import TestSupport
import Testing
import Twin

/// Handovers at every phase of a motion; the leader is let go each time and falls as it likes.
@Suite struct HandoverPropertyTests {
  @Test func `handovers at random moments never step, never leave the arm to nobody, and are recorded from the first`()
    throws
  {
    // 1000 in all, or 100 000.
    for seed in 1...UInt64(4 * effort) {
      try handOver(250, seed: seed)
    }
  }

  private func handOver(_ count: Int, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let session = try Bench.session(nil, seed: seed)
    let loaded = try session.load(Puppet.wanderer(speed: Float(random.uniform(0.3...2))))
    defer { withExtendedLifetime(loaded) {} }
    let tape = try Tape(session)
    session.standUp(Puppet.home)
    session.host.ask(.episode(1))
    session.host.ask(Request(.policy))
    session.step(5)
    var done = 0
    while done < count {
      session.step(Int(random.uniform(0...30)))
      guard restored(session) else { continue }
      let asked = tape.entries.count
      session.host.ask(Request(.takeOver))
      session.step(2)
      let two = tape.entries[asked..<(asked + 2)]
      #expect(two.map(\.record.source) == [.blend, .person], "seed \(seed), handover \(done)")
      #expect(two.allSatisfy { $0.record.episode == 1 })
      done += 1
      session.step(Int(random.uniform(0...20)))
      switch Int(random.uniform(0..<3)) {
      case 0: session.host.ask(Request(.release))
      case 1:
        session.host.ask(Request(.hold))
        session.step(Int(random.uniform(0...10)))
        session.host.ask(Request(.policy))
      default:
        session.host.ask(Request(.release))
        session.host.ask(Request(.takeOver))
        session.host.ask(Request(.release))
      }
    }
    #expect(tape.trouble == "", "seed \(seed)")
    #expect(tape.entries.allSatisfy { $0.record.source != .none || !$0.state.isPowered })
    // Whoever commanded is written down: what the person asked for in each of their ticks, what the policy did in its own.
    for entry in tape.entries where entry.state == .correcting {
      #expect(entry.record.source == .person && entry.record.personWish[0].isFinite)
    }
  }

  /// The policy drives: a stop (a falling leader may press the arm into something) is acknowledged.
  private func restored(_ session: VirtualSession) -> Bool {
    switch session.host.snapshot.state {
    case .autonomous: return true
    case .protectiveStop:
      session.host.ask(Request(.acknowledge))
      session.step(20)
    default: break
    }
    session.host.ask(Request(.policy))
    return session.step(most: 5) { $0.state == .autonomous }
  }
}

extension SplitMix64 {
  /// A number in the half-open range.
  fileprivate mutating func uniform(_ range: Range<Int>) -> Double {
    Double(range.lowerBound) + uniform() * Double(range.count)
  }
}
