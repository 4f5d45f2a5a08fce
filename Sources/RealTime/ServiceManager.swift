public import Foundation
internal import Glibc

/// Tells systemd how the program is (sd_notify's protocol: lines in a datagram to `NOTIFY_SOCKET`). Does nothing elsewhere.
///
///     let manager = ServiceManager()
///     manager.tell("READY=1", "STATUS=autonomous")
///     manager.tell("WATCHDOG=1")   // only while the control thread keeps time
public final class ServiceManager: Sendable {
  private let path: String?
  private let socket: Int32
  /// How often systemd wants to hear `WATCHDOG=1` (`WatchdogSec` of the unit), halved; nil where it does not ask.
  public let watchdogPeriod: Nanoseconds?

  /// The manager that the environment names, if any.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    socket = path == nil ? -1 : Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let isMine = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
    watchdogPeriod =
      isMine ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.map { .microseconds($0 / 2) } : nil
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Sends assignments, a line each. True where somebody took them.
  @discardableResult
  public func tell(_ assignments: String...) -> Bool {
    guard let path, socket >= 0 else { return false }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8.prefix(107))
    let length = MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + name.count } ?? 0
    // An abstract socket's name begins with NUL.
    if name.first == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    return Array(assignments.joined(separator: "\n").utf8).withUnsafeBytes { data in
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(
            socket, data.baseAddress, data.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0, socklen_t(length))
            == data.count
        }
      }
    }
  }
}
