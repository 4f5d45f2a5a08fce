internal import Glibc

/// A serial port through POSIX termios: pseudo-terminals (the twin's), and any tty at a rate that termios knows.
///
/// Raw 8N1, non-blocking. Opened for one program alone, given back by `deinit`.
public struct TermiosPort: ~Copyable, Sendable {
  let lines: SerialLines

  /// Opens the port at `path` for this program alone.
  public init(path: String, bitsPerSecond: Int = 1_000_000) throws(PortError) {
    let lines = try SerialLines(opening: path)
    do throws(PortError) {
      try lines.claim()
      try lines.makeRaw(bitsPerSecond: bitsPerSecond)
    } catch {
      close(lines.descriptor)
      throw error
    }
    self.lines = lines
  }

  deinit {
    lines.release()
    close(lines.descriptor)
  }
}
