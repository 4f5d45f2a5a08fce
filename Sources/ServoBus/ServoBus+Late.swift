internal import RealTime

/// A cycle whose deadline passed before everybody had answered.
struct UnansweredCycle: BitwiseCopyable, Sendable {
  var sequence: UInt32 = 0
  var block = RegisterBlock(address: 0, count: 0)
  /// Bit n: servo n has not answered.
  var pending: UInt8 = 0
}

/// Readings that come after their tick.
///
/// Between an adapter and this program stand a USB stack and a kernel thread that hands bytes from the driver to the tty;
/// both run at ordinary priority, so on a busy machine an answer that was in time on the wire can be here a tick or five
/// too late. Each cycle that was not answered in full had a length of its own (`ReplyLengths`), which says whose answer
/// comes: it is then a reading as old as its question, which is better than none, and never a new one.
extension ServoBus {
  /// The parser has found an answer to an earlier request. Unless something newer is known, it is kept with its age.
  mutating func takeLate() {
    statistics.lateReplies &+= 1
    let length = parser.length - FeetechPacket.overhead
    guard (0..<32).contains(length), let index = ids.firstIndex(of: parser.id) else { return }
    let asked = unanswered[length]
    guard asked.pending & (1 << UInt8(index)) != 0 else { return }
    unanswered[length].pending &= ~(1 << UInt8(index))
    statistics.lateReadings[index] &+= 1
    guard Int32(bitPattern: asked.sequence &- replies[index].sequence) > 0 else { return }
    replies[index] = reply(to: asked.block, at: readAt, asked.sequence)
    statuses[index] = parser.status
    // The cycle that is under way has not been counted yet.
    cycle.missing[index] = min(cycle.missing[index], (sequence &- asked.sequence) &- 1)
  }
}
