import Synchronization

/// Counts of durations in fixed buckets: written by one thread without waiting, read by anyone.
///
/// Buckets are log-linear, 16 to each doubling, so a percentile is right within 1/16 of its value; the range is
/// 1 ns … 2⁴⁰ ns (18 minutes), and what lies beyond counts in the last bucket. Adding is O(1).
public final class Histogram: @unchecked Sendable {
  // Unchecked: the buckets are allocated once, side by side (the tick touches one line of the cache), and each is atomic.
  private static let sub = 16
  private static let size = 40 * sub
  private let buckets: UnsafeMutablePointer<Atomic<UInt64>>
  private let largest = Atomic<Int64>(0)

  /// An empty histogram.
  public init() {
    buckets = .allocate(capacity: Self.size)
    for index in 0..<Self.size { (buckets + index).initialize(to: Atomic(0)) }
  }

  deinit {
    buckets.deinitialize(count: Self.size)
    buckets.deallocate()
  }

  private static func bucket(_ ns: Int64) -> Int {
    let v = UInt64(Swift.max(1, ns))
    let exponent = 63 - v.leadingZeroBitCount
    let shifted: UInt64 = exponent >= 4 ? v >> UInt64(exponent - 4) : v << UInt64(4 - exponent)
    return Swift.min(size - 1, exponent * sub + Int(shifted & 15))
  }

  /// The upper edge of a bucket in nanoseconds.
  private static func upper(_ index: Int) -> Double {
    let exponent = index / sub
    let fraction = Double(index % sub + 1) / Double(sub)
    return Double(UInt64(1) << UInt64(exponent)) * (1 + fraction)
  }

  /// Counts one duration; negative ones count as zero.
  public func add(_ duration: Nanoseconds) {
    // There is one writer, so nothing can come between the load and the store: no locked instruction is needed.
    let bucket = buckets + Self.bucket(duration.count)
    bucket.pointee.store(bucket.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    if duration.count > largest.load(ordering: .relaxed) { largest.store(duration.count, ordering: .relaxed) }
  }

  /// Calls `body` with every bucket's upper edge in nanoseconds and its count, from the shortest to the longest.
  func forEachBucket(_ body: (_ upper: Double, _ count: UInt64) -> Void) {
    for index in 0..<Self.size { body(Self.upper(index), buckets[index].load(ordering: .relaxed)) }
  }

  /// How many were counted.
  public var count: UInt64 { counts.reduce(0, +) }

  private var counts: [UInt64] { (0..<Self.size).map { buckets[$0].load(ordering: .relaxed) } }

  /// The longest.
  public var max: Nanoseconds { Nanoseconds(largest.load(ordering: .relaxed)) }

  /// The duration below which `share` (0…1) of all lie; zero when empty.
  public func percentile(_ share: Double) -> Nanoseconds {
    let counts = counts
    let total = counts.reduce(0, +)
    guard total > 0 else { return .zero }
    let wanted = UInt64((share * Double(total)).rounded(.up))
    var seen: UInt64 = 0
    for (index, count) in counts.enumerated() {
      seen += count
      if seen >= Swift.max(1, wanted) { return Nanoseconds(Int64(Swift.min(Self.upper(index), Double(max.count)))) }
    }
    return max
  }
}
