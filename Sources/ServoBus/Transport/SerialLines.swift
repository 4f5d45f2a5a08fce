internal import CRealtime
internal import Glibc
internal import RealTime

/// An open tty and the calls on it that the tick may make: none allocates, none blocks longer than it is told.
/// Whoever opened it closes it.
struct SerialLines: Sendable {
  let path: String
  let descriptor: Int32

  /// A descriptor that somebody else opened.
  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a tty without waiting for a carrier.
  init(opening path: String) throws(PortError) {
    descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    self.path = path
    guard descriptor >= 0 else { throw Self.openError(path, errno) }
    guard isatty(descriptor) == 1 else {
      close(descriptor)
      throw .notASerialPort(port: path)
    }
  }

  /// `flock` keeps away who asks politely (also root); TIOCEXCL everybody else. Not on a pseudo-terminal: the twin
  /// keeps the other end's device open, so the flag would outlive a host that was killed, and lock its successor out.
  func claim() throws(PortError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse(port: path, holder: .find(path: path)) }
    guard !Self.isPseudoTerminal(path) else { return }
    // TIOCEXCL stops later opens, not those already there.
    if let holder = PortError.Holder.find(path: path) { throw .inUse(port: path, holder: holder) }
    _ = ioctl(descriptor, UInt(TIOCEXCL))
  }

  /// Undoes `claim`.
  func release() {
    if !Self.isPseudoTerminal(path) { _ = ioctl(descriptor, UInt(TIOCNXCL)) }
    _ = flock(descriptor, LOCK_UN)
  }

  static func isPseudoTerminal(_ path: String) -> Bool {
    PortError.Holder.resolved(path)?.hasPrefix("/dev/pts/") ?? false
  }

  static func openError(_ path: String, _ code: Int32) -> PortError {
    switch code {
    case ENOENT, ENXIO, ENODEV: .missing(port: path)
    case EACCES, EPERM: .permission(port: path, group: group(of: path))
    case EBUSY: .inUse(port: path, holder: .find(path: path))
    case EISDIR: .notASerialPort(port: path)
    default: .system(port: path, call: "open", reason: String(cString: strerror(code)))
    }
  }

  private static func group(of path: String) -> String {
    var info = stat()
    guard stat(path, &info) == 0, let entry = getgrgid(info.st_gid) else { return "dialout" }
    return String(cString: entry.pointee.gr_name)
  }

  /// 8N1, no translation, no flow control.
  func makeRaw(bitsPerSecond: Int) throws(PortError) {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { throw systemError("tcgetattr") }
    cfmakeraw(&settings)
    settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
    settings.c_cflag &= ~tcflag_t(CSTOPB)
    guard tcsetattr(descriptor, TCSANOW, &settings) == 0 else { throw systemError("tcsetattr") }
    let rate = Int(us_tty_set_rate(descriptor, Int32(clamping: bitsPerSecond)))
    // Ten bits a byte bear a few percent.
    guard bitsPerSecond > 0, abs(rate - bitsPerSecond) <= bitsPerSecond / 50 else {
      throw .baudRate(port: path, bitsPerSecond: bitsPerSecond)
    }
    tcflush(descriptor, TCIOFLUSH)
  }

  private func systemError(_ call: String) -> PortError {
    .system(port: path, call: call, reason: String(cString: strerror(errno)))
  }

  /// Writes; a full driver takes fewer bytes than it was given.
  func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    return count >= 0 ? .bytes(count) : errno == EAGAIN || errno == EINTR ? .bytes(0) : .lost
  }

  /// Reads what is there, perhaps nothing.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    return count >= 0 ? .bytes(count) : errno == EAGAIN || errno == EINTR ? .bytes(0) : .lost
  }

  /// Sleeps until `deadline` on CLOCK_MONOTONIC, whatever comes.
  func rest(until deadline: Nanoseconds) -> Arrival {
    us_sleep_until_ns(deadline.count)
    return .nothing
  }

  /// Looks until bytes are there, or `deadline` on CLOCK_MONOTONIC. Asks how many there are: a read or poll that finds none
  /// waits for the kernel's thread that may be bringing some, which is a sleep after all.
  func watch(until deadline: Nanoseconds) -> Arrival {
    var count: Int32 = 0
    repeat {
      // A port that is gone says so when it is read.
      guard ioctl(descriptor, UInt(FIONREAD), &count) == 0 else { return .nothing }
      if count > 0 { return .bytes }
    } while us_monotonic_ns() < deadline.count
    return .nothing
  }

  /// Sleeps until bytes are there, the port is gone, or `deadline` on CLOCK_MONOTONIC.
  func wait(until deadline: Nanoseconds) -> Arrival {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard us_poll_ns(&request, 1, deadline.count - us_monotonic_ns()) > 0 else { return .nothing }
    // Hang-up, error or closed: the adapter is gone, or the twin ended. What it said last does not matter any more.
    return request.revents == Int16(POLLIN) ? .bytes : .lost
  }
}
