import Arm
import Episodes
import Foundation
import RealTime

@testable import Learning

/// Made-up demonstrations on the rig `twin-reach`: joints go straight to where the episode ends, slower as they arrive.
struct Shown {
  let rig: Rig
  let kinematics: Kinematics
  var random: SplitMix64

  init(seed: UInt64) throws {
    rig = try Rig.load("twin-reach", hardware: try Hardware.find(), variables: [:])
    kinematics = rig.kinematics()
    random = SplitMix64(seed: seed)
  }

  mutating func posture(spread: Double = 0.3) -> JointVector {
    var posture: JointVector = [0, -0.3, 0.5, 1.3, 0, 0, 0, 0]
    for joint in 0..<4 { posture[joint] += Float(random.uniform(-spread...spread)) }
    return posture
  }

  func tool(_ posture: JointVector) -> SIMD3<Float> { kinematics.pose(posture).position_m }

  /// An episode from one posture to another in a scene; `seconds` long, which is enough to come to rest.
  func records(from start: JointVector, to end: JointVector, mark: SIMD3<Float>, seconds: Double = 3) -> [TickRecord] {
    var command = start
    return (0..<Int(seconds * 100)).map { tick in
      var record = TickRecord()
      record.tick = UInt64(tick)
      record.source = .person
      record.follower.position = command
      for axis in 0..<3 { record.environment.values[axis] = mark[axis] }
      command += (end - command) * 0.04
      record.command = command
      return record
    }
  }

  /// What an episode's mark follows from.
  enum Scene {
    /// It lies anywhere; a task is a posture.
    case anywhere
    /// A task is an offset from it.
    case leads
    /// It lies where the task ends.
    case tells
    /// It lies where the task ends, as high as ever.
    case tellsLevel
  }

  mutating func demonstrations(_ scene: Scene, tasks: Int, each: Int = 3) throws -> TaskDemonstrations {
    var shown = try TaskDemonstrations(rig: rig)
    for task in 0..<tasks {
      var goal = posture()
      if scene == .tellsLevel { goal = [goal[0], -0.3, 0.5, 1.3, 0, 0, 0, 0] }
      let offset = SIMD3<Float>(
        Float(random.uniform(-0.05...0.05)), Float(random.uniform(-0.05...0.05)), Float(random.uniform(0.02...0.1)))
      for episode in 0..<each {
        let end = scene == .leads ? posture() : goal
        let mark: SIMD3<Float> =
          switch scene {
          case .anywhere: [Float(random.uniform(0.15...0.25)), Float(random.uniform(-0.1...0.1)), 0]
          case .leads: tool(end) - offset
          case .tells, .tellsLevel: tool(end)
          }
        shown.add(
          records(from: posture(spread: 0.2), to: end, mark: mark), id: "\(task)-\(episode)", task: "task \(task)")
      }
    }
    return shown
  }

  /// Episodes that end at their mark, which lies elsewhere in each of them: tasks by name alone.
  mutating func everyEpisodeElsewhere(tasks: Int, each: Int = 3) throws -> TaskDemonstrations {
    var shown = try TaskDemonstrations(rig: rig)
    for task in 0..<tasks {
      for episode in 0..<each {
        let end = posture()
        shown.add(
          records(from: posture(spread: 0.2), to: end, mark: tool(end)), id: "\(task)-\(episode)", task: "task \(task)")
      }
    }
    return shown
  }
}
