import RealTime
import Session
import Testing
import Twin

@testable import Rehearsal

/// A night of `make soak` in small: five minutes of virtual time.
@Suite struct SoakTests {
  @Test func `five minutes of faults leave every command within the envelope and every stop explained`() async throws {
    var soak = Soak(Rehearsal(rig: try Bench.rig.get(), task: "insert", seed: 7), hours: 5 / 60)
    soak.chapter_s = 100
    let report = try await soak.run(policy: Bench.policy.get(), cores: 1)
    #expect(report.violations == 0 && report.unexplained == 0 && report.stuck == 0, "\(report)")
    #expect(report.commands > 20_000 && report.episodes > 20)
    #expect(report.injected.values.reduce(0, +) >= 24, "one in each interval")
    #expect(report.stops.values.reduce(0, +) >= 8, "\(report.stops)")
  }

  @Test func `a command out of the envelope and a stop without a cause are seen`() throws {
    let session = try Bench.session(mirrors: false)
    let watch = CommandWatch(session)
    let injector = SoakInjector(session, interval: .seconds(10), seed: 1)
    session.begin(.teleoperate) { _ in }
    for _ in 0..<300 {
      session.step()
      watch.check()
    }
    #expect(watch.checked > 200 && watch.violations == 0)
    #expect(!injector.explains(.lag) && !injector.explains(nil))
    // A tick that nobody checks makes the next step look like two.
    for _ in 0..<100 {
      session.step()
      session.step()
      watch.check()
    }
    #expect(watch.violations > 0 && !watch.complaints.isEmpty)
  }

  @Test func `a session that is over leaves nothing in memory`() throws {
    weak var world: TwinWorld?
    weak var host: ArmHost?
    do {
      let session = try Bench.session()
      session.begin(.teleoperate) { _ in }
      for _ in 0..<50 { session.step() }
      (world, host) = (session.world, session.host)
      #expect(world != nil && host != nil)
    }
    #expect(world == nil)
    #expect(host == nil)
  }

  @Test func `the same seed soaks the same way`() throws {
    let soak = Soak(Rehearsal(rig: try Bench.rig.get(), task: "insert", seed: 3), hours: 1)
    let first = try soak.chapter(0, seconds: 30, policy: Bench.policy.get())
    let again = try soak.chapter(0, seconds: 30, policy: Bench.policy.get())
    #expect(first.commands > 2000)
    #expect(first.stops == again.stops && first.commands == again.commands && first.episodes == again.episodes)
  }
}
