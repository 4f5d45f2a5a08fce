internal import ArgumentParser
internal import Foundation
internal import RealTime
internal import Session
internal import Twin

/// Real time: pseudo-terminals for the host to open, sockets for camera, pedal and announcements.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Offer both arms in real time, as serial ports and sockets in a folder.",
    discussion: HelpText.page(
      """
      In the folder appear `follower` and `leader`, which any program opens as serial ports at 1 Mbit/s, and
      `announce.sock`, where the host says what it does. What the camera sees and what the person presses is sent to
      `environment.sock` and `pedal.sock`, which the host makes. Ctrl-C ends the twin and removes what is its own.
      """))

  @Option(help: "What is on the table: \(TwinWorld.tasks.joined(separator: ", ")).")
  var task = "insert"
  @Option(help: "Which of a family's tasks (\(TwinWorld.families.joined(separator: ", "))).") var variant: Int?
  @Option(help: "Scenes, disturbances, faults and the person's manner follow from it.")
  var seed: UInt64 = 1
  @Option(name: .customLong("dir"), help: "The folder in which the twin offers itself; made if need be.")
  var folder = ProcessInfo.processInfo.environment["UNDERSTUDY_TWIN"] ?? ".twin"
  @Option(help: "What pushes the follower: none, noise (3 mrad), noise=MRAD, drift=MRAD, bump (once an episode).")
  var disturbance = "none"
  @Option(help: "How arm and table differ from the scene: \(TwinDynamics.form).")
  var dynamics = "none"
  @Option(help: "What goes wrong on both wires, such as drop=0.05,flip=0.02,silent=3.")
  var faults = ""
  @Flag(inversion: .prefixedNo, help: "Somebody sits at the leader.")
  var person = true
  @Option(help: "How the person takes over: \(Self.names(OperatorOptions.TakeOver.self)).")
  var takeOver = "grab"
  @Option(help: "When the person hands back: \(Self.names(OperatorOptions.HandBack.self)).")
  var handBack = "finish"
  @Flag(help: "Say in JSON that the twin is ready.")
  var json = false

  func run() throws {
    var options = TwinOptions()
    options.task = task
    options.variant = variant
    options.seed = seed
    options.disturbance = try read(
      Disturbance(disturbance), "--disturbance", "none, noise, noise=MRAD, drift=MRAD or bump")
    options.dynamics = try read(TwinDynamics(dynamics), "--dynamics", TwinDynamics.form)
    options.person.isPresent = person
    options.person.takeOver = try read(
      .init(rawValue: takeOver), "--take-over", Self.names(OperatorOptions.TakeOver.self))
    options.person.handBack = try read(
      .init(rawValue: handBack), "--hand-back", Self.names(OperatorOptions.HandBack.self))
    let world: TwinWorld
    let server: TwinServer
    do {
      let wire = try WireFaults(faults)
      world = try TwinWorld(options)
      world.follower.faults = wire
      world.leader.faults = wire
      server = try TwinServer(folder: folder, world: world)
    } catch let error as WireFaults.Unreadable {
      throw ValidationError("--faults: \(error)")
    } catch let error as TwinError {
      if case .noVariants = error { throw ValidationError("\(error)") }
      if case .unknownTask = error { throw ValidationError("\(error)") }
      throw Ending.failure("\(error)", .noInput)
    } catch let error as TwinServerError {
      throw Ending.failure("\(error)", .unavailable)
    }
    tellReady()
    server.serve()
    tellLateness(server.lateness)
  }

  /// How late replies went out: whether errors that a host counted were this machine's.
  private func tellLateness(_ late: Histogram) {
    guard late.count > 0 else { return }
    let (p50, p99, most) = (late.percentile(0.5), late.percentile(0.99), late.max)
    if json {
      Self.say(
        "{\"ended\": true, \"late_p50_us\": \(Int(p50.microseconds)), \"late_p99_us\": \(Int(p99.microseconds)), "
          + "\"late_max_us\": \(Int(most.microseconds))}")
    } else {
      Self.say(
        "Replies went out p50 \(Int(p50.microseconds)), p99 \(Int(p99.microseconds)), max \(Int(most.microseconds)) µs "
          + "after their time on the wire.")
    }
  }

  private func tellReady() {
    if json {
      let ready = ["ready": folder, "follower": "\(folder)/follower", "leader": "\(folder)/leader", "task": task]
      let text = (try? JSONEncoder().encode(ready)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
      Self.say(text)
    } else {
      Self.say(
        "The twin is ready: \(folder)/follower and \(folder)/leader, task \(task), seed \(seed). Ctrl-C ends it.")
    }
  }

  private func read<Value>(_ value: Value?, _ option: String, _ expected: String) throws -> Value {
    guard let value else { throw ValidationError("\(option) must be one of \(expected).") }
    return value
  }

  private static func names<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> String {
    Choice.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// Past the buffer: whoever waits for the line at the other end of a pipe gets it now.
  static func say(_ line: String) { StandardStream.output.say("\(line)\n") }
}
