internal import Foundation
internal import RealTime
internal import Synchronization

/// The two programs, as a person would start them.
struct Programs {
  /// The folder in which the twin offers itself.
  let twin: URL
  private let place = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  init(twin: URL) { self.twin = twin }

  /// The host program, as one types it from the current folder.
  var understudyPath: String { Self.relative(place.appending(path: "understudy")) }
  /// The twin's program.
  var twinPath: String { Self.relative(place.appending(path: "understudy-twin")) }

  private static func relative(_ url: URL) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    return url.path.hasPrefix(here) ? String(url.path.dropFirst(here.count)) : url.path
  }

  /// A running twin; ends when told, or with its owner.
  final class Twin {
    private let process: Process
    init(_ process: Process) { self.process = process }
    deinit { end() }

    /// Ends it and waits until its links are gone.
    func end() {
      guard process.isRunning else { return }
      process.terminate()
      process.waitUntilExit()
    }
  }

  /// Starts a twin and returns when it is ready.
  func startTwin(seed: UInt64) throws(DemonstrationError) -> Twin {
    let process = try make(
      "understudy-twin", ["serve", "--task", "insert", "--seed", "\(seed)", "--dir", twin.path, "--json"])
    let output = Pipe(), complaints = Pipe()
    process.standardOutput = output
    process.standardError = complaints
    do { try process.run() } catch { throw .noTwin(words: error.localizedDescription) }
    // Its first line says that it is ready; an end of file that it will never be.
    guard !output.fileHandleForReading.availableData.isEmpty else {
      process.waitUntilExit()
      throw .noTwin(words: String(decoding: complaints.fileHandleForReading.availableData, as: UTF8.self))
    }
    return Twin(process)
  }

  /// How a verb ended.
  struct Result {
    let status: Int32
    let output: String
    let complaint: String
  }

  /// Runs a verb to its end; each line of its output goes to `watch` as it comes. A signal that asks this process to end
  /// is handed on to the verb, which parks the arm first.
  func understudy(
    _ arguments: [String], signals: EndSignals, watch: (String) -> Void
  ) throws(DemonstrationError) -> Result {
    let process = try make("understudy", arguments)
    let output = Pipe(), complaints = Pipe()
    process.standardOutput = output
    process.standardError = complaints
    let words = Words()
    complaints.fileHandleForReading.readabilityHandler = { @Sendable handle in words.add(handle.availableData) }
    do { try process.run() } catch { throw .failed(verb: arguments[0], words: error.localizedDescription) }
    let pid = process.processIdentifier
    let handedOn = Mutex(false)
    let forwarder = Worker("forward", every: .milliseconds(50)) {
      handedOn.withLock { done in
        guard signals.count > 0, !done else { return }
        done = true
        kill(pid, SIGINT)
      }
    }
    defer { forwarder.stop() }
    var all = Data(), line = Data()
    while true {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      all.append(data)
      for byte in data {
        if byte == UInt8(ascii: "\n") {
          watch(String(decoding: line, as: UTF8.self))
          line.removeAll()
        } else {
          line.append(byte)
        }
      }
    }
    process.waitUntilExit()
    complaints.fileHandleForReading.readabilityHandler = nil
    return Result(
      status: process.terminationStatus, output: String(decoding: all, as: UTF8.self), complaint: words.text)
  }

  private func make(_ program: String, _ arguments: [String]) throws(DemonstrationError) -> Process {
    let url = place.appending(path: program)
    guard FileManager.default.isExecutableFile(atPath: url.path) else { throw .notBuilt(program: url.path) }
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    var environment = ProcessInfo.processInfo.environment
    environment["UNDERSTUDY_TWIN"] = twin.path
    process.environment = environment
    return process
  }

  /// What a child complained about, gathered by another thread.
  private final class Words: Sendable {
    private let data = Mutex(Data())
    func add(_ more: Data) { data.withLock { $0.append(more) } }
    var text: String {
      data.withLock { String(decoding: $0, as: UTF8.self) }.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
