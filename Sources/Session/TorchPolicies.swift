public import Arm
public import Foundation
public import Policy

/// Policies to and from PyTorch, as files and folders: what `import --torch` and `export --torch` do.
public enum TorchPolicies {
  /// What was written.
  public struct Written: Sendable, Encodable, CustomStringConvertible {
    /// The file or folder.
    public var path: String
    /// The modules of the `torch.nn.Sequential`, as PyTorch's constructors write them.
    public var modules: [String]
    /// What to know or to do next, a line each.
    public var notes: [String]

    /// For people.
    public var description: String { ([path] + notes.map { "  \($0)" }).joined(separator: "\n") }
  }

  /// Writes a policy as the state dict of one `torch.nn.Sequential`; an existing file is left alone.
  public static func export(policy folder: URL, to file: URL) throws -> Written {
    let (description, parameters) = try Policy.read(folder)
    let bytes = Data(try TorchExchange.sequential(description, parameters).encoded())
    guard !FileManager.default.fileExists(atPath: file.path) else { throw PolicyError.exists(path: file.path) }
    do {
      try bytes.write(to: file, options: .withoutOverwriting)
    } catch {
      throw PolicyError.notWritten(path: file.path, reason: error.localizedDescription)
    }
    let modules = TorchExchange.modules(description)
    return Written(
      path: file.path, modules: modules,
      notes: [
        "net = torch.nn.Sequential(\(modules.joined(separator: ", ")))",
        "net.load_state_dict(safetensors.torch.load_file(\"\(file.lastPathComponent)\"))",
        "takes \(description.interface.features.joined(separator: ", ")); "
          + "gives \(description.interface.actions.joined(separator: ", ")), \(description.interface.representation.rawValue), in radians",
      ])
  }

  /// How a network from PyTorch is to be understood; the file does not tell.
  public struct Meaning: Sendable {
    /// The rig whose features it takes and whose joints it moves.
    public var rig: Rig
    /// What its outputs mean.
    public var representation = ActionRepresentation.relativeToCommand
    /// The nonlinearity between its layers.
    public var activation = NetworkShape.Activation.relu

    /// A ReLU network of differences from the command, as `train` makes them.
    public init(rig: Rig) { self.rig = rig }
  }

  /// Outputs are clipped to this many radians: nothing is known of what the network was trained on.
  public static let limit_rad: Float = 6.3

  /// Reads a state dict into a new policy folder.
  public static func `import`(_ file: URL, as meaning: Meaning, to folder: URL) throws -> Written {
    let rig = meaning.rig
    let interface = PolicyInterface(
      arm: rig.pairs[0].follower.arm.name, features: rig.policy.features, actions: rig.policy.actions,
      representation: meaning.representation, decision_Hz: Double(rig.decision_Hz))
    var (description, parameters) = try TorchExchange.policy(
      try TorchExchange.layers(try read(file)), activation: meaning.activation, interface: interface, limit: limit_rad)
    description.lineage.recipe = "imported from PyTorch (\(file.lastPathComponent))"
    try Policy.save(description, parameters, to: folder)
    let widths = description.widths.map(String.init).joined(separator: "→")
    return Written(
      path: folder.path, modules: TorchExchange.modules(description),
      notes: [
        "\(widths), \(description.interface.representation.rawValue), runs in f32",
        "Nothing is known of the ranges it was trained on: features outside them are not reported.",
      ])
  }

  private static func read(_ file: URL) throws -> SafeTensors {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .alwaysMapped)
    } catch {
      throw PolicyError.unreadable(path: file.path, reason: error.localizedDescription)
    }
    // PyTorch's own files are zip archives of Python's pickles, which can run any code: not here.
    if data.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
      throw TorchExchange.Failure.tensors(reason: "\(file.lastPathComponent) is a pickle that torch.save wrote")
    }
    do {
      return try SafeTensors(decoding: data.bytes)
    } catch {
      throw PolicyError.tensors(path: file.path, error)
    }
  }
}
