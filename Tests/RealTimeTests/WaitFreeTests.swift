import Foundation
import RealTime
import Synchronization
import Testing

@Suite struct WaitFreeTests {
  @Test func `a ring hands over everything in order, and refuses when full`() {
    let ring = Ring<Int>(capacity: 5, blank: 0)  // rounds up to 8
    for n in 0..<8 { #expect(ring.push(n)) }
    #expect(!ring.push(99))
    #expect(ring.overflow == 1)
    for n in 0..<8 { #expect(ring.pop() == n) }
    #expect(ring.pop() == nil)
  }

  @Test func `between two threads nothing is lost, doubled or torn`() {
    struct Pair: BitwiseCopyable { var a: UInt64, b: UInt64 }
    let ring = Ring<Pair>(capacity: 64, blank: Pair(a: 0, b: 0))
    let total: UInt64 = 200_000
    let producer = Thread {
      var n: UInt64 = 0
      while n < total { if ring.push(Pair(a: n, b: ~n)) { n += 1 } }
    }
    producer.start()
    var expected: UInt64 = 0
    while expected < total {
      guard let pair = ring.pop() else { continue }
      guard pair.a == expected, pair.b == ~expected else {
        Issue.record("got \(pair.a), \(~pair.b) instead of \(expected)")
        return
      }
      expected += 1
    }
  }

  @Test func `a reader of the latest value never sees half of two`() {
    struct Wide: BitwiseCopyable { var lanes: SIMD32<UInt64> }
    let slot = Latest(Wide(lanes: SIMD32(repeating: 0)))
    let stop = Mutex(false)
    let writer = Thread {
      var n: UInt64 = 0
      while !stop.withLock({ $0 }) {
        n += 1
        slot.store(Wide(lanes: SIMD32(repeating: n)))
        if n % 4 == 0 { sched_yield() }  // a writer that never pauses starves any reader
      }
    }
    writer.start()
    var reads = 0
    for _ in 0..<100_000 {
      guard let wide = slot.load() else { continue }
      reads += 1
      guard wide.lanes == SIMD32(repeating: wide.lanes[0]) else {
        Issue.record("a torn read: \(wide)")
        break
      }
    }
    stop.withLock { $0 = true }
    #expect(reads > 0)
  }

  @Test(arguments: [UInt64(1), 2, 3]) func `percentiles lie within a sixteenth of the true ones`(seed: UInt64) {
    var state = seed
    let histogram = Histogram()
    var values: [Int64] = []
    for _ in 0..<10_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Int64(1) << Int64(state >> 60) + Int64((state >> 20) & 0xFFFF)
      values.append(value)
      histogram.add(Nanoseconds(value))
    }
    values.sort()
    #expect(histogram.count == 10_000)
    #expect(histogram.max.count == values.last)
    for share in [0.5, 0.9, 0.99, 0.999] {
      let exact = Double(values[Int((share * 10_000).rounded(.up)) - 1])
      let ours = Double(histogram.percentile(share).count)
      #expect(ours >= exact * 0.999 && ours <= exact * (1 + 1.0 / 16) + 1, "\(share): \(ours) for \(exact)")
    }
  }
}

@Suite struct DatagramTests {
  @Test func `a datagram reaches its receiver, and a second receiver is refused`() throws {
    let path = "/tmp/understudy-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    let sender = try DatagramSocket()
    let dropped = sender.send([1], to: path)
    #expect(!dropped, "nobody is there")
    do {
      let receiver = try DatagramSocket(receivingAt: path)
      let before = receiver.receive()
      let taken = sender.send([1, 2, 3], to: path)
      let after = receiver.receive()
      #expect(before == nil && taken && after == Data([1, 2, 3]))
      #expect(throws: DatagramError.inUse(path: path)) {
        let second = try DatagramSocket(receivingAt: path)
        _ = second.fileDescriptor
      }
    }
    #expect(!FileManager.default.fileExists(atPath: path), "the path goes with its receiver")
  }
}
