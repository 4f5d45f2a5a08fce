public import ArgumentParser
internal import Arm
public import Dashboard
internal import Foundation
internal import Glibc
public import Session

/// What every verb that moves an arm takes.
struct SessionOptions: ParsableArguments {
  @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String
  @Option(help: "The seed of start poses and of training.") var seed: UInt64 = 1
  @Flag(help: "JSON lines on standard output, for machines: the last has the report.") var json = false
  @Flag(help: "The whole terminal shows the session, as the page does: for work over SSH.") var screen = false
  @Option(
    defaultAsFlag: PageAddress.standard,
    help: ArgumentHelp(
      "Show the session as a web page: state, joints, timing, faults, policies.",
      discussion: """
        Without a value: http://127.0.0.1:8137, for this machine alone. PORT takes another port (0: a free one);
        ADDRESS:PORT shows it to others too, who need the token that is printed. The page watches, holds, labels and
        acknowledges; it never drives.
        """, valueName: "port")) var page: PageAddress?

  /// The rig, read and checked.
  func loadRig() throws -> Rig { try Ending.catching { try Rig.load(rig) } }

  /// Runs a session to its end, with its page beside it, and shows what it came to; `next` says what to type then.
  func run(_ live: LiveSession, next: (SessionReport) -> [String]) throws {
    let shown = try page.map { try Dashboard($0, lookout: live.lookout) }
    if let shown { live.tell("the page is at \(shown.url)") }
    defer { shown?.stop() }
    let report = try live.run()
    try report.conclude(json: json, next: next(report))
  }
}

/// How a verb ends when something is wrong: one sentence, and a code of sysexits.h.
enum Ending {
  /// Turns the errors of a body into a sentence on standard error and an exit code.
  static func catching<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as ExitCode {
      throw error
    } catch let error as ValidationError {
      throw error
    } catch {
      complain("\(error)")
      throw ExitCode((error as? any EndingError)?.exitCode ?? ExitStatus.data.rawValue)
    }
  }

  /// A sentence on standard error.
  static func complain(_ sentence: String) {
    let full = sentence.hasSuffix(".") ? sentence : sentence + "."
    StandardStream.error.say("Error: \(full)\n")
  }

  /// What a person types next; nothing for machines. Words with spaces are quoted for the shell.
  static func next(_ words: [String], json: Bool) {
    guard !json else { return }
    let typed = words.map { $0.allSatisfy { !" '\"$\\".contains($0) } && !$0.isEmpty ? $0 : "'\($0)'" }
    print("  next: understudy \(typed.joined(separator: " "))")
  }
}

extension SessionReport {
  /// Shows the report and what to type next. Ends the program with 69 where trouble ended the session, and with 128 + n
  /// where signal n did, with 75 where corrections ended at their limit of episodes.
  func conclude(json: Bool, next: [String]? = nil) throws {
    if json {
      Output.show(["report": self], json: true)
    } else {
      print(self)
    }
    if trouble != nil { throw ExitCode(ExitStatus.unavailable.rawValue) }
    if let signal { throw ExitCode(ExitStatus.interrupted(by: signal)) }
    if let next { Ending.next(next, json: json) }
    // Corrections that ran into their limit: the same command goes on.
    if activity == .correct, ended == .episodes { throw ExitCode(ExitStatus.temporary.rawValue) }
  }
}

/// Which arm a set-up verb is about: a side of a rig, or an arm's file and a port before there is a rig.
struct SiteOptions: ParsableArguments {
  @Option(help: "The rig: a name in hardware/rigs or a path.") var rig: String?
  @Option(help: "With --rig: follower or leader.") var side: Side?
  @Option(help: "With --rig: the pair's name, where there are several.") var pair: String?
  @Option(help: "Without a rig: the arm's file, such as so101-follower.") var arm: String?
  @Option(help: "Without a rig: the serial port's path.") var port: String?

  /// The sides of a pair.
  enum Side: String, ExpressibleByArgument, CaseIterable {
    /// The arm that does the work.
    case follower
    /// The arm that the person moves.
    case leader
  }

  func validate() throws {
    switch (rig, side, arm, port) {
    case (.some, .some, nil, nil), (nil, nil, .some, .some): return
    default: throw ValidationError("Name the arm: --rig RIG --side follower|leader, or --arm ARM --port PATH.")
    }
  }

  /// The same options, as typed.
  func words(_ place: ArmPort) -> [String] {
    guard let rig else { return ["--arm", place.arm.name, "--port", place.port] }
    return ["--rig", rig, "--side", place.arm.role.rawValue] + (pair.map { ["--pair", $0] } ?? [])
  }

  /// A name for the arm's calibration, where no rig says one.
  func calibrationWords(_ place: ArmPort) -> [String] {
    rig == nil ? ["--calibration", "my-\(place.arm.role.rawValue)"] : []
  }

  /// The arm on its port.
  func read(calibration: String? = nil) throws -> ArmPort {
    if let arm, let port { return try ArmPort(arm: arm, port: port, calibration: calibration) }
    let rig = try Rig.load(rig ?? "")
    let pairs = rig.pairs.filter { pair == nil || $0.name == pair }
    guard let chosen = pairs.first, pairs.count == 1 else {
      throw SetUpError.refused(
        "\(rig.file) has the pairs \(rig.pairs.map(\.name).joined(separator: ", ")): choose one with --pair.")
    }
    guard let wanted = side == .leader ? chosen.leader : chosen.follower else {
      throw SetUpError.refused("\(rig.file) has no leader in the pair \(chosen.name).")
    }
    var site = try ArmPort(wanted, rig: rig)
    site.calibration = calibration ?? site.calibration
    return site
  }
}

extension PageAddress: ExpressibleByArgument {
  /// From `8137` or `0.0.0.0:8137`.
  public init?(argument: String) { self.init(argument) }

  /// For the help.
  public var defaultValueDescription: String { "\(port)" }
}

extension PageError: EndingError {
  /// 69.
  public var exitCode: Int32 { ExitStatus.unavailable.rawValue }
}
