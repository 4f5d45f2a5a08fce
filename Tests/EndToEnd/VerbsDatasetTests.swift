import Episodes
import Foundation
import Testing

@Suite struct VerbsDatasetTests {
  @Test func `inspect tells a dataset's figures, for people and for machines`() throws {
    let scratch = try Temporary()
    let folder = scratch.path("demonstrations")
    try makeDataset(folder)
    let text = try Binary.run("understudy", "inspect", folder)
    #expect(text.code == 0)
    #expect(text.out.contains("100.00 Hz") && text.out.contains("shoulder_pan"), "\(text.out)")
    let json = try Binary.run("understudy", "inspect", folder, "--json").json()
    #expect(json["frames"] as? Int == 200)
    #expect(json["gaps"] as? Int == 0)
    #expect(json["personShare"] as? Double == 1)
    #expect(json["labels"] as? [String: Int] == ["success": 1])
    let joints = try #require(json["joints"] as? [[String: Any]])
    #expect(joints.count == 6)
    let log = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".mcap") })
    let one = try Binary.run("understudy", "inspect", "\(folder)/\(log)", "--json").json()
    #expect(one["frames"] as? Int == 200)
  }

  @Test func `a dataset that is missing, empty or none is named with the mend`() throws {
    let scratch = try Temporary()
    try Binary.run("understudy", "inspect", scratch.path("nowhere"))
      .expect(code: 66, saying: scratch.path("nowhere"), "understudy record")
    try Binary.run("understudy", "inspect", scratch.folder).expect(code: 66, saying: "understudy record")
    _ = try Dataset.create(scratch.path("empty"))
    try Binary.run("understudy", "inspect", scratch.path("empty")).expect(code: 65, saying: "without an episode")
    try Binary.run("understudy", "recover", scratch.folder).expect(code: 66, saying: "no dataset")
  }

  @Test func `nothing is trained from an empty dataset, and an existing policy is left alone`() throws {
    let scratch = try Temporary()
    _ = try Dataset.create(scratch.path("empty"))
    try Binary.run(
      "understudy", "train", scratch.path("empty"), "--rig", "twin-insert", "--output", scratch.path("policy")
    ).expect(code: 65, saying: "nothing to learn", "understudy record")
    #expect(!FileManager.default.fileExists(atPath: scratch.path("policy")))
    try FileManager.default.createDirectory(atPath: scratch.path("taken"), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: scratch.path("taken/notes")))
    let before = try scratch.contents()
    try Binary.run(
      "understudy", "train", scratch.path("empty"), "--rig", "twin-insert", "--output", scratch.path("taken")
    ).expect(code: 73, saying: "exists already")
    #expect(try scratch.contents() == before)
  }

  @Test func `a listed log that is garbage keeps a dataset from being learned from, and both ways on are named`() throws
  {
    let scratch = try Temporary()
    let folder = scratch.path("data")
    try makeDataset(folder, ticks: 300, id: "bad")
    let before = try Dataset.open(folder).episodes.map(\.id)
    for garbage in ["", "garbage"] {
      try Data(garbage.utf8).write(to: URL(filePath: "\(folder)/bad-e0001.mcap"))
      try Binary.run("understudy", "train", folder, "--rig", "twin-insert", "--output", scratch.path("policy")).expect(
        code: 65, saying: "\(folder)/bad-e0001.mcap", "edit-dataset delete \(folder) --episodes bad-e0001")
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.path("policy")))
    #expect(try Dataset.open(folder).episodes.map(\.id) == before)
    #expect(try Binary.run("understudy", "edit-dataset", "delete", folder, "--episodes", "bad-e0001").code == 0)
    try Binary.run("understudy", "train", folder, "--rig", "twin-insert", "--output", scratch.path("policy"))
      .expect(code: 65, saying: "nothing to learn")
  }

  /// A finished log whose end is missing, as a copy that was cut short.
  private func cutLog(_ folder: String, environment: [String] = []) throws -> String {
    try makeDataset(folder, ticks: 300, id: "cut", environment: environment)
    let log = "\(folder)/cut-e0001.mcap"
    let bytes = try #require(FileManager.default.contents(atPath: log))
    // Behind the last chunk stand index and footer; every tick stands before them.
    try bytes.prefix(bytes.count - 400).write(to: URL(filePath: log))
    return log
  }

  @Test func `a truncated log is told, mended, and its original kept`() throws {
    let scratch = try Temporary()
    let folder = scratch.path("data")
    let log = try cutLog(folder)
    let cut = FileManager.default.contents(atPath: log)
    try Binary.run("understudy", "inspect", log).expect(code: 65, saying: log, "understudy recover")
    let seen = try Binary.run("understudy", "inspect", folder)
    #expect(seen.out.contains("understudy recover"), "\(seen.out)\(seen.err)")
    let listed = try Dataset.open(folder).episodes[0]
    let mended = try Binary.run("understudy", "recover", folder)
    #expect(mended.code == 0, "\(mended.err)")
    #expect(mended.out.contains("300 ticks"), "\(mended.out)")
    #expect(FileManager.default.contents(atPath: log + ".torn") == cut)
    let entry = try Dataset.open(folder).episodes[0]
    #expect(entry.recovered && entry.bytes == FileManager.default.contents(atPath: log)?.count)
    #expect(entry.label == listed.label && !listed.recovered && entry.bytes != listed.bytes)
    #expect(try Binary.run("understudy", "inspect", log, "--json").json()["frames"] as? Int == 300)
    let again = try Binary.run("understudy", "recover", log)
    #expect(again.code == 0 && again.out.contains("whole"), "\(again.out)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".torn") }.count == 1)
  }

  @Test func `an empty log is named as lost and left as it is`() throws {
    let scratch = try Temporary()
    let folder = scratch.path("data"), log = scratch.path("data/cut-e0002.mcap")
    try makeDataset(folder, id: "cut")
    try Data().write(to: URL(filePath: log))
    let before = try scratch.contents()
    for path in [folder, log] {
      let ran = try Binary.run("understudy", "recover", path)
      #expect(ran.code == 65)
      #expect(ran.out.contains("nothing could be saved") && ran.out.contains(log), "\(ran.out)\(ran.err)")
    }
    #expect(try scratch.contents() == before)
    try Binary.run("understudy", "inspect", log).expect(code: 65, saying: log)
  }

  @Test func `training names the logs that it did not read whole`() throws {
    let scratch = try Temporary()
    let folder = scratch.path("data")
    let cup = ["cup.x", "cup.y", "cup.z"]
    try makeDataset(folder, id: "whole", environment: cup)
    _ = try cutLog(folder, environment: cup)
    try makeDataset(scratch.path("other"), id: "stray", environment: cup)
    try FileManager.default.copyItem(atPath: scratch.path("other/stray-e0001.mcap"), toPath: "\(folder)/stray.mcap")
    let output = scratch.path("policy")
    let ran = try Binary.run("understudy", "train", folder, "--rig", "twin-insert", "--output", output)
    // The ticks of these logs saw no environment, so there is nothing to learn; the sentence still names the mend.
    ran.expect(code: 65, saying: "nothing to learn", "understudy recover \(folder)/cut-e0001.mcap")
    try FileManager.default.removeItem(atPath: "\(folder)/whole-e0001.mcap")
    try Binary.run("understudy", "train", folder, "--rig", "twin-insert", "--output", output)
      .expect(code: 65, saying: "whole-e0001", "put it back")
  }

  /// As wide as a terminal without a window system: what is to be copied must stand there as it is typed.
  @Test(arguments: [
    "", "teleoperate", "record", "train", "run", "correct", "shape", "evaluate", "inspect", "recover", "relax",
    "ports", "doctor", "bench", "edit-dataset", "export", "import", "replay", "verify", "setup-motors", "calibrate",
    "adapt", "adapt train", "adapt run", "reward", "reward fit", "reward score", "reward plan", "reward plot",
    "reward tabular",
  ])
  func `help keeps its examples whole at 80 columns`(_ verb: String) throws {
    let ran = try Binary.run("understudy", arguments: ["help"] + verb.split(separator: " ").map(String.init))
    expectWholeExamples(ran)
    if ["teleoperate", "record", "run", "correct", "shape", "evaluate"].contains(verb) {
      let prose = ran.out.replacing(#/\s+/#, with: " ")
      #expect(prose.contains("Ctrl-C") && prose.contains("rest pose") && prose.contains("130"))
      #expect(prose.contains("protective stop") && prose.contains("press a"))
    }
  }

  @Test(arguments: [
    "", "workbench", "hand", "rehearse", "soak", "study", "generate", "one-shot", "shaping", "transfer",
    "rollouts",
  ])
  func `the twin's help keeps its examples whole at 80 columns`(_ verb: String) throws {
    expectWholeExamples(try Binary.run("understudy-twin", "help", verb))
  }

  private func expectWholeExamples(_ ran: Ran) {
    #expect(ran.code == 0)
    let lines = ran.out.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let examples = lines.indices.filter { lines[$0].hasPrefix("  understudy") }
    #expect(!examples.isEmpty, "\(ran.out)")
    for index in examples {
      #expect(lines[index].count <= 80)
      let next = index + 1 < lines.count ? lines[index + 1] : ""
      #expect(next.isEmpty || next.hasPrefix("  "), "\(lines[index])\n\(next)")
      #expect(lines[index].hasSuffix("\\") == next.hasPrefix("    "), "\(lines[index])\n\(next)")
    }
  }

  @Test func `what is no log at all is left as it is`() throws {
    let scratch = try Temporary()
    try Data("not an MCAP file, whatever its name says".utf8).write(to: URL(filePath: scratch.path("x.mcap")))
    let before = try scratch.contents()
    try Binary.run("understudy", "inspect", scratch.path("x.mcap")).expect(code: 65, saying: "no MCAP file")
    try Binary.run("understudy", "recover", scratch.path("x.mcap")).expect(code: 65, saying: "no MCAP file")
    #expect(try scratch.contents() == before)
  }
}
