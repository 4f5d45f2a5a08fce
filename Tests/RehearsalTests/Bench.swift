import Arm
import Control
import Episodes
import Foundation
import Learning
import RealTime
import Rehearsal
import ServoBus
import Session
import Testing
import Twin

/// Worlds to try things in.
enum Bench {
  static let rig: Result<Rig, any Error> = Result { try Rig.load("twin-insert") }

  /// The table of the arms' servos.
  static let servos: Result<ServoModel, any Error> = Result {
    let rig = try Self.rig.get()
    return try ServoModel.load(path: try rig.hardware.file(rig.pairs[0].follower.arm.servo, kind: .servos).path)
  }

  /// A policy that was trained on six demonstrations, well enough to move about and not well enough to succeed always.
  static let policy: Result<URL, any Error> = Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rehearsal-policy-\(getpid())")
    try? FileManager.default.removeItem(at: folder)
    var rehearsal = Rehearsal(rig: try rig.get(), task: "insert", seed: 7)
    try rehearsal.demonstrate(into: folder.appending(path: "demonstrations"), episodes: 6)
    rehearsal.training.recipe.ensemble = 3
    rehearsal.training.recipe.length = .steps(400)
    let policy = folder.appending(path: "policy")
    try rehearsal.train([folder.appending(path: "demonstrations")], output: policy)
    return policy
  }

  /// A host and a twin; nothing moves yet. `person` nil: nobody is there.
  static func session(
    _ person: OperatorOptions? = OperatorOptions(), seed: UInt64 = 7, mirrors: Bool = true,
    disturbance: Disturbance = .none
  ) throws -> VirtualSession {
    var options = TwinOptions()
    options.seed = seed
    options.disturbance = disturbance
    options.person = person ?? OperatorOptions()
    options.person.isPresent = person != nil
    return try VirtualSession(rig: try rig.get(), twin: options, leaderMirrors: mirrors)
  }

  /// A folder that is removed afterwards.
  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rehearsal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

extension EmulatedBus {
  /// How many of its servos have torque on.
  func powered() throws -> Int {
    let registers = try Bench.servos.get().registers
    return servos.count { $0.value(registers.torqueEnable) != 0 }
  }
}

extension VirtualSession {
  /// So many ticks.
  func step(_ ticks: Int) { for _ in 0..<ticks { step() } }

  /// Ticks until `condition` holds, at most `most`; whether it came to hold.
  @discardableResult
  func step(most: Int, until condition: (Snapshot) -> Bool) -> Bool {
    for _ in 0..<most {
      step()
      if condition(host.snapshot) { return true }
    }
    return false
  }

  /// A plan of the rig with the changes of `adjust`.
  func begin(_ activity: Activity, first: Int = 1, seed: UInt64 = 7, _ adjust: (inout SessionPlan) -> Void) {
    var plan = SessionPlan(activity: activity, rig: host.rig, settings: host.settings, seed: seed)
    plan.firstEpisode = first
    adjust(&plan)
    begin(plan)
  }
}
