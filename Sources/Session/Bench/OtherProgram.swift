internal import Foundation
internal import Glibc

/// A program that runs beside ours for comparison or as load; it ends when this does.
final class OtherProgram {
  private let process = Process()
  private let output = Pipe()
  private let input: Pipe?

  /// Starts a program by its path or, without a slash, by its name along PATH; nil where there is none. One that
  /// `listens` answers lines; one that `complains` does so on our standard error.
  init?(_ name: String, _ arguments: [String], listens: Bool = false, complains: Bool = false) {
    input = listens ? Pipe() : nil
    guard let url = Self.find(name) else { return nil }
    process.executableURL = url
    process.arguments = arguments
    process.standardInput = input ?? FileHandle.nullDevice
    process.standardOutput = output
    if !complains { process.standardError = FileHandle.nullDevice }
    guard Self.unmasked({ (try? process.run()) != nil }) else { return nil }
  }

  /// A child inherits its parent thread's blocked signals, and threads of Swift's pool block all: it would never hear
  /// that it should end.
  private static func unmasked(_ body: () -> Bool) -> Bool {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return body()
  }

  /// Its process.
  var identifier: Int32 { process.processIdentifier }

  deinit {
    guard process.isRunning else { return }
    process.terminate()
    // Whoever does not end within two seconds is ended.
    for _ in 0..<200 where process.isRunning { usleep(10_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// Waits for its end; what it printed, or nil where it failed.
  func finish() -> String? {
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }

  /// Its first line of output; nil where it ended without one.
  func firstLine() -> String? {
    var line = Data()
    while true {
      guard let byte = try? output.fileHandleForReading.read(upToCount: 1), let first = byte.first else { return nil }
      if first == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(first)
    }
  }

  /// Writes a line to it; the line that it answers, or nil where it ended instead.
  func ask(_ line: String) -> String? {
    guard process.isRunning, (try? input?.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))) != nil
    else {
      return nil
    }
    return firstLine()
  }

  private static func find(_ name: String) -> URL? {
    let folders =
      name.contains("/")
      ? [""]
      : (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/" }
    return folders.map { $0 + name }.first { access($0, X_OK) == 0 }.map { URL(filePath: $0) }
  }
}
