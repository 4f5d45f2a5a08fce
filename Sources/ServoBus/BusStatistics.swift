public import RealTime

/// What happened on a bus since it was opened. Lane n of a vector belongs to servo n in the order of the bus's ids.
public struct BusStatistics: BitwiseCopyable, Sendable, Equatable {
  /// Requests that want replies.
  public var transactions: UInt64 = 0
  /// Sync writes, which nobody answers.
  public var syncWrites: UInt64 = 0
  /// Replies that came, whole and in time.
  public var replies: UInt64 = 0
  /// The same by servo.
  public var repliesByServo = SIMD8<UInt32>(repeating: 0)
  /// Replies that did not come in time.
  public var timeouts = SIMD8<UInt32>(repeating: 0)
  /// Of those, replies that came later all the same, and stand for their joint with the age that they have.
  public var lateReadings = SIMD8<UInt32>(repeating: 0)
  /// Requests repeated: in the tick where a sync read came back incomplete, and on the set-up path.
  public var retries = SIMD8<UInt32>(repeating: 0)
  /// Replies of the right shape with a wrong checksum.
  public var checksumErrors = SIMD8<UInt32>(repeating: 0)
  /// The longest run of ticks in which a servo's reading was missing.
  public var longestGap_ticks = SIMD8<UInt32>(repeating: 0)
  /// Readings through spare wire time that did not come.
  public var spareTimeouts = SIMD8<UInt32>(repeating: 0)
  /// Whole replies of servos that had not been asked.
  public var foreignReplies: UInt64 = 0
  /// Whole replies to an earlier request, which came too late to count.
  public var lateReplies: UInt64 = 0
  /// Bytes that belonged to no reply: noise, damaged packets, replies that came after their deadline.
  public var strayBytes: UInt64 = 0
  /// Requests that the adapter sent back to us.
  public var echoes: UInt64 = 0
  /// Requests that the driver did not take whole.
  public var shortWrites: UInt64 = 0

  /// Nothing yet.
  public init() {}

  /// Replies that never came, or came damaged.
  public var errors: Int {
    Int(timeouts.wrappedSum()) - Int(lateReadings.wrappedSum()) + Int(checksumErrors.wrappedSum())
  }
}

/// How long replies took, from the request's last byte in the driver's hands to the whole reply in ours. Written by the
/// thread that owns the bus without waiting, read by anyone.
public final class BusTurnaround: Sendable {
  /// Of each servo, in the order of the bus's ids; only of cycles that waited for each reply by itself (`ServoBus.spin`).
  public let servos: [Histogram]
  /// Of whole cycles: until the last servo had answered.
  public let cycle = Histogram()

  init(servos count: Int) { servos = (0..<count).map { _ in Histogram() } }
}
