/// What a bus owed the ticks, and what of it came.
public struct ReplyCount: BitwiseCopyable, Sendable, Equatable {
  /// Readings that were asked for: one a joint and tick.
  public var asked = 0
  /// Replies that did not come, or came damaged.
  public var errors = 0
  /// Replies that came whole but after their tick: whoever answers, or this machine, was slow.
  public var late = 0

  /// Nothing asked yet.
  public init(asked: Int = 0, errors: Int = 0, late: Int = 0) {
    self.asked = asked
    self.errors = errors
    self.late = late
  }

  /// Of two buses.
  public static func + (a: ReplyCount, b: ReplyCount) -> ReplyCount {
    ReplyCount(asked: a.asked + b.asked, errors: a.errors + b.errors, late: a.late + b.late)
  }
}
