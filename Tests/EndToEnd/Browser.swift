import Foundation
import Glibc
import Testing

/// Headless Chromium by the W3C's WebDriver protocol: JSON over HTTP, to Debian's chromedriver.
final class Browser {
  static let driver = "/usr/bin/chromedriver"
  private let process = Process()
  private var port: UInt16 = 0
  private var base = ""

  struct Trouble: Error { let text: String }

  init(width: Int = 1400, height: Int = 1500) throws {
    process.executableURL = URL(filePath: Self.driver)
    process.arguments = ["--port=0"]
    let said = Pipe()
    process.standardOutput = said
    process.standardError = FileHandle.nullDevice
    try process.run()
    var text = ""
    while text.firstMatch(of: /on port ([0-9]+)\./) == nil {
      let data = said.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Trouble(text: "chromedriver ended: \(text)") }
      text += String(decoding: data, as: UTF8.self)
    }
    port = try #require(text.firstMatch(of: /on port ([0-9]+)\./).flatMap { UInt16($0.output.1) })
    // As root, Chromium's sandbox refuses to work; the only page it opens is ours.
    let options: [String: Any] = [
      "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=\(width),\(height)"]
    ]
    let value = try send("POST", "/session", ["capabilities": ["alwaysMatch": ["goog:chromeOptions": options]]])
    let id = try #require((value as? [String: Any])?["sessionId"] as? String)
    base = "/session/\(id)"
  }

  deinit {
    if !base.isEmpty { _ = try? send("DELETE", base, nil) }
    // A child of a test's thread has SIGTERM blocked.
    _ = try? send("GET", "/shutdown", nil)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// One request. Written by hand: FoundationNetworking fails on headers without a blank after their colon, which is how
  /// chromedriver writes them.
  @discardableResult
  private func send(_ method: String, _ path: String, _ body: [String: Any]?) throws -> Any? {
    let content = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(content.count)\r\n\r\n"
    let answer = try exchange(Data(head.utf8) + content)
    guard let end = answer.firstRange(of: Data("\r\n\r\n".utf8)) else { throw Trouble(text: "\(path): no answer") }
    let decoded = try JSONSerialization.jsonObject(with: answer[end.upperBound...]) as? [String: Any]
    if let trouble = decoded?["value"] as? [String: Any], trouble["error"] != nil {
      throw Trouble(text: trouble["message"] as? String ?? "\(trouble)")
    }
    return decoded?["value"]
  }

  /// Sends bytes to the driver; what comes until it closes, for half a minute at most.
  private func exchange(_ bytes: Data) throws -> Data {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw Trouble(text: "no socket: \(errno)") }
    defer { close(socket) }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Trouble(text: "chromedriver does not listen: \(errno)") }
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { write(socket, $0.baseAddress.map { $0 + sent }, bytes.count - sent) }
      guard count > 0 else { throw Trouble(text: "chromedriver hung up: \(errno)") }
      sent += count
    }
    // The driver keeps the connection open whatever it is asked for: the answer ends where its head says.
    var answer = Data()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !Self.isWhole(answer) {
      let count = read(socket, &buffer, buffer.count)
      guard count > 0 else { throw Trouble(text: "chromedriver does not answer: \(errno)") }
      answer += buffer[..<count]
    }
    return answer
  }

  private static func isWhole(_ answer: Data) -> Bool {
    guard let end = answer.firstRange(of: Data("\r\n\r\n".utf8)) else { return false }
    let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
    let length = head.firstMatch(of: /content-length: *([0-9]+)/).flatMap { Int($0.output.1) } ?? 0
    return answer.count - end.upperBound >= length
  }

  func open(_ url: String) throws { try send("POST", base + "/url", ["url": url]) }

  func resize(_ width: Int, _ height: Int) throws {
    try send("POST", base + "/window/rect", ["width": width, "height": height])
  }

  func script(_ text: String, _ arguments: [Any] = []) throws -> Any? {
    try send("POST", base + "/execute/sync", ["script": text, "args": arguments])
  }

  func text(_ id: String) throws -> String {
    try script("return document.getElementById(arguments[0]).textContent", [id]) as? String ?? ""
  }

  func count(_ selector: String) throws -> Int {
    try script("return document.querySelectorAll(arguments[0]).length", [selector]) as? Int ?? 0
  }

  /// How many colours are drawn on a canvas, soft edges apart.
  func colours(_ id: String) throws -> Int {
    let lines = """
      const c = document.getElementById(arguments[0]);
      const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = {};
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255) { const k = data.slice(i, i + 3).join(); seen[k] = (seen[k] ?? 0) + 1; }
      }
      return Object.values(seen).filter((n) => n > 50).length;
      """
    return try script(lines, [id]) as? Int ?? 0
  }

  func click(_ selector: String) throws {
    let element = try send("POST", base + "/element", ["using": "css selector", "value": selector])
    let id = try #require((element as? [String: String])?.values.first)
    try send("POST", base + "/element/\(id)/click", [:])
  }

  func type(_ key: String) throws {
    let keys: [[String: Any]] = [["type": "keyDown", "value": key], ["type": "keyUp", "value": key]]
    try send("POST", base + "/actions", ["actions": [["type": "key", "id": "keyboard", "actions": keys]]])
  }

  func screenshot() throws -> Data {
    let text = try send("GET", base + "/screenshot", nil) as? String
    return try #require(Data(base64Encoded: text ?? ""))
  }

  /// Whether a condition comes true within so many seconds.
  func until(seconds: Double = 30, _ condition: () throws -> Bool) -> Bool {
    for _ in 0..<Int(seconds / 0.2) {
      if (try? condition()) == true { return true }
      usleep(200_000)
    }
    return false
  }

  /// Whether a text becomes this one. A starved machine may stop the arm for a gap in time: that is acknowledged.
  func text(_ id: String, becomes wanted: String) -> Bool {
    until {
      if try text(id) == wanted { return true }
      try mendStarvation()
      return false
    }
  }

  /// Acknowledges a stop that says only that the machine was starved.
  func mendStarvation() throws {
    if try text("state") == "protective-stop", ["gap", "stalled"].contains(try text("fault-name")) { try type("a") }
  }
}
