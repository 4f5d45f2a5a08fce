/// Finds replies in what comes off the wire, byte by byte.
///
/// There is no state to lose: after each byte the parser asks whether the bytes that end here form the reply that is
/// expected (right length, right id, right checksum). So a valid reply is found whatever stood before it, and a
/// damaged one costs itself alone. Replies of other lengths or ids never match; those of lengths that were asked for a
/// moment ago are recognised as late. An adapter that hears itself echoes the
/// request, and a read request looks like a reply of the same length: the request's own bytes, first on the wire, are
/// told apart by equality.
///
/// No allocation, no lock; 256 bytes of memory whatever comes.
public struct ReplyParser: BitwiseCopyable, Sendable {
  /// What a byte completed.
  public enum Event: UInt8, BitwiseCopyable, Sendable {
    /// Nothing yet.
    case none
    /// A reply from one of the expected servos; read it through `id`, `status` and `parameter`.
    case reply
    /// The request, heard back from the adapter.
    case echo
    /// Something shaped like an expected reply, with a wrong checksum.
    case damaged
    /// A whole valid reply of the expected length from a servo that was not asked.
    case foreign
    /// A whole valid reply of a length that an earlier request had asked for.
    case late
  }

  private var window = [256 of UInt8](repeating: 0)
  /// The next byte goes here; wraps by itself at 256.
  private var end: UInt8 = 0
  private var seen = 0
  private var size: UInt8 = 6
  /// As long as what `push` reported last.
  private var found: UInt8 = 6
  private var ids: SIMD4<UInt64> = .zero
  /// The request, where its echo could be mistaken for a reply: it is as long as one.
  private var echo = [64 of UInt8](repeating: 0)
  private var echoes = false
  /// Bit n: a reply of n parameters may come late.
  private var late: UInt32 = 0

  /// A parser that expects nothing yet.
  public init() {}

  /// Begins a transaction: forgets what came, and expects replies of `parameters` bytes to `request`. Bit n of `late`:
  /// one of n parameters may still come that nobody waits for any more.
  public mutating func expect(parameters: Int, to request: FeetechPacket, late: UInt32 = 0) {
    precondition(parameters + FeetechPacket.overhead <= 255, "a reply has at most 249 parameters")
    size = UInt8(parameters + FeetechPacket.overhead)
    found = size
    echoes = request.count == Int(size) && request.count <= echo.count
    if echoes { for i in 0..<request.count { echo[i] = request.storage[i] } }
    ids = .zero
    self.late = parameters < 32 ? late & ~(1 << UInt32(parameters)) : late
    seen = 0
  }

  /// A reply of this servo is expected. One that seems to hold another such reply's header counts as damaged.
  @_noAllocation @_noLocks
  public mutating func allow(_ id: UInt8) { ids[Int(id &>> 6)] |= UInt64(1) &<< UInt64(id & 63) }

  /// Takes the next byte.
  @_noAllocation @_noLocks
  public mutating func push(_ byte: UInt8) -> Event {
    window[Int(end)] = byte
    end &+= 1
    seen &+= 1
    found = size
    guard isFramed(size) else { return late != 0 && isLate() ? .late : .none }
    let expected = isAllowed(id)
    guard sumsUp(size), !hidesAnother() else { return expected ? .damaged : .none }
    if echoes, seen == Int(size), isEcho() { return .echo }
    return expected ? .reply : .foreign
  }

  /// How many bytes the reply has that `push` has just reported; before one, an expected reply.
  public var length: Int { Int(found) }

  /// The servo that sent it.
  public var id: UInt8 { @_noAllocation @_noLocks get { at(2) } }

  /// Its error byte.
  public var status: UInt8 { @_noAllocation @_noLocks get { at(4) } }

  /// Its parameter number `index`.
  @_noAllocation @_noLocks
  public func parameter(_ index: Int) -> UInt8 { at(5 &+ UInt8(truncatingIfNeeded: index)) }

  /// Byte `offset` of the newest `found` bytes.
  @_noAllocation @_noLocks
  private func at(_ offset: UInt8) -> UInt8 { window[Int(end &- found &+ offset)] }

  @_noAllocation @_noLocks
  private func isAllowed(_ id: UInt8) -> Bool { ids[Int(id &>> 6)] & (UInt64(1) &<< UInt64(id & 63)) != 0 }

  /// Whether the newest `size` bytes have a reply's header, id and length.
  @_noAllocation @_noLocks
  private func isFramed(_ size: UInt8) -> Bool {
    let begin = end &- size
    return seen >= Int(size) && window[Int(begin)] == 0xFF && window[Int(begin &+ 1)] == 0xFF
      && window[Int(begin &+ 3)] == size &- 4 && window[Int(begin &+ 2)] != 0xFF
  }

  /// Whether their checksum is right: the sum of everything and its own inverse is all ones.
  @_noAllocation @_noLocks
  private func sumsUp(_ size: UInt8) -> Bool {
    var sum: UInt8 = 0
    var i: UInt8 = 2
    while i < size {
      sum &+= window[Int(end &- size &+ i)]
      i &+= 1
    }
    return sum == 0xFF
  }

  /// Whether the beginning of another servo's reply stands among the parameters. Then this one was cut off (two spoke at
  /// once), and the checksum is right by chance: it lets one wrong reply in 256 pass.
  @_noAllocation @_noLocks
  private func hidesAnother() -> Bool {
    var i: UInt8 = 5
    while i &+ 2 < found {
      if at(i) == 0xFF, at(i &+ 1) == 0xFF, isAllowed(at(i &+ 2)) { return true }
      i &+= 1
    }
    return false
  }

  /// Whether a reply of a length that was asked for before ends here; then it stands in `found`.
  @_noAllocation @_noLocks
  private mutating func isLate() -> Bool {
    var rest = late
    while rest != 0 {
      found = UInt8(truncatingIfNeeded: rest.trailingZeroBitCount) &+ 6
      if isFramed(found), sumsUp(found), isAllowed(id), !hidesAnother() { return true }
      rest &= rest &- 1
    }
    found = size
    return false
  }

  @_noAllocation @_noLocks
  private func isEcho() -> Bool {
    var i: UInt8 = 2
    while i < size {
      if at(i) != echo[Int(i)] { return false }
      i &+= 1
    }
    return true
  }
}
