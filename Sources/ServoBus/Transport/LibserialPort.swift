internal import CRealtime
internal import CSerialPort
internal import Glibc

/// A physical serial port through libserialport, which knows every rate and every adapter's manners.
///
/// Opening and settings are the library's; reading, writing and waiting go to its descriptor directly, because the
/// library's own calls allocate. Exclusive, given back by `deinit`.
public struct LibserialPort: ~Copyable, @unchecked Sendable {
  // Unchecked: `port` is the library's handle, owned and used here alone.
  let lines: SerialLines
  private let port: OpaquePointer
  /// Whether the driver passes bytes on at once; false where it knows no such setting (USB CDC adapters need none).
  public let isLowLatency: Bool

  /// Opens the port at `path`, 8N1, for this program alone.
  public init(path: String, bitsPerSecond: Int = 1_000_000) throws(PortError) {
    let (port, descriptor) = try Self.open(path)
    let lines = SerialLines(path: path, descriptor: descriptor)
    do throws(PortError) {
      try lines.claim()
      for (call, result) in [
        ("sp_set_baudrate", sp_set_baudrate(port, Int32(bitsPerSecond))),
        ("sp_set_bits", sp_set_bits(port, 8)), ("sp_set_parity", sp_set_parity(port, SP_PARITY_NONE)),
        ("sp_set_stopbits", sp_set_stopbits(port, 1)),
        ("sp_set_flowcontrol", sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE)),
      ] where result != SP_OK {
        if call == "sp_set_baudrate" { throw .baudRate(port: path, bitsPerSecond: bitsPerSecond) }
        throw .system(port: path, call: call, reason: Self.lastError())
      }
      sp_flush(port, SP_BUF_BOTH)
    } catch {
      sp_close(port)
      sp_free_port(port)
      throw error
    }
    self.lines = lines
    self.port = port
    isLowLatency = us_tty_low_latency(descriptor) == 1
  }

  deinit {
    lines.release()
    sp_close(port)
    sp_free_port(port)
  }

  private static func open(_ path: String) throws(PortError) -> (OpaquePointer, Int32) {
    // The library says only "invalid argument" where the system would say which.
    var info = stat()
    guard stat(path, &info) == 0 else { throw SerialLines.openError(path, errno) }
    guard info.st_mode & S_IFMT == S_IFCHR else { throw .notASerialPort(port: path) }
    guard access(path, R_OK | W_OK) == 0 else { throw SerialLines.openError(path, errno) }
    var found: OpaquePointer?
    guard sp_get_port_by_name(path, &found) == SP_OK, let port = found else { throw .notASerialPort(port: path) }
    guard sp_open(port, SP_MODE_READ_WRITE) == SP_OK else {
      let code = sp_last_error_code()
      sp_free_port(port)
      throw SerialLines.openError(path, code)
    }
    var descriptor: Int32 = -1
    guard sp_get_port_handle(port, &descriptor) == SP_OK else {
      sp_close(port)
      sp_free_port(port)
      throw .system(port: path, call: "sp_get_port_handle", reason: lastError())
    }
    return (port, descriptor)
  }

  private static func lastError() -> String {
    guard let text = sp_last_error_message() else { return "no reason" }
    defer { sp_free_error_message(text) }
    return String(cString: text)
  }
}
