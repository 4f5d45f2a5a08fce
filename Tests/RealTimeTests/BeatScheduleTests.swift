import Foundation
import Synchronization
import Testing

@testable import RealTime

@Suite struct BeatScheduleTests {
  private func schedule() -> BeatSchedule {
    BeatSchedule(origin: .milliseconds(5), period: .milliseconds(10), first: 7)
  }

  @Test(
    arguments: [
      (late_us: 0, missed: 0), (40, 0), (9_999, 0), (10_000, 1), (20_000, 2), (50_300, 5), (398_580, 39),
      (500_000, 50),
    ] as [(late_us: Int64, missed: UInt32)])
  func `a loop that wakes late says so in that beat, and the next is on time`(late_us: Int64, missed: UInt32) {
    var schedule = schedule()
    #expect(schedule.due == .milliseconds(75))
    let wake = schedule.due + .microseconds(late_us)
    let beat = schedule.begin(at: wake)
    #expect(beat.index == 7 + UInt64(missed) && beat.missed == missed)
    #expect(beat.began == wake && beat.due == .milliseconds(75) && beat.wakeLatency == .microseconds(late_us))
    #expect(beat.scheduled == .milliseconds(75 + 10 * Int64(missed)), "the period that it wakes in")
    schedule.end(at: wake)
    let next = schedule.begin(at: schedule.due)
    #expect(next.index >= beat.index + 1 && next.missed == UInt32(next.index - beat.index - 1))
    #expect(next.missed == 0 && next.wakeLatency == .zero)
  }

  @Test func `a tick that takes too long leaves missed periods to the next beat, which keeps the phase`() {
    var schedule = schedule()
    let beat = schedule.begin(at: schedule.due)
    schedule.end(at: beat.began + .microseconds(35_500))
    #expect(schedule.due == .milliseconds(115))
    let next = schedule.begin(at: schedule.due + .milliseconds(21))
    #expect(next.missed == 5 && next.index == 13, "three that the tick took, two slept through")
    #expect(next.scheduled == .milliseconds(135) && next.wakeLatency == .milliseconds(21))
  }

  @Test func `what a suspended machine missed is counted once, and moves no deadline`() {
    var schedule = schedule()
    schedule.miss(100)
    let beat = schedule.begin(at: schedule.due)
    #expect(beat.missed == 100 && beat.index == 7)
    schedule.end(at: beat.began)
    #expect(schedule.begin(at: schedule.due).missed == 0)
  }

  @Test func `whatever sleeps and overruns come, every period is served once or missed once`() {
    var random = SplitMix64(seed: 3)
    var schedule = schedule()
    var now = Nanoseconds.zero
    var next: UInt64 = 7
    for _ in 0..<10_000 {
      now = max(now, schedule.due) + .microseconds(Int64(random.uniform(0...1) < 0.2 ? random.uniform(0...90_000) : 0))
      let beat = schedule.begin(at: now)
      #expect(beat.index == next + UInt64(beat.missed))
      #expect(beat.scheduled <= now && now < beat.scheduled + .milliseconds(10))
      #expect(beat.scheduled.count == 5_000_000 + Int64(beat.index) * 10_000_000)
      next = beat.index + 1
      now += .microseconds(Int64(random.uniform(0...1) < 0.2 ? random.uniform(0...90_000) : 1000))
      schedule.end(at: now)
      #expect(schedule.due >= now)
    }
  }

  @Test func `the loop itself says in the very beat what its thread slept through`() throws {
    let woken = Atomic<Int>(0)
    var configuration = RateLoop.Configuration(period: .milliseconds(2))
    configuration.oversleep = { if woken.wrappingAdd(1, ordering: .relaxed).oldValue == 5 { usleep(9000) } }
    let late = try RateLoop(configuration).beats(10)[5]
    #expect(late.missed >= 4 && late.wakeLatency >= .milliseconds(9))
    #expect(late.began - late.scheduled < .milliseconds(2))
  }
}
