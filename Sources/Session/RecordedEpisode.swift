public import Arm
public import Control
internal import Episodes
internal import Foundation

/// An episode to be played again: its commands, tick by tick.
public struct RecordedEpisode {
  /// Its log.
  public let file: String
  /// Its task in words.
  public let task: String
  private var poses: [JointVector] = []
  private var measured: [JointVector] = []
  private let loop_Hz: Double
  private let number: Int

  /// Reads the log, or the dataset's `episode`, which must be of an arm with the rig's joints.
  public init(_ path: String, episode: String?, for rig: Rig) throws(HostError) {
    do {
      let reader = try Self.reader(path, episode: episode)
      file = reader.path
      task = reader.session.task
      loop_Hz = reader.session.loop_Hz
      number = max(1, Int(clamping: reader.episode.number))
      let joints = rig.pairs[0].follower.arm.jointNames
      guard reader.session.joints == joints, loop_Hz > 0 else {
        throw HostError.refused("\(file) moves \(reader.session.joints); this rig's arm has \(joints).")
      }
      try reader.forEach { (record: TickRecord) in
        guard all((record.command - record.command) .== 0) else { return }
        // Ticks that the loop missed: the arm stood at its last command.
        for _ in 0..<min(Int(record.missed), poses.isEmpty ? 0 : 100) {
          poses.append(poses[poses.count - 1])
          measured.append(measured[measured.count - 1])
        }
        poses.append(record.command)
        measured.append(record.follower.position)
      }
    } catch let error as HostError {
      throw error
    } catch { throw .refused("\(error)") }
    guard poses.count > 1 else { throw .refused("\(file) has no commands to play.") }
  }

  /// Opens a log, or the log of the dataset's `episode`, which may stay unnamed where there is one only.
  static func reader(_ path: String, episode: String?) throws -> EpisodeReader {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return try EpisodeReader.open(path)
    }
    let dataset = try Dataset.open(path)
    let ids = try dataset.select(episode ?? "1")
    guard ids.count == 1, episode != nil || dataset.episodes.count == 1 else {
      throw HostError.refused(
        "\(path) has \(dataset.episodes.count) episodes; name one with --episode (`understudy inspect` lists them).")
    }
    return try dataset.read(try dataset.episode(ids[0]))
  }

  /// A session that plays it once, `speed` times as fast.
  public func plan(rig: Rig, settings: ControlSettings, speed: Double, seed: UInt64) -> SessionPlan {
    var plan = SessionPlan(activity: .replay, rig: rig, settings: settings, seed: seed)
    plan.startPose = poses[0]
    plan.startJitter = .zero
    plan.episodes = 1
    // A twin's scene goes by it: the objects lie where they lay.
    plan.firstEpisode = number
    plan.trajectory = Trajectory(
      poses: poses, measured: measured, pace: Float(speed * loop_Hz / Double(rig.loop_Hz)))
    return plan
  }
}
