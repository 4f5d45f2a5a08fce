import Foundation
import Testing

@Suite struct RewardTests {
  @Test func `reward fit finds what demonstrations of the twin avoid, and score ranks them`() throws {
    let scratch = try Temporary()
    let demonstrations = scratch.path("demonstrations")
    let made = try Binary.run(
      "understudy-twin", "rehearse", "--demonstrate", demonstrations, "--episodes", "6", "--seed", "7")
    #expect(made.code == 0, "\(made.err)")
    let reward = scratch.path("reward.json")
    let ran = try Binary.run(
      "understudy", "reward", "fit", demonstrations, "--rig", "twin-insert", "--output", reward, "--samples", "40",
      "--bootstrap", "20", "--json")
    #expect(ran.code == 0, "\(ran.err)")
    let file = try #require(try ran.json()["file"] as? [String: Any])
    let found = try #require(file["reward"] as? [String: Any])
    #expect(found["episodes"] as? Int == 6)
    let weights = try #require(found["weights"] as? [[String: Any]])
    let names = weights.compactMap { $0["name"] as? String }
    #expect(names == ["distance.cup", "arrival.cup", "height", "effort", "smoothness", "limits"])
    // A person who inserts ends at the cup and does not tremble.
    for name in ["arrival.cup", "smoothness"] {
      let weight = weights.first { $0["name"] as? String == name }?["value"] as? Double
      #expect(try #require(weight) < 0, "\(name)")
    }
    let ranked = try Binary.run(
      "understudy", "reward", "score", demonstrations, "--rig", "twin-insert", "--reward", reward, "--samples", "40")
    #expect(ranked.code == 0 && ranked.out.split(separator: "\n").count == 7, "\(ranked.out)\(ranked.err)")
    let before = try scratch.contents()
    try Binary.run(
      "understudy", "reward", "fit", demonstrations, "--rig", "twin-insert", "--output", reward
    ).expect(code: 73, saying: "exists already")
    try Binary.run(
      "understudy", "reward", "fit", demonstrations, "--rig", "twin-insert", "--output", scratch.path("other"),
      "--features", "distance.plate"
    ).expect(code: 64, saying: "distance.cup")
    try Binary.run(
      "understudy", "reward", "score", demonstrations, "--rig", "twin-pick-place", "--reward", reward
    ).expect(code: 65, saying: "twin-insert")
    #expect(try scratch.contents() == before)
  }

  /// `understudy-twin rollouts` in a process of its own.
  private final class Rollouts {
    let socket: String
    private let process: Process

    init(_ scratch: Temporary, _ arguments: String...) throws {
      socket = scratch.path("rollouts.sock")
      process = try Binary.process(
        "understudy-twin", ["rollouts", "--socket", socket, "--json"] + arguments, twin: nil)
      let ready = Pipe()
      process.standardOutput = ready
      try process.run()
      _ = try #require(try ready.fileHandleForReading.read(upToCount: 1), "it ended before it was ready")
    }

    func end() {
      process.terminate()
      process.waitUntilExit()
    }

    deinit { end() }
  }

  @Test func `a reward over rollouts is fitted in two goes, scored with them, and with no other arm's`() throws {
    let (scratch, place) = (try Temporary(), try Temporary())
    let pushes = scratch.path("pushes")
    let made = try Binary.run(
      "understudy-twin", "rehearse", "--task", "push", "--demonstrate", pushes, "--episodes", "4", "--seed", "7")
    #expect(made.code == 0, "\(made.err)")
    let right = try Rollouts(place, "--task", "push")
    let (reward, state) = (scratch.path("reward.json"), place.path("state"))
    let fit = [
      "reward", "fit", pushes, "--rig", "twin-push", "--rollouts", right.socket, "--spread", "0.04", "--samples", "20",
      "--rounds", "0", "--bootstrap", "10", "--features", "distance.puck,distance.puck-goal",
    ]
    let straight = try Binary.run("understudy", arguments: fit + ["--output", scratch.path("straight.json")])
    #expect(straight.code == 0, "\(straight.err)")
    let stopping = try Binary.process("understudy", fit + ["--output", reward, "--checkpoint", state], twin: nil)
    (stopping.standardError, stopping.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try stopping.run()
    // Once something is kept it is killed, wherever it is.
    while stopping.isRunning, (FileManager.default.contents(atPath: state)?.count ?? 0) < 1000 { usleep(2000) }
    kill(stopping.processIdentifier, SIGKILL)
    stopping.waitUntilExit()
    let went = try Binary.run("understudy", arguments: fit + ["--output", reward, "--checkpoint", state, "--json"])
    #expect(went.code == 0 && !FileManager.default.fileExists(atPath: state), "\(went.err)")
    let whole = try scratch.contents()
    #expect(whole["reward.json"] == whole["straight.json"] && whole["reward.json"] != nil)

    let score = ["reward", "score", pushes, "--rig", "twin-push", "--reward", reward]
    let ranked = try Binary.run("understudy", arguments: score + ["--rollouts", right.socket])
    #expect(ranked.code == 0 && ranked.out.split(separator: "\n").count == 5, "\(ranked.out)\(ranked.err)")
    #expect(ranked.out.contains("distance.puck"), "\(ranked.out)")
    let before = try scratch.contents()
    try Binary.run("understudy", arguments: score).expect(code: 64, saying: "--rollouts", "left out")
    right.end()
    try Binary.run("understudy", arguments: score + ["--rollouts", right.socket]).expect(
      code: 69, saying: "Nobody rolls out")
    let wrong = try Rollouts(place, "--task", "insert")
    let no = ["--output", scratch.path("no")]
    for command in [fit + no, score + ["--rollouts", wrong.socket]] {
      try Binary.run("understudy", arguments: command).expect(
        code: 65, saying: "the twin's task insert, and the state has no cup.x", "--task")
    }
    let plan = ["reward", "plan", reward, pushes, "--rig", "twin-push", "--rollouts", wrong.socket]
    try Binary.run("understudy", arguments: plan + no).expect(code: 65, saying: "the twin's task insert")
    try Binary.run(
      "understudy", "reward", "fit", pushes, "--rig", "twin-insert", "--output", scratch.path("no")
    ).expect(code: 65, saying: "environment features puck.x", "cup.x")
    #expect(try scratch.contents() == before)
  }
}
