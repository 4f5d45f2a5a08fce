internal import Foundation

/// An answer, whole, with the headers that keep a browser from doing more with it than show it.
struct Response {
  let bytes: Data
  /// Frames follow on the same connection.
  let isStream: Bool

  private static let phrases: [Int: String] = [
    200: "OK", 202: "Accepted", 303: "See Other", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 421: "Misdirected Request", 429: "Too Many Requests",
    503: "Service Unavailable",
  ]

  private init(_ status: Int, _ headers: [String], body: [UInt8]?) {
    var lines = ["HTTP/1.1 \(status) \(Self.phrases[status] ?? "")"] + headers
    if let body { lines.append("Content-Length: \(body.count)") }
    lines += [
      "Connection: close", "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
      "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin",
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ]
    bytes = Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + Data(body ?? [])
    isStream = body == nil
  }

  /// A file of the page.
  static func file(_ body: [UInt8], _ type: String) -> Response {
    Response(200, ["Content-Type: \(type)"], body: body)
  }

  /// A sentence.
  static func text(_ status: Int, _ sentence: String) -> Response {
    Response(status, ["Content-Type: text/plain; charset=utf-8"], body: Array((sentence + "\n").utf8))
  }

  /// Server-sent events until somebody hangs up.
  static var stream: Response { Response(200, ["Content-Type: text/event-stream"], body: nil) }

  /// The token moves from the address, which stands in histories, into a cookie that no script reads.
  static func entering(token: String) -> Response {
    Response(
      303, ["Location: /", "Set-Cookie: \(Admission.cookie)=\(token); HttpOnly; SameSite=Strict; Path=/"], body: [])
  }
}
