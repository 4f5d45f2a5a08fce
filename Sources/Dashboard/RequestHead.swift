internal import Foundation

/// The head of an HTTP/1.1 request (RFC 9112), read from bytes that a stranger may have sent.
///
/// Only what the page needs: a method, a path without escapes, a query, headers that count. Anything unusual is refused
/// rather than interpreted: no chunked bodies, no doubled Host, Origin or Content-Length, no bytes beyond ASCII.
struct RequestHead: Equatable {
  /// `GET`, `POST` …
  var method: String
  /// The path, percent signs not decoded: no path of the page has any.
  var path: String
  /// Behind the question mark; empty without one.
  var query: String
  /// Header values by lower-case name; of doubled ones the first.
  var headers: [String: String]
  /// Bytes of body that follow.
  var bodyLength: Int

  /// No head of a browser comes near it.
  static let most = 8192
  /// The longest body that anything here takes.
  static let mostBody = 256

  /// What became of some bytes.
  enum Parsed: Equatable {
    /// A head, and where the body begins.
    case head(RequestHead, bodyAt: Int)
    /// It goes on.
    case more
    /// Never a request of ours: the status to answer with.
    case refused(Int)
  }

  private static let single: Set<String> = ["host", "origin", "content-length", "cookie", "content-type"]

  /// Reads a head from the beginning of `bytes`.
  static func parse(_ bytes: [UInt8]) -> Parsed {
    guard let end = endOfHead(bytes) else { return bytes.count >= most ? .refused(431) : .more }
    guard end <= most else { return .refused(431) }
    guard bytes[..<end].allSatisfy({ (32..<127).contains($0) || $0 == 13 || $0 == 10 || $0 == 9 }) else {
      return .refused(400)
    }
    var lines = String(decoding: bytes[..<(end - 4)], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", words[1].hasPrefix("/"),
      words[0].allSatisfy({ $0.isLetter && $0.isUppercase }), !words[0].isEmpty
    else { return .refused(400) }
    let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var head = RequestHead(
      method: words[0], path: target[0], query: target.count > 1 ? target[1] : "", headers: [:], bodyLength: 0)
    for line in lines {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].allSatisfy({ $0 != " " && $0 != "\t" }),
        colon != line.startIndex
      else { return .refused(400) }
      let name = line[..<colon].lowercased()
      let value = String(line[line.index(after: colon)...]).trimmed
      if head.headers[name] != nil {
        if single.contains(name) { return .refused(400) }
        continue
      }
      head.headers[name] = value
    }
    if head.headers["transfer-encoding"] != nil { return .refused(501) }
    if let text = head.headers["content-length"] {
      guard !text.isEmpty, text.allSatisfy(\.isWholeNumber), let length = Int(text) else { return .refused(400) }
      guard length <= mostBody else { return .refused(413) }
      head.bodyLength = length
    }
    return .head(head, bodyAt: end)
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    var index = 3
    while index < bytes.count {
      if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10, bytes[index - 3] == 13 { return index + 1 }
      index += 1
    }
    return nil
  }

  /// The value of a cookie.
  func cookie(_ name: String) -> String? {
    for part in (headers["cookie"] ?? "").split(separator: ";") {
      let pair = part.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
      if pair.count == 2, pair[0] == name { return pair[1] }
    }
    return nil
  }

  /// The value of a query item.
  func item(_ name: String) -> String? {
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      if pair.count == 2, pair[0] == name { return pair[1] }
    }
    return nil
  }
}

extension String {
  /// Without blanks at both ends.
  fileprivate var trimmed: String {
    var text = self[...]
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }
}
