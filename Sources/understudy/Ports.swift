internal import ArgumentParser
internal import Session

/// Tells what is plugged in.
struct Ports: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is plugged in, which servos answer, and which arm they are.",
    discussion: Help.page(
      """
      Asks every USB adapter at 1 Mbit/s who is there. All STS3215 report one model number, leader and follower alike;
      the arms are told apart by their adapters, where a rig file names them, by the calibration in their servos, compared
      with calibration/ and LeRobot's own folder, by their supplies, and else by the one that you move. Other ports, and
      pseudo-terminals such as the twin's, are asked when they are named. --write makes a rig file of what was found.
      Ends with 0, also where nothing is plugged in: that is an answer. 69: a port that was asked, or named, has no
      servo to show.

        understudy ports
        understudy ports --write my-rig
        understudy ports --write my-rig --unplug
        understudy ports /dev/ttyAMA0
        understudy ports .twin/follower .twin/leader --json
      """))

  @Argument(help: "Only these ports.") var paths: [String] = []
  @Option(help: "Write a rig file of that name into hardware/rigs, or to a path ending in .yaml.") var write: String?
  @Option(help: "With --write: whose arm files and limits, so101 or so100.") var arms = "so101"
  @Flag(help: "Tell follower and leader by unplugging them.") var unplug = false
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      var survey = try PortSurvey(paths: paths)
      if unplug {
        try survey.identify(unplugging: TerminalDialogue())
      } else if write != nil {
        try survey.identify(asking: TerminalDialogue())
      }
      if let write { try survey.writeRig(write, family: arms) }
      Output.show(survey, json: json)
      if survey.ports.contains(where: { $0.wasAsked && $0.servos.isEmpty }) {
        throw ExitCode(ExitStatus.unavailable.rawValue)
      }
      if !survey.ports.isEmpty { Ending.next(write.map { ["teleoperate", "--rig", $0] } ?? ["doctor"], json: json) }
    }
  }
}
