internal import ArgumentParser
internal import Foundation
internal import RealTime
internal import Session
internal import Twin

/// Tells the hand at the workbench what to do, and waits until it is done.
struct HandVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hand",
    abstract: "At the workbench: plug servos in, move an arm by hand, let go of it.",
    discussion: HelpText.page(
      """
      Needs a running `understudy-twin workbench`, and comes back when the hand has done it. `plug` puts this servo's
      cable in and takes all others out; `move` goes to angles in rad, while the other joints stay; `sweep` moves every joint
      from stop to stop, and back.

        understudy-twin hand follower plug gripper
        understudy-twin hand follower plug all
        understudy-twin hand follower move elbow_flex=0.5 gripper=-0.17
        understudy-twin hand follower sweep
        understudy-twin hand follower let-go
      """))

  /// What a hand can do.
  enum Deed: String, ExpressibleByArgument, CaseIterable {
    /// Cables.
    case plug
    /// Joints to angles.
    case move
    /// All of every joint's travel.
    case sweep
    /// Open.
    case letGo = "let-go"
  }

  @Argument(help: "follower or leader.") var arm: String
  @Argument(help: "plug, move, sweep or let-go.") var deed: Deed
  @Argument(help: "Joints to plug in (or all), or JOINT=RAD to move.") var words: [String] = []
  @Option(name: .customLong("dir"), help: "The workbench's folder.")
  var folder = ProcessInfo.processInfo.environment["UNDERSTUDY_TWIN"] ?? ".twin"

  func run() throws {
    let command = try command()
    let done: DatagramSocket
    do {
      done = try DatagramSocket(receivingAt: "\(folder)/pedal.sock")
    } catch {
      throw Ending.failure("\(error)", .unavailable)
    }
    guard try DatagramSocket().send(JSONEncoder().encode(command), to: "\(folder)/announce.sock") else {
      throw Ending.failure("No workbench runs in \(folder): `understudy-twin workbench --dir \(folder)`.", .unavailable)
    }
    // The longest way is a sweep, of about ten seconds.
    let deadline = TickClock.monotonic.now + .milliseconds(60_000)
    while TickClock.monotonic.now < deadline {
      if let said = done.receive(), String(decoding: said, as: UTF8.self).contains("\"done\": \"\(arm)\"") { return }
      usleep(10_000)
    }
    throw Ending.failure("The hand did not get there in a minute: does something hold the arm (torque)?", .unavailable)
  }

  private func command() throws -> HandCommand {
    guard ["follower", "leader"].contains(arm) else { throw ValidationError("\(arm) is neither follower nor leader.") }
    var command = HandCommand(arm: arm)
    switch deed {
    case .plug: command.plug = try words.map { $0 == "all" ? $0 : try joint($0) }
    case .sweep: command.sweep = true
    case .letGo: command.letGo = true
    case .move:
      var goals: [String: Double] = [:]
      for word in words {
        let parts = word.split(separator: "=").map(String.init)
        guard parts.count == 2, let angle = Double(parts[1]), angle.magnitude < 4 else {
          throw ValidationError("\(word) is not JOINT=RAD.")
        }
        goals[try joint(parts[0])] = angle
      }
      command.move = goals
    }
    return command
  }

  private func joint(_ name: String) throws -> String {
    guard ArmMechanism.jointNames.contains(name) else {
      throw ValidationError("\(name) is no joint; there are \(ArmMechanism.jointNames.joined(separator: ", ")).")
    }
    return name
  }
}
