import Foundation
import Synchronization
import Testing

@testable import RealTime

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

  @Test func `the loop's CPU is an isolated one, else the last of several`() {
    #expect(LoopCPU.cpus(in: "2-3,6\n") == [2, 3, 6])
    #expect(LoopCPU.cpus(in: "\n") == [])
    #expect(LoopCPU.choose(isolated: [2, 3], allowed: [0, 1]) == 2)
    #expect(LoopCPU.choose(isolated: [], allowed: [0, 1, 3]) == 3)
    #expect(LoopCPU.choose(isolated: [], allowed: [0]) == nil)
  }

  @Test func `people read one line of what was granted, and one with the mend for each refusal`() {
    let lines = Grant.lines([
      Grant(name: "a", granted: true, detail: "", mend: ""),
      Grant(name: "b", granted: false, detail: "no: late", mend: "sudo b"),
      Grant(name: "c", granted: false, detail: "no: slow", mend: ""),
    ])
    #expect(lines == ["granted: a", "not granted: b: no: late; to grant it: sudo b", "not granted: c: no: slow"])
  }

  @Test func `what is not granted names the lines that grant it, as the files have them`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "hardware/linux")
    func lines(_ name: String) throws -> [String] {
      try String(contentsOf: root.appending(path: name), encoding: .utf8).split(separator: "\n").map {
        $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }
    }
    for (line, unit, ambient) in [
      ("@realtime - rtprio 95", "LimitRTPRIO=95", "CAP_SYS_NICE"),
      ("@realtime - memlock unlimited", "LimitMEMLOCK=infinity", "CAP_IPC_LOCK"),
    ] {
      #expect(try lines("limits.conf").contains(line))
      #expect(try lines("understudy.service").contains(unit))
      let ways = try #require(Grant.allWays.first { $0.contains(line) })
      let setcap = "sudo setcap cap_sys_nice,cap_ipc_lock+ep"
      for part in ["limits.d", unit, "AmbientCapabilities=\(ambient)", setcap, "LD_LIBRARY_PATH"] {
        #expect(ways.contains(part), "\(part) in \(ways)")
      }
    }
    #expect(try lines("60-understudy.rules").contains("KERNEL==\"cpu_dma_latency\", GROUP=\"realtime\", MODE=\"0660\""))
  }

  @Test func `a thread that is started from the loop does not inherit its priority`() throws {
    let policy = Mutex<Int32>(-1)
    let loop = RateLoop(.init(period: .milliseconds(1)))
    try loop.run(
      started: { _ in },
      tick: { _ in
        let thread = Thread { policy.withLock { $0 = sched_getscheduler(0) } }
        thread.start()
        // The thread inherits the loop's CPU: it runs only while this one sleeps.
        while policy.withLock({ $0 }) < 0 { usleep(100) }
        return false
      })
    #expect(policy.withLock { $0 } & 0xFF == SCHED_OTHER)
  }
}

extension RateLoop {
  /// Runs for so many beats, and tells them.
  func beats(_ count: Int) throws -> [Beat] {
    let beats = Mutex<[Beat]>([])
    try run(
      started: { _ in },
      tick: { beat in
        beats.withLock {
          $0.append(beat)
          return $0.count < count
        }
      })
    return beats.withLock { $0 }
  }
}
