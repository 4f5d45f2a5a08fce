import Foundation
import RealTime
import Testing

@testable import Dashboard

/// What strangers may send, and what becomes of it.
@Suite struct RequestTests {
  private func parse(_ text: String) -> RequestHead.Parsed { RequestHead.parse(Array(text.utf8)) }

  private func head(
    _ method: String = "GET", _ path: String = "/", _ lines: [String] = []
  ) throws -> RequestHead {
    let text = (["\(method) \(path) HTTP/1.1"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
    guard case .head(let head, _) = parse(text) else {
      throw PageError.listen(host: "", port: 0, reason: "no head: \(text)")
    }
    return head
  }

  @Test func `a browser's request is read to its last byte`() throws {
    let text =
      "POST /say?x=1&token=abc HTTP/1.1\r\nHost: localhost:8137\r\nCookie: a=b; understudy=k\r\n"
      + "Content-Length: 15\r\n\r\n{\"word\":\"hold\"}"
    guard case .head(let head, let at) = parse(text) else { return #expect(Bool(false), "not read") }
    #expect(head.method == "POST" && head.path == "/say" && head.query == "x=1&token=abc")
    #expect(head.headers["host"] == "localhost:8137" && head.bodyLength == 15)
    #expect(head.cookie("understudy") == "k" && head.item("token") == "abc" && head.cookie("none") == nil)
    #expect(String(decoding: Array(text.utf8)[at...], as: UTF8.self) == "{\"word\":\"hold\"}")
    for count in 0..<at { #expect(RequestHead.parse(Array(text.utf8.prefix(count))) == .more) }
  }

  @Test(arguments: [
    ("GET / HTTP/2.0\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), ("get / HTTP/1.1\r\n\r\n", 400),
    ("GET http://x/ HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nX: \u{7F}\r\n\r\n", 400),
    ("POST /say HTTP/1.1\r\nContent-Length: 257\r\n\r\n", 413),
    ("POST /say HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    ("POST /say HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    ("POST /say HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
  ])
  func `what is unusual is refused`(_ text: String, _ status: Int) {
    #expect(parse(text) == .refused(status))
  }

  @Test func `a head without end is refused at eight kilobytes`() {
    #expect(parse("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 8000)) == .more)
    #expect(parse("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 8192)) == .refused(431))
  }

  @Test func `random bytes never crash the reader`() {
    var random = SplitMix64(seed: 8)
    for _ in 0..<2000 {
      var bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if Bool.random(using: &random) { bytes += Array("\r\n\r\n".utf8) }
      if case .head(let head, _) = RequestHead.parse(bytes) { #expect(head.path.hasPrefix("/")) }
    }
  }

  // MARK: Who is let in

  @Test(arguments: ["localhost:8137", "127.0.0.1:8137", "[::1]:8137", "127.1.2.3:8137"])
  func `loopback's own names are welcome`(_ host: String) throws {
    #expect(Admission(port: 8137, token: nil).judge(try head("GET", "/", ["Host: \(host)"])) == .welcome)
  }

  @Test(arguments: [
    "evil.example:8137", "localhost:80", "localhost", "localhost.evil.example:8137", "127.evil.example.x:8137", "",
    "evil:8137", "::1:8137",
  ])
  func `a name that was made to point here is turned away`(_ host: String) throws {
    guard case .refused(421, _) = Admission(port: 8137, token: nil).judge(try head("GET", "/", ["Host: \(host)"]))
    else { return #expect(Bool(false), "\(host) was let in") }
  }

  @Test func `another page in the same browser cannot speak for this one`() throws {
    let admission = Admission(port: 8137, token: nil)
    let own = ["Host: localhost:8137", "Content-Type: application/json", "Origin: http://localhost:8137"]
    #expect(admission.judge(try head("POST", "/say", own)) == .welcome)
    for lines in [
      [own[0], own[1]], [own[0], own[2]], [own[0], own[1], "Origin: http://evil.example"],
      [own[0], own[1], "Origin: null"], [own[0], own[1], "Origin: http://localhost:81370"],
    ] {
      guard case .refused(403, _) = admission.judge(try head("POST", "/say", lines)) else {
        #expect(Bool(false), "\(lines) was let in")
        continue
      }
    }
  }

  @Test func `beyond loopback the token decides, in the address once and then in a cookie`() throws {
    let admission = Admission(port: 8137, token: "0123456789abcdef")
    let host = "Host: arm.lan:8137"
    #expect(admission.judge(try head("GET", "/?token=0123456789abcdef", [host])) == .enter)
    let cookie = "Cookie: understudy=0123456789abcdef"
    #expect(admission.judge(try head("GET", "/events", [host, cookie])) == .welcome)
    for (path, lines) in [
      ("/", [host]), ("/?token=0123456789abcdeF", [host]), ("/events?token=0123456789abcdef", [host]),
      ("/", [host, "Cookie: understudy="]), ("/", [host, "Cookie: understudy=0123456789abcdef0"]),
    ] {
      guard case .refused(401, _) = admission.judge(try head("GET", path, lines)) else {
        #expect(Bool(false), "\(path) \(lines) was let in")
        continue
      }
    }
  }

  @Test func `secrets are equal only when every byte is`() {
    #expect(Admission.equal("abc", "abc"))
    for other in ["", "ab", "abcd", "abd", "Abc"] { #expect(!Admission.equal(other, "abc")) }
  }

  @Test func `an address is a port, or an address and a port`() {
    #expect(PageAddress("8137") == PageAddress.standard)
    #expect(PageAddress("0.0.0.0:80")?.isLoopback == false)
    #expect(PageAddress("[::1]:9000")?.host == "::1" && PageAddress("[::1]:9000")?.isLoopback == true)
    for wrong in ["", "-1", "70000", "localhost:80", "1.2.3:80", "1.2.3.4", "1.2.3.4:", "::1:80", "[x]:80"] {
      #expect(PageAddress(wrong) == nil, "\(wrong)")
    }
  }
}
