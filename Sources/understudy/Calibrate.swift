internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Session

/// Measures an arm's zeros and ranges.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure an arm's homing offsets and ranges; write them into its file and its servos.",
    discussion: """
      LeRobot's procedure and LeRobot's file: the pose of the middle, every joint from stop to stop, and then a reference
      pose, which tells whether the zeros can be believed. The arm is limp all the while. Nothing is written before the end;
      the file that stood there is kept beside the new one as NAME.previous.json.

        understudy calibrate --rig so101 --side follower
        understudy calibrate --arm so101-leader --port /dev/ttyACM1 \\
          --calibration my-leader

      --check compares EEPROM, file and arm and writes nothing; --restore writes the file into the servos.

        understudy calibrate --rig so101 --side follower --check
        understudy calibrate --rig so101 --side follower --restore
      """)

  @OptionGroup var site: SiteOptions
  @Option(help: "The calibration's name or path, where no rig names it.") var calibration: String?
  @Flag(help: "Only compare what servos, file and arm description say.") var check = false
  @Flag(help: "Only write the file's values into the servos.") var restore = false
  @Flag(help: "Put a new file where LeRobot looks for it, instead of calibration/.") var forLerobot = false
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func validate() throws {
    if check, restore { throw ValidationError("--check only looks and --restore writes: say one of them.") }
  }

  func run() throws {
    try Ending.catching {
      let site = try site.read(calibration: calibration)
      if check {
        let check = try CalibrationCheck(site)
        Output.show(check, json: json)
        if !check.isWell { throw ExitCode(ExitStatus.data.rawValue) }
        return
      }
      let file = site.calibration.map {
        Calibration.destination($0, for: site.arm, folder: site.folder, forLeRobot: forLerobot)
      }
      let work = try ArmCalibration(site, dialogue: TerminalDialogue(), file: file)
      Output.show(restore ? try work.restore() : try work.run(), json: json)
      Ending.next(self.site.rig.map { ["doctor", "--rig", $0] } ?? ["ports", "--write", "my-rig"], json: json)
    }
  }
}
