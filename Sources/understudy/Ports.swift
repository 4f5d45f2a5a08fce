internal import ArgumentParser
internal import Session

/// Tells what is plugged in.
struct Ports: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is plugged in, which servos answer, and which arm they are.",
    discussion: Help.page(
      """
      Asks every USB adapter at 1 Mbit/s who is there. All STS3215 report one model number, leader and follower alike;
      the arms are told apart by the calibration in their servos, compared with calibration/ and LeRobot's own folder.
      Other ports, and pseudo-terminals such as the twin's, are asked when they are named. Ends with 0, also where nothing
      is plugged in: that is an answer. 69: a port that was asked, or named, has no servo to show.

        understudy ports
        understudy ports /dev/ttyAMA0
        understudy ports .twin/follower .twin/leader --json
      """))

  @Argument(help: "Only these ports.") var paths: [String] = []
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let survey = try PortSurvey(paths: paths)
      Ending.show(survey, json: json)
      if survey.ports.contains(where: { $0.wasAsked && $0.servos.isEmpty }) {
        throw ExitCode(ExitStatus.unavailable.rawValue)
      }
      if !survey.ports.isEmpty { Ending.next(["doctor"], json: json) }
    }
  }
}
