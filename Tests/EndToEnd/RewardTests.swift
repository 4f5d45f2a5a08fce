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
}
