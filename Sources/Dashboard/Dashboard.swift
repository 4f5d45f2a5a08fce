// The live page of a session:
//
//     Lookout ─▶ Watcher (15 frames a second) ─▶ newest frame ─▶ each browser, as fast as it takes them
//        ▲                                                            │
//        └── hold, success, failure, discard, acknowledge, run ◀── POST /say
//
// It watches, holds, labels, acknowledges, and is a hold-to-run button where the rig asks for one. It cannot drive:
// `Lookout` has no word for it. It runs on ordinary threads
// at ordinary priority and only reads slots that the loop never waits for, so no browser can slow the loop.
//
// The sockets are FlyingFox's (FlyingSocks); its HTTP server bounds neither a request's head nor the number of
// connections, and every connection takes a file descriptor from the recorder, so `PageServer` serves them itself.

public import Control
internal import Foundation

/// A running page.
///
///     let page = try Dashboard(PageAddress("8137"), lookout: session.lookout)
///     print(page.url)
///     …
///     page.stop()
public final class Dashboard: Sendable {
  /// What to open in a browser; with a token where one is needed.
  public let url: String
  private let task: Task<Void, Never>

  /// Listens at once, or says why it cannot.
  public convenience init(_ address: PageAddress, lookout: Lookout) throws(PageError) {
    try self.init(address, lookout: lookout, patience: .seconds(5))
  }

  init(_ address: PageAddress, lookout: Lookout, patience: Duration) throws(PageError) {
    // A secret for this session alone: from the system's generator, never from a seed.
    let token = address.isLoopback ? nil : Self.makeToken()
    let server = try PageServer(address, token: token, lookout: lookout, patience: patience)
    url = "http://\(address.shownHost):\(server.port)/" + (token.map { "?token=\($0)" } ?? "")
    task = Task { await server.run() }
  }

  /// Closes the page and every connection to it.
  public func stop() { task.cancel() }

  private static func makeToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

/// Where the page listens: `8137`, `0.0.0.0:8137`, `[::1]:8137`.
public struct PageAddress: Sendable, Equatable {
  /// An IPv4 or IPv6 address; loopback unless somebody asked for another.
  public var host: String
  /// The port; 0 takes a free one.
  public var port: UInt16

  /// The default: this machine alone.
  public static let standard = PageAddress(host: "127.0.0.1", port: 8137)

  private init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// From a port, or an address and a port; nil for anything else.
  public init?(_ text: String) {
    if let port = UInt16(text) {
      self.init(host: "127.0.0.1", port: port)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard host.contains(":") else { return nil }
    } else {
      let parts = host.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else { return nil }
    }
    self.init(host: host, port: port)
  }

  /// Whether only this machine can reach it.
  public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }
  var isIPv6: Bool { host.contains(":") }
  /// The host as a URL writes it; an address that stands for all of them is shown as this machine's own name.
  var shownHost: String {
    if host == "0.0.0.0" || host == "::" { return ProcessInfo.processInfo.hostName }
    return isIPv6 ? "[\(host)]" : host
  }
}

/// Why the page could not be opened.
public enum PageError: Error, CustomStringConvertible {
  /// The address is taken, or not this machine's.
  case listen(host: String, port: UInt16, reason: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .listen(let host, let port, let reason):
      "The page could not listen at \(host), port \(port) (\(reason)); name another port with --page PORT, or 0 for a "
        + "free one."
    }
  }
}
