import Foundation
import RealTime
import Synchronization
import Testing

@Suite(.serialized) struct RateLoopTests {
  final class Seen: Sendable {
    let beats = Mutex<[Beat]>([])
    let threads = Mutex<Set<UInt>>([])
  }

  @Test func `beats keep their phase and one thread, and count what a long tick missed`() throws {
    let seen = Seen()
    let loop = RateLoop(.init(period: .milliseconds(2)))
    try loop.run(
      started: { grants in #expect(!grants.isEmpty) },
      tick: { beat in
        seen.threads.withLock { _ = $0.insert(UInt(bitPattern: ObjectIdentifier(Thread.current))) }
        let count = seen.beats.withLock {
          $0.append(beat)
          return $0.count
        }
        if count == 10 {
          // Three and a half periods: at least three deadlines go by unserved.
          let until = TickClock.monotonic.now + .microseconds(7000)
          while TickClock.monotonic.now < until {}
        }
        return count < 30
      })
    let beats = seen.beats.withLock { $0 }
    #expect(beats.count == 30)
    #expect(seen.threads.withLock { $0.count } == 1)
    for (before, after) in zip(beats, beats.dropFirst()) {
      #expect(after.index == before.index + 1 + UInt64(after.missed))
      let distance = after.scheduled - before.scheduled
      #expect(distance.count == Int64(after.index - before.index) * 2_000_000, "phase is kept")
      #expect(after.began >= after.scheduled, "never early")
    }
    #expect(beats[10].missed >= 3)
  }

  @Test func `a thread that is started from the loop does not inherit its priority`() throws {
    let policy = Mutex<Int32>(-1)
    let loop = RateLoop(.init(period: .milliseconds(1)))
    try loop.run(
      started: { _ in },
      tick: { _ in
        let thread = Thread { policy.withLock { $0 = sched_getscheduler(0) } }
        thread.start()
        while policy.withLock({ $0 }) < 0 {}
        return false
      })
    #expect(policy.withLock { $0 } & 0xFF == SCHED_OTHER)
  }
}
