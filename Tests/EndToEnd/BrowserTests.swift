import Foundation
import FoundationNetworking
import Glibc
import Testing

/// The page in a real browser, over a real session with the twin. `make test-browser` installs Chromium and its driver.
@Suite(.serialized) struct BrowserTests {
  private static var hasBrowser: Bool {
    ProcessInfo.processInfo.environment["UNDERSTUDY_BROWSER"] != nil
      && FileManager.default.isExecutableFile(atPath: Browser.driver)
  }

  /// A session that shows a page; ended by SIGINT.
  private final class Session {
    let process: Process
    let twin: LiveTwin
    private(set) var url = ""

    init(_ arguments: [String]) throws {
      twin = try LiveTwin(["--task", "insert", "--seed", "7"])
      process = try Binary.process("understudy", arguments + ["--page", "0", "--json"], twin: twin.folder)
      let said = Pipe()
      process.standardOutput = said
      process.standardError = FileHandle.nullDevice
      try process.run()
      var text = ""
      while !text.contains("the page is at ") || !text.hasSuffix("\n") {
        let data = said.fileHandleForReading.availableData
        guard !data.isEmpty else { break }
        text += String(decoding: data, as: UTF8.self)
      }
      url = try #require(
        text.replacing("\\/", with: "/").firstMatch(of: /http:\/\/127.0.0.1:[0-9]+\//).map { String($0.output) },
        "the session names its page: \(text)")
      // Nobody reads on; the pipe is far larger than what a short session says.
    }

    deinit {
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
    }
  }

  @Test(.enabled(if: hasBrowser, "`make test-browser` installs Chromium and its driver"))
  func `a person at the page sees the arm, holds it, sees a fault and acknowledges it`() async throws {
    let session = try Session(["teleoperate", "--rig", "twin-insert"])
    let browser = try await Browser()
    try await browser.open(session.url)
    #expect(await browser.text("state", becomes: "teleoperating"))
    #expect(try await browser.text("doing").contains("the person drives"))
    #expect(try await browser.count("#joints tbody tr") == 6)
    let before = try await browser.text("joints")
    #expect(await browser.until { try await browser.text("joints") != before }, "the arm moves, and the table with it")
    #expect(try await browser.isInked("ribbon"))
    #expect(try await browser.isInked("histogram"))
    if let picture = ProcessInfo.processInfo.environment["UNDERSTUDY_SCREENSHOT"] {
      try await browser.screenshot().write(to: URL(filePath: picture))
    }

    try await browser.click("#say-hold")
    #expect(await browser.text("state", becomes: "holding"))
    #expect(try await browser.text("answer").contains("Passed on"))

    // The bus falls silent: the twin stands still, and comes back.
    kill(session.twin.identifier, SIGSTOP)
    #expect(await browser.text("fault-name", becomes: "follower-stale"))
    #expect(try await browser.text("state") == "protective-stop")
    #expect(try await browser.text("fault-remedy").contains("acknowledge"))
    kill(session.twin.identifier, SIGCONT)
    let cleared = await browser.until {
      try await browser.type("a")
      return try await browser.text("state") == "holding"
    }
    #expect(cleared, "acknowledged by its key")
    #expect(try await browser.script("return document.getElementById('fault').hidden") as? Bool == true)
  }

  @Test(.enabled(if: hasBrowser, "`make test-browser` installs Chromium and its driver"))
  func `a page that lost its session says so`() async throws {
    let browser = try await Browser()
    do {
      let session = try Session(["teleoperate", "--rig", "twin-insert"])
      try await browser.open(session.url)
      #expect(await browser.text("state", becomes: "teleoperating"))
    }
    #expect(await browser.text("state", becomes: "no connection"))
  }
}

/// Headless Chromium by the W3C's WebDriver protocol: JSON over HTTP, to Debian's chromedriver.
private final class Browser {
  static let driver = "/usr/bin/chromedriver"
  private let process = Process()
  private var base = ""

  struct Trouble: Error { let text: String }

  init() async throws {
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
    let port = try #require(text.firstMatch(of: /on port ([0-9]+)\./)?.output.1)
    base = "http://127.0.0.1:\(port)/session"
    let options: [String: Any] = [
      "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1500"]
    ]
    let value = try await send(
      "", ["capabilities": ["alwaysMatch": ["goog:chromeOptions": options]]])
    let id = try #require((value as? [String: Any])?["sessionId"] as? String)
    base += "/\(id)"
  }

  deinit {
    // The driver takes its browser along.
    kill(process.processIdentifier, SIGTERM)
    usleep(300_000)
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  @discardableResult
  private func send(_ path: String, _ body: [String: Any]?) async throws -> Any? {
    var request = URLRequest(url: try #require(URL(string: base + path)))
    request.timeoutInterval = 30
    if let body {
      request.httpMethod = "POST"
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
      request.httpBody = try JSONSerialization.data(withJSONObject: body)
    }
    let (data, _) = try await URLSession.shared.data(for: request)
    let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    if let trouble = answer?["value"] as? [String: Any], let message = trouble["message"] as? String,
      trouble["error"] != nil
    {
      throw Trouble(text: message)
    }
    return answer?["value"]
  }

  func open(_ url: String) async throws { try await send("/url", ["url": url]) }

  func script(_ text: String, _ arguments: [Any] = []) async throws -> Any? {
    try await send("/execute/sync", ["script": text, "args": arguments])
  }

  func text(_ id: String) async throws -> String {
    try await script("return document.getElementById(arguments[0]).textContent", [id]) as? String ?? ""
  }

  func count(_ selector: String) async throws -> Int {
    try await script("return document.querySelectorAll(arguments[0]).length", [selector]) as? Int ?? 0
  }

  /// Whether anything is drawn on a canvas.
  func isInked(_ id: String) async throws -> Bool {
    let lines = """
      const c = document.getElementById(arguments[0]);
      return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v !== 0);
      """
    return try await script(lines, [id]) as? Bool ?? false
  }

  func click(_ selector: String) async throws {
    let element = try await send("/element", ["using": "css selector", "value": selector]) as? [String: String]
    let id = try #require(element?.values.first)
    try await send("/element/\(id)/click", [:])
  }

  func type(_ key: String) async throws {
    let keys: [[String: Any]] = [["type": "keyDown", "value": key], ["type": "keyUp", "value": key]]
    try await send("/actions", ["actions": [["type": "key", "id": "keyboard", "actions": keys]]])
  }

  func screenshot() async throws -> Data {
    let text = try await send("/screenshot", nil) as? String
    return try #require(Data(base64Encoded: text ?? ""))
  }

  /// Whether a condition comes true within 20 s.
  func until(_ condition: () async throws -> Bool) async -> Bool {
    for _ in 0..<100 {
      if (try? await condition()) == true { return true }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return false
  }

  /// Whether a text becomes this one. A starved machine may stop the arm for a gap in time: that is acknowledged.
  func text(_ id: String, becomes wanted: String) async -> Bool {
    await until {
      if try await self.text(id) == wanted { return true }
      if try await self.text("state") == "protective-stop", try await self.text("fault-name") == "gap" {
        try await type("a")
      }
      return false
    }
  }
}
