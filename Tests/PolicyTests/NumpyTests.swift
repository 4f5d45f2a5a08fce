import Foundation
import RealTime
import Testing

@testable import Policy

/// Another program's opinion: numpy, with safetensors' own reader, computes a saved policy from its files alone.
@Suite struct NumpyTests {
  static let script = """
    import json, sys
    import numpy
    from safetensors.numpy import load_file, save_file
    folder, rows = sys.argv[1], numpy.array(json.load(sys.stdin), dtype=numpy.float64)
    policy = json.load(open(folder + "/policy.json"))
    tensors = load_file(folder + "/model.safetensors")
    network = policy["network"]
    column = lambda side, key: numpy.array([c[key] for c in policy["statistics"][side]])
    activation = {"relu": lambda x: numpy.maximum(x, 0), "tanh": numpy.tanh}[network["activation"]]
    votes = []
    for member in range(network["ensemble"]):
        prefix = f"members.{member}." if network["ensemble"] > 1 else ""
        x = (rows - column("features", "mean")) / column("features", "std")
        layers = len(network["hidden"]) + 1
        for layer in range(layers):
            w, b = (tensors[f"{prefix}net.{2 * layer}.{kind}"].astype(numpy.float64) for kind in ("weight", "bias"))
            x = x @ w.T + b
            if layer + 1 < layers: x = activation(x)
        votes.append(x)
    doubt = numpy.var(votes, axis=0).mean(axis=1)
    mean = numpy.mean(votes, axis=0) * column("actions", "std") + column("actions", "mean")
    mean = numpy.clip(mean, column("actions", "min"), column("actions", "max"))
    save_file(tensors, folder + "/again.safetensors", metadata={"format": "pt"})
    json.dump({"mean": mean.tolist(), "doubt": doubt.tolist()}, sys.stdout)
    """

  struct Answer: Decodable {
    var mean: [[Double]]
    var doubt: [Double]
  }

  /// A Python with numpy and safetensors: `UNDERSTUDY_PYTHON`, or the one that `make deps` installs if it has them.
  static let python: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["UNDERSTUDY_PYTHON"]
    let candidates = [named, root.appending(path: ".deps/venv/bin/python").path].compactMap(\.self)
    return candidates.first { (try? run($0, ["-c", "import numpy, safetensors"], input: Data())) != nil }
  }()

  static func run(_ program: String, _ arguments: [String], input: Data) throws -> Data {
    let process = Process()
    let (stdin, stdout) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = FileHandle.nullDevice
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: input)
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return output
  }

  @Test(.enabled(if: python != nil, "needs a Python with numpy and safetensors; UNDERSTUDY_PYTHON can name one"))
  func `numpy computes the same decisions from the files alone`() throws {
    let program = try #require(Self.python)
    for (ensemble, activation) in [(1, NetworkShape.Activation.relu), (5, .relu), (3, .tanh)] {
      try Example.withFolder { folder in
        let place = folder.appending(path: "p")
        let description = Example.description(hidden: [128, 128], chunk: 2, ensemble: ensemble, activation: activation)
        try Policy.save(description, Example.parameters(description, seed: 51), to: place)
        let policy = try Policy.load(place)
        var random = SplitMix64(seed: 52)
        let rows = (0..<100).map { _ in Example.floats(12, &random, scale: 3) }
        let answer = try JSONDecoder().decode(
          Answer.self, from: Self.run(program, ["-c", Self.script, place.path], input: JSONEncoder().encode(rows)))
        for (index, row) in rows.enumerated() {
          let ours = Example.infer(policy, row)
          for (a, b) in zip(ours.mean, answer.mean[index]) { #expect(abs(Double(a) - b) <= 1e-5 + 1e-5 * abs(b)) }
          if ensemble > 1 { #expect(abs(Double(ours.doubt) - answer.doubt[index]) < 1e-5) }
        }
        // What Python's own writer makes of it is read by ours, too.
        let again = try SafeTensors(decoding: Data(contentsOf: place.appending(path: "again.safetensors")).bytes)
        let first = try SafeTensors(decoding: Data(contentsOf: place.appending(path: Policy.weightsFile)).bytes)
        #expect(again == first)
      }
    }
  }
}
