import Foundation
import Testing

@Suite struct AdaptTests {
  @Test func `a family is learned from the twin's logs, and one demonstration or a tracker's file makes a policy`()
    throws
  {
    let scratch = try Temporary()
    let (families, shown) = (scratch.path("families"), scratch.path("shown"))
    let made = try Binary.run(
      "understudy-twin", "generate", "--task", "reach", "--tasks", "24", "--demonstrations", "2", "--dataset", families)
    #expect(made.code == 0 && made.out.contains("24 tasks, 48 demonstrations made"), "\(made.out)\(made.err)")
    let again = try Binary.run(
      "understudy-twin", "generate", "--task", "reach", "--tasks", "24", "--demonstrations", "2", "--dataset", families)
    #expect(again.out.contains("0 demonstrations made, 48 were there"), "\(again.out)\(again.err)")
    let one = try Binary.run(
      "understudy-twin", "generate", "--task", "reach", "--tasks", "1", "--first", "5001", "--demonstrations", "1",
      "--dataset", shown)
    #expect(one.code == 0, "\(one.err)")

    let family = scratch.path("reach")
    let learned = try Binary.run(
      "understudy", "adapt", "train", families, "--rig", "twin-reach", "--output", family, "--iterations", "100",
      "--goal-steps", "800", "--json")
    #expect(learned.code == 0, "\(learned.err)")
    let picture = try String(contentsOfFile: "\(family)/loss.svg", encoding: .utf8)
    #expect(picture.components(separatedBy: "<polyline").count == 4 && picture.contains("MAML, before adapting"))
    let told = try #require(try learned.json()["family"] as? [String: Any])
    let frame = try #require(told["frame"] as? [String: Any])
    #expect(frame["point"] as? String == "tool" && frame["reference"] as? String == "mark")
    #expect(told["method"] as? String == "goal")

    let policy = scratch.path("policy")
    let adapted = try Binary.run(
      "understudy", "adapt", "run", family, "--rig", "twin-reach", "--demo", shown, "--output", policy, "--json")
    #expect(adapted.code == 0, "\(adapted.err)")
    let goal = try #require(try adapted.json()["goal_m"] as? [Double])
    #expect(try goal.count == 3 && adapted.json()["seconds"] is Double)
    let counted = try Binary.run(
      "understudy-twin", "rehearse", "--task", "reach", "--variant", "5001", "--policy", policy, "--episodes", "6",
      "--json")
    #expect(try #require(try counted.json()["successes"] as? Int) >= 4, "\(counted.out)\(counted.err)")

    // The same goal, shown by a hand without an arm.
    var lines = ["t,hand.x,hand.y,hand.z,mark.x,mark.y,mark.z"]
    for moment in 0..<30 {
      lines.append("\(Double(moment) * 0.05),\(0.2 + goal[0]),\(0.01 + goal[1]),\(goal[2]),0.2,0.01,0")
    }
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: scratch.path("hand.csv"), atomically: true, encoding: .utf8)
    let seen = try Binary.run(
      "understudy", "adapt", "run", family, "--rig", "twin-reach", "--demo", scratch.path("hand.csv"), "--output",
      scratch.path("seen"), "--json")
    let read = try #require(try seen.json()["goal_m"] as? [Double])
    for (read, wanted) in zip(read, goal) { #expect(abs(read - wanted) < 1e-9) }

    try "t,hand.x\n0,0.1\n0.1,x\n".write(toFile: scratch.path("bad.csv"), atomically: true, encoding: .utf8)
    let before = try scratch.contents()
    func refuse(_ arguments: [String], code: Int32, saying: String) throws {
      let ran = try Binary.run("understudy", arguments: ["adapt", "run", family, "--rig", "twin-reach"] + arguments)
      #expect(ran.code == code && ran.err.contains(saying), "\(ran.code) \(ran.err)")
    }
    try refuse(["--demo", scratch.path("bad.csv"), "--output", scratch.path("no")], code: 65, saying: "bad.csv:3:5: ")
    try refuse(
      ["--demo", scratch.path("hand.csv"), "--method", "maml", "--output", scratch.path("no")], code: 65,
      saying: "no actions")
    try refuse(["--demo", shown, "--output", policy], code: 73, saying: "exists already")
    try Binary.run(
      "understudy", "adapt", "run", family, "--rig", "twin-insert", "--demo", shown, "--output", scratch.path("no")
    ).expect(code: 65, saying: "twin-reach")
    try Binary.run(
      "understudy", "adapt", "train", shown, "--rig", "twin-reach", "--output", scratch.path("no")
    ).expect(code: 65, saying: "8 tasks or more")
    // Episodes of an arm that sees other things, and a rig whose policies do now.
    let inserts = scratch.path("inserts")
    try makeDataset(inserts, environment: ["cup.x", "cup.y", "cup.z"])
    let seeing = scratch.path("twin-reach.yaml")
    let rig = try String(
      contentsOf: Binary.root.appending(path: "hardware/rigs/twin-reach.yaml"), encoding: .utf8)
    try rig.replacing("    - mark-tool.y\n", with: "    - mark.y\n").write(
      toFile: seeing, atomically: true, encoding: .utf8)
    let all = try scratch.contents()
    try refuse(
      ["--demo", inserts, "--output", scratch.path("no")], code: 65, saying: "environment features cup.x, cup.y, cup.z")
    try Binary.run(
      "understudy", "adapt", "train", inserts, "--rig", "twin-reach", "--output", scratch.path("no")
    ).expect(code: 65, saying: "environment features cup.x", "mark.x")
    try Binary.run(
      "understudy", "adapt", "run", family, "--rig", seeing, "--demo", shown, "--output", scratch.path("no")
    ).expect(code: 65, saying: "It sees mark-tool.y", "now see mark.y")
    #expect(try scratch.contents() == all && all.count > before.count)
  }
}
