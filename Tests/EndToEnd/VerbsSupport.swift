import Arm
import Episodes
import Foundation
import Glibc
import RealTime
import ServoBus
import Testing

/// A program of ours as a person runs it: the built binary beside these tests, from the folder of the sources.
struct Ran {
  let code: Int32
  let out: String
  let err: String

  /// Standard error without its line break, where it is one line.
  var sentence: String {
    let lines = err.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.count == 2 && lines[1].isEmpty ? String(lines[0]) : ""
  }

  /// Standard output as a JSON object.
  func json() throws -> [String: Any] {
    let line = try #require(out.split(separator: "\n").last, "nothing on standard output; on standard error: \(err)")
    return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  /// Expects one sentence that begins with `Error:` and says `words`, and this exit code.
  func expect(code: Int32, saying words: String..., at location: SourceLocation = #_sourceLocation) {
    #expect(self.code == code, "\(err)", sourceLocation: location)
    #expect(sentence.hasPrefix("Error: ") && sentence.hasSuffix("."), "\(err)", sourceLocation: location)
    for word in words { #expect(sentence.contains(word), "\(err)", sourceLocation: location) }
  }
}

enum Binary {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// The binaries stand beside the test's own; under another test runner, beside the test bundle that it was given.
  static func url(_ name: String) throws -> URL {
    let bundles = CommandLine.arguments.map { URL(filePath: $0).deletingLastPathComponent() }
    let places = [folder] + bundles
    return try #require(
      places.map { $0.appending(path: name) }.first { FileManager.default.isExecutableFile(atPath: $0.path) },
      "`swift build` makes \(name) beside the tests")
  }

  static func process(_ name: String, _ arguments: [String], twin: String?) throws -> Process {
    let process = Process()
    process.executableURL = try url(name)
    process.arguments = arguments
    process.currentDirectoryURL = root
    process.standardInput = FileHandle.nullDevice
    var environment = ProcessInfo.processInfo.environment
    environment["UNDERSTUDY_TWIN"] = twin ?? "/nowhere"
    process.environment = environment
    return process
  }

  /// Runs to the end; after half a minute it is ended.
  static func run(_ name: String = "understudy", _ arguments: String..., twin: String? = nil) throws -> Ran {
    try run(name, arguments: arguments, twin: twin)
  }

  /// Runs to the end; after half a minute it is ended.
  static func run(_ name: String, arguments: [String], twin: String? = nil) throws -> Ran {
    let process = try process(name, arguments, twin: twin)
    let files = try (0..<2).map { _ in try Temporary() }
    let handles = try files.map { file in
      try Data().write(to: URL(filePath: file.path("text")))
      return try FileHandle(forWritingTo: URL(filePath: file.path("text")))
    }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    try process.run()
    let pid = process.processIdentifier
    let limit = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: limit)
    process.waitUntilExit()
    limit.cancel()
    let texts = try files.map { try String(contentsOfFile: $0.path("text"), encoding: .utf8) }
    return Ran(code: process.terminationStatus, out: texts[0], err: texts[1])
  }
}

extension Process {
  /// Starts it, with all that it says in a file: a pipe that nobody empties would stop it.
  func run(saying path: String, withErrors: Bool = false) throws {
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    standardOutput = file
    standardError = withErrors ? file : FileHandle.nullDevice
    try run()
  }
}

/// A folder that goes when the test does; its name is short, because a socket's path holds 107 bytes.
final class Temporary: Sendable {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "us-\(UInt32.random(in: 0...(.max)))").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Every file below, with its bytes: to see that nothing was changed.
  func contents() throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      found[name] = FileManager.default.contents(atPath: path(name)) ?? Data()
    }
    return found
  }
}

/// A twin in a process of its own; by default without a person.
final class LiveTwin {
  let scratch: Temporary
  private let process: Process

  init(_ arguments: [String] = ["--no-person"]) throws {
    scratch = try Temporary()
    process = try Binary.process(
      "understudy-twin", ["--dir", scratch.folder, "--json"] + arguments, twin: scratch.folder)
    let ready = Pipe()
    process.standardOutput = ready
    try process.run()
    _ = try #require(try ready.fileHandleForReading.read(upToCount: 1), "the twin ended before it was ready")
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  var folder: String { scratch.folder }
  var identifier: Int32 { process.processIdentifier }

  func bus(_ arm: String) throws -> ServoBus {
    let model = try ServoModel.load(path: Binary.root.appending(path: "hardware/servos/sts3215.yaml").path)
    return ServoBus(
      port: try SerialPort.open("\(folder)/\(arm)"), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .monotonic)
  }

  /// What would have changed if anything had been made to move.
  func commands() throws -> [[Int32]] {
    try ["follower", "leader"].map { arm in
      var bus = try bus(arm)
      return try bus.readAll(bus.model.registers.torqueEnable) + bus.readAll(bus.model.registers.goalPosition)
    }
  }
}

/// A dataset of one finished episode, as a session writes it.
func makeDataset(
  _ folder: String, ticks: Int = 200, id: String = "2026-07-31T101530Z-3fa2", environment: [String] = []
) throws {
  let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
  var session = SessionInfo(id: id, activity: "record", joints: joints)
  session.task = "insert the stylus"
  session.loop_Hz = 100
  session.decision_Hz = 25
  session.environmentFeatures = environment
  let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
  let recorder = try Recorder(ring: ring, dataset: try Dataset.openOrCreate(folder), session: session)
  for tick in 0..<ticks {
    var record = TickRecord()
    record.tick = UInt64(tick)
    record.scheduled = Nanoseconds(1_000_000_000 + Int64(tick) * 10_000_000)
    record.began = record.scheduled + .microseconds(20)
    record.episode = 1
    record.source = .person
    record.decides = tick % 4 == 0
    record.follower.position = JointVector(repeating: Float(tick) * 1e-3)
    record.command = JointVector(repeating: Float(tick) * 1e-3)
    ring.push(record)
  }
  recorder.drainOnce()
  recorder.finish(1, EpisodeEnd(label: .success))
  recorder.stop()
}
