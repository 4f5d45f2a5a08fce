/// A point on a clock, or a span of time, in nanoseconds.
///
/// The hot path has its own type because comparing `Duration` allocates metadata there.
public struct Nanoseconds: BitwiseCopyable, Sendable, Hashable, Comparable, Codable {
  /// How many; negative before the origin.
  public var count: Int64

  /// A count of nanoseconds.
  @inlinable public init(_ count: Int64) { self.count = count }

  /// No time at all, and the origin of a simulated clock.
  @inlinable public static var zero: Nanoseconds { Nanoseconds(0) }
  /// Before any clock began: the time of a reading that never came.
  @inlinable public static var never: Nanoseconds { Nanoseconds(.min / 4) }

  /// `n` milliseconds.
  @inlinable public static func milliseconds(_ n: Int64) -> Nanoseconds { Nanoseconds(n * 1_000_000) }
  /// `n` microseconds.
  @inlinable public static func microseconds(_ n: Int64) -> Nanoseconds { Nanoseconds(n * 1_000) }
  /// `s` seconds, to the nearest nanosecond.
  @inlinable public static func seconds(_ s: Double) -> Nanoseconds { Nanoseconds(Int64((s * 1e9).rounded())) }

  /// The same span in seconds.
  @inlinable public var seconds: Double { Double(count) * 1e-9 }
  /// The same span in milliseconds.
  @inlinable public var milliseconds: Double { Double(count) * 1e-6 }
  /// The same span in microseconds.
  @inlinable public var microseconds: Double { Double(count) * 1e-3 }

  /// Earlier than.
  @inlinable public static func < (a: Nanoseconds, b: Nanoseconds) -> Bool { a.count < b.count }
  /// Later by.
  @inlinable public static func + (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds { Nanoseconds(a.count &+ b.count) }
  /// Earlier by, or the span between.
  @inlinable public static func - (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds { Nanoseconds(a.count &- b.count) }
  /// Moves later by.
  @inlinable public static func += (a: inout Nanoseconds, b: Nanoseconds) { a.count &+= b.count }
}
