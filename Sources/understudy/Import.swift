internal import ArgumentParser
internal import Arm
internal import Episodes
internal import Foundation
internal import Policy
internal import Session

/// Reads datasets and policies of other programs.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read a dataset of LeRobot (LeRobotDataset v3.0), or a network from PyTorch, into a new one of ours.",
    discussion: Help.page(
      """
      A log an episode: the action is the command, the nominal time is the time. What LeRobot does not write down is the
      meaning of its numbers: degrees unless --units says otherwise, by the calibration of --rig. Videos are left out.

        understudy import --lerobot ~/.cache/huggingface/lerobot/me/mine \\
                          --rig so101 mine
        understudy import --lerobot exported-in-radians mine

      From PyTorch: a state dict of linear layers with one activation between them, as the textbook's BCNetwork or any
      torch.nn.Sequential has it, trained on the rig's features and on radians, not normalised. In PyTorch
      safetensors.torch.save_file(model.state_dict(), "bc.safetensors"), then

        understudy import --torch bc.safetensors --rig so101 policies/bc
      """))

  @Option(help: "The folder of LeRobot's dataset.") var lerobot: String?
  @Option(help: "The safetensors file with PyTorch's state dict.") var torch: String?
  @Argument(help: "The new folder of the dataset or of the policy.") var folder: String
  @Option(help: "The rig whose follower and calibration the numbers are of: a name in hardware/rigs or a path.")
  var rig: String?
  @Option(help: "What joints' numbers mean: degrees, normalized or radians.") var units: LeRobotUnits?
  @Option(help: "With --torch, what outputs mean: relative-to-command, relative-to-present or absolute.")
  var representation = ActionRepresentation.relativeToCommand
  @Option(help: "With --torch, the activation between layers: relu, tanh or gelu-tanh.")
  var activation = NetworkShape.Activation.relu
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func validate() throws {
    guard (lerobot == nil) != (torch == nil) else {
      throw ValidationError("Say --lerobot FOLDER for a dataset or --torch FILE for a policy.")
    }
    guard torch == nil || rig != nil else {
      throw ValidationError("--torch needs --rig: a state dict tells neither its features nor its joints.")
    }
  }

  func run() throws {
    try Ending.catching {
      if let torch, let rig {
        var meaning = TorchPolicies.Meaning(rig: try Rig.load(rig))
        meaning.representation = representation
        meaning.activation = activation
        let written = try TorchPolicies.import(URL(filePath: torch), as: meaning, to: URL(filePath: folder))
        return Output.show(written, json: json)
      }
      guard let lerobot else { return }
      var reading = LeRobotImport()
      reading.units = units
      if let rig { try reading.use(rig: rig) }
      Output.show(try reading.run(lerobot, to: folder), json: json)
    }
  }
}
