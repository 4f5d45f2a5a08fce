internal import ArgumentParser
internal import Session

/// From a box of servos to a chain.
struct SetupMotors: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup-motors",
    abstract: "Give each servo of an arm its id, 1 Mbit/s and its settings, one servo at a time.",
    discussion: """
      New servos all have id 1, so they are connected one at a time, the gripper's first; each is found at whatever id and
      baud rate it has, set, and read back. Interrupt it whenever you like: run again, with the chain that is done already
      connected, it goes on from there. With a whole chain connected it brings single settings right.

        understudy setup-motors --arm so101-follower --port /dev/ttyACM0
        understudy setup-motors --rig so101 --side leader
      """)

  @OptionGroup var site: SiteOptions
  @Flag(help: "One JSON object on standard output, for machines.") var json = false

  func run() throws {
    try Ending.catching {
      let place = try site.read()
      var setUp = MotorSetUp(place, dialogue: TerminalDialogue())
      Output.show(try setUp.run(), json: json)
      Ending.next(["calibrate"] + site.words(place) + site.calibrationWords(place), json: json)
    }
  }
}
