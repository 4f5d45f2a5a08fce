import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import Session
import Testing
import Twin

/// Gates in whole sessions on virtual time.
@Suite struct GateSessionTests {
  @Test func `a gate stops the arm and asks, and only a person who comes gets it`() throws {
    try Bench.withFolder { folder in
      var person = OperatorOptions()
      person.watches = false
      var options = TwinOptions()
      options.seed = 5
      options.person = person
      let session = try VirtualSession(
        rig: try Bench.rig.get(), twin: options, leaderMirrors: true,
        gate: .random(RandomGate(chance: 0.05, seed: 3)))
      let tape = try Tape(session)
      try session.host.load(policy: Bench.policy.get())
      let dataset = try Dataset.create(folder.path, durable: false)
      try session.record(into: dataset, SessionDescription(activity: .correct), firstEpisode: 10_001)
      session.begin(.correct, first: 10_001, seed: 5) {
        $0.episodes = 10
        $0.framesPerRound = 1_000_000
        $0.gate = .random
      }
      try session.run(limit: .seconds(600))
      #expect(tape.trouble == "")
      let outcomes = try #require(session.conductor).outcomes
      let asked = outcomes.reduce(0) { $0 + $1.asked }, answered = outcomes.reduce(0) { $0 + $1.answered }
      #expect(asked >= 4 && answered >= 4, "\(asked) asked, \(answered) answered")
      #expect(outcomes.reduce(0) { $0 + $1.takeOvers } == answered, "nobody else takes over")
      let waited = outcomes.reduce(0) { $0 + $1.waitedSeconds } / Double(answered)
      #expect((0.2...1.2).contains(waited), "reaction and pull: \(waited) s")
      #expect(tape.unasked.contains(.init(from: .holding, to: .handingOver)), "who comes takes the leader in hand")
      // Between the policy and the person lies a hold: a gate never hands over by itself.
      for (index, entry) in tape.entries.enumerated().dropFirst() where entry.record.source == .blend {
        #expect(tape.entries[index - 1].record.source == .hold)
      }
    }
  }

  @Test func `a person who finds all well says go on, and is not asked again in that stretch`() throws {
    var options = TwinOptions()
    options.person.isPresent = false
    let gated = try VirtualSession(
      rig: try Bench.rig.get(), twin: options, leaderMirrors: false,
      gate: .doubt(DoubtGate(threshold: -1)))
    try gated.host.load(policy: Bench.policy.get())
    gated.standUp()
    gated.host.ask(.gate(doubt: -1, safety: -.infinity))
    gated.host.ask(.episode(1))
    gated.host.ask(Request(.policy))
    #expect(gated.step(most: 40) { $0.asks && $0.state == .holding }, "every doubt is above −1")
    gated.step(50)
    #expect(gated.host.snapshot.asks && gated.host.snapshot.isAtRest, "it waits")
    gated.host.ask(Request(.policy))
    #expect(gated.step(most: 3) { $0.state == .autonomous && !$0.asks })
    gated.step(100)
    #expect(gated.host.snapshot.state == .autonomous && gated.host.snapshot.episode.asked == 1)
  }

  @Test func `a policy that fails again and again gives way to the one before`() throws {
    let session = try Bench.session(nil)
    let policy = try Bench.policy.get()
    try session.host.load(policy: policy)
    try session.host.load(policy: policy)
    var said: [String] = []
    session.host.teller = { said.append($0) }
    session.begin(.correct) {
      $0.episodes = 4
      $0.framesPerRound = 1_000_000
      $0.limit = .seconds(0.2)
      $0.failuresToRollBack = 3
      $0.resumed = SessionProgress(round: 1, frames: 12, nextEpisode: 40, policy: "policy")
    }
    #expect(session.conductor?.episode == 40 && session.conductor?.framesThisRound == 12)
    session.afterTick = { [unowned session] snapshot in
      if snapshot.state == .holding, !snapshot.isMoving, snapshot.record.episode == 0 {
        session.conductor?.hear(.start)
      }
    }
    try session.run(limit: .seconds(300))
    #expect(session.conductor?.outcomes.map(\.label) == [.failure, .failure, .failure, .failure])
    #expect(said.count == 1 && said[0].hasPrefix("back to policy"), "\(said)")
  }
}
