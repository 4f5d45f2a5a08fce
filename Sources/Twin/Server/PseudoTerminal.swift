internal import CRealtime
internal import Glibc

/// A serial port that is none: what the host opens by its path, the twin reads and writes at the other end.
///
/// Raw on both ends. The host's end is kept open here too, or reads at ours would fail whenever no host has it open.
public final class PseudoTerminal: @unchecked Sendable {
  // Unchecked: two descriptors that never change.
  /// The twin's end, non-blocking.
  public let descriptor: Int32
  /// What the host opens.
  public let path: String
  private let hostEnd: Int32

  /// A new pair.
  public init() throws(TwinServerError) {
    var ours: Int32 = -1
    var theirs: Int32 = -1
    var name = [CChar](repeating: 0, count: 128)
    var settings = termios()
    cfmakeraw(&settings)
    settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
    guard openpty(&ours, &theirs, &name, &settings, nil) == 0 else {
      throw .system(call: "openpty", path: "/dev/ptmx", reason: String(cString: strerror(errno)))
    }
    descriptor = ours
    hostEnd = theirs
    path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for end in [ours, theirs] {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
  }

  deinit {
    close(hostEnd)
    close(descriptor)
  }

  /// The rate that the host has set, in bits a second.
  public var bitsPerSecond: Int { Int(us_tty_rate(hostEnd)) }
}
