public import Foundation
internal import Glibc
public import RealTime

/// One end of a local stream socket over which lines of text go.
///
/// Waits for the other end; a line that never ends is refused.
public final class LineSocket {
  private let descriptor: Int32
  private var waiting = Data()
  private static let longest = 256 << 20

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Connects to whoever listens at `path`.
  public convenience init(connectingTo path: String) throws(DatagramError) {
    let descriptor = try Self.open(path) { descriptor, address, length in connect(descriptor, address, length) }
    self.init(descriptor)
  }

  /// Opens a socket and does with its address what `use` says; negative is a failure.
  static func open(
    _ path: String, use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(DatagramError) -> Int32 {
    guard path.utf8.count <= 107 else { throw .pathTooLong(path: path) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(path: path, errno: errno) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { target in
      for (index, byte) in path.utf8.enumerated() { target[index] = byte }
    }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { use(descriptor, $0, length) }
    }
    guard result >= 0 else {
      let reason = errno
      close(descriptor)
      throw .system(path: path, errno: reason)
    }
    return descriptor
  }

  /// The next line without its end, after at most `seconds` of silence; nil once the other end is gone or silent, or
  /// `isOver`.
  public func read(seconds: Int, isOver: () -> Bool = { false }) -> Data? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var patience = 5 * seconds
    while !isOver() {
      if let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(waiting[..<end])
        waiting = Data(waiting[(end + 1)...])
        return line
      }
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard waiting.count < Self.longest, patience > 0 else { return nil }
      guard poll(&ready, 1, 200) > 0 else {
        patience -= 1
        continue
      }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      waiting.append(contentsOf: buffer[..<count])
    }
    return nil
  }

  /// Sends a line; false once the other end is gone.
  public func write(_ line: Data) -> Bool {
    var rest = [UInt8](line)
    rest.append(UInt8(ascii: "\n"))
    var sent = 0
    while sent < rest.count {
      let count = rest[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}

/// Listens at a path and hands over those who connect, one after another. The path goes when the listener does.
public final class LineListener {
  private let descriptor: Int32
  private let path: String

  /// Listens at `path`; what an earlier process left there is replaced, one that answers is not.
  public init(path: String) throws(DatagramError) {
    if (try? LineSocket(connectingTo: path)) != nil { throw .inUse(path: path) }
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    descriptor = try LineSocket.open(path) { descriptor, address, length in
      bind(descriptor, address, length) < 0 ? -1 : listen(descriptor, 1)
    }
    self.path = path
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  /// Who connects within `milliseconds`; nil for nobody.
  public func next(milliseconds: Int32) -> LineSocket? {
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, milliseconds) > 0 else { return nil }
    let other = accept(descriptor, nil, nil)
    if other >= 0 { _ = fcntl(other, F_SETFD, FD_CLOEXEC) }
    return other >= 0 ? LineSocket(other) : nil
  }
}
