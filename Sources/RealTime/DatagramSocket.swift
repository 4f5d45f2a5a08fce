public import Foundation
internal import Glibc

/// A local datagram socket: how camera, pedal and announcements reach and leave the host, whoever is there or not.
///
/// A receiver binds a path in the file system; a sender just sends there, and what nobody receives is dropped. Bound
/// exclusively: a lock file beside the path tells a second receiver who is there. The path goes when the socket does.
public struct DatagramSocket: ~Copyable, Sendable {
  private let descriptor: Int32
  private let lock: Int32
  private let bound: String?

  /// A socket that only sends.
  public init() throws(DatagramError) {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(path: "", errno: errno) }
    lock = -1
    bound = nil
  }

  /// A socket that receives at `path`. What an earlier process left there is replaced.
  public init(receivingAt path: String) throws(DatagramError) {
    guard path.utf8.count < 108 else { throw .pathTooLong(path: path) }
    let lockPath = path + ".lock"
    let lock = open(lockPath, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard lock >= 0 else { throw .system(path: path, errno: errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw .inUse(path: path)
    }
    unlink(path)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = Self.address(of: path)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, result == 0 else {
      let error = errno
      close(descriptor)
      close(lock)
      throw .system(path: path, errno: error)
    }
    self.descriptor = descriptor
    self.lock = lock
    bound = path
  }

  deinit {
    if let bound { unlink(bound) }
    close(descriptor)
    if lock >= 0 {
      if let bound { unlink(bound + ".lock") }
      close(lock)
    }
  }

  /// For poll(2) beside other descriptors.
  public var fileDescriptor: Int32 { descriptor }

  /// Sends to whoever receives at `path`; false when nobody took it.
  @discardableResult
  public func send(_ bytes: some Sequence<UInt8>, to path: String) -> Bool {
    var address = Self.address(of: path)
    return Array(bytes).withUnsafeBytes { data in
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(
            descriptor, data.baseAddress, data.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0,
            socklen_t(MemoryLayout<sockaddr_un>.size)) == data.count
        }
      }
    }
  }

  /// The next datagram that has come (at most 8 KiB of it), or nil; does not wait.
  public func receive() -> Data? {
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return count > 0 ? Data(buffer[..<count]) : nil
  }

  private static func address(of path: String) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { target in
      for (index, byte) in path.utf8.prefix(107).enumerated() { target[index] = byte }
    }
    return address
  }
}

/// Why a socket could not be had.
public enum DatagramError: Error, Equatable, CustomStringConvertible {
  /// A local socket's path has at most 107 bytes.
  case pathTooLong(path: String)
  /// Another process receives there.
  case inUse(path: String)
  /// The system refused.
  case system(path: String, errno: Int32)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .pathTooLong(let path):
      "The socket path \(path) is longer than 107 bytes; choose a folder with a shorter name."
    case .inUse(let path):
      "Another understudy already receives at \(path); end it first."
    case .system(let path, let errno):
      "The socket \(path) could not be opened (\(String(cString: strerror(errno)))); does its folder exist, and may you write there?"
    }
  }
}
