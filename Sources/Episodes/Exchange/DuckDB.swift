internal import Foundation
internal import Glibc

/// The DuckDB command line, which reads and writes Parquet: no Swift or Debian library does.
///
/// A script goes in on standard input; the folder it works in is the process's own, so that no path and no word of a
/// person ever stands in SQL.
struct DuckDB {
  private let program: URL

  /// Where it is: `UNDERSTUDY_DUCKDB`, `.deps` beside or above the program and the current folder, or PATH.
  init() throws(ExchangeError) {
    let environment = ProcessInfo.processInfo.environment
    let manager = FileManager.default
    var places: [String] = []
    if let given = environment["UNDERSTUDY_DUCKDB"], !given.isEmpty {
      places = [given]
    } else {
      let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      for start in [own, URL(filePath: manager.currentDirectoryPath)] {
        var folder = start
        while folder.path != "/" {
          places.append(folder.appending(path: ".deps/venv/bin/duckdb").path)
          folder.deleteLastPathComponent()
        }
      }
      places += (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/duckdb" }
    }
    guard let found = places.first(where: { access($0, X_OK) == 0 }) else {
      throw .noDuckDB(looked: environment["UNDERSTUDY_DUCKDB"].map { [$0] } ?? [".deps/venv/bin/duckdb", "PATH"])
    }
    program = URL(filePath: found)
  }

  /// Runs a script in `folder`; each piece of its output goes to `output` as it comes.
  func run(
    _ script: String, in folder: URL, doing: String, output: (Data) throws(ExchangeError) -> Void = { _ in }
  ) throws(ExchangeError) {
    let process = Process()
    let results = Pipe(), complaints = Pipe()
    process.executableURL = program
    process.arguments = ["-batch", "-bail", "-init", "/dev/null"]
    process.currentDirectoryURL = folder
    process.standardInput = try Self.input("SET enable_progress_bar = false;\n" + script)
    process.standardOutput = results
    process.standardError = complaints
    do { try process.run() } catch { throw .duckDB(doing: doing, said: error.localizedDescription) }
    var failure: ExchangeError?
    // Its complaints are few: they fit into the pipe and are read at the end.
    while let piece = try? results.fileHandleForReading.read(upToCount: 1 << 20), !piece.isEmpty {
      do throws(ExchangeError) { try output(piece) } catch {
        failure = error
        process.terminate()
        break
      }
    }
    let said = (try? complaints.fileHandleForReading.readToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
    process.waitUntilExit()
    if let failure { throw failure }
    guard process.terminationStatus == 0, process.terminationReason == .exit else {
      throw .duckDB(doing: doing, said: said.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// The script as a file without a name: a pipe would end this process should DuckDB end before it has read all.
  private static func input(_ script: String) throws(ExchangeError) -> FileHandle {
    let path = FileManager.default.temporaryDirectory.appending(path: "understudy-\(UUID().uuidString).sql").path
    do {
      try Data(script.utf8).write(to: URL(filePath: path))
      defer { unlink(path) }
      return try FileHandle(forReadingFrom: URL(filePath: path))
    } catch { throw .file(path: path, reason: error.localizedDescription) }
  }
}
