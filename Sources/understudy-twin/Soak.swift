internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Rehearsal
internal import Session
internal import Twin

/// A night in which everything breaks, in minutes.
struct SoakVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Run hours of sessions on virtual time, with a fault every ten seconds.",
    discussion: HelpText.page(
      """
      Sessions of half an hour (of a sixth in short soaks) of correction, recording and running; every ten seconds of virtual time a wire, a servo, its
      encoder or its memory, the supply, an adapter, the camera, the policy, the pedal, the recorder or the loop itself
      fails for up to a second. The scripted person acknowledges the stops. Every
      command is checked against the envelope, every stop must have been caused, every session must end at rest, and memory
      must not grow; else the exit code is 1.

        understudy-twin soak --hours 24
      """))

  @Option(help: "Hours of virtual time.") var hours = 24.0
  @Option(help: "The twin's task: \(TwinWorld.tasks.joined(separator: ", ")).") var task = "insert"
  @Option(help: "Scenes, faults and the person's manner follow from it.") var seed: UInt64 = 7
  @Option(help: "Cores to use.") var cores = 2
  @Flag(help: "JSON instead of a table.") var json = false

  func validate() throws {
    guard TwinWorld.tasks.contains(task) else { throw TwinError.unknownTask(task, known: TwinWorld.tasks) }
    guard hours > 0, hours.isFinite, cores > 0 else {
      throw ValidationError("--hours and --cores must be positive.")
    }
  }

  func run() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "soak-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let rehearsal = Rehearsal(rig: try Rig.load("twin-\(task)"), task: task, seed: seed)
    // A policy of a few demonstrations strays often: take-overs are part of the soak.
    let demonstrations = folder.appending(path: "demonstrations"), policy = folder.appending(path: "policy")
    try rehearsal.demonstrate(into: demonstrations, episodes: 6)
    try rehearsal.train([demonstrations], output: policy)
    let began = Date()
    let line = ProgressLine()
    var soak = Soak(rehearsal, hours: hours)
    // Short soaks have sessions to compare, too: memory is measured after the first and after the last.
    soak.chapter_s = min(soak.chapter_s, hours * 3600 / 6)
    let report = try await soak.run(policy: policy, cores: cores) { share in
      line.show("\(Int(share * 100)) %")
    }
    line.clear()
    Output.show(report, json: json)
    if !json { print("  took \(Int(Date().timeIntervalSince(began))) s") }
    guard report.isClean else { throw ExitCode.failure }
  }
}
