import Episodes
import Foundation
import Glibc
import ServoBus
import Testing

/// A host that dies in the middle of an episode, as it would for want of memory: the real programs, killed by the kernel.
@Suite(.serialized) struct KilledHostTests {
  /// Waits for what another program does, for at most half a minute.
  private func wait(until isSo: () throws -> Bool) throws -> Bool {
    for _ in 0..<600 {
      if try isSo() { return true }
      usleep(50_000)
    }
    return false
  }

  /// Where the follower is, and its torque and goals.
  private func follower(_ twin: LiveTwin) throws -> (present: [Int32], torque: [Int32], goals: [Int32]) {
    var bus = try twin.bus("follower")
    let registers = bus.model.registers
    return (
      try bus.readAll(registers.presentPosition), try bus.readAll(registers.torqueEnable),
      try bus.readAll(registers.goalPosition)
    )
  }

  @Test func `a second host is turned away; a killed one leaves an arm that holds and a log that goes on`() throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "7"])
    let scratch = try Temporary()
    let folder = scratch.path("episodes")
    let words = ["record", "--rig", "twin-insert", "--dataset", folder, "--json", "--episodes"]
    let host = try Binary.process("understudy", words + ["100"], twin: twin.folder)
    try host.run(saying: scratch.path("said"), withErrors: true)
    defer { if host.isRunning { kill(host.processIdentifier, SIGKILL) } }
    func log() -> String? {
      (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { $0.hasSuffix(".mcap") }.max()
    }
    _ = try wait { log() != nil || !host.isRunning }
    let said = try String(contentsOfFile: scratch.path("said"), encoding: .utf8)
    #expect(host.isRunning, "\(said)")

    let second = try Binary.run("understudy", "teleoperate", "--rig", "twin-insert", "--json", twin: twin.folder)
    #expect(second.code == 69)
    #expect(second.err.contains("\(host.processIdentifier)"), "who has the port: \(second.err)")
    // The first goes on: the newest of its logs grows.
    var before = 0
    let isRecording = try wait {
      guard let log = log(), host.isRunning else { return !host.isRunning }
      let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(log)")[.size] as? Int ?? 0
      defer { before = size }
      return size > before && before > 60_000
    }
    #expect(isRecording && host.isRunning)
    kill(host.processIdentifier, SIGKILL)
    host.waitUntilExit()
    #expect(host.terminationReason == .uncaughtSignal && host.terminationStatus == SIGKILL)
    // A second is more than any lag and one step take.
    usleep(1_000_000)
    let held = try follower(twin)
    #expect(held.torque == [1, 1, 1, 1, 1, 1], "it holds")
    usleep(300_000)
    let still = try follower(twin)
    #expect(still.goals == held.goals && zip(still.present, held.present).allSatisfy { abs($0 - $1) <= 4 })

    // What was recorded is whole to its last tick, and says the same commands again.
    let name = try #require(log())
    let recovered = try Binary.run("understudy", "recover", folder, "--json")
    #expect(recovered.code == 0, "\(recovered.err)")
    let dataset = try Dataset.open(folder)
    let entry = try #require(dataset.episodes.first { $0.file == name })
    #expect(entry.recovered && entry.frames > 20 && entry.label == .unlabelled)
    let verified = try Binary.run("understudy", "verify", "\(folder)/\(name)", "--json")
    #expect(verified.code == 0, "\(verified.err)\(verified.out)")

    // The next session takes the arm as it is, and numbers on.
    // A starved machine may have no time for its loop: then it is asked again.
    var next = try Binary.run("understudy", arguments: words + ["1"], twin: twin.folder)
    for _ in 0..<2 where next.code != 0 {
      next = try Binary.run("understudy", arguments: words + ["1"], twin: twin.folder)
    }
    #expect(next.code == 0, "\(next.out.suffix(600))\(next.err)")
    let both = try Dataset.open(folder)
    #expect(both.episodes.count > dataset.episodes.count)
    #expect(try both.problems().isEmpty)
  }
}
