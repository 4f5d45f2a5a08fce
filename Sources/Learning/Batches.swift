internal import RealTime

/// The order in which rows are learned from: shuffled anew each epoch (Fisher and Yates), cut into batches.
struct Batches {
  /// The rows of one epoch, in their present order.
  private(set) var pool: [Int32]
  private var cursor: Int
  /// How often the pool was shuffled.
  private var shuffles = 0
  private let size: Int
  private let keepsPartial: Bool
  private var random: SplitMix64

  /// `episodes` has the episode of each row.
  init(episodes: [Int], _ configuration: BehaviorCloning.Configuration, random: SplitMix64) {
    var random = random
    size = configuration.batch
    keepsPartial = configuration.keepsPartialBatches
    pool = []
    switch configuration.bootstrap {
    case .none:
      pool = (0..<episodes.count).map { Int32($0) }
    case .frames:
      pool = episodes.map { _ in Int32(random.index(below: episodes.count)) }
    case .episodes:
      let rows = Dictionary(grouping: episodes.indices, by: { episodes[$0] })
      let names = rows.keys.sorted()
      for _ in names { pool += (rows[names[random.index(below: names.count)]] ?? []).map { Int32($0) } }
    }
    cursor = pool.count
    self.random = random
  }

  /// Batches in an epoch.
  var perEpoch: Int { keepsPartial ? (pool.count + size - 1) / size : Swift.max(1, pool.count / size) }

  /// Writes the next batch's rows; returns how many.
  mutating func next(into rows: Buffer<Int32>) -> Int {
    var count = 0
    while count < size {
      if cursor == pool.count {
        if keepsPartial && count > 0 { break }
        shuffle()
      }
      rows.pointer[count] = pool[cursor]
      count += 1
      cursor += 1
    }
    return count
  }

  /// How far it is: enough to go on from, because shuffling is repeatable.
  struct Place: Codable, Equatable {
    var shuffles: Int
    var cursor: Int
  }

  /// How far it is.
  var place: Place { Place(shuffles: shuffles, cursor: cursor) }

  /// Goes from the beginning to where another was.
  mutating func go(to place: Place) {
    while shuffles < place.shuffles { shuffle() }
    cursor = place.cursor
  }

  private mutating func shuffle() {
    cursor = 0
    shuffles += 1
    guard pool.count > 1 else { return }
    for index in stride(from: pool.count - 1, to: 0, by: -1) { pool.swapAt(index, random.index(below: index + 1)) }
  }
}

extension SplitMix64 {
  /// A number in 0..<count. (53 random bits: no table is long enough for a bias to show.)
  fileprivate mutating func index(below count: Int) -> Int { Swift.min(count - 1, Int(uniform() * Double(count))) }
}
