import Foundation
import Glibc
import Policy
import Testing

@Suite struct VerbsLearningTests {
  /// Three demonstrations on the twin.
  static func demonstrations(_ scratch: Temporary) throws -> String {
    let folder = scratch.path("demonstrations")
    let done = try Binary.run("understudy-twin", "rehearse", "--demonstrate", folder, "--episodes", "3", "--seed", "7")
    #expect(done.code == 0, "\(done.err)")
    return folder
  }

  @Test func `train says what it does, ranks episodes, draws the curve, and keeps chunks, heads and history`() throws {
    let scratch = try Temporary()
    let dataset = try Self.demonstrations(scratch)
    let policy = scratch.path("policy")
    let ran = try Binary.run(
      "understudy", "train", dataset, "--rig", "twin-insert", "--output", policy, "--json", "--rank", "--steps", "60",
      "--chunk", "4", "--ensembling", "0.01", "--history", "2", "--mixture", "2", "--ensemble", "2", "--layer-norm",
      "--representation", "relative-to-present", "--threads", "2")
    #expect(ran.code == 0, "\(ran.err)")
    let result = try ran.json()
    #expect(result["policy"] as? String == policy && result["progress"] as? Double == 1)
    #expect((result["ranking"] as? [[String: Any]])?.count == 3)
    #expect((result["precision"] as? String)?.contains("f32, because int8 takes plain ReLU networks only") == true)
    let first = try #require(ran.out.split(separator: "\n").first)
    let line = try #require(JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
    #expect(Set(line.keys).isSuperset(of: ["epoch", "loss", "progress", "samplesPerSecond", "secondsLeft", "step"]))
    let description = try Policy.readDescription(URL(filePath: policy))
    #expect(description.interface.chunk == 4 && description.interface.execution == .ensembling(decay: 0.01))
    #expect(description.interface.history == 2 && description.network.head == .mixture(components: 2))
    #expect(description.interface.representation == .relativeToPresent && description.network.layerNorm)
    let curve = try String(contentsOfFile: "\(policy)/loss.svg", encoding: .utf8)
    #expect(curve.hasPrefix("<svg") && curve.contains("polyline"))
    // Such a policy runs on the twin.
    let rehearsed = try Binary.run(
      "understudy-twin", "rehearse", "--policy", policy, "--episodes", "1", "--seed", "3")
    #expect(rehearsed.code == 0, "\(rehearsed.err)")
  }

  @Test func `an interrupted training keeps its best and goes on to the policy that it would have been`() throws {
    let scratch = try Temporary()
    let dataset = try Self.demonstrations(scratch)
    func arguments(_ name: String, _ more: String...) -> [String] {
      [
        "train", dataset, "--rig", "twin-insert", "--output", scratch.path(name), "--steps", "12000", "--ensemble", "1",
        "--f32",
      ] + more
    }
    func weights(_ name: String) throws -> Data {
      try Data(contentsOf: URL(filePath: scratch.path("\(name)/model.safetensors")))
    }
    let whole = try Binary.process("understudy", arguments("whole"), twin: nil)
    try whole.run()
    let process = try Binary.process(
      "understudy", arguments("stopped", "--checkpoint", scratch.path("state"), "--json"), twin: nil)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    // After its first line it is at work.
    _ = output.fileHandleForReading.availableData
    kill(process.processIdentifier, SIGINT)
    _ = try output.fileHandleForReading.readToEnd()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(FileManager.default.fileExists(atPath: scratch.path("state")))
    let resumed = try Binary.process(
      "understudy", arguments("resumed", "--checkpoint", scratch.path("state")), twin: nil)
    resumed.standardOutput = FileHandle.nullDevice
    try resumed.run()
    resumed.waitUntilExit()
    whole.waitUntilExit()
    #expect(try weights("resumed") == weights("whole"))
    #expect(try weights("stopped") != weights("whole"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path("state")))
  }

  @Test func `a policy goes to PyTorch's names and comes back, and nothing is overwritten`() throws {
    let scratch = try Temporary()
    let dataset = try Self.demonstrations(scratch)
    let (policy, file, back) = (scratch.path("policy"), scratch.path("p.safetensors"), scratch.path("back"))
    let trained = try Binary.run(
      "understudy", "train", dataset, "--rig", "twin-insert", "--output", policy, "--steps", "40", "--ensemble", "2")
    #expect(trained.code == 0, "\(trained.err)")
    let written = try Binary.run("understudy", "export", policy, "--torch", file, "--json").json()
    #expect((written["modules"] as? [String])?[1] == "torch.nn.ReLU()")
    try Binary.run("understudy", "export", policy, "--torch", file).expect(code: 73, saying: "exists already")
    let imported = try Binary.run("understudy", "import", back, "--torch", file, "--rig", "twin-insert")
    #expect(imported.code == 0 && imported.out.contains("runs in f32"), "\(imported.err)")
    #expect(try Policy.readDescription(URL(filePath: back)).network.hidden == [256, 256])
    try Binary.run("understudy", "import", back, "--torch", file, "--rig", "twin-insert")
      .expect(code: 73, saying: "exists already")
    // A pickle, a file cut short, a header of 10 GB, another arm's width, nothing at all.
    let bytes = try Data(contentsOf: URL(filePath: file))
    for (content, word) in [
      (Data([0x50, 0x4b, 0x03, 0x04, 1, 2, 3]), "save_file"), (bytes.prefix(bytes.count / 2), "Copy"),
      (withUnsafeBytes(of: UInt64(10_000_000_000).littleEndian) { Data($0) } + Data("{}".utf8), "claims 10000000000"),
    ] {
      try content.write(to: URL(filePath: scratch.path("bad")))
      try Binary.run(
        "understudy", "import", scratch.path("new"), "--torch", scratch.path("bad"), "--rig", "twin-insert"
      )
      .expect(code: 65, saying: word)
    }
    try Binary.run("understudy", "import", scratch.path("new"), "--torch", file, "--rig", "twin-pick-place")
      .expect(code: 65, saying: "inputs; expected the rig's")
    try Binary.run("understudy", "import", scratch.path("new"), "--torch", scratch.path("none"), "--rig", "twin-insert")
      .expect(code: 66, saying: "cannot be read")
    #expect(!FileManager.default.fileExists(atPath: scratch.path("new")))
  }

  @Test func `recipes that make no sense are refused with what would`() throws {
    for (arguments, word) in [
      (["--chunk", "0"], "1 to 256"), (["--chunk", "4", "--execute", "5"], "chunk's 4"),
      (["--mixture", "3", "--discrete", "gripper=2"], "not both"), (["--hidden", "128,,5"], "128,128"),
      (["--loss", "huber"], "huber:KNEE"), (["--discrete", "gripper"], "JOINT=N"), (["--history", "65"], "1 to 64"),
    ] {
      let ran = try Binary.run(
        "understudy", arguments: ["train", "x", "--rig", "twin-insert", "--output", "y"] + arguments)
      #expect(ran.code == 64 && ran.err.contains(word), "\(ran.err)")
    }
  }
}
