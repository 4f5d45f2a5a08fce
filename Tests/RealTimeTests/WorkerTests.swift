import Glibc
import RealTime
import Synchronization
import Testing

@Suite struct WorkerTests {
  private final class Count: Sendable {
    let passes = Atomic<Int>(0)
    let handedOver = Atomic<Int>(0)
    let done = Atomic<Int>(0)
  }

  @Test func `what was handed over before the stop is done after it`() {
    let count = Count()
    let worker = Worker("test", every: nil) {
      count.passes.add(1, ordering: .relaxed)
      count.done.store(count.handedOver.load(ordering: .acquiring), ordering: .releasing)
    }
    for n in 1...100 {
      count.handedOver.store(n, ordering: .releasing)
      if n % 3 == 0 { worker.wake() }
    }
    worker.stop()
    #expect(count.done.load(ordering: .acquiring) == 100)
    let passes = count.passes.load(ordering: .relaxed)
    worker.stop()
    worker.wake()
    #expect(count.passes.load(ordering: .relaxed) == passes, "a stopped worker rests")
  }

  @Test func `a period runs it again and again`() {
    let count = Count()
    let worker = Worker("test", every: .milliseconds(1)) { count.passes.add(1, ordering: .relaxed) }
    while count.passes.load(ordering: .relaxed) < 5 { usleep(1000) }
    worker.stop()
    #expect(count.passes.load(ordering: .relaxed) >= 6)
  }

  @Test func `it bears its name`() {
    let count = Count()
    let worker = Worker("a-name-that-is-too-long", every: .milliseconds(1)) {
      var bytes = [UInt8](repeating: 0, count: 32)
      let descriptor = open("/proc/thread-self/comm", O_RDONLY)
      let n = read(descriptor, &bytes, 32)
      close(descriptor)
      if String(decoding: bytes.prefix(max(0, n)), as: UTF8.self) == "a-name-that-is-\n" {
        count.done.store(1, ordering: .relaxed)
      }
    }
    while count.done.load(ordering: .relaxed) == 0 { usleep(1000) }
    worker.stop()
  }

  private final class Holder: Sendable { let worker = Mutex<Worker?>(nil) }

  @Test func `its own work may let go of the last of it`() {
    let holder = Holder()
    let count = Count()
    let worker = Worker("test", every: .milliseconds(1)) {
      let last = holder.worker.withLock { worker in
        defer { worker = nil }
        return worker
      }
      if last != nil { count.done.store(1, ordering: .relaxed) }
    }
    holder.worker.withLock { $0 = worker }
    while count.done.load(ordering: .relaxed) == 0 { usleep(1000) }
  }
}
