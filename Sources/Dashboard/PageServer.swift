internal import Control
internal import FlyingSocks
internal import Foundation
internal import Synchronization

/// Serves the page: one request a connection, everything bounded, no file of the disk within reach.
final class PageServer: Sendable {
  /// Connections at once, and how many of them may be streams: a hold must find a free one.
  static let mostConnections = 24
  static let mostStreams = 12
  /// From one frame of a stream to the next.
  static let framePeriod = Duration.milliseconds(66)

  /// The port it listens at.
  let port: UInt16
  /// A request has to have come, and a frame to have gone, within this time.
  private let patience: Duration
  private let listener: Socket
  private let admission: Admission
  private let lookout: Lookout
  private let watcher: Watcher
  private let open = Mutex((connections: 0, streams: 0))

  init(_ address: PageAddress, token: String?, lookout: Lookout, patience: Duration) throws(PageError) {
    self.patience = patience
    do {
      listener = try Self.listen(address)
      switch try listener.sockname() {
      case .ip4(_, let port), .ip6(_, let port): self.port = port
      case .unix: self.port = address.port
      }
    } catch {
      throw .listen(host: address.host, port: address.port, reason: "\(error.localizedDescription)")
    }
    admission = Admission(port: port, token: token)
    self.lookout = lookout
    watcher = Watcher(lookout)
  }

  private static func listen(_ address: PageAddress) throws -> Socket {
    let socket = try Socket(domain: Int32(address.isIPv6 ? AF_INET6 : AF_INET))
    do {
      try socket.setValue(true, for: .localAddressReuse)
      if address.isIPv6 {
        try socket.bind(to: sockaddr_in6.inet6(ip6: address.host, port: address.port))
      } else {
        try socket.bind(to: sockaddr_in.inet(ip4: address.host, port: address.port))
      }
      try socket.listen(maxPendingConnection: 16)
      return socket
    } catch {
      try? socket.close()
      throw error
    }
  }

  /// Serves until its task is cancelled.
  func run() async {
    let pool: SocketPool<ePoll> = .ePoll()
    try? await pool.prepare()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await pool.run() }
      group.addTask { [watcher] in
        let period = Duration.milliseconds(1000 / Watcher.momentsASecond)
        while !Task.isCancelled {
          watcher.look()
          try? await Task.sleep(for: period)
        }
      }
      group.addTask { await self.accept(pool) }
    }
    try? listener.close()
  }

  private func accept(_ pool: any AsyncSocketPool) async {
    guard let listening = try? AsyncSocket(socket: listener, pool: pool) else { return }
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        guard let client = try? await listening.accept() else {
          // Out of descriptors, or ending: never in a tight loop.
          try? await Task.sleep(for: .milliseconds(100))
          continue
        }
        guard take() else {
          try? client.close()
          continue
        }
        group.addTask {
          await self.serve(client)
          try? client.close()
          self.open.withLock { $0.connections -= 1 }
        }
      }
    }
  }

  private func take() -> Bool {
    open.withLock { open in
      guard open.connections < Self.mostConnections else { return false }
      open.connections += 1
      return true
    }
  }

  private func takeStream() -> Bool {
    open.withLock { open in
      guard open.streams < Self.mostStreams else { return false }
      open.streams += 1
      return true
    }
  }

  // MARK: One connection

  private func serve(_ client: AsyncSocket) async {
    guard let (head, body) = try? await within(patience, { try await self.read(client) }) else { return }
    let response = head.map { self.answer($0, body) } ?? .text(400, "Not a request of this page.")
    defer { if response.isStream { open.withLock { $0.streams -= 1 } } }
    guard (try? await within(patience, { try await client.write(response.bytes) })) != nil, response.isStream
    else { return }
    await stream(to: client)
  }

  /// The head and its body; nil for what is no request of ours.
  private func read(_ client: AsyncSocket) async throws -> (RequestHead?, [UInt8]) {
    var bytes: [UInt8] = []
    while true {
      switch RequestHead.parse(bytes) {
      case .refused: return (nil, [])
      case .head(let head, let at) where bytes.count >= at + head.bodyLength:
        return (head, Array(bytes[at..<(at + head.bodyLength)]))
      case .head, .more: bytes += try await client.read(atMost: 2048)
      }
    }
  }

  private func answer(_ head: RequestHead, _ body: [UInt8]) -> Response {
    switch admission.judge(head) {
    case .refused(let status, let sentence): return .text(status, sentence)
    case .enter: return .entering(token: admission.token ?? "")
    case .welcome: break
    }
    switch (head.method, head.path) {
    case ("GET", "/"): return .file(PackageResources.page_html, "text/html; charset=utf-8")
    case ("GET", "/page.css"): return .file(PackageResources.page_css, "text/css; charset=utf-8")
    case ("GET", "/page.js"): return .file(PackageResources.page_js, "text/javascript; charset=utf-8")
    case ("GET", "/events"): return takeStream() ? .stream : .text(503, "Too many look already.")
    case ("POST", "/say"): return say(body)
    case (_, "/"), (_, "/page.css"), (_, "/page.js"), (_, "/events"), (_, "/say"):
      return .text(405, "Not in this way.")
    default: return .text(404, "There is no such page.")
    }
  }

  private func say(_ body: [UInt8]) -> Response {
    struct Said: Decodable { let word: String }
    guard let said = try? JSONDecoder().decode(Said.self, from: Data(body)),
      let word = Lookout.Word(rawValue: said.word)
    else {
      let words = Lookout.Word.allCases.map(\.rawValue).joined(separator: ", ")
      return .text(400, "The page can say: \(words).")
    }
    return lookout.say(word) ? .text(202, "Passed on.") : .text(429, "Too much at once: wait a moment.")
  }

  /// Frames as server-sent events: the next one only once the one before has gone, so a slow browser skips frames.
  private func stream(to client: AsyncSocket) async {
    var message = Data("retry: 1000\nevent: greeting\ndata: ".utf8) + watcher.greeting() + Data("\n\n".utf8)
    while !Task.isCancelled {
      let bytes = message
      guard (try? await within(patience, { try await client.write(bytes) })) != nil else { return }
      guard (try? await Task.sleep(for: Self.framePeriod)) != nil else { return }
      message = Data("data: ".utf8) + watcher.frame() + Data("\n\n".utf8)
    }
  }
}

/// What `body` returns, or an error once `time` is over.
private func within<Value: Sendable>(
  _ time: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: time)
      return nil
    }
    defer { group.cancelAll() }
    guard case .some(.some(let value)) = try await group.next() else { throw CancellationError() }
    return value
  }
}
