import Episodes
import Foundation
import Testing

/// Datasets out, in, edited, looked at and verified, by the programs themselves.
@Suite struct VerbsExchangeTests {
  @Test func `export and import refuse to overwrite and say what they did`() throws {
    let scratch = try Temporary()
    try makeDataset(scratch.path("data"))
    let out = try Binary.run(
      "understudy", "export", scratch.path("data"), "--lerobot", scratch.path("out"), "--units", "radians", "--json"
    ).json()
    #expect(out["episodes"] as? Int == 1 && out["frames"] as? Int == 50 && out["fps"] as? Int == 25)
    try Binary.run("understudy", "export", scratch.path("data"), "--lerobot", scratch.path("out"))
      .expect(code: 73, saying: "exists")
    try Binary.run("understudy", "export", scratch.path("data"), "--lerobot", scratch.path("degrees"))
      .expect(code: 65, saying: "calibration", "--units radians")
    let back = try Binary.run("understudy", "import", "--lerobot", scratch.path("out"), scratch.path("back"))
    #expect(back.code == 0 && back.out.contains("1 episodes, 50 frames"), "\(back.out)\(back.err)")
    try Binary.run("understudy", "import", "--lerobot", scratch.path("data"), scratch.path("x"))
      .expect(code: 66, saying: "no LeRobot dataset")
    #expect(!FileManager.default.fileExists(atPath: scratch.path("x")))
  }

  @Test func `an edit is told, and undone`() throws {
    let scratch = try Temporary()
    let folder = scratch.path("data")
    try makeDataset(folder)
    try makeDataset(folder, id: "2026-07-31T111530Z-3fa3")
    let deleted = try Binary.run("understudy", "edit-dataset", "delete", folder, "--episodes", "1")
    #expect(deleted.code == 0 && deleted.out.contains("1 episode deleted") && deleted.out.contains("undo"))
    #expect(try Binary.run("understudy", "inspect", folder, "--json").json()["frames"] as? Int == 200)
    let recovered = try Binary.run("understudy", "recover", folder)
    #expect(recovered.out.contains("nothing to do"), "what was deleted is not found again: \(recovered.out)")
    #expect(try Binary.run("understudy", "edit-dataset", "undo", folder).out.contains("undone"))
    #expect(try Binary.run("understudy", "inspect", folder, "--json").json()["frames"] as? Int == 400)
    try Binary.run("understudy", "edit-dataset", "delete", folder, "--episodes", "7")
      .expect(code: 65, saying: "no episode '7'", "inspect")
    let split = try Binary.run(
      "understudy", "edit-dataset", "split", folder, "--into", "\(scratch.path("a"))=0.5", "--into",
      "\(scratch.path("b"))=0.5")
    #expect(split.code == 0, "\(split.err)")
    let merged = try Binary.run(
      "understudy", "edit-dataset", "merge", scratch.path("a"), scratch.path("b"), "--into", scratch.path("c"))
    #expect(merged.code == 0 && merged.out.contains("2 episodes"), "\(merged.out)\(merged.err)")
  }

  @Test func `inspect draws one page that needs nothing beside it`() throws {
    let scratch = try Temporary()
    try makeDataset(scratch.path("data"))
    let page = scratch.path("page.html")
    let ran = try Binary.run("understudy", "inspect", scratch.path("data"), "--html", page)
    #expect(ran.code == 0, "\(ran.err)")
    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(html.hasPrefix("<!doctype html>") && html.contains("<polyline") && html.contains("shoulder_pan"))
    for outside in ["http://", "https://", "src=", "<script", "<link", "NaN", "nan"] {
      #expect(!html.contains(outside), "\(outside)")
    }
    try Binary.run("understudy", "inspect", scratch.path("data"), "--html", page).expect(code: 73, saying: "exists")
  }

  @Test func `a policy's logs verify under other kernels too, and what is no session's log is refused`() throws {
    let scratch = try Temporary()
    try makeDataset(scratch.path("plain"))
    try Binary.run("understudy", "verify", scratch.path("plain")).expect(code: 65, saying: "carries no rig")
    try Binary.run("understudy", "verify", scratch.path("nowhere")).expect(code: 65, saying: "does not exist")
    for arguments in [
      ["understudy-twin", "rehearse", "--demonstrate", scratch.path("demo"), "--episodes", "2"],
      [
        "understudy", "train", scratch.path("demo"), "--rig", "twin-insert", "--output", scratch.path("p"), "--recipe",
        "chapter",
      ],
      [
        "understudy-twin", "rehearse", "--policy", scratch.path("p"), "--with", scratch.path("demo"), "--correct",
        scratch.path("c"),
        "--policies", scratch.path("ps"), "--rounds", "1", "--frames", "20",
      ],
    ] {
      let process = try Binary.process(arguments[0], Array(arguments.dropFirst()), twin: nil)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "\(arguments)")
    }
    for kernels in ["", "scalar"] {
      let process = try Binary.process(
        "understudy", ["verify", scratch.path("c"), "--policy", scratch.path("p"), "--json"], twin: nil)
      var environment = process.environment ?? [:]
      environment["UNDERSTUDY_KERNELS"] = kernels
      process.environment = environment
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let data = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      let text = String(decoding: data, as: UTF8.self)
      #expect(process.terminationStatus == 0, "\(text)")
      let result = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      if kernels == "scalar" { #expect(result["kernels"] as? String == "scalar") }
      let logs = try #require(result["logs"] as? [[String: Any]])
      #expect(logs.reduce(0) { $0 + ($1["inferences"] as? Int ?? 0) } > 10, "\(text)")
    }
  }
}
