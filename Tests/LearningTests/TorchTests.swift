import Foundation
import Policy
import RealTime
import Testing

@testable import Learning

/// PyTorch's opinion (`make peers`): weights both ways, and the textbook's training step by step.
@Suite(.serialized, .enabled(if: Torch.python != nil, "needs a Python with torch; make peers names one"))
struct TorchTests {
  struct Outputs: Decodable { var outputs: [[Float]] }

  @Test func `a Sequential loads what is exported and gives what the policy decides`() throws {
    var recipes: [BehaviorCloning.Configuration] = []
    for (ensemble, activation, norm) in [
      (1, NetworkShape.Activation.relu, false), (5, .relu, false), (2, .tanh, false), (1, .gelu, true),
    ] {
      var recipe = Tables.quick
      recipe.hidden = [128, 128]
      recipe.ensemble = ensemble
      recipe.activation = activation
      recipe.layerNorm = norm
      recipes.append(recipe)
    }
    let frames = Tables.smooth(300)
    for recipe in recipes {
      try Torch.withFolder { folder in
        let trained = try BehaviorCloning.train(frames, recipe, seed: 1)
        let description = trained.description(arm: "a", representation: .absolute, decision_Hz: 1)
        let file = folder.appending(path: "p.safetensors")
        try Data(TorchExchange.sequential(description, trained.parameters).encoded()).write(to: file)
        let policy = try trained.policy(description)
        let rows = (0..<300).map { Array(frames.features(of: $0)) }
        let input = try JSONEncoder().encode(rows)
        let arguments = [file.path] + TorchExchange.modules(description)
        let answer = try Torch.ask(
          Outputs.self,
          """
          net = torch.nn.Sequential(*[eval(line) for line in sys.argv[2:]])
          net.load_state_dict(load_file(sys.argv[1]))
          with torch.no_grad():
              say({"outputs": net(torch.tensor(json.load(sys.stdin))).tolist()})
          """, arguments, input: input)
        for (row, theirs) in zip(rows, answer.outputs) { Torch.compare(policy, row, theirs, description.statistics) }
      }
    }
  }

  @Test func `the textbook's BCNetwork comes over with its outputs, and goes back with its weights`() throws {
    try Torch.withFolder { folder in
      let (file, back) = (folder.appending(path: "bc.safetensors"), folder.appending(path: "back.safetensors"))
      let answer = try Torch.ask(
        Outputs.self,
        """
        torch.manual_seed(3)
        net = BCNetwork(12, 6)
        save_file(net.state_dict(), sys.argv[1])
        with torch.no_grad():
            say({"outputs": net(torch.sin(torch.arange(1200.0)).reshape(100, 12)).tolist()})
        """, [file.path], input: Data())
      let layers = try TorchExchange.layers(SafeTensors(decoding: Data(contentsOf: file).bytes))
      let interface = PolicyInterface(
        arm: "so101", features: (0..<12).map { "f\($0)" }, actions: (0..<6).map { "j\($0)" },
        representation: .relativeToCommand, decision_Hz: 25)
      let (description, parameters) = try TorchExchange.policy(
        layers, activation: .relu, interface: interface, limit: 100)
      let policy = try Policy(description, parameters, kernels: Kernels.chosen(environment: [:]))
      for (row, theirs) in answer.outputs.enumerated() {
        let features = (0..<12).map { Float(sin(Double(12 * row + $0))) }
        Torch.compare(policy, features, theirs, description.statistics)
      }
      try Data(TorchExchange.sequential(description, parameters).encoded()).write(to: back)
      struct Same: Decodable { var same: Bool }
      let same = try Torch.ask(
        Same.self,
        """
        torch.manual_seed(3)
        net, returned = BCNetwork(12, 6).net, load_file(sys.argv[1])
        say({"same": all(torch.equal(returned[k], v) for k, v in net.state_dict().items())})
        """, [back.path], input: Data())
      #expect(same.same)
    }
  }

  /// What PyTorch did: its losses and the rows of its batches, step by step.
  struct Lesson: Decodable {
    var losses: [Double]
    var batches: [[Int32]]
  }

  /// Relative difference of the losses over the first 100 steps.
  static func worst<Scalar: TrainingScalar>(_ type: Scalar.Type, _ dtype: String) throws -> Double {
    var worst = 0.0
    try Torch.withFolder { folder in
      let file = folder.appending(path: "start.safetensors")
      let lesson = try Torch.ask(
        Lesson.self,
        """
        torch.manual_seed(11)
        states = torch.randn(1000, 12)
        actions = torch.tanh(states[:, :6] * states[:, 6:]) + 0.05 * torch.randn(1000, 6)
        net = BCNetwork(12, 6)
        save_file({**net.state_dict(), "states": states, "actions": actions}, sys.argv[1])
        net = net.to(torch.\(dtype))
        dataset = TensorDataset(states.to(torch.\(dtype)), actions.to(torch.\(dtype)), torch.arange(1000))
        optimizer, criterion = torch.optim.Adam(net.parameters(), lr=1e-3), torch.nn.MSELoss()
        losses, batches = [], []
        for epoch in range(4):
            for x, y, rows in DataLoader(dataset, batch_size=32, shuffle=True):
                optimizer.zero_grad()
                loss = criterion(net(x), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                batches.append(rows.tolist())
        say({"losses": losses[:100], "batches": batches[:100]})
        """, [file.path], input: Data())
      var tensors = try SafeTensors(decoding: Data(contentsOf: file).bytes).tensors
      let (first, second) = (tensors.removeValue(forKey: "states"), tensors.removeValue(forKey: "actions"))
      let states = Buffer(try #require(first).values.map { Scalar($0) })
      let actions = Buffer(try #require(second).values.map { Scalar($0) })
      let network = TrainingNetwork<Scalar>(widths: [12, 128, 128, 6], activation: .relu, rows: 32)
      network.set(try TorchExchange.layers(SafeTensors(tensors: tensors)))
      let optimizer = Adam<Scalar>(network.parameters.count, .chapter)
      let targets = Buffer<Scalar>(32 * 6)
      let (weights, valid) = (Buffer([Scalar](repeating: 1, count: 32)), Buffer([Int32](repeating: 6, count: 32)))
      #expect(lesson.losses.count == 100 && lesson.batches[31].count == 8)
      for (theirs, batch) in zip(lesson.losses, lesson.batches) {
        let rows = Buffer(batch)
        Scalar.gather(states.pointer, rows.pointer, batch.count, 12, into: network.input.pointer)
        Scalar.gather(actions.pointer, rows.pointer, batch.count, 6, into: targets.pointer)
        network.forward(rows: batch.count)
        let loss = network.loss(.meanSquare, rows: batch.count, targets: targets, weights: weights, valid: valid)
        network.backward(rows: batch.count)
        optimizer.step(network.parameters, network.gradient, rate: 1e-3)
        worst = max(worst, abs(loss - theirs) / theirs)
      }
    }
    return worst
  }

  @Test func `the chapter's training follows PyTorch's over the first 100 steps`() throws {
    let (wide, narrow) = (try Self.worst(Double.self, "float64"), try Self.worst(Float.self, "float32"))
    print("chapter recipe beside PyTorch, 100 steps: relative loss difference \(wide) in f64, \(narrow) in f32")
    #expect(wide <= 1e-4)
    #expect(narrow <= 1e-3)
  }
}

/// A Python with torch and safetensors.
enum Torch {
  static let python: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["UNDERSTUDY_PYTHON"]
    let candidates = [named, root.appending(path: ".deps/peers/bin/python").path].compactMap(\.self)
    return candidates.first { candidate in
      (try? run(candidate, ["-c", "import importlib.util as u, sys; sys.exit(u.find_spec('torch') is None)"], Data()))
        != nil
    }
  }()

  /// The textbook's network, and what every script needs.
  static let preamble = """
    import json, sys
    import torch
    from safetensors.torch import load_file, save_file
    from torch.utils.data import DataLoader, TensorDataset
    torch.set_num_threads(1)
    class BCNetwork(torch.nn.Module):
        def __init__(self, input_dim, output_dim):
            super().__init__()
            self.net = torch.nn.Sequential(
                torch.nn.Linear(input_dim, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128), torch.nn.ReLU(),
                torch.nn.Linear(128, output_dim))
        def forward(self, x):
            return self.net(x)
    def say(what):
        json.dump(what, sys.stdout)

    """

  /// What a script prints.
  static func ask<Answer: Decodable>(
    _ type: Answer.Type, _ script: String, _ arguments: [String], input: Data
  ) throws -> Answer {
    let program = try #require(python)
    return try JSONDecoder().decode(type, from: run(program, ["-c", preamble + script] + arguments, input))
  }

  static func run(_ program: String, _ arguments: [String], _ input: Data) throws -> Data {
    let process = Process()
    let (stdin, stdout) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: input)
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return output
  }

  /// Ours and theirs agree within 1e-5, absolutely and relatively; PyTorch does not clip.
  static func compare(_ policy: Policy, _ features: [Float], _ theirs: [Float], _ statistics: PolicyStatistics) {
    var ours = [Float](repeating: .nan, count: policy.actionCount)
    features.withUnsafeBufferPointer { x in
      ours.withUnsafeMutableBufferPointer { _ = policy.infer(x, mean: $0) }
    }
    for (index, column) in statistics.actions.enumerated() {
      let expected = min(max(theirs[index], column.min), column.max)
      #expect(abs(ours[index] - expected) <= 1e-5 + 1e-5 * abs(expected))
    }
  }

  static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "torch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
