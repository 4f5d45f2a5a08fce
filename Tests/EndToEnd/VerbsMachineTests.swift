import Foundation
import Testing

@Suite struct VerbsMachineTests {
  @Test func `doctor's exit code is its worst line, and each line that is not well has a mend`() throws {
    let ran = try Binary.run("understudy", "doctor", "--seconds", "0.2", "--json")
    let findings = try #require(try ran.json()["findings"] as? [[String: String]])
    let statuses = Set(findings.compactMap { $0["status"] })
    #expect(ran.code == (statuses.contains("fail") ? 69 : statuses.contains("warn") ? 1 : 0))
    let names = Set(findings.compactMap { $0["name"] })
    #expect(
      names.isSuperset(of: ["kernel", "CPU governor", "disk", "versions", "kernels", "wake latency"]), "\(names)")
    let text = try Binary.run("understudy", "doctor", "--seconds", "0")
    #expect(text.out.contains("Not a safety-rated system"))
    let untimed = try Binary.run("understudy", "doctor", "--seconds", "0", "--dataset", "/nosuch/dir", "--json")
    let lines = try #require(try untimed.json()["findings"] as? [[String: String]])
    #expect(Set(lines.compactMap { $0["name"] }) == names, "no line is left out where nothing is timed")
    let folder = try #require(lines.first { $0["name"] == "dataset folder" })
    #expect(folder["status"] == "warn" && folder["detail"]?.contains("/nosuch/dir is not there") == true, "\(folder)")
    for line in lines where line["status"] == "warn" && ["memory locked", "SCHED_FIFO 80"].contains(line["name"]) {
      for way in ["limits.d", "Limit", "setcap"] { #expect(line["mend"]?.contains(way) == true, "\(line)") }
    }
  }

  @Test func `a soak of six minutes of virtual time is clean, and its memory flat`() throws {
    let ran = try Binary.run("understudy-twin", "soak", "--hours", "0.1", "--cores", "1", "--json")
    #expect(ran.code == 0, "\(ran.out)\(ran.err)")
    let report = try ran.json()
    let begin = try #require(report["residentBegin_MB"] as? Double)
    let end = try #require(report["residentEnd_MB"] as? Double)
    #expect(begin > 5 && end - begin < 16, "from \(begin) to \(end) MB")
    #expect(report["unexplained"] as? Int == 0 && (report["commands"] as? Int ?? 0) > 25_000)
  }

  @Test func `doctor checks the arms of a rig, and fails where they are missing`() throws {
    let twin = try LiveTwin()
    let well = try Binary.run(
      "understudy", "doctor", "--seconds", "0", "--rig", "twin-insert", "--json", twin: twin.folder)
    let arms = try #require(try well.json()["findings"] as? [[String: String]])
      .filter { ["follower", "leader"].contains($0["name"]) }
    #expect(arms.map { $0["status"] } == ["ok", "ok"], "\(arms)")
    let missing = try Binary.run("understudy", "doctor", "--seconds", "0", "--rig", "twin-insert")
    #expect(missing.code == 69)
    #expect(missing.out.contains("understudy ports"), "\(missing.out)")
  }

  @Test func `a bench has every key in every row, and null for what is not known`() throws {
    let ran = try Binary.run("understudy", "bench", "policy", "--json")
    let json = try ran.json()
    #expect(json["bench"] as? String == "policy")
    let rows = try #require(json["rows"] as? [[String: Any]])
    #expect(rows.count >= 4)
    for row in rows {
      #expect(Set(row.keys) == ["name", "unit", "ours", "peer", "theirs", "ratio", "goal", "met"])
      #expect((row["ours"] as? Double ?? 0) > 0, "\(row)")
    }
    #expect(rows.contains { $0["peer"] as? String == "OpenBLAS sgemv" && $0["ratio"] is Double })
    #expect(rows.contains { $0["goal"] is NSNull })
    let bus = try Binary.run("understudy", "bench", "bus", "--seconds", "0.2", "--json")
    let cycles = try #require(try bus.json()["rows"] as? [[String: Any]], "\(bus.err)")
    #expect(cycles[1]["peer"] is NSNull && cycles[1]["theirs"] is NSNull)
    #expect(try Binary.run("understudy", "bench", "bus", "--rate", "0").code == 64)
  }

  @Test(arguments: [
    "teleoperate", "record", "train", "run", "correct", "shape", "evaluate", "inspect", "recover", "relax",
    "ports", "setup-motors", "calibrate", "doctor", "bench", "reward",
  ])
  func `every verb's help has an example`(_ verb: String) throws {
    let ran = try Binary.run("understudy", verb, "--help")
    #expect(ran.code == 0)
    #expect(ran.out.contains("  understudy \(verb)"), "\(ran.out)")
  }

  @Test func `reward tabular recovers what a file's expert was good at, and says what is wrong with a file`() throws {
    let file = Binary.root.appending(path: "Tests/Captures/mce-reasonable-pomdp.json").path
    let ran = try Binary.run("understudy", "reward", "tabular", file, "--hidden", "8,8", "--seed", "3", "--json")
    #expect(ran.code == 0, "\(ran.err)")
    let json = try ran.json()
    #expect(try #require(json["gap"] as? Double) <= 1e-3 && json["weights"] == nil)
    let text = try Binary.run("understudy", "reward", "tabular", file)
    #expect(text.out.contains("ended by visits") && text.out.contains("weights"), "\(text.out)")
    try Binary.run("understudy", "reward", "tabular", "/nowhere.json").expect(code: 66, saying: "/nowhere.json")
    try Binary.run("understudy", "reward", "tabular", file, "--discount", "2").expect(code: 65, saying: "discount")
    try Binary.run("understudy", "reward", "tabular", file, "--tolerance", "0").expect(code: 64, saying: "tolerance")
    let early = try Binary.run("understudy", "reward", "tabular", file, "--most-plans", "2")
    #expect(early.code == 1 && early.err.contains("--most-plans"))
  }
}
