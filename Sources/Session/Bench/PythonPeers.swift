internal import Foundation

/// PyTorch, ONNX Runtime and numpy in a process of their own, measured in turns with us.
///
/// `make peers` installs them, pinned, into `.deps/peers`; `UNDERSTUDY_PYTHON` names another Python that has them.
final class PythonPeers {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending = Data()
  /// Names and versions of what is there.
  private(set) var names: [String: String] = [:]

  /// Starts the process on networks of these files (safetensors with a Sequential's names); throws where there is none.
  init(models: [URL]) throws(HostError) {
    let given = ProcessInfo.processInfo.environment["UNDERSTUDY_PYTHON"]
    let python = given ?? ".deps/peers/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw .refused(
        "There is no \(python): run `make peers` in the sources' folder first and stay in it, or let "
          + "UNDERSTUDY_PYTHON name a Python that has torch, onnxruntime, onnx, numpy and safetensors.")
    }
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", Self.script] + models.map(\.path)
    process.standardInput = input
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      throw .refused("\(python) cannot be started: \(error.localizedDescription).")
    }
    struct Hello: Decodable { var versions: [String: String] }
    guard let line = line(), let hello = try? JSONDecoder().decode(Hello.self, from: line) else {
      throw .refused("\(python) did not get ready; what it printed stands above. Run `make peers` again.")
    }
    names = hello.versions
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Nanoseconds that `framework` takes for `count` inferences of network `model`.
  func infer(_ framework: String, model: Int, count: Int) throws(HostError) -> Int64 {
    Int64(try number("infer \(framework) \(model) \(count)"))
  }

  /// What `framework` gives for a fixed input: number i of it is sin(i + 1).
  func outputs(_ framework: String, model: Int) throws(HostError) -> [Float] {
    struct Outputs: Decodable { var outputs: [Float] }
    guard let line = try ask("outputs \(framework) \(model)"),
      let outputs = try? JSONDecoder().decode(Outputs.self, from: line)
    else { throw .refused("\(framework) gave no outputs.") }
    return outputs.outputs
  }

  /// Samples a second of PyTorch's Adam at a batch size, over so many steps.
  func train(batch: Int, steps: Int) throws(HostError) -> Double {
    Double(batch * steps) / (try number("train \(batch) \(steps)") * 1e-9)
  }

  private func number(_ command: String) throws(HostError) -> Double {
    struct Number: Decodable { var ns: Double }
    guard let line = try ask(command), let number = try? JSONDecoder().decode(Number.self, from: line) else {
      throw .refused("The peers' process ended during “\(command)”; what it printed stands above.")
    }
    return number.ns
  }

  private func ask(_ command: String) throws(HostError) -> Data? {
    do {
      try input.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
    } catch {
      throw .refused("The peers' process has ended; what it printed stands above.")
    }
    return line()
  }

  private func line() -> Data? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(pending[..<end])
        pending = Data(pending[(end + 1)...])
        return line
      }
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return nil }
      pending.append(data)
    }
  }

  private static let script = #"""
    import json, os, sys, time
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    import numpy, onnx, onnxruntime, torch
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import load_file

    torch.set_num_threads(1)

    def say(what):
        print(json.dumps(what), flush=True)

    class Network:
        def __init__(self, path):
            tensors = load_file(path)
            places = sorted({int(name.split(".")[-2]) for name in tensors})
            self.layers = [(tensors[f"net.{p}.weight"], tensors[f"net.{p}.bias"]) for p in places]
            self.x = numpy.sin(numpy.arange(1, self.layers[0][0].shape[1] + 1)).astype(numpy.float32)
            modules, nodes, initializers, value = [], [], [], "x"
            for index, (weight, bias) in enumerate(self.layers):
                linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
                with torch.no_grad():
                    linear.weight.copy_(torch.from_numpy(weight))
                    linear.bias.copy_(torch.from_numpy(bias))
                modules.append(linear)
                initializers += [numpy_helper.from_array(weight, f"w{index}"), numpy_helper.from_array(bias, f"b{index}")]
                nodes.append(helper.make_node("Gemm", [value, f"w{index}", f"b{index}"], [f"y{index}"], transB=1))
                value = f"y{index}"
                if index + 1 < len(self.layers):
                    modules.append(torch.nn.ReLU())
                    nodes.append(helper.make_node("Relu", [value], [f"r{index}"]))
                    value = f"r{index}"
            self.torch = torch.nn.Sequential(*modules)
            graph = helper.make_graph(
                nodes, "mlp", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, len(self.x)])],
                [helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, self.layers[-1][0].shape[0]])],
                initializers)
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
            model.ir_version = 8
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"])
            self.row = torch.from_numpy(self.x).unsqueeze(0)

        def run(self, framework):
            if framework == "torch":
                return self.torch(self.row)[0].numpy()
            if framework == "onnxruntime":
                return self.session.run(None, {"x": self.x[None]})[0][0]
            y = self.x
            for index, (weight, bias) in enumerate(self.layers):
                y = weight @ y + bias
                if index + 1 < len(self.layers):
                    y = numpy.maximum(y, 0)
            return y

    def train(batch, steps):
        torch.manual_seed(1)
        x, y = torch.randn(20000, 12), torch.randn(20000, 6)
        net = torch.nn.Sequential(
            torch.nn.Linear(12, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128), torch.nn.ReLU(),
            torch.nn.Linear(128, 6))
        optimizer, criterion = torch.optim.Adam(net.parameters(), lr=1e-3), torch.nn.MSELoss()
        def go(count):
            order = torch.randperm(20000)
            for step in range(count):
                rows = order[torch.arange(step * batch, (step + 1) * batch) % 20000]
                optimizer.zero_grad()
                criterion(net(x[rows]), y[rows]).backward()
                optimizer.step()
        go(10)
        began = time.perf_counter_ns()
        go(steps)
        return time.perf_counter_ns() - began

    networks = [Network(path) for path in sys.argv[1:]]
    say({"versions": {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "numpy": numpy.__version__}})
    for line in sys.stdin:
        words = line.split()
        if words[0] == "train":
            say({"ns": train(int(words[1]), int(words[2]))})
            continue
        network = networks[int(words[2])]
        with torch.inference_mode():
            if words[0] == "outputs":
                say({"outputs": network.run(words[1]).tolist()})
                continue
            for _ in range(8):
                network.run(words[1])
            began = time.perf_counter_ns()
            for _ in range(int(words[3])):
                network.run(words[1])
            say({"ns": time.perf_counter_ns() - began})
    """#
}
