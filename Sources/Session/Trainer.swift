public import Foundation
internal import Glibc
internal import Learning
internal import Synchronization

/// Trains the next policy beside a session.
public protocol Trainer: AnyObject {
  /// Starts training on `datasets`, to be written to `output` and compared with `parent`.
  func begin(datasets: [URL], output: URL, parent: URL?, seed: UInt64)
  /// How far it is. `.finished` means that the folder stands.
  var state: TrainingState { get }
}

/// Training as a child process at idle priority: OpenBLAS never shares a process with the control thread.
public final class ChildTrainer: Trainer {
  private let executable: URL
  private let arguments: [String]
  private let shared = Shared()
  private var process: Process?

  private final class Shared: Sendable { let state = Mutex(TrainingState.none) }

  /// A trainer that runs `executable train … arguments`.
  public init(executable: URL, arguments: [String]) {
    self.executable = executable
    self.arguments = arguments
  }

  deinit { process?.terminate() }

  /// Ends the child at once, finished or not, and waits until it is gone.
  func end() {
    guard let process, process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// How far it is.
  public var state: TrainingState { shared.state.withLock { $0 } }

  /// Starts the child.
  public func begin(datasets: [URL], output: URL, parent: URL?, seed: UInt64) {
    shared.state.withLock { $0 = .running(0) }
    let process = Process()
    process.executableURL = executable
    process.arguments =
      ["train"] + datasets.map(\.path) + ["--output", output.path, "--seed", "\(seed)", "--json", "--idle"]
      + (parent.map { ["--parent", $0.path] } ?? []) + arguments
    let lines = Pipe()
    let complaints = Pipe()
    process.environment = ProcessInfo.processInfo.environment.merging(MatrixLibrary.environment) { given, _ in given }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = lines
    process.standardError = complaints
    lines.fileHandleForReading.readabilityHandler = { @Sendable [shared] handle in
      guard let share = Self.progress(handle.availableData) else { return }
      shared.state.withLock { if case .running = $0 { $0 = .running(share) } }
    }
    process.terminationHandler = { @Sendable [shared] process in
      lines.fileHandleForReading.readabilityHandler = nil
      let end = Self.end(process, saying: complaints.fileHandleForReading.availableData)
      shared.state.withLock { $0 = end }
    }
    do {
      try process.run()
      self.process = process
    } catch {
      shared.state.withLock { $0 = .failed("Training could not be started: \(error.localizedDescription)") }
    }
  }

  /// What came of it. A child that was killed says nothing: most often memory ran out.
  private static func end(_ process: Process, saying data: Data) -> TrainingState {
    guard process.terminationReason == .exit else {
      return .killed(
        "Training was killed by signal \(process.terminationStatus) before it was done, perhaps because memory ran out; "
          + "the policy before goes on, and what was corrected is kept.")
    }
    let words = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return process.terminationStatus == 0 ? .finished : .failed("Training failed: \(words)")
  }

  /// The share done in the last whole line of `{"progress": 0.4, …}` lines.
  private static func progress(_ data: Data) -> Double? {
    struct Line: Decodable { let progress: Double }
    for line in data.split(separator: UInt8(ascii: "\n")).reversed() {
      if let line = try? JSONDecoder().decode(Line.self, from: Data(line)) { return line.progress }
    }
    return nil
  }
}
