import RealTime
import Testing

@testable import Learning

@Suite struct BatchesTests {
  static func batches(
    _ rows: Int, size: Int, partial: Bool = false, bootstrap: BehaviorCloning.Configuration.Bootstrap = .none
  ) -> Batches {
    var configuration = BehaviorCloning.Configuration.standard
    configuration.batch = size
    configuration.keepsPartialBatches = partial
    configuration.bootstrap = bootstrap
    return Batches(episodes: (0..<rows).map { $0 / 10 }, configuration, random: SplitMix64(seed: 5))
  }

  static func draw(_ batches: inout Batches, size: Int) -> [Int32] {
    let rows = Buffer<Int32>(size)
    let count = batches.next(into: rows)
    return Array(rows.values.prefix(count))
  }

  @Test func `an epoch meets every row once, its last batch being short`() {
    var batches = Self.batches(75, size: 32, partial: true)
    #expect(batches.perEpoch == 3)
    var orders: [[Int32]] = []
    for _ in 0..<3 {
      let epoch = (0..<3).map { _ in Self.draw(&batches, size: 32) }
      #expect(epoch.map(\.count) == [32, 32, 11])
      orders.append(epoch.flatMap { $0 })
      #expect(orders.last?.sorted() == (0..<75).map { Int32($0) })
    }
    #expect(Set(orders).count == 3, "each epoch is shuffled anew")
  }

  @Test func `full batches run on into the next epoch`() {
    var batches = Self.batches(75, size: 32)
    let drawn = (0..<75).flatMap { _ in Self.draw(&batches, size: 32) }
    #expect(drawn.count == 75 * 32)
    for row in 0..<75 { #expect(drawn.filter { $0 == row }.count == 32) }
  }

  @Test func `a batch may be larger than the table`() {
    var batches = Self.batches(3, size: 8)
    #expect(Self.draw(&batches, size: 8).count == 8)
    var partial = Self.batches(3, size: 8, partial: true)
    #expect(Self.draw(&partial, size: 8).sorted() == [0, 1, 2])
  }

  @Test func `bootstraps draw as many, with replacement`() {
    let frames = Self.batches(1000, size: 32, bootstrap: .frames).pool
    #expect(frames.count == 1000)
    // 1 − 1/e of the rows are expected in a bootstrap.
    #expect((580...680).contains(Set(frames).count))
    let episodes = Self.batches(1000, size: 32, bootstrap: .episodes).pool
    #expect(episodes.count == 1000)
    let whole = Dictionary(grouping: episodes, by: { $0 / 10 })
    #expect(whole.allSatisfy { $0.value.count % 10 == 0 && Set($0.value).count == 10 })
    #expect((50...75).contains(whole.count))
  }
}
