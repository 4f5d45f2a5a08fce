/// Who may see the page and who may say something: a pure function of a request's head.
///
/// - *Host* must be the name that the person opened: a stranger's page that has its own name point at this machine (DNS
///   rebinding) is turned away. On loopback only loopback's names pass.
/// - *Origin* must be the page itself whenever something is said, so no other page in the same browser can press hold.
/// - Beyond loopback a *token* is asked for: once in the address, then in a cookie; compared in constant time.
struct Admission: Sendable {
  let port: UInt16
  /// Nil on loopback.
  let token: String?

  static let cookie = "understudy"

  enum Verdict: Equatable {
    case welcome
    /// The token came in the address: put it into a cookie and out of sight.
    case enter
    /// A status and a sentence.
    case refused(Int, String)
  }

  func judge(_ head: RequestHead) -> Verdict {
    guard let host = head.headers["host"], isOurs(host) else {
      return .refused(421, "Open the page by the address that the session printed.")
    }
    if let origin = head.headers["origin"], origin != "http://\(host)" {
      return .refused(403, "Another page may not speak for this one.")
    }
    if head.method == "POST" {
      guard head.headers["origin"] != nil, head.headers["content-type"] == "application/json" else {
        return .refused(403, "Only the page itself may say something.")
      }
    }
    guard let token else { return .welcome }
    if let shown = head.cookie(Self.cookie), Self.equal(shown, token) { return .welcome }
    if head.method == "GET", head.path == "/", let shown = head.item("token"), Self.equal(shown, token) {
      return .enter
    }
    return .refused(401, "Open the page by the address that the session printed: it has a token in it.")
  }

  private func isOurs(_ host: String) -> Bool {
    let suffix = ":\(port)"
    // Port 80 is not written.
    guard host.hasSuffix(suffix) || port == 80 else { return false }
    // Beyond loopback the token decides: this machine has names that only its network knows.
    guard token == nil else { return true }
    let name = host.hasSuffix(suffix) ? String(host.dropLast(suffix.count)) : host
    let bytes = name.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4Loopback = bytes.count == 4 && bytes[0] == "127" && bytes.allSatisfy { UInt8($0) != nil }
    return name == "localhost" || name == "[::1]" || isIPv4Loopback
  }

  /// Takes as long for a wrong first letter as for a wrong last one.
  static func equal(_ a: String, _ b: String) -> Bool {
    let a = Array(a.utf8), b = Array(b.utf8)
    var difference = UInt(bitPattern: a.count ^ b.count)
    for index in 0..<b.count {
      let other: UInt8 = index < a.count ? a[index] : 0
      difference |= UInt(other ^ b[index])
    }
    return difference == 0
  }
}
