internal import Arm
internal import RealTime

/// `understudy_msgs/msg/Tick` in CDR: where each field lies, from the encapsulation header on, and which of the lists
/// behind them may stay empty.
enum TickLayout {
  static let tick = 4
  static let scheduled = 12
  static let late = 20
  static let environmentAge = 28
  static let followerAge = 36
  static let leaderAge = 68
  static let followerLoad = 100
  static let leaderLoad = 132
  static let anchor = 164
  static let gateScore = 196
  static let gateThreshold = 200
  static let missed = 204
  static let episode = 208
  static let policy = 212
  static let phases = 216
  static let limits = 236
  static let fault = 238
  static let request = 240
  static let state = 241
  static let source = 242
  static let decides = 243
  static let age = 244
  static let steps = 252
  static let asked = 254
  static let zeros = 255
  /// The lists begin here. The first holds 64-bit numbers, which are aligned behind its length; all others hold 32 bits.
  static let lists = 256

  /// What every message begins with: zeros, to be filled in.
  static let template: [UInt8] = {
    var cdr = CDRTemplate()
    cdr.skip(lists - 4)
    return cdr.bytes
  }()

  /// An age that never was, and one that stands in `far_ages_ns`.
  static let never = Int32.max
  static let far = Int32.min

  /// An age of 64 bits as it is written. `Int64.max` says "never" whatever the time is, which reads and compresses well;
  /// the one time that really has this age takes the place that "never" left, so every time survives.
  @inline(__always)
  static func age(of time: Int64, at began: Int64) -> Int64 {
    let never = Nanoseconds.never.count
    if time == never { return .max }
    return time == began &- .max ? began &- never : began &- time
  }

  /// The time that had this age.
  @inline(__always)
  static func time(of age: Int64, at began: Int64) -> Int64 {
    let never = Nanoseconds.never.count
    if age == .max { return never }
    return age == began &- never ? began &- .max : began &- age
  }

  /// Within a block of so many ticks each leans on the one before; the first stands for itself, and a reader that seeks
  /// begins there. A power of two.
  private static let block: UInt64 = 64

  /// Whether a message with this sequence number (a tick's number) begins a block after one with that.
  static func beginsBlock(_ sequence: UInt32, after last: UInt32) -> Bool {
    sequence / UInt32(block) != last / UInt32(block)
  }

  /// What a tick leaves to the next, as far as it can be worked out.
  struct Trace {
    let tick: UInt64
    let command: JointVector
    /// The command's change where no limit shaped it.
    let step: JointVector

    init(_ record: borrowing TickRecord) {
      tick = record.tick
      command = record.command
      step = record.wish - record.memory.goal
    }

    /// Whether the tick of this number may lean on this one.
    func leads(to next: UInt64) -> Bool { next == tick &+ 1 && next % block != 0 }
  }

  /// The wish where the list of that name is empty.
  static func impliedWish(_ record: borrowing TickRecord) -> JointVector {
    switch record.memory.source {
    case .person: record.personWish
    case .policy: record.policyWish
    case .none, .blend, .playback, .parking, .hold: record.memory.goal
    }
  }
}
