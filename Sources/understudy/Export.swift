public import ArgumentParser
public import Episodes
internal import Foundation
internal import Session

/// Writes datasets and policies for other programs.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a dataset for LeRobot (LeRobotDataset v3.0), or a policy for PyTorch.",
    discussion: Help.page(
      """
      Frame k of an episode stands for the moment k/fps after its first tick and takes the newest tick that was due by
      then. action is the command that was sent, observation.state what the encoders said, observation.environment_state
      the rig's features, intervention true where a person commanded over a policy. LeRobot loads it, trains on it,
      resumes, merges and edits it. Failures stay at home unless --all is said.

        understudy export demonstrations --lerobot exported
        understudy export corrections --lerobot only-corrections \\
                          --only-interventions --fps 50
        lerobot-train --dataset.repo_id=me/mine --dataset.root=exported --policy.type=act

      A policy becomes the state dict of one torch.nn.Sequential that takes features and gives joint motion in radians:
      normalisation is folded into its layers, an ensemble becomes one wide network. The constructor is printed.

        understudy export policies/first --torch first.safetensors
      """))

  @Argument(help: "The folder of the dataset or of the policy.") var folder: String
  @Option(help: "The new folder for LeRobot's dataset.") var lerobot: String?
  @Option(help: "The new safetensors file for PyTorch.") var torch: String?
  @Option(help: "Frames a second; the session's decision rate if not said.") var fps: Int?
  @Option(help: "What joints' numbers mean: degrees, normalized or radians.") var units = LeRobotUnits.degrees
  @Option(help: "Which command becomes the action: executed or wished.") var action = LeRobotExport.Action.executed
  @Flag(help: "Only what a person corrected; each correction becomes an episode.") var onlyInterventions = false
  @Flag(help: "Failures too.") var all = false
  @Option(help: "What LeRobot calls the robot; datasets merge only where it is the same.") var robotType = "so_follower"
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func validate() throws {
    guard (lerobot == nil) != (torch == nil) else {
      throw ValidationError("Say --lerobot FOLDER for a dataset or --torch FILE for a policy.")
    }
  }

  func run() throws {
    try Ending.catching {
      if let torch {
        let written = try TorchPolicies.export(policy: URL(filePath: folder), to: URL(filePath: torch))
        return Output.show(written, json: json)
      }
      guard let lerobot else { return }
      var export = LeRobotExport()
      export.fps = fps
      export.units = units
      export.action = action
      export.onlyInterventions = onlyInterventions
      export.robot = robotType
      if all { export.labels = Set(EpisodeLabel.allCases) }
      Output.show(try export.run(Dataset.open(folder), to: lerobot), json: json)
    }
  }
}

extension LeRobotUnits: ExpressibleByArgument {}
extension LeRobotExport.Action: ExpressibleByArgument {}
