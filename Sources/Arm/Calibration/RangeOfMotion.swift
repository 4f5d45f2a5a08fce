/// How far a joint was seen to move, by an encoder that counts from 0 to 4095 and begins anew.
///
/// Feed it every reading in order. Between two readings a joint may move by less than half a turn; then it is certain which
/// way it went, and a travel that leads through the seam between 4095 and 0 is one travel. (Taking the smallest and largest
/// reading instead makes a full turn of it, silently.)
///
///     var range = RangeOfMotion(at: 4000)
///     range.add(4090); range.add(20)      // 4000…4116: through the seam
///     range.crossesSeam                   // true
public struct RangeOfMotion: Sendable, Equatable {
  /// Encoder steps in one turn.
  public static let turn = 4096

  /// The lowest position seen, in ticks that go on below 0 and beyond 4095.
  public private(set) var lowest: Int
  /// The highest.
  public private(set) var highest: Int
  /// The newest.
  public private(set) var present: Int

  /// A joint that stands at a reading.
  public init(at tick: Int) {
    (lowest, highest, present) = (tick, tick, tick)
  }

  /// The next reading.
  public mutating func add(_ tick: Int) {
    present += Self.shortestWay(from: present, to: tick)
    lowest = min(lowest, present)
    highest = max(highest, present)
  }

  /// The travel, in ticks.
  public var width: Int { highest - lowest }

  /// A servo could not be given this range: its limits stand within 0…4095.
  public var crossesSeam: Bool { lowest < 0 || highest >= Self.turn }

  /// How far it is from one tick to another by the shorter way round, −2048…2047.
  static func shortestWay(from: Int, to: Int) -> Int { modulo(to - from + turn / 2) - turn / 2 }

  /// A tick within 0…4095.
  static func modulo(_ tick: Int) -> Int { ((tick % turn) + turn) % turn }
}

/// What a servo subtracts from its encoder: Present_Position = Actual − Homing_Offset, modulo a turn.
public enum HomingOffset {
  /// Where LeRobot's procedure puts the pose of the arm's middle: int(4095 / 2).
  public static let middle = 2047

  /// The actual position behind a present one.
  public static func actual(present: Int, offset: Int) -> Int { RangeOfMotion.modulo(present + offset) }

  /// The present position of an actual one.
  public static func present(actual: Int, offset: Int) -> Int { RangeOfMotion.modulo(actual - offset) }

  /// The offset with which an actual position (0…4095) reads `tick`. A servo holds −2047…2047, which leaves out one of the
  /// 4096: there the nearest serves, and the position reads one tick less. (LeRobot stops with an error there.)
  public static func placing(_ actual: Int, at tick: Int = middle) -> Int {
    let offset = RangeOfMotion.shortestWay(from: 0, to: actual - tick)
    return max(-2047, min(2047, offset))
  }
}
