internal import ArgumentParser
internal import Foundation
internal import RealTime
internal import Session

/// How a verb of the twin ends: one sentence, and a code of sysexits.h.
enum Ending {
  /// A sentence on standard error, and the code to throw.
  static func failure(_ sentence: String, _ status: ExitStatus) -> any Error {
    failure(sentence, code: status.rawValue)
  }

  /// What to throw for an error: the command line's own are shown by their parser, others here.
  static func failure(_ error: any Error) -> any Error {
    switch error {
    case is ExitCode, is ValidationError, is CleanExit: error
    default: failure("\(error)", code: (error as? any EndingError)?.exitCode ?? ExitStatus.data.rawValue)
    }
  }

  private static func failure(_ sentence: String, code: Int32) -> any Error {
    StandardStream.error.say("Error: \(sentence)\n")
    return ExitCode(code)
  }

  /// Runs a study that keeps its cells: its progress on a line, its report into `report.json` of its folder and on standard
  /// output. `body` gets what takes a progress and says whether to go on; nil from it says that a signal ended it.
  static func study<Report: Encodable & CustomStringConvertible>(
    in folder: URL, json: Bool, _ body: ((String) -> Bool) throws -> Report?
  ) throws {
    let signals = EndSignals()
    let line = ProgressLine()
    do {
      let report = try body { words in
        line.show(words)
        return signals.count == 0
      }
      line.clear()
      guard let report else {
        throw failure(
          "Stopped; the same command goes on where it was.", code: ExitStatus.interrupted(by: signals.first ?? SIGINT))
      }
      let data = try Output.json(report, onManyLines: true)
      try data.write(to: folder.appending(path: "report.json"), options: .atomic)
      print(json ? String(decoding: data, as: UTF8.self) : "\(report)")
    } catch {
      throw failure(error)
    }
  }
}
