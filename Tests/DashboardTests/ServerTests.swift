import Control
import FlyingSocks
import Foundation
import RealTime
import Testing

@testable import Dashboard

/// The page over real sockets on loopback.
@Suite struct ServerTests {
  /// A page over a session that a test fills by hand.
  private final class Shown {
    let lookout: Lookout
    let page: Dashboard
    let port: UInt16

    /// Patient by default: on a busy machine a test can wait a minute for its turn between two bytes.
    init(patience: Duration = .seconds(600)) throws {
      lookout = Lookout(
        about: SessionFacts(
          rig: "test", activity: "run", joints: ["a", "b"], lower: [-1, -2], upper: [1, 2], loop_Hz: 100,
          decision_Hz: 25, staleTicks: 8), snapshots: Latest(Snapshot()), instruments: Instruments())
      page = try Dashboard(try #require(PageAddress("0")), lookout: lookout, patience: patience)
      port = try #require(UInt16(page.url.split(separator: ":")[2].dropLast()))
    }

    deinit { page.stop() }

    func connect() async throws -> AsyncSocket {
      try await AsyncSocket.connected(
        to: sockaddr_in.inet(ip4: "127.0.0.1", port: port), timeout: 300)
    }

    /// The whole answer to a request.
    func ask(_ method: String, _ path: String, host: String? = nil, body: String? = nil) async throws -> String {
      let host = host ?? "127.0.0.1:\(port)"
      var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)"]
      if let body {
        lines += ["Origin: http://\(host)", "Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
      }
      let socket = try await connect()
      defer { try? socket.close() }
      try await socket.write(Data((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8))
      return try await Self.read(socket) { _ in false }
    }

    /// What a socket gives until it is closed, or enough has come.
    static func read(_ socket: AsyncSocket, until isEnough: (String) -> Bool) async throws -> String {
      var bytes: [UInt8] = []
      while true {
        do {
          bytes += try await socket.read(atMost: 4096)
        } catch SocketError.disconnected {
          return String(decoding: bytes, as: UTF8.self)
        }
        if isEnough(String(decoding: bytes, as: UTF8.self)) { return String(decoding: bytes, as: UTF8.self) }
      }
    }

    /// An open stream of frames.
    func stream() async throws -> AsyncSocket {
      let socket = try await connect()
      try await socket.write(Data("GET /events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
      return socket
    }
  }

  @Test func `the page, its style and its script are served, and nothing of the disk`() async throws {
    let shown = try Shown()
    let page = try await shown.ask("GET", "/")
    #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n") && page.contains("id=\"state\""))
    #expect(page.contains("Content-Security-Policy: default-src 'none'; script-src 'self'"))
    #expect(try await shown.ask("GET", "/page.js").contains("EventSource"))
    #expect(try await shown.ask("GET", "/page.css").contains("text/css"))
    for path in ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/page.html", "//", "/page.js/", "/events/../page.js"] {
      let answer = try await shown.ask("GET", path)
      #expect(answer.hasPrefix("HTTP/1.1 404"), "\(path): \(answer.prefix(60))")
    }
    #expect(try await shown.ask("DELETE", "/").hasPrefix("HTTP/1.1 405"))
    #expect(try await shown.ask("GET", "/", host: "evil.example").hasPrefix("HTTP/1.1 421"))
  }

  @Test func `a stream begins with the facts and shows the newest tick`() async throws {
    let shown = try Shown()
    var snapshot = Snapshot()
    snapshot.state = .protectiveStop
    snapshot.fault = .lag
    snapshot.record.tick = 7
    snapshot.isLabelling = true
    snapshot.record.command[1] = 0.5
    snapshot.record.verdict.limits = [.acceleration, .handGuiding]
    shown.lookout.snapshots.store(snapshot)
    let stream = try await shown.stream()
    defer { try? stream.close() }
    let text = try await Shown.read(stream) { $0.contains("\"tick\":7") && $0.hasSuffix("\n\n") }
    #expect(text.contains("event: greeting\ndata: {") && text.contains("\"lower\":[-1,-2]"))
    let line = try #require(text.components(separatedBy: "\n").last { $0.hasPrefix("data: ") }).dropFirst(6)
    let frame = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(frame["state"] as? String == "protective-stop" && frame["isLabelling"] as? Bool == true)
    #expect(frame["command"] as? [Double] == [0, 0.5])
    let limits = ["acceleration (envelope.acceleration_rad_s2)", "hand-guiding (envelope.hand_guiding_m_s)"]
    #expect(frame["limits"] as? [String] == limits)
    #expect(frame["measured"] as? [NSNull] == [NSNull(), NSNull()], "what is not known is null")
    let fault = try #require(frame["fault"] as? [String: Any])
    #expect(fault["name"] as? String == "lag" && (fault["remedy"] as? String)?.isEmpty == false)
  }

  @Test func `words reach the session, hold first, and no word drives`() async throws {
    let shown = try Shown()
    for word in ["success", "hold", "acknowledge"] {
      let answer = try await shown.ask("POST", "/say", body: "{\"word\":\"\(word)\"}")
      #expect(answer.hasPrefix("HTTP/1.1 202"), "\(answer)")
    }
    #expect(shown.lookout.heard() == [.hold, .success, .acknowledge])
    for word in ["start", "take-over", "release", "stop", "policy", "enable", "relax", "park", ""] {
      let answer = try await shown.ask("POST", "/say", body: "{\"word\":\"\(word)\"}")
      #expect(answer.hasPrefix("HTTP/1.1 400"), "\(word): \(answer)")
    }
    #expect(try await shown.ask("POST", "/say", body: "not json").hasPrefix("HTTP/1.1 400"))
    #expect(shown.lookout.heard().isEmpty)
  }

  @Test func `a session that does not listen is not flooded, and a hold still passes`() async throws {
    let shown = try Shown()
    for _ in 0..<Lookout.mostWords { #expect(shown.lookout.say(.success)) }
    #expect(try await shown.ask("POST", "/say", body: "{\"word\":\"success\"}").hasPrefix("HTTP/1.1 429"))
    #expect(try await shown.ask("POST", "/say", body: "{\"word\":\"hold\"}").hasPrefix("HTTP/1.1 202"))
    #expect(shown.lookout.heard().first == .hold)
  }

  @Test func `a button that is held down says run again and again, and fills nothing`() async throws {
    let shown = try Shown()
    for _ in 0..<3 {
      #expect(try await shown.ask("POST", "/say", body: "{\"word\":\"run\"}").hasPrefix("HTTP/1.1 202"))
    }
    #expect(shown.lookout.heard() == [.run])
    for _ in 0..<100 { #expect(shown.lookout.say(.run)) }
    #expect(shown.lookout.say(.success))
    #expect(shown.lookout.heard() == [.run, .success])
    #expect(try await shown.ask("GET", "/").contains("id=\"run\" class=\"run\" hidden"))
  }

  @Test func `streams that nobody reads do not keep a hold from passing`() async throws {
    let shown = try Shown()
    var streams: [AsyncSocket] = []
    for _ in 0..<(PageServer.mostStreams + 4) { streams.append(try await shown.stream()) }
    defer { for stream in streams { try? stream.close() } }
    #expect(try await shown.ask("POST", "/say", body: "{\"word\":\"hold\"}").hasPrefix("HTTP/1.1 202"))
    var served = 0
    for stream in streams {
      let text = try await Shown.read(stream) { $0.contains("event: greeting") }
      if text.contains("event: greeting") { served += 1 } else { #expect(text.hasPrefix("HTTP/1.1 503")) }
    }
    #expect(served == PageServer.mostStreams)
  }

  @Test func `connections beyond the bound are closed and those within it served`() async throws {
    let shown = try Shown()
    var idle: [AsyncSocket] = []
    for _ in 0..<PageServer.mostConnections { idle.append(try await shown.connect()) }
    defer { for socket in idle { try? socket.close() } }
    // An answer to the last of them proves that all were accepted.
    try await idle[idle.count - 1].write(Data("GET /none HTTP/1.1\r\nHost: 127.0.0.1:\(shown.port)\r\n\r\n".utf8))
    #expect(try await Shown.read(idle[idle.count - 1]) { _ in false }.hasPrefix("HTTP/1.1 404"))
    let refill = try await shown.connect(), beyond = try await shown.connect()
    defer {
      try? refill.close()
      try? beyond.close()
    }
    #expect(try await Shown.read(beyond) { _ in false }.isEmpty)
  }

  @Test func `a connection that asks nothing is let go`() async throws {
    let shown = try Shown(patience: .milliseconds(20))
    let socket = try await shown.connect()
    defer { try? socket.close() }
    #expect(try await Shown.read(socket) { _ in false }.isEmpty)
  }

  @Test func `an address that is taken is named`() throws {
    let shown = try Shown()
    #expect(throws: PageError.self) {
      try Dashboard(try #require(PageAddress("\(shown.port)")), lookout: shown.lookout)
    }
  }
}

/// The page's ten looks a second.
@Suite struct WatcherTests {
  @Test func `the last minute is kept and no more`() throws {
    let lookout = Lookout(
      about: SessionFacts(
        rig: "test", activity: "run", joints: ["a"], lower: [-1], upper: [1], loop_Hz: 100, decision_Hz: 25,
        staleTicks: 8), snapshots: Latest(Snapshot()), instruments: Instruments())
    let watcher = Watcher(lookout)
    for tick in 0..<700 {
      var snapshot = Snapshot()
      snapshot.record.tick = UInt64(tick + 1)
      snapshot.record.gateScore = tick % 2 == 0 ? Float(tick) : .nan
      lookout.snapshots.store(snapshot)
      watcher.look()
    }
    let greeting = try #require(try JSONSerialization.jsonObject(with: watcher.greeting()) as? [String: Any])
    let minute = try #require(greeting["minute"] as? [[String: Any]])
    #expect(minute.count == 600)
    #expect(minute.first?["doubt"] as? Double == 100 && minute.last?["doubt"] == nil)
  }

  @Test func `counts by edges add up`() {
    let histogram = Histogram()
    for microseconds in [1, 3, 12, 40, 900, 20_000] as [Int64] { histogram.add(.microseconds(microseconds)) }
    #expect(histogram.counts(upTo: [.microseconds(5), .microseconds(50), .microseconds(1000)]) == [2, 2, 1, 1])
  }
}
