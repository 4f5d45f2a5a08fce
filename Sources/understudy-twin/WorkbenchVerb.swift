internal import ArgumentParser
internal import Foundation
internal import Session
internal import Twin

/// Two arms on a bench, to be set up.
struct WorkbenchVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workbench",
    abstract: "Offer two arms to try the set-up verbs on: fresh servos, cables, and a hand that moves the joints.",
    discussion: HelpText.page(
      """
      In the folder appear `follower` and `leader`, serial ports as with a real pair. `understudy-twin hand` plugs
      servos in and moves the arms, in another terminal. The whole way from the box: ids and baud rates, servo by servo,

        understudy-twin workbench --fresh --dir .twin
        understudy setup-motors --arm so101-follower --port .twin/follower
        understudy-twin hand follower plug gripper

      the last whenever the verb asks for a servo; then the calibration, for which the hand goes to the pose of the
      middle, from stop to stop and into the drawn pose as the verb asks, and then lets go (an arm that is held stops for
      lag later),

        understudy calibrate --arm so101-follower --port .twin/follower \\
          --calibration my-follower
        understudy-twin hand follower move shoulder_pan=0 elbow_flex=0 gripper=0.7
        understudy-twin hand follower sweep
        understudy-twin hand follower move shoulder_lift=0 elbow_flex=0 gripper=-0.17
        understudy-twin hand follower let-go

      and all of it again with the leader. In the end the follower comes along:

        understudy ports .twin/follower .twin/leader --write my-rig
        understudy teleoperate --rig my-rig
        understudy-twin hand leader move elbow_flex=0.8

      What can be wrong with a servo is put there by --servo: follower.gripper:id=5 (any register by its name in
      hardware/servos), or follower.gripper:sealed for one whose EEPROM cannot be unlocked.
      """))

  @Option(name: .customLong("dir"), help: "The folder in which the bench offers itself; made if need be.")
  var folder = ProcessInfo.processInfo.environment["UNDERSTUDY_TWIN"] ?? ".twin"
  @Flag(help: "Servos out of their box: id 1 each, none plugged in. Without it: set up, calibrated, plugged in.")
  var fresh = false
  @Option(help: "The rate at which fresh servos speak.") var baud = 1_000_000
  @Option(parsing: .upToNextOption, help: "What is out of the ordinary: ARM.JOINT:REGISTER=VALUE or ARM.JOINT:sealed.")
  var servo: [String] = []
  @Option(help: "The leader's supply in V; the follower has 12.") var leaderSupply = 5.0
  @Option(help: "The hand's trembling follows from it.") var seed: UInt64 = 1
  @Flag(help: "Say in JSON that the bench is ready.") var json = false

  func run() throws {
    var options = WorkbenchOptions()
    options.isFresh = fresh
    options.freshBitsPerSecond = baud
    options.seed = seed
    options.supplies_V["leader"] = leaderSupply
    for text in servo {
      guard let oddity = ServoOddity(text) else {
        throw ValidationError("--servo must be ARM.JOINT:REGISTER=VALUE or ARM.JOINT:sealed, not \(text).")
      }
      options.oddities.append(oddity)
    }
    let server: TwinServer
    do {
      server = try TwinServer(folder: folder, world: Workbench(options))
    } catch {
      throw Ending.failure("\(error)", error is TwinError ? .noInput : .unavailable)
    }
    Serve.say(
      json
        ? "{\"ready\": \"\(folder)\"}" : "The bench is ready: \(folder)/follower and \(folder)/leader. Ctrl-C ends it.")
    server.serve()
  }
}
