internal import Glibc

/// Standard output and error of a program whose reader may be gone, or may have stopped reading: a terminal that hung up, a
/// pipe that was closed. Neither may end or delay a session that has an arm in the air.
public enum StandardStream: Int32, Sendable {
  /// What machines read.
  case output = 1
  /// What people read.
  case error = 2

  /// For how long a full pipe is waited for before what was to be said is dropped.
  private static let patience_ms: Int32 = 20

  /// Says it, if anybody takes it. (`FileHandle.write` traps where nobody does.)
  public func say(_ text: String) {
    var ready = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
    guard poll(&ready, 1, Self.patience_ms) > 0, ready.revents & Int16(POLLOUT) != 0 else { return }
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count, let rest = bytes.baseAddress.map({ $0 + sent }) {
        let count = write(rawValue, rest, bytes.count - sent)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        sent += count
      }
    }
  }
}
