internal import ArgumentParser
internal import Episodes
internal import Foundation
internal import Session

/// Reads datasets of other programs.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read a dataset of LeRobot (LeRobotDataset v3.0) into a new one of ours.",
    discussion: Help.page(
      """
      A log an episode: the action is the command, the nominal time is the time. What LeRobot does not write down is the
      meaning of its numbers: degrees unless --units says otherwise, by the calibration of --rig. Videos are left out.

        understudy import --lerobot ~/.cache/huggingface/lerobot/me/mine \\
                          --rig so101 mine
        understudy import --lerobot exported-in-radians mine
      """))

  @Option(help: "The folder of LeRobot's dataset.") var lerobot: String
  @Argument(help: "The new dataset's folder.") var dataset: String
  @Option(help: "The rig whose follower and calibration the numbers are of: a name in hardware/rigs or a path.")
  var rig: String?
  @Option(help: "What joints' numbers mean: degrees, normalized or radians.") var units: LeRobotUnits?
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      var reading = LeRobotImport()
      reading.units = units
      if let rig { try reading.use(rig: rig) }
      Ending.show(try reading.run(lerobot, to: dataset), json: json)
    }
  }
}
