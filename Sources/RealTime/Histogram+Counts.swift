extension Histogram {
  /// How many durations lie up to each edge (and above the one before); one more for those beyond the last.
  ///
  ///     histogram.counts(upTo: [.microseconds(10), .microseconds(100)])   // [≤ 10 µs, ≤ 100 µs, more]
  ///
  /// A bucket that an edge cuts counts below it if its upper end does, so an edge is right within 1/16.
  public func counts(upTo edges: [Nanoseconds]) -> [UInt64] {
    var result = [UInt64](repeating: 0, count: edges.count + 1)
    var slot = 0
    forEachBucket { upper, count in
      while slot < edges.count, upper > Double(edges[slot].count) { slot += 1 }
      result[slot] += count
    }
    return result
  }
}
