import Control
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
    #expect(report.residentBegin_MB > 1 && report.residentEnd_MB > 1, "memory is measured; other tests share it")
    #expect(report.commands > 20_000 && report.episodes > 20)
    #expect(report.injected.values.reduce(0, +) >= 24, "one in each interval")
    #expect(report.injected.count >= 14, "\(report.injected)")
    #expect(report.stops.values.reduce(0, +) >= 8, "\(report.stops)")
  }

  @Test func `a report is clean only where everything held, and memory was measured`() {
    var report = SoakReport()
    #expect(!report.isClean, "nobody looked at the memory")
    (report.residentBegin_MB, report.residentEnd_MB) = (50, 50 + SoakReport.mostGrowth_MB)
    #expect(report.isClean)
    for spoil in [
      { $0.residentEnd_MB += 1 }, { $0.violations = 1 }, { $0.unexplained = 1 }, { $0.stuck = 1 },
    ] as [(inout SoakReport) -> Void] {
      var spoilt = report
      spoil(&spoilt)
      #expect(!spoilt.isClean)
    }
  }

  @Test func `a fault explains a stop from when it is put in until a little after, and no other stop`() throws {
    let session = try Bench.session(nil)
    try session.host.load(policy: Bench.policy.get())
    let injector = SoakInjector(
      session, interval: .seconds(3), seed: 5, nonsense: try session.host.newestPolicy?.sayingNonsense())
    var before = 0
    for _ in 0..<6000 {
      injector.step()
      let now = session.time.now
      let isDue = now >= injector.begin && now <= injector.end + SoakInjector.aftermath
      if now < injector.begin { before += 1 }
      for fault in Fault.allCases where !injector.lasting.contains(fault) {
        #expect(injector.explains(fault) == (isDue && injector.fault.mayStop.contains(fault)))
      }
      #expect(!injector.explains(nil))
      session.step()
      injector.acknowledged()
    }
    #expect(before > 1000)
    let expected = SoakFault.allCases.filter { $0.applies(policy: true, isHeldToRun: false) }
    #expect(Set(injector.counts.keys) == Set(expected), "a deck is played out before it is shuffled anew")
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
