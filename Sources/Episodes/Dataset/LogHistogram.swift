internal import Foundation

/// Counts of values in buckets whose width grows with the value: percentiles to within 1/64 of the value, whatever its
/// size, in a few kilobytes. Two of them add up exactly, so a dataset's figures come from those of its episodes.
///
/// Values below 64 have a bucket each; above, every power of two has 32. Negative values count as 0.
public struct LogHistogram: Sendable, Equatable {
  /// Bucket → count; only buckets that hold something.
  private var buckets: [Int: Int] = [:]
  /// How many values there are.
  public private(set) var count = 0
  /// The largest, exactly; 0 before the first.
  public private(set) var max: Int64 = 0
  private var sum: Double = 0

  /// No values.
  public init() {}

  /// Adds a value.
  public mutating func add(_ value: Int64) {
    let value = Swift.max(0, value)
    buckets[Self.bucket(of: value), default: 0] += 1
    count += 1
    max = Swift.max(max, value)
    sum += Double(value)
  }

  /// Adds the values of another.
  public mutating func merge(_ other: LogHistogram) {
    buckets.merge(other.buckets, uniquingKeysWith: +)
    count += other.count
    max = Swift.max(max, other.max)
    sum += other.sum
  }

  /// The mean; nil of nothing.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  /// The value that a share `p` (0…1) of the values does not exceed, rounded up to its bucket's end but never above the
  /// largest; nil of nothing.
  public func percentile(_ p: Double) -> Int64? {
    guard count > 0 else { return nil }
    let rank = Swift.max(1, Int((p * Double(count)).rounded(.up)))
    var seen = 0
    for (bucket, n) in buckets.sorted(by: { $0.key < $1.key }) {
      seen += n
      if seen >= rank { return min(max, Self.end(of: bucket)) }
    }
    return max
  }

  /// The counts in bars of equal width on a logarithmic scale, so many to each doubling, from the first that holds
  /// something to the last.
  public func bars(perDoubling: Int) -> [(end: Int64, count: Int)] {
    func place(_ value: Int64) -> Int { Int((log2(Double(Swift.max(1, value))) * Double(perDoubling)).rounded(.down)) }
    var counts: [Int: Int] = [:]
    for (bucket, n) in buckets { counts[place(Self.end(of: bucket)), default: 0] += n }
    guard let first = counts.keys.min(), let last = counts.keys.max() else { return [] }
    return (first...last).map { (Int64(exp2(Double($0 + 1) / Double(perDoubling))), counts[$0] ?? 0) }
  }

  static func bucket(of value: Int64) -> Int {
    guard value >= 64 else { return Int(value) }
    let shift = 58 - value.leadingZeroBitCount
    return 64 + (shift - 1) * 32 + Int(value >> shift) - 32
  }

  /// The largest value that falls into a bucket.
  static func end(of bucket: Int) -> Int64 {
    guard bucket >= 64 else { return Int64(bucket) }
    let shift = (bucket - 64) / 32 + 1
    let mantissa = Int64((bucket - 64) % 32 + 32)
    return mantissa << shift + ((1 << shift) - 1)
  }
}

extension LogHistogram: Codable {
  private enum Key: String, CodingKey { case buckets, counts, max, sum }

  /// From two lists, buckets and their counts.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let keys = try container.decode([Int].self, forKey: .buckets)
    let counts = try container.decode([Int].self, forKey: .counts)
    max = try container.decode(Int64.self, forKey: .max)
    sum = try container.decode(Double.self, forKey: .sum)
    guard keys.count == counts.count, keys.allSatisfy({ (0..<1888).contains($0) }),
      counts.allSatisfy({ (0...(1 << 40)).contains($0) }), keys.count <= 1888
    else {
      throw DecodingError.dataCorruptedError(forKey: .buckets, in: container, debugDescription: "no histogram")
    }
    for (key, n) in zip(keys, counts) { buckets[key, default: 0] += n }
    count = counts.reduce(0, +)
  }

  /// As two lists, buckets in order and their counts.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    let sorted = buckets.sorted { $0.key < $1.key }
    try container.encode(sorted.map(\.key), forKey: .buckets)
    try container.encode(sorted.map(\.value), forKey: .counts)
    try container.encode(max, forKey: .max)
    try container.encode(sum, forKey: .sum)
  }
}
