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

  /// A finished log whose end is missing, as a copy that was cut short.
  private func cutLog(_ folder: String) throws -> String {
    try makeDataset(folder, ticks: 300, id: "cut")
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
    let mended = try Binary.run("understudy", "recover", folder)
    #expect(mended.code == 0, "\(mended.err)")
    #expect(mended.out.contains("300 ticks"), "\(mended.out)")
    #expect(FileManager.default.contents(atPath: log + ".torn") == cut)
    #expect(try Binary.run("understudy", "inspect", log, "--json").json()["frames"] as? Int == 300)
    let again = try Binary.run("understudy", "recover", log)
    #expect(again.code == 0 && again.out.contains("whole"), "\(again.out)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".torn") }.count == 1)
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
