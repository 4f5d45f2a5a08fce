/// What happened on a bus since it was opened.
public struct BusStatistics: BitwiseCopyable, Sendable, Equatable {
  /// Requests that want replies.
  public var transactions: UInt64 = 0
  /// Sync writes, which nobody answers.
  public var syncWrites: UInt64 = 0
  /// Replies that came, whole and in time.
  public var replies: UInt64 = 0
  /// Replies that did not come in time, for each servo in the order of the bus's ids.
  public var timeouts = SIMD8<UInt32>(repeating: 0)
  /// Replies of the right shape with a wrong checksum.
  public var checksumErrors: UInt64 = 0
  /// Whole replies of servos that had not been asked.
  public var foreignReplies: UInt64 = 0
  /// Bytes that belonged to no reply: noise, damaged packets, replies that came after their deadline.
  public var strayBytes: UInt64 = 0
  /// Requests that the adapter sent back to us.
  public var echoes: UInt64 = 0
  /// Requests that the driver did not take whole.
  public var shortWrites: UInt64 = 0
  /// Requests repeated on the set-up path.
  public var retries: UInt64 = 0

  /// Nothing yet.
  public init() {}
}
