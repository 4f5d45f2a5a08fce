import Foundation
import Testing

/// Everything that is tested on the twin rests on its servos speaking as real ones do. The vendor's own SDK and rustypot,
/// which nobody here wrote, say whether they do; `make peers` asks more programs.
@Suite struct ServoPeersTests {
  @Test func `Feetech's SDK and rustypot find real servos in the twin`() throws {
    let python = Binary.root.appending(path: ".deps/venv/bin/python")
    try #require(FileManager.default.isExecutableFile(atPath: python.path), "`make deps` installs it")
    let process = Process()
    process.executableURL = python
    process.arguments = [Binary.root.appending(path: "Tests/Peers/servos.py").path]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["UNDERSTUDY_BUILD": try Binary.url("understudy-twin").deletingLastPathComponent().path]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let words = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(words)")
    #expect(words.components(separatedBy: "  ok  ").count > 10, "\(words)")
  }
}
