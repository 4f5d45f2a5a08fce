internal import RealTime

/// Which reply length to ask for, so that an old answer cannot pass for a new one.
///
/// The protocol numbers nothing: a reply says which servo it is from, how long it is, and no more. One that an adapter
/// kept back could arrive after the next request and look like its answer, a tick or ten too old, or about other
/// registers. So after a request that was not answered in full, the next asks for a byte more than it needs: the length
/// tells whose answer it is. A length is used again only when whatever was late under it must have come.
struct ReplyLengths: BitwiseCopyable, Sendable {
  /// The latest that a reply can come: adapters keep bytes for 16 ms, drivers hold on a little longer.
  static var lateness: Nanoseconds { .milliseconds(60) }
  /// There are as many lengths as ticks in that time up to 400 Hz; each byte costs 10 µs a servo at 1 Mbit/s.
  private static var capacity: Int { 32 }

  /// Until when a reply of n bytes may be an old one.
  private var doubtful = [32 of Nanoseconds](repeating: .never)
  /// Until when any of them may.
  private var last = Nanoseconds.never

  /// The bytes to ask for where `wanted` are needed from `address` on and the last register ends before `end`; nil where
  /// every length is in doubt.
  func choose(wanted: UInt8, at address: UInt8, end: UInt8, now: Nanoseconds) -> UInt8? {
    let longest = max(wanted, min(end &- address, UInt8(Self.capacity - 1)))
    var length = wanted
    while length <= longest, length < UInt8(Self.capacity) {
      if doubtful[Int(length)] <= now { return length }
      length += 1
    }
    return nil
  }

  /// A request for `length` bytes was not answered in full.
  mutating func doubt(_ length: UInt8, now: Nanoseconds) {
    guard Int(length) < Self.capacity else { return }
    doubtful[Int(length)] = now + Self.lateness
    last = now + Self.lateness
  }

  /// Bit n: a reply of n bytes may still come late.
  func open(now: Nanoseconds) -> UInt32 {
    guard last > now else { return 0 }
    var bits: UInt32 = 0
    for length in 0..<Self.capacity where doubtful[length] > now { bits |= 1 << UInt32(length) }
    return bits
  }
}
