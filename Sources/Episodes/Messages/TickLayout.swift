internal import Arm
internal import RealTime

/// `understudy_msgs/msg/Tick` in CDR: where each field lies, from the encapsulation header on.
enum TickLayout {
  static let tick = 4
  static let scheduled = 12
  static let began = 20
  static let environmentAge = 28
  static let followerAge = 36
  static let leaderAge = 100
  static let environment = 164
  static let followerLoad = 228
  static let leaderLoad = 260
  static let policyWish = 292
  static let personWish = 324
  static let wish = 356
  static let gateScore = 388
  static let gateThreshold = 392
  static let missed = 396
  static let episode = 400
  static let policy = 404
  static let phases = 408
  static let limits = 428
  static let fault = 430
  static let request = 432
  static let state = 433
  static let source = 434
  static let decides = 435
  static let before = 436
  static let beforeStep = 468
  static let anchor = 500
  static let age = 532
  static let steps = 540
  static let asked = 542
  // One byte keeps the next number aligned.
  static let paddingCount = 544
  static let padding = 548

  /// How many numbers stand in `padding`: six vectors lose the lanes beyond the last joint to their JointState.
  static func paddings(joints: Int) -> Int { 6 * (8 - joints) }

  /// A message of zeros.
  static func template(joints: Int) -> [UInt8] {
    var cdr = CDRTemplate()
    cdr.skip(paddingCount - 4)
    cdr.append(UInt32(paddings(joints: joints)))
    cdr.skip(4 * paddings(joints: joints))
    return cdr.bytes
  }

  /// An age as it is written. `Int64.max` says "never" whatever the time is, which reads and compresses well; the one
  /// time that really has this age takes the place that "never" left, so every time survives.
  @inline(__always)
  static func age(of time: SIMD8<Int64>, at began: Int64) -> SIMD8<Int64> {
    let never = Nanoseconds.never.count
    return (began &- time)
      .replacing(with: began &- never, where: time .== began &- .max)
      .replacing(with: .max, where: time .== never)
  }

  /// The time that had this age.
  @inline(__always)
  static func time(of age: SIMD8<Int64>, at began: Int64) -> SIMD8<Int64> {
    let never = Nanoseconds.never.count
    return (began &- age)
      .replacing(with: began &- .max, where: age .== began &- never)
      .replacing(with: never, where: age .== .max)
  }
}
