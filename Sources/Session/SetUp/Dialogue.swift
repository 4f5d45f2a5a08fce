internal import Foundation
internal import Glibc
internal import RealTime

/// The person at a set-up verb: who reads sentences, answers questions and moves joints. Tests script one.
public protocol Dialogue: AnyObject {
  /// Lines that stay.
  func say(_ text: String)
  /// Asks, and waits for a line; nil where nobody can answer (end of input).
  func ask(_ question: String) -> String?
  /// Lines that the next call replaces.
  func show(_ lines: [String])
  /// Waits so long for a line.
  func listen(milliseconds: Int) -> Heard
}

/// What a person said while something else went on.
public enum Heard: Sendable, Equatable {
  /// Nothing yet.
  case nothing
  /// A line.
  case line(String)
  /// Nobody is there: the input has ended.
  case nobody
}

/// Standard input and standard error; results go to standard output elsewhere.
public final class TerminalDialogue: Dialogue {
  private let replacesLines = isatty(STDERR_FILENO) == 1
  private var shown = 0
  private var typed: [UInt8] = []
  private var hasEnded = false

  /// The terminal, or whatever stands in its place.
  public init() {}

  /// Lines that stay.
  public func say(_ text: String) {
    settle()
    write(text + "\n")
  }

  /// Asks, and waits for a line.
  public func ask(_ question: String) -> String? {
    settle()
    write(question + " ")
    while true {
      switch listen(milliseconds: 1000) {
      case .nothing: continue
      case .line(let line): return line
      case .nobody:
        write("\n")
        return nil
      }
    }
  }

  /// Lines that the next call replaces; nothing where they would pile up, as in a file.
  public func show(_ lines: [String]) {
    guard replacesLines else { return }
    let up = shown > 0 ? "\u{1B}[\(shown)A" : ""
    write(up + lines.map { "\r\u{1B}[K\($0)\n" }.joined())
    shown = lines.count
  }

  /// Waits so long for a line.
  public func listen(milliseconds: Int) -> Heard {
    let deadline = TickClock.monotonic.now + .milliseconds(Int64(milliseconds))
    while true {
      if let end = typed.firstIndex(of: 10) {
        let line = String(decoding: typed[..<end], as: UTF8.self)
        typed.removeSubrange(...end)
        return .line(line.trimmingCharacters(in: .whitespaces))
      }
      let left = (deadline - TickClock.monotonic.now).count / 1_000_000
      if hasEnded {
        if left > 0 { usleep(useconds_t(left * 1000)) }
        return .nobody
      }
      var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, Int32(max(0, left))) > 0 else { return .nothing }
      var bytes = [UInt8](repeating: 0, count: 256)
      let count = read(STDIN_FILENO, &bytes, bytes.count)
      if count > 0 { typed += bytes[..<count] } else if count == 0 { hasEnded = true }
    }
  }

  /// What is shown stays; what comes goes below it.
  private func settle() { shown = 0 }

  private func write(_ text: String) { StandardStream.error.say(text) }
}
