import Episodes
import Foundation
import Glibc
import Testing

/// The real programs over pseudo-terminals, in real time: what a person with an arm would type.
@Suite(.serialized) struct LiveTests {
  /// What PyPI's `mcap` and `mcap-ros2-support`, which nobody here wrote, find in a log.
  private struct Verdict: Decodable {
    let topics: [String: Int]
    let sources: [Int]
    let ticks: [Int]
    let label: String
    let names: [String]
    let reach: Double
  }

  private static let judge = """
    import json, sys
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    result = {"topics": {}, "sources": [], "ticks": [], "label": "", "names": [], "reach": 0.0}
    with open(sys.argv[1], "rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()], validate_crcs=True)
        first = None
        for schema, channel, message, ros in reader.iter_decoded_messages():
            result["topics"][channel.topic] = result["topics"].get(channel.topic, 0) + 1
            if channel.topic == "/understudy/tick":
                result["ticks"].append(ros.tick)
                result["sources"].append(ros.source)
            if channel.topic == "/follower/joint_states":
                result["names"] = list(ros.name)
                first = first or list(ros.position)
                result["reach"] = max(result["reach"], max(abs(a - b) for a, b in zip(first, ros.position)))
        for metadata in reader.iter_metadata():
            result["label"] = metadata.metadata.get("label", result["label"])
    print(json.dumps(result))
    """

  private func verdict(_ path: String) throws -> Verdict {
    let process = Process()
    process.executableURL = Binary.root.appending(path: ".deps/venv/bin/python")
    process.arguments = ["-c", Self.judge, path]
    let out = Pipe()
    process.standardOutput = out
    try process.run()
    let data = try out.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try JSONDecoder().decode(Verdict.self, from: data)
  }

  private static var hasJudge: Bool {
    FileManager.default.isExecutableFile(atPath: Binary.root.appending(path: ".deps/venv/bin/python").path)
  }

  @Test(.enabled(if: hasJudge, "`make deps` installs the judge"))
  func `two demonstrations are recorded, and another program reads them`() throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "7"])
    let scratch = try Temporary()
    let ran = try Binary.run(
      "understudy", "record", "--rig", "twin-insert", "--dataset", scratch.path("episodes"), "--episodes", "2",
      "--json",
      twin: twin.folder)
    #expect(ran.code == 0, "\(ran.err)")
    let report = try #require(try ran.json()["report"] as? [String: Any])
    #expect(report["episodes"] as? Int == 2)
    // A starved machine may stop the arm for a gap in time; nothing else may.
    #expect(Set(report["faults"] as? [String] ?? []).isSubset(of: ["gap"]))
    #expect(report["lostTicks"] as? Int == 0)
    // The same command again adds to the dataset, and numbers on.
    let again = try Binary.run(
      "understudy", "record", "--rig", "twin-insert", "--dataset", scratch.path("episodes"), "--episodes", "1",
      twin: twin.folder)
    #expect(again.code == 0 && again.err.contains("episode 3: "), "\(again.err)")
    #expect(again.out.contains("next: understudy "), "\(again.out)")
    let dataset = try Dataset.open(scratch.path("episodes"))
    #expect(try dataset.problems().isEmpty)
    #expect(dataset.episodes.map(\.number) == [1, 2, 3])
    for entry in dataset.episodes {
      let verdict = try verdict(dataset.path(of: entry))
      #expect(verdict.ticks.count == entry.frames)
      #expect(verdict.label == entry.label.rawValue)
      // One that a starved machine's gap ended is unlabelled: its last ticks hold.
      if entry.label == .unlabelled { continue }
      #expect(entry.frames > 40)
      #expect(verdict.sources.allSatisfy { $0 == 1 }, "a person drove")
      #expect(zip(verdict.ticks, verdict.ticks.dropFirst()).allSatisfy { $0 < $1 })
      #expect(verdict.topics["/follower/joint_states"] == entry.frames)
      #expect(verdict.topics["/leader/joint_states"] == entry.frames)
      #expect(verdict.topics["/follower/command"] == entry.frames)
      #expect(verdict.names.count == 6 && verdict.names.contains("elbow_flex"))
      #expect(verdict.reach > 0.05, "the arm moved")
    }
    let isHeld = again.err.contains("until you run `understudy relax")
    #expect(try isHeld || twin.commands().allSatisfy { $0.prefix(6).allSatisfy { $0 == 0 } }, "both arms are limp")
  }

  /// Ended by one signal before the loop begins, while the arms come together, and in the middle of what then goes on: by
  /// Ctrl-C, by a service manager, by a terminal that hangs up.
  @Test(arguments: [
    (Double.random(in: 0.05...0.4), SIGINT), (.random(in: 0.5...2), SIGTERM), (.random(in: 3...9), SIGHUP),
  ])
  func `a signal at any moment parks the arm and leaves the files whole`(after seconds: Double, signal: Int32) throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "3"])
    let scratch = try Temporary()
    let process = try Binary.process(
      "understudy",
      ["record", "--rig", "twin-insert", "--dataset", scratch.path("episodes"), "--episodes", "100", "--json"],
      twin: twin.folder)
    let said = scratch.path("said")
    try process.run(saying: said)
    usleep(UInt32(seconds * 1e6))
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    // So early that nobody listened yet, the signal ends the program as it does any other; nothing has moved then.
    let wasEarly = process.terminationReason == .uncaughtSignal
    #expect(process.terminationStatus == (wasEarly ? signal : 128 + signal), "after \(seconds) s")
    // An arm that a starved machine has stopped for a gap in time is held instead.
    let isHeld = try String(contentsOfFile: said, encoding: .utf8).contains("The arm holds")
    #expect(try isHeld || twin.commands().allSatisfy { $0.prefix(6).allSatisfy { $0 == 0 } }, "both arms are limp")
    guard FileManager.default.fileExists(atPath: scratch.path("episodes")) else { return #expect(wasEarly) }
    let dataset = try Dataset.open(scratch.path("episodes"))
    #expect(try dataset.problems().isEmpty)
    for entry in dataset.episodes {
      let reader = try dataset.read(entry)
      #expect(reader.isFinished)
      var count = 0
      while try reader.next() != nil { count += 1 }
      #expect(count == entry.frames)
    }
  }

  /// Whether a file says something, within ten seconds.
  private func waits(for words: String, in path: String) -> Bool {
    for _ in 0..<400 {
      if let text = try? String(contentsOfFile: path, encoding: .utf8), text.contains(words) { return true }
      usleep(25_000)
    }
    return false
  }

  @Test func `a second Ctrl-C holds the arm where it is, says so, and relax lets go`() throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "3"])
    let scratch = try Temporary()
    let process = try Binary.process(
      "understudy", ["teleoperate", "--rig", "twin-insert", "--json"], twin: twin.folder)
    let said = scratch.path("said")
    try process.run(saying: said)
    // A second after its first tick the arm has torque.
    try #require(waits(for: "\"timing\"", in: said))
    kill(process.processIdentifier, SIGINT)
    try #require(waits(for: "slowly to", in: said))
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    let words = try String(contentsOfFile: said, encoding: .utf8)
    #expect(words.contains("torque stays on until you run `understudy relax"), "\(words)")
    #expect(try twin.commands()[0].prefix(6) == [1, 1, 1, 1, 1, 1], "the follower holds")
    let relaxed = try Binary.run("understudy", "relax", "--rig", "twin-insert", "--yes", twin: twin.folder)
    #expect(relaxed.code == 0, "\(relaxed.err)")
    #expect(try twin.commands()[0].prefix(6) == [0, 0, 0, 0, 0, 0])
  }

  /// `understudy … --json | head -1`, a terminal that hung up: what is said goes nowhere, and the arm is none the wiser.
  @Test func `nobody who reads any more ends no session, and a signal still parks the arm`() throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "3"])
    let process = try Binary.process(
      "understudy", ["teleoperate", "--rig", "twin-insert", "--json"], twin: twin.folder)
    let (said, complained) = (Pipe(), Pipe())
    process.standardOutput = said
    process.standardError = complained
    try process.run()
    _ = try #require(try said.fileHandleForReading.read(upToCount: 1))
    try said.fileHandleForReading.close()
    try complained.fileHandleForReading.close()
    // Every second it says how it keeps time.
    usleep(2_500_000)
    try #require(process.isRunning)
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 143)
  }

  /// Four times a second somebody sets the clock an hour forth or back, as a time server does once after a boot without one.
  @Test func `steps of the wall clock neither stop the arm nor tear the log`() throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "7"])
    let scratch = try Temporary()
    let process = try Binary.process(
      "understudy",
      ["record", "--rig", "twin-insert", "--dataset", scratch.path("episodes"), "--episodes", "1", "--json"],
      twin: twin.folder)
    process.environment?["LD_PRELOAD"] = try Binary.url("libSerialShim.so").path
    process.environment?["UNDERSTUDY_CLOCK_STEP_S"] = "3600"
    let said = scratch.path("said")
    try process.run(saying: said)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let last = try #require(try String(contentsOfFile: said, encoding: .utf8).split(separator: "\n").last)
    let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
    let report = try #require(object?["report"] as? [String: Any])
    // A starved machine may stop the arm for a gap in time; nothing else may.
    #expect(Set(report["faults"] as? [String] ?? []).isSubset(of: ["gap"]))
    let dataset = try Dataset.open(scratch.path("episodes"))
    #expect(try dataset.problems().isEmpty && !dataset.episodes.isEmpty)
    for entry in dataset.episodes {
      var times: [Int64] = []
      try dataset.read(entry).forEach { (record: TickRecord) in times.append(record.scheduled.count) }
      #expect(zip(times, times.dropFirst()).allSatisfy { (5_000_000...500_000_000).contains($1 - $0) })
    }
  }
}
