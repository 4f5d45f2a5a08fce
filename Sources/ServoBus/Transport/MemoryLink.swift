public import RealTime

/// The host's end of a bus without a wire, for virtual time: what the host writes goes to a closure, what the device
/// answers is put into a buffer, and waiting moves the simulated clock.
///
///     let link = MemoryLink(name: "follower")
///     link.onWrite = { servos.receive($0, at: time.now) }
///     link.onWait = { deadline in … advance the world, `link.deliver` what came … }
///     var bus = ServoBus(port: .memory(link), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .simulated(time))
public final class MemoryLink: @unchecked Sendable {
  // Unchecked: on virtual time host and twin share one thread.
  /// What messages call it.
  public let name: String
  /// The host put bytes on the wire, now.
  public var onWrite: (UnsafeRawBufferPointer) -> Void = { _ in }
  /// The host waits: move the simulated clock until bytes were delivered or to the deadline. A deadline in the past
  /// asks only for what has come by now.
  public var onWait: (_ deadline: Nanoseconds) -> Void = { _ in }
  /// False: the adapter was unplugged; every call on the port reports so.
  public var isConnected = true

  private static let capacity = 4096
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: MemoryLink.capacity, alignment: 1)
  private var head = 0
  private var tail = 0

  /// A link to nowhere until its closures are set.
  public init(name: String) { self.name = name }

  deinit { buffer.deallocate() }

  /// Device → host. Like a driver's buffer, a full one loses what comes last.
  public func deliver(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes where tail - head < Self.capacity {
      buffer[tail % Self.capacity] = byte
      tail += 1
    }
  }

  /// How many bytes wait to be read.
  public var available: Int { tail - head }

  func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    guard isConnected else { return .lost }
    onWrite(bytes)
    return .bytes(bytes.count)
  }

  func read(into target: UnsafeMutableRawBufferPointer) -> Transfer {
    guard isConnected else { return .lost }
    if available == 0 { onWait(.never) }
    let count = min(target.count, available)
    for i in 0..<count { target[i] = buffer[(head + i) % Self.capacity] }
    head += count
    return .bytes(count)
  }

  /// Lets time go by, whatever comes; perhaps in several calls.
  func rest(until deadline: Nanoseconds) -> Arrival {
    guard isConnected else { return .lost }
    onWait(deadline)
    return isConnected ? .nothing : .lost
  }

  func wait(until deadline: Nanoseconds) -> Arrival {
    guard isConnected else { return .lost }
    if available == 0 { onWait(deadline) }
    return !isConnected ? .lost : available > 0 ? .bytes : .nothing
  }
}
